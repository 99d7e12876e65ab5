//! `queries` and `choices`: many strings, from Arrow columns, NumPy arrays and iterables.

use hotkernels_kernels::text::batch::{Reader, Strings, Ucs4, Ucs4Error};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyString, PyType};

use crate::argument::type_name;
use crate::arrow;
use crate::hint;
use crate::run;
use crate::scorer::names;
use crate::string::take;

/// Bytes and strings, at 16 bytes each, that are read between two looks at Ctrl-C.
const LOOK: usize = 1 << 20;

/// Reads the strings of a column or an iterable; None and nulls are missing ones.
pub(crate) fn strings(
    value: &Bound<'_, PyAny>,
    name: &'static str,
    reader: &mut Reader,
) -> PyResult<Strings> {
    let wrong = || {
        PyTypeError::new_err(format!(
            "{name}: an iterable of str and None is taken, got {}{}",
            type_name(value),
            hint::to_column(value, name, &names())
        ))
    };
    // Iterables of strings of one letter, and of ints: nobody means them. Nor a dict, or an order that may be another one in the
    // next process.
    if value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyByteArray>()
        || value.is_instance_of::<PyDict>()
        || hint::is_set(value)
    {
        return Err(wrong());
    }
    if let Some(strings) = arrow::strings(value, name, reader)? {
        return Ok(strings);
    }
    if let Some(strings) = fixed_width(value, name, reader)? {
        return Ok(strings);
    }
    if type_name(value) == "LazyFrame" {
        return Err(wrong()); // polars's own words for iterating over one speak of slicing
    }
    let mut strings = Strings::default();
    let mut left = LOOK;
    for (number, item) in value.try_iter().map_err(|_| wrong())?.enumerate() {
        let item = item?;
        let mut size = 16;
        if item.is_none() {
            reader.read(None, &mut strings);
        } else if item.is_instance_of::<PyString>() {
            let text = take(&item, name)?;
            size += text.size();
            reader.read(Some(text), &mut strings);
        } else {
            return Err(PyTypeError::new_err(format!(
                "{name}[{number}]: str or None is taken, got {}{}",
                type_name(&item),
                hint::to_item(&item, name)
            )));
        }
        if let Some(rest) = left.checked_sub(size) {
            left = rest;
        } else {
            left = LOOK;
            // Other threads wait for the interpreter meanwhile.
            value.py().detach(|| ());
            value.py().check_signals()?;
        }
    }
    Ok(strings)
}

/// Reads a NumPy array of dtype `U` and one dimension where it lies; `None` for anything else. Subclasses may have items
/// that are not what lies there, and are iterables.
fn fixed_width(
    value: &Bound<'_, PyAny>,
    name: &'static str,
    reader: &mut Reader,
) -> PyResult<Option<Strings>> {
    let py = value.py();
    if !is_ndarray(&value.get_type())? {
        return Ok(None);
    }
    // Dtypes that are no buffers have items all the same.
    let Ok(buffer) = PyUntypedBuffer::get(value) else {
        return Ok(None);
    };
    let format = buffer.format().to_bytes();
    let (swapped, width) = match format {
        [b'<', width @ .., b'w'] => (cfg!(target_endian = "big"), width),
        [b'>', width @ .., b'w'] => (cfg!(target_endian = "little"), width),
        [b'=', width @ .., b'w'] | [width @ .., b'w'] => (false, width),
        _ => return Ok(None),
    };
    let size = buffer.item_size();
    let width = match width {
        [] => Some(1),
        digits => str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse::<usize>().ok()),
    };
    if buffer.dimensions() != 1 || width.and_then(|width| width.checked_mul(4)) != Some(size) {
        return Ok(None);
    }
    let array = Ucs4 {
        start: buffer.buf_ptr().cast(),
        stride: buffer.strides()[0],
        rows: buffer.shape()[0],
        width: size / 4,
        swapped,
    };
    let mut strings = Strings::default();
    let done = run::detached(py, |stop| {
        // SAFETY: the buffer is NumPy's own, of this layout, and held until the strings are read.
        unsafe { array.read(reader, &mut strings, stop) }
    })?;
    match done {
        Ok(()) => Ok(Some(strings)),
        // Not seen: the exception that stopped it is raised instead.
        Err(Ucs4Error::Interrupted) => Ok(None),
        Err(Ucs4Error::Row(row, point)) => {
            // A lone surrogate is refused as in a str, with the place where it is. Of what is no code point at all NumPy makes a str
            // that is none, or fails with words of its own; and by now the memory may be another.
            if point <= u32::from(char::MAX)
                && let Ok(item) = value.get_item(row)
            {
                take(&item, name)?;
            }
            Err(PyValueError::new_err(format!(
                "{name}[{row}] has U+{point:04X}, which is no character"
            )))
        }
    }
}

/// Whether the type is `numpy.ndarray` itself.
fn is_ndarray(class: &Bound<'_, PyType>) -> PyResult<bool> {
    Ok(class.name()? == "ndarray" && class.module()? == "numpy")
}
