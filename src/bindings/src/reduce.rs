//! `sum`: correctly rounded over buffers, and over lists as the builtin takes them.

use std::pin::pin;

use hotkernels_kernels::memory::Source;
use hotkernels_kernels::reduce::{self, Accumulator, Integer, SumError};
use hotkernels_kernels::simd::Level;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::argument::{type_name, wrong_dtype};
use crate::array::{Array, Buffer, Contiguous, Element, Flat, OutOfMemory};
use crate::dtype::Dtype;
use crate::hint;
use crate::run::{self, DETACH_BYTES};

/// A kernel that makes one number of all elements, and asks from time to time whether to stop.
type Kernel<T, R> = fn(Level, Source<'_, T>, &dyn Fn() -> bool) -> Result<R, SumError>;

/// Items of a list between two looks for Ctrl-C.
const ITEMS: usize = 1 << 16;

/// The sum of all elements, rounded once.
///
/// x: a buffer or DLPack tensor of float32, float64, bool or an integer type, of any shape; or an iterable of int and
/// float. Contiguous memory is read where it is; a strided array is copied first.
///
/// Returns, for floats, the float64 next to the exact sum: what math.fsum returns, independent of order, threads and SIMD
/// level. Where fsum raises OverflowError, an intermediate overflow does no harm here, and an exact sum outside the range
/// of float64 gives an infinity. For integers, the exact int. For an iterable, an int when it holds only ints, else a
/// float; nothing at all sums to 0, an empty array of floats to 0.0.
///
/// Raises TypeError for another dtype or item, ValueError for infinities of both signs, as math.fsum does. The GIL is
/// released for more than 16 KiB.
#[pyfunction]
pub(crate) fn sum<'py>(py: Python<'py>, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    {
        let room = pin!(Buffer::new(py));
        match Flat::of(x, room) {
            Some(Flat::Float32(source)) => return float(py, over(py, source, reduce::sum_f32)?),
            Some(Flat::Float64(source)) => return float(py, over(py, source, reduce::sum_f64)?),
            None => {}
        }
    }
    let array = match Array::take(x, "x", None) {
        Ok(array) => array,
        // Not an array: an iterable, if anything. An array of something else is told so, not item by item.
        Err(error) if error.is_instance_of::<PyTypeError>(py) && !hint::is_numpy(x) => {
            return sum_items(x);
        }
        Err(error) => return Err(error),
    };
    match array.dtype() {
        Dtype::Float32 => float(py, over_array(py, &array, reduce::sum_f32)?),
        Dtype::Float64 => float(py, over_array(py, &array, reduce::sum_f64)?),
        Dtype::Int(1) => integer::<i8>(py, &array),
        Dtype::Int(2) => integer::<i16>(py, &array),
        Dtype::Int(4) => integer::<i32>(py, &array),
        Dtype::Int(_) => integer::<i64>(py, &array),
        Dtype::Bool | Dtype::UInt(1) => integer::<u8>(py, &array),
        Dtype::UInt(2) => integer::<u16>(py, &array),
        Dtype::UInt(4) => integer::<u32>(py, &array),
        Dtype::UInt(_) => integer::<u64>(py, &array),
        Dtype::Float16 | Dtype::Bfloat16 | Dtype::Other(_) => Err(wrong_dtype(
            &array,
            "float32, float64, bool or an integer type",
        )),
    }
}

fn float(py: Python<'_>, total: Result<f64, SumError>) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyFloat::new(py, total.map_err(refusal)?).into_any())
}

fn integer<'py, T: Element + Integer>(
    py: Python<'py>,
    array: &Array<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let total = over_array::<T, i128>(py, array, reduce::sum_int)?.map_err(refusal)?;
    Ok(total.into_pyobject(py)?.into_any())
}

/// Runs the kernel over elements without gaps, detached where that pays.
fn over<T: Element, R: Send>(
    py: Python<'_>,
    source: Source<'_, T>,
    kernel: Kernel<T, R>,
) -> PyResult<Result<R, SumError>> {
    let level = run::level(py)?;
    if source.len() * size_of::<T>() <= DETACH_BYTES {
        return run::attached(|| kernel(level, source, &|| false));
    }
    run::detached(py, move |stop| kernel(level, source, stop))
}

/// The same for any layout: what has gaps is copied first.
fn over_array<T: Element, R: Send>(
    py: Python<'_>,
    array: &Array<'_>,
    kernel: Kernel<T, R>,
) -> PyResult<Result<R, SumError>> {
    let view = array.view::<T>();
    if let Some(source) = view.contiguous() {
        return over(py, source, kernel);
    }
    let level = run::level(py)?;
    let result = run::detached(py, move |stop| {
        let elements = Contiguous::of(view)?;
        Ok::<_, OutOfMemory>(kernel(level, elements.source(), stop))
    })?;
    Ok(result?)
}

fn refusal(error: SumError) -> PyErr {
    PyValueError::new_err(format!("x: {error}"))
}

/// The sum of an iterable's items.
fn sum_items<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    hint::no_table(x, "x", "an array or an iterable of int and float")?;
    let items = x.try_iter().map_err(|error| {
        let named = PyTypeError::new_err(format!(
            "x: an array or an iterable of int and float is taken, got {}",
            type_name(x)
        ));
        named.set_cause(py, Some(error));
        named
    })?;
    let mut floats: Option<Accumulator> = None;
    let mut small: i128 = 0; // of fewer than 2^63 items of 64 bits: cannot overflow
    let mut large: Option<Bound<'py, PyAny>> = None; // the ints past 64 bits
    for (index, item) in items.enumerate() {
        let item = item?;
        if index % ITEMS == ITEMS - 1 {
            py.check_signals()?;
        }
        if let Ok(number) = item.cast::<PyFloat>() {
            floats.get_or_insert_default().add(number.value());
        } else if let Ok(number) = item.cast::<PyInt>() {
            match number.extract::<i64>() {
                Ok(number) => small += i128::from(number),
                Err(_) => {
                    large = Some(match large {
                        Some(large) => large.add(number)?,
                        None => number.clone().into_any(),
                    });
                }
            }
        } else {
            floats.get_or_insert_default().add(as_float(&item, index)?);
        }
    }
    let integers = match large {
        None => small.into_pyobject(py)?.into_any(),
        Some(large) => large.add(small)?,
    };
    let Some(mut floats) = floats else {
        return Ok(integers);
    };
    add_integer(&mut floats, &integers)?;
    Ok(PyFloat::new(py, floats.round().map_err(refusal)?).into_any())
}

/// An item that is neither float nor int, as math.fsum takes it: by its `__float__`, or its `__index__`.
fn as_float(item: &Bound<'_, PyAny>, index: usize) -> PyResult<f64> {
    item.extract::<f64>().map_err(|error| {
        let named = PyTypeError::new_err(format!(
            "x[{index}]: int or float is taken, got {}{}",
            type_name(item),
            hint::to_number(item, "x")
        ));
        named.set_cause(item.py(), Some(error));
        named
    })
}

/// Adds an int of any size exactly, in pieces of 53 bits.
fn add_integer(total: &mut Accumulator, integer: &Bound<'_, PyAny>) -> PyResult<()> {
    const BITS: i32 = 53;
    integer.extract::<f64>()?; // past float64's range: Python's own OverflowError
    let negative = integer.lt(0)?;
    let mut rest = if negative {
        integer.neg()?
    } else {
        integer.clone()
    };
    let mut exponent = 0;
    while rest.is_truthy()? {
        let piece: u64 = rest.bitand((1_u64 << BITS) - 1)?.extract()?;
        let value = piece as f64 * 2_f64.powi(exponent);
        total.add(if negative { -value } else { value });
        rest = rest.rshift(BITS)?;
        exponent += BITS;
    }
    Ok(())
}
