//! `dot` and `cosine_similarity`: two vectors, one number.

use std::pin::pin;

use hotkernels_kernels::Float;
use hotkernels_kernels::memory::Source;
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::vector::{self, Products};
use pyo3::prelude::*;

use crate::argument::{same_float, same_length};
use crate::array::{Array, Buffer, Contiguous, Element, Flat, OutOfMemory, View};
use crate::dtype::Dtype;
use crate::run::{self, DETACH_BYTES};
use crate::vector_class::Vector;

/// The arguments of the functions, in messages.
const FUNCTION: [&str; 2] = ["a", "b"];

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
pub(crate) fn dot(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<f64> {
    dot_of([a, b], FUNCTION)
}

/// The dot product of two arguments of those names.
pub(crate) fn dot_of(vectors: [&Bound<'_, PyAny>; 2], names: [&'static str; 2]) -> PyResult<f64> {
    of_two(vectors, names, Dot(0.0))
}

/// The cosine of the angle between two vectors: dot(a, b) / (|a| * |b|).
///
/// a, b: as for `dot`. A vector of zeros has no direction: its cosine with anything is 0.0, as in scikit-learn. NaN in a
/// vector gives NaN; an infinity does too.
///
/// Returns a float in [-1, 1], off by at most 1e-14. Raises what `dot` raises.
#[pyfunction]
pub(crate) fn cosine_similarity(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<f64> {
    cosine_of([a, b], FUNCTION)
}

/// The cosine of two arguments of those names.
pub(crate) fn cosine_of([a, b]: [&Bound<'_, PyAny>; 2], names: [&'static str; 2]) -> PyResult<f64> {
    if let Some(left) = Vector::from_object(a)
        && let Some(right) = Vector::from_object(b)
        && let Some(cosine) = cosine_by_norms(a.py(), left.get(), right.get())?
    {
        return Ok(cosine);
    }
    of_two([a, b], names, Cosine::default())
}

/// The cosine by the norms that the vectors keep; `None` where they do not go together, or these are out of range.
fn cosine_by_norms(py: Python<'_>, a: &Vector, b: &Vector) -> PyResult<Option<f64>> {
    let product = match (a.flat(), b.flat()) {
        (Flat::Float32(a), Flat::Float32(b)) if a.len() == b.len() => reduce(py, a, b, Dot(0.0))?,
        (Flat::Float64(a), Flat::Float64(b)) if a.len() == b.len() => reduce(py, a, b, Dot(0.0))?,
        _ => return Ok(None),
    };
    let level = run::level(py)?;
    let norms = run::attached(|| a.norm_at(level) * b.norm_at(level))?;
    let certain = norms.is_normal() && product.is_finite();
    Ok(certain.then(|| (product / norms).clamp(-1.0, 1.0)))
}

/// A number made of two vectors. Those that lie as kernels read them take the short way; what is strided is copied, and what
/// is not taken is told, on the long one.
fn of_two(
    [a, b]: [&Bound<'_, PyAny>; 2],
    names: [&'static str; 2],
    number: impl Pairwise,
) -> PyResult<f64> {
    let py = a.py();
    {
        let (left, right) = (pin!(Buffer::new(py)), pin!(Buffer::new(py)));
        if let Some(a) = Flat::of(a, left)
            && let Some(b) = Flat::of(b, right)
        {
            match (a, b) {
                (Flat::Float32(a), Flat::Float32(b)) if a.len() == b.len() => {
                    return reduce(py, a, b, number);
                }
                (Flat::Float64(a), Flat::Float64(b)) if a.len() == b.len() => {
                    return reduce(py, a, b, number);
                }
                _ => {}
            }
        }
    }
    let (a, b) = (
        Array::take(a, names[0], Some(1))?,
        Array::take(b, names[1], Some(1))?,
    );
    same_float(&a, &b)?;
    same_length(&a, &b)?;
    match a.dtype() {
        Dtype::Float32 => reduce_copies(py, a.view::<f32>(), b.view(), number),
        _ => reduce_copies(py, a.view::<f64>(), b.view(), number),
    }
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

/// The number of two vectors that lie without gaps.
fn reduce<T: Float + Element>(
    py: Python<'_>,
    a: Source<'_, T>,
    b: Source<'_, T>,
    mut number: impl Pairwise,
) -> PyResult<f64> {
    let level = run::level(py)?;
    if 2 * size_of::<T>() * a.len() <= DETACH_BYTES {
        return run::attached(|| {
            number.add(level, a, b);
            number.finish(level, a, b)
        });
    }
    run::detached(py, move |stop| by_pieces(level, a, b, number, stop))
}

/// The number of two vectors, of which one at least is to be copied.
#[cold]
fn reduce_copies<T: Float + Element>(
    py: Python<'_>,
    a: View<'_, T>,
    b: View<'_, T>,
    number: impl Pairwise,
) -> PyResult<f64> {
    let level = run::level(py)?;
    let result = run::detached(py, move |stop| {
        let (a, b) = (Contiguous::of(a)?, Contiguous::of(b)?);
        Ok::<f64, OutOfMemory>(by_pieces(level, a.source(), b.source(), number, stop))
    })?;
    Ok(result?)
}

fn by_pieces<T: Float>(
    level: Level,
    a: Source<'_, T>,
    b: Source<'_, T>,
    mut number: impl Pairwise,
    stop: &dyn Fn() -> bool,
) -> f64 {
    for start in (0..a.len()).step_by(CHUNK) {
        if stop() {
            return f64::NAN; // not seen: the exception that stopped it is raised instead
        }
        let end = a.len().min(start + CHUNK);
        number.add(level, a.range(start..end), b.range(start..end));
    }
    number.finish(level, a, b)
}
