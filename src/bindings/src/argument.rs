//! What arguments have in common: errors that name the argument, what came and what is taken.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::num::NonZeroUsize;

use crate::array::Array;
use crate::dtype::Dtype;
use crate::hint;

/// `TypeError: a has dtype int64; float32 or float64 is taken; use a.astype(np.float64)`
pub(crate) fn wrong_dtype(array: &Array<'_>, taken: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{} has dtype {}; {taken} is taken{}",
        array.name(),
        array.dtype().name(),
        hint::to_dtype(array, taken)
    ))
}

/// Two arguments that are worked on together, so of one floating-point type; otherwise a `TypeError`.
pub(crate) fn same_float(a: &Array<'_>, b: &Array<'_>) -> PyResult<()> {
    for array in [a, b] {
        if !matches!(array.dtype(), Dtype::Float32 | Dtype::Float64) {
            return Err(wrong_dtype(array, "float32 or float64"));
        }
    }
    if a.dtype() != b.dtype() {
        return Err(mixed_dtypes(a, b));
    }
    Ok(())
}

/// `TypeError: a has dtype float64 and b has dtype float32; …`
pub(crate) fn mixed_dtypes(a: &Array<'_>, b: &Array<'_>) -> PyErr {
    PyTypeError::new_err(format!(
        "{} has dtype {} and {} has dtype {}; one dtype is taken for both{}",
        a.name(),
        a.dtype().name(),
        b.name(),
        b.dtype().name(),
        hint::to_one_dtype(a, b)
    ))
}

/// `ValueError: b has 3 elements and a has 4; …`
pub(crate) fn same_length(a: &Array<'_>, b: &Array<'_>) -> PyResult<()> {
    for array in [a, b] {
        not_empty(array)?;
    }
    if a.shape() != b.shape() {
        return Err(PyValueError::new_err(format!(
            "{} has {} elements and {} has {}; one length is taken for both",
            a.name(),
            a.shape()[0],
            b.name(),
            b.shape()[0]
        )));
    }
    Ok(())
}

/// A `ValueError` for an array that holds nothing.
pub(crate) fn not_empty(array: &Array<'_>) -> PyResult<()> {
    if array.is_empty() {
        return Err(PyValueError::new_err(format!(
            "{} is empty, of shape {}; at least one element is taken",
            array.name(),
            array.shape_text()
        )));
    }
    Ok(())
}

/// The number of threads asked for; `default` for `None`.
pub(crate) fn threads(
    value: Option<&Bound<'_, PyAny>>,
    default: NonZeroUsize,
) -> PyResult<NonZeroUsize> {
    let Some(value) = value else {
        return Ok(default);
    };
    let wrong = || {
        let found = describe(value);
        format!("a positive int or None is taken, got {found}; None is every core of this process")
    };
    let number: i128 = value
        .extract()
        .map_err(|_| PyTypeError::new_err(format!("threads: {}", wrong())))?;
    usize::try_from(number)
        .ok()
        .and_then(NonZeroUsize::new)
        .ok_or_else(|| PyValueError::new_err(format!("threads: {}", wrong())))
}

/// A value in a message: its repr where that is short, else its type.
pub(crate) fn describe(value: &Bound<'_, PyAny>) -> String {
    match value.repr() {
        Ok(repr) if repr.to_string_lossy().len() <= 40 => repr.to_string_lossy().into_owned(),
        _ => type_name(value),
    }
}

/// The name of a value's type.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(
        |_| "an object".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
