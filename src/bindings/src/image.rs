//! `median_filter`: images and stacks of them, of four dtypes.

use hotkernels_kernels::image::{self, Compiled, Mode, Shape};
use hotkernels_kernels::threads::Team;
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::num::NonZeroUsize;

use crate::argument::{describe, threads, wrong_dtype};
use crate::array::{Array, Contiguous, Element, OutOfMemory, counted, shape_text};
use crate::dtype::Dtype;
use crate::hint;
use crate::matrix::empty;
use crate::run;

/// The longest side of a window.
const LONGEST: i128 = 1 << 31;

/// The median of the window around each pixel: scipy.ndimage.median_filter over the last two axes.
///
/// image: uint8, uint16, float32 or float64, of shape (height, width), or (..., height, width): a stack of images, each
/// filtered by itself. SciPy filters along every axis instead; its size for the same is (1, ..., height, width). Any buffer,
/// or a DLPack tensor on the CPU. Contiguous memory is read where it is; a strided array is copied first.
/// size: of the window in pixels, an int or a pair (height, width), each from 1 to 2**31, odd or even, also larger than the
/// image. A window begins size // 2 before its pixel.
/// mode: how the image goes on beyond its border, by SciPy's names: "reflect" (d c b a | a b c d | d c b a), "constant"
/// (cval), "nearest" (a a a a | a b c d | d d d d), "mirror" (d c b | a b c d | c b a), "wrap" (a b c d | a b c d | a b c d);
/// "grid-mirror" is "reflect", "grid-constant" "constant", "grid-wrap" "wrap".
/// cval: what stands beyond the border with mode "constant"; of the image's dtype, for integers without a fraction.
/// out: a writable, C-contiguous buffer of the image's shape and dtype that shares no memory with it; None makes a NumPy
/// array, for which NumPy must be there.
/// threads: how many to use; None is HOTKERNELS_NUM_THREADS as it was at import, else every core of this process. The
/// result does not depend on it.
///
/// Returns out, or the array: of the window's values in order the one at height * width // 2. That is SciPy's result bit for
/// bit, but for zeros of both signs and NaN in a window, where SciPy's depends on the order in which it comes upon them: here
/// -0.0 stands before 0.0, and NaN after all numbers, as np.sort has it, so that the result is NaN where at least half of a
/// window is; it is then np.nan, whatever NaN came in. (Where a window reaches four lengths of the image beyond its border,
/// SciPy 1.18 reads some pixels amiss with "reflect".) An empty image gives an empty one.
///
/// Raises TypeError for another dtype, ValueError for fewer than two dimensions, another size, mode or shape, BufferError for
/// memory that is not to be had, ImportError where NumPy is needed and missing. The GIL is released; Ctrl-C stops it, with out
/// half-written.
///
/// Windows up to 41 by 41, of uint8 up to 12 by 12: networks of minima and maxima in the lanes of vector registers, what
/// neighbouring windows share sorted once (Batcher 1968, Adams 2021, Sugy 2025). Larger ones: histograms that move over the
/// image, of ranks where the dtype has more values than bins (Huang, Yang and Tang 1979; Perreault and Hébert 2007); the time
/// hardly grows with the window then. Each thread uses up to 35 bytes of memory a pixel of four windows, and a few megabytes: it does not grow with the image.
#[pyfunction]
#[pyo3(signature = (image, size, *, mode=None, cval=None, out=None, threads=None), text_signature = "(image, size, *, mode='reflect', cval=0.0, out=None, threads=None)")]
pub(crate) fn median_filter<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    size: &Bound<'py, PyAny>,
    mode: Option<&Bound<'py, PyAny>>,
    cval: Option<&Bound<'py, PyAny>>,
    out: Option<&Bound<'py, PyAny>>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let image = Array::take(image, "image", None)?;
    let taken = matches!(
        image.dtype(),
        Dtype::UInt(1 | 2) | Dtype::Float32 | Dtype::Float64
    );
    if !taken {
        return Err(wrong_dtype(&image, "uint8, uint16, float32 or float64"));
    }
    let [stack @ .., height, width] = image.shape() else {
        return Err(PyValueError::new_err(format!(
            "image has {}, of shape {}; at least 2 are taken",
            counted(image.shape().len()),
            image.shape_text()
        )));
    };
    let shape = Shape {
        images: stack.iter().product(),
        height: *height,
        width: *width,
    };
    let asked = Asked {
        shape,
        window: window(size)?,
        mode: self::mode(mode)?,
        outside: cval.map_or(Ok(0.0), |cval| outside(cval, image.dtype()))?,
        threads: self::threads(threads, run::settings(py)?.threads)?,
    };
    let result = match out {
        Some(out) => out.clone(),
        None => empty(py, "median_filter", image.shape(), image.dtype())?,
    };
    let output = Array::take(&result, "out", None)?;
    check_output(&output, &image)?;
    match image.dtype() {
        Dtype::UInt(1) => fill::<u8>(py, &image, &output, &asked, |number| number as u8)?,
        Dtype::UInt(_) => fill::<u16>(py, &image, &output, &asked, |number| number as u16)?,
        Dtype::Float32 => fill::<f32>(py, &image, &output, &asked, |number| number as f32)?,
        _ => fill::<f64>(py, &image, &output, &asked, |number| number)?,
    }
    drop(output);
    Ok(result)
}

/// The arguments that every dtype has.
struct Asked {
    shape: Shape,
    window: [usize; 2],
    mode: Mode,
    outside: f64,
    threads: NonZeroUsize,
}

/// Height and width of the window.
fn window(size: &Bound<'_, PyAny>) -> PyResult<[usize; 2]> {
    let wrong = || {
        format!(
            "size: a positive int up to 2**31 or a pair (height, width) of them is taken, got {}",
            describe(size)
        )
    };
    let sides: Vec<i128> = match size.extract() {
        Ok(side) => vec![side, side],
        Err(_) => size.extract().map_err(|_| PyTypeError::new_err(wrong()))?,
    };
    match sides[..] {
        [height, width]
            if [height, width]
                .iter()
                .all(|side| (1..=LONGEST).contains(side)) =>
        {
            Ok([height as usize, width as usize])
        }
        _ => Err(PyValueError::new_err(wrong())),
    }
}

/// The mode of that name; `None` is the default.
fn mode(value: Option<&Bound<'_, PyAny>>) -> PyResult<Mode> {
    let Some(value) = value else {
        return Ok(Mode::Reflect);
    };
    let wrong = || {
        format!(
            "mode: \"reflect\", \"constant\", \"nearest\", \"mirror\" or \"wrap\" is taken, got {}{}",
            describe(value),
            hint::mode(&hint::given_name(value), MODES.map(|(name, _)| name))
        )
    };
    let name = value
        .cast::<PyString>()
        .map_err(|_| PyTypeError::new_err(wrong()))?;
    MODES
        .iter()
        .find(|(known, _)| name == known)
        .map(|&(_, mode)| mode)
        .ok_or_else(|| PyValueError::new_err(wrong()))
}

/// SciPy's names, with those that mean the same for a filter.
const MODES: [(&str, Mode); 8] = [
    ("reflect", Mode::Reflect),
    ("grid-mirror", Mode::Reflect),
    ("constant", Mode::Constant),
    ("grid-constant", Mode::Constant),
    ("nearest", Mode::Nearest),
    ("mirror", Mode::Mirror),
    ("wrap", Mode::Wrap),
    ("grid-wrap", Mode::Wrap),
];

/// The value beyond the border, which the dtype must hold.
fn outside(cval: &Bound<'_, PyAny>, dtype: &Dtype) -> PyResult<f64> {
    let largest = match dtype {
        Dtype::UInt(1) => f64::from(u8::MAX),
        Dtype::UInt(_) => f64::from(u16::MAX),
        _ => f64::INFINITY,
    };
    let number: f64 = cval.extract().map_err(|_| {
        PyTypeError::new_err(format!("cval: a number is taken, got {}", describe(cval)))
    })?;
    let fits =
        largest.is_infinite() || ((0.0..=largest).contains(&number) && number.fract() == 0.0);
    if fits {
        return Ok(number);
    }
    Err(PyValueError::new_err(format!(
        "cval: an integer from 0 to {largest} is taken for {}, got {}",
        dtype.name(),
        describe(cval)
    )))
}

/// Refuses an `out` that cannot take the result, or that would be read while it is written.
fn check_output(out: &Array<'_>, image: &Array<'_>) -> PyResult<()> {
    if out.dtype() != image.dtype() {
        let taken = format!("{}, that of image,", image.dtype().name());
        return Err(wrong_dtype(out, &taken));
    }
    if out.shape() != image.shape() {
        return Err(PyValueError::new_err(format!(
            "out has shape {}; {}, that of image, is taken",
            out.shape_text(),
            shape_text(image.shape())
        )));
    }
    if !out.is_writable() {
        return Err(PyTypeError::new_err(
            "out is read-only; a writable buffer is taken",
        ));
    }
    let size = out.dtype().size().unwrap_or(1);
    if !(out.is_empty() || (out.is_contiguous() && out.is_aligned(size))) {
        return Err(PyValueError::new_err(format!(
            "out has strides {:?}; C-contiguous, aligned memory is taken",
            out.strides()
        )));
    }
    if image.overlaps(out) {
        return Err(PyBufferError::new_err("out shares memory with image"));
    }
    Ok(())
}

fn fill<T: Compiled + Element>(
    py: Python<'_>,
    image: &Array<'_>,
    out: &Array<'_>,
    asked: &Asked,
    number: fn(f64) -> T,
) -> PyResult<()> {
    if image.is_empty() {
        return Ok(());
    }
    let level = run::level(py)?;
    let outside = number(asked.outside);
    let Shape {
        images,
        height,
        width,
    } = asked.shape;
    let (view, target) = (image.view::<T>(), out.plane::<T>(images * height, width));
    let done = run::detached(py, move |stop| {
        let pixels = Contiguous::of(view)?;
        let team = Team::new(asked.threads, stop);
        // An interrupted run leaves the exception with `detached`, which raises it.
        let _ = image::median_filter(
            level,
            pixels.source(),
            asked.shape,
            asked.window,
            (asked.mode, outside),
            &target,
            &team,
        );
        Ok::<(), OutOfMemory>(())
    })?;
    Ok(done?)
}
