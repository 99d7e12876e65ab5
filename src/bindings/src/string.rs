//! Strings as kernels take them: where they lie, in the builds that may look there; else as UTF-8.

use hotkernels_kernels::text::Text;
use pyo3::exceptions::{PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::argument::type_name;
use crate::hint;

/// The string's code points, which live as long as the object is held. A str does not change, whatever other threads do.
///
/// A `TypeError` for anything but a str; a `UnicodeEncodeError`, which is a `ValueError`, for lone surrogates: they are no
/// characters, and UTF-8, which some builds read, has none.
#[inline]
pub(crate) fn take<'a>(value: &'a Bound<'_, PyAny>, name: &'static str) -> PyResult<Text<'a>> {
    match value.cast::<PyString>() {
        Ok(string) => text(string).map_err(|error| named(value.py(), error, name)),
        Err(_) => Err(PyTypeError::new_err(format!(
            "{name}: str is taken, got {}{}",
            type_name(value),
            hint::to_string(value, name)
        ))),
    }
}

#[cfg(not(Py_LIMITED_API))]
#[inline]
fn text<'a>(string: &'a Bound<'_, PyString>) -> PyResult<Text<'a>> {
    use hotkernels_kernels::text::{Units, any};
    use pyo3::ffi;
    use std::slice;

    let object = string.as_ptr();
    // SAFETY: it is a str, as its type says. Its storage is an array of as many code points as it has, of 1, 2 or 4 bytes
    // each as its kind says; it is aligned to them, never written again and lives as long as the object does, which is
    // borrowed for 'a. It is never null, not even for an empty str.
    let units = unsafe {
        let length = ffi::PyUnicode_GET_LENGTH(object) as usize;
        let data = ffi::PyUnicode_DATA(object).cast_const();
        match ffi::PyUnicode_KIND(object) {
            ffi::PyUnicode_1BYTE_KIND => Units::U8(slice::from_raw_parts(data.cast(), length)),
            ffi::PyUnicode_2BYTE_KIND => Units::U16(slice::from_raw_parts(data.cast(), length)),
            _ => Units::U32(slice::from_raw_parts(data.cast(), length)),
        }
    };
    let surrogates = match units {
        Units::U8(_) => false,
        Units::U16(units) => any(units, |unit| unit & 0xF800 == 0xD800),
        Units::U32(units) => any(units, |unit| unit & 0xFFFF_F800 == 0xD800),
    };
    if surrogates {
        // It fails, and says where.
        string.to_str()?;
    }
    Ok(Text::Points(units))
}

#[cfg(Py_LIMITED_API)]
#[inline]
fn text<'a>(string: &'a Bound<'_, PyString>) -> PyResult<Text<'a>> {
    use hotkernels_kernels::text::Units;

    // CPython keeps it with the object: it is encoded once.
    let text = string.to_str()?;
    Ok(if text.is_ascii() {
        Text::Points(Units::U8(text.as_bytes()))
    } else {
        Text::Utf8(text)
    })
}

/// The same error, with the argument's name in its reason.
#[cold]
fn named(py: Python<'_>, error: PyErr, name: &str) -> PyErr {
    let again = || -> PyResult<PyErr> {
        let value = error.value(py);
        let fields = ["encoding", "object", "start", "end"];
        let [encoding, object, start, end] = fields.map(|field| value.getattr(field));
        let reason = format!("surrogates not allowed in {name}");
        let class = py.get_type::<PyUnicodeEncodeError>();
        let value = class.call1((encoding?, object?, start?, end?, reason))?;
        Ok(PyErr::from_value(value))
    };
    if error.is_instance_of::<PyUnicodeEncodeError>(py) {
        again().unwrap_or(error)
    } else {
        error
    }
}
