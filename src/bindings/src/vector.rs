//! `dot` and `cosine_similarity`: two vectors, one number.

use hotkernels_kernels::Float;
use hotkernels_kernels::memory::Source;
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::vector::{self, Products};
use pyo3::prelude::*;

use crate::argument::{same_float, same_length};
use crate::array::{Array, Contiguous, Element, OutOfMemory, View};
use crate::dtype::Dtype;
use crate::run::{self, DETACH_BYTES};

/// Elements between two looks at the clock: some hundred microseconds.
const CHUNK: usize = 1 << 18;

/// The dot product of two vectors.
///
/// a, b: 1-D, of one length of at least 1, both float32 or both float64: any buffer, or a DLPack tensor on the CPU.
/// Contiguous memory is read where it is; a strided vector is copied first.
///
/// Returns a float. Products and sums are in float64, also for float32 vectors: the error is at most 4.5e-15 of the sum of
/// |a_i * b_i|, and mostly below 2e-16 of it. SIMD levels differ in the last digits.
///
/// Raises TypeError for another or a mixed dtype, ValueError for another shape, BufferError for memory that is not to be
/// had. The GIL is released for vectors of more than 16 KiB together.
#[pyfunction]
pub(crate) fn dot(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<f64> {
    let (a, b) = pair(a, b)?;
    dot_of(py, &a, &b)
}

/// The dot product of two arrays that `pair` took.
fn dot_of(py: Python<'_>, a: &Array<'_>, b: &Array<'_>) -> PyResult<f64> {
    match a.dtype() {
        Dtype::Float32 => reduce(py, a.view::<f32>(), b.view(), Dot(0.0)),
        _ => reduce(py, a.view::<f64>(), b.view(), Dot(0.0)),
    }
}

/// The cosine of the angle between two vectors: dot(a, b) / (|a| * |b|).
///
/// a, b: as for `dot`. A vector of zeros has no direction: its cosine with anything is 0.0, as in scikit-learn. NaN in a
/// vector gives NaN; an infinity does too.
///
/// Returns a float in [-1, 1], off by at most 1e-14. Raises what `dot` raises.
#[pyfunction]
pub(crate) fn cosine_similarity(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let (a, b) = pair(a, b)?;
    cosine_of(py, &a, &b)
}

/// The cosine of two arrays that `pair` took.
pub(crate) fn cosine_of(py: Python<'_>, a: &Array<'_>, b: &Array<'_>) -> PyResult<f64> {
    if let (Some(left), Some(right)) = (a.vector(), b.vector()) {
        let level = run::level(py)?;
        let norms = left.norm_at(level) * right.norm_at(level);
        let product = dot_of(py, a, b)?;
        if norms.is_normal() && product.is_finite() {
            return Ok((product / norms).clamp(-1.0, 1.0));
        }
    }
    match a.dtype() {
        Dtype::Float32 => reduce(py, a.view::<f32>(), b.view(), Cosine::default()),
        _ => reduce(py, a.view::<f64>(), b.view(), Cosine::default()),
    }
}

fn pair<'py>(a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<(Array<'py>, Array<'py>)> {
    let (a, b) = (Array::take(a, "a", Some(1))?, Array::take(b, "b", Some(1))?);
    same_float(&a, &b)?;
    same_length(&a, &b)?;
    Ok((a, b))
}

/// A number made of two vectors piece by piece.
trait Pairwise: Send {
    /// Adds a piece.
    fn add<T: Float>(&mut self, level: Level, a: Source<'_, T>, b: Source<'_, T>);
    /// The number. It may look at the whole vectors once more.
    fn finish<T: Float>(&self, level: Level, a: Source<'_, T>, b: Source<'_, T>) -> f64;
}

struct Dot(f64);

impl Pairwise for Dot {
    fn add<T: Float>(&mut self, level: Level, a: Source<'_, T>, b: Source<'_, T>) {
        self.0 += vector::dot(level, a, b);
    }

    fn finish<T: Float>(&self, _level: Level, _a: Source<'_, T>, _b: Source<'_, T>) -> f64 {
        self.0
    }
}

#[derive(Default)]
struct Cosine(Products);

impl Pairwise for Cosine {
    fn add<T: Float>(&mut self, level: Level, a: Source<'_, T>, b: Source<'_, T>) {
        self.0.merge(vector::products(level, a, b));
    }

    fn finish<T: Float>(&self, level: Level, a: Source<'_, T>, b: Source<'_, T>) -> f64 {
        // Squares that left the range of float64 are done again, scaled.
        self.0
            .cosine()
            .unwrap_or_else(|| vector::cosine_similarity(level, a, b))
    }
}

fn reduce<T: Float + Element>(
    py: Python<'_>,
    a: View<'_, T>,
    b: View<'_, T>,
    mut number: impl Pairwise,
) -> PyResult<f64> {
    let level = run::level(py)?;
    if let (Some(a), Some(b)) = (a.contiguous(), b.contiguous())
        && 2 * size_of::<T>() * a.len() <= DETACH_BYTES
    {
        number.add(level, a, b);
        return Ok(number.finish(level, a, b));
    }
    let result = run::detached(py, move |stop| {
        let (a, b) = (Contiguous::of(a)?, Contiguous::of(b)?);
        let (a, b) = (a.source(), b.source());
        for start in (0..a.len()).step_by(CHUNK) {
            if stop() {
                return Ok(f64::NAN); // not seen: the exception that stopped it is raised instead
            }
            let end = a.len().min(start + CHUNK);
            number.add(level, a.range(start..end), b.range(start..end));
        }
        Ok::<f64, OutOfMemory>(number.finish(level, a, b))
    })?;
    Ok(result?)
}
