//! Columns through Arrow's PyCapsule interface: `__arrow_c_array__` and `__arrow_c_stream__`.

use std::ffi::CStr;
use std::ptr::NonNull;

use hotkernels_kernels::text::batch::arrow::{
    self, Array, Fault, Schema, Stream, StreamError, Type,
};
use hotkernels_kernels::text::batch::{Reader, Strings};
use pyo3::exceptions::{PyImportError, PyMemoryError, PyOSError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;

use crate::argument::type_name;
use crate::hint;
use crate::run;

/// `errno` of what a producer does not take, which is a `ValueError` in Python.
const EINVAL: i32 = 22;

/// Reads the strings of an object that has them in Arrow's layouts; `None` for one that does not say so.
pub(crate) fn strings(
    value: &Bound<'_, PyAny>,
    name: &'static str,
    reader: &mut Reader,
) -> PyResult<Option<Strings>> {
    let py = value.py();
    if let Some(method) = value.getattr_opt(intern!(py, "__arrow_c_array__"))? {
        let Some(pair) = given(&method)? else {
            return Ok(None);
        };
        let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
            pair.extract().map_err(|_| {
                let found = type_name(&pair);
                PyTypeError::new_err(format!(
                    "{name}: __arrow_c_array__ gives a pair of capsules, got {found}"
                ))
            })?;
        // SAFETY: the structures' places are what capsules of these names hold.
        let (schema, array) = unsafe {
            (
                taken(&schema, c"arrow_schema", name, Schema::take)?,
                taken(&array, c"arrow_array", name, Array::take)?,
            )
        };
        let mut strings = Strings::default();
        let kind = kind(&schema, name, value)?;
        append(py, kind, &array, name, reader, &mut strings)?;
        return Ok(Some(strings));
    }
    if let Some(method) = value.getattr_opt(intern!(py, "__arrow_c_stream__"))? {
        let Some(capsule) = given(&method)? else {
            return Ok(None);
        };
        // SAFETY: as above.
        let stream = unsafe { taken(&capsule, c"arrow_array_stream", name, Stream::take)? };
        return stream_strings(value, stream, name, reader).map(Some);
    }
    Ok(None)
}

/// What the method gives; `None` where it lacks a module: pandas without pyarrow, whose columns are iterables too.
fn given<'py>(method: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match method.call0() {
        Err(error) if error.is_instance_of::<PyImportError>(method.py()) => Ok(None),
        result => result.map(Some),
    }
}

/// All chunks of a stream.
fn stream_strings(
    value: &Bound<'_, PyAny>,
    mut stream: Stream,
    name: &'static str,
    reader: &mut Reader,
) -> PyResult<Strings> {
    let py = value.py();
    let mut strings = Strings::default();
    // The producer may wait for a thread that wants the interpreter.
    let schema = py
        .detach(|| stream.schema())
        .map_err(|error| failed(error, name))?;
    let kind = kind(&schema, name, value)?;
    while let Some(array) = py
        .detach(|| stream.next())
        .map_err(|error| failed(error, name))?
    {
        append(py, kind, &array, name, reader, &mut strings)?;
        py.check_signals()?;
    }
    Ok(strings)
}

fn kind(schema: &Schema, name: &str, value: &Bound<'_, PyAny>) -> PyResult<Type> {
    // SAFETY: the schema is not released, and its producer says that it is one.
    unsafe { Type::of(schema) }.map_err(|fault| match fault {
        Fault::Type(found) => wrong_type(&found, name, &hint::to_strings(value, name, &found)),
        fault => refused(fault, name, 0),
    })
}

/// Appends a chunk's strings.
fn append(
    py: Python<'_>,
    kind: Type,
    array: &Array,
    name: &'static str,
    reader: &mut Reader,
    strings: &mut Strings,
) -> PyResult<()> {
    let before = strings.len();
    let done = run::detached(py, |stop| {
        // SAFETY: the array is not released, and its producer says that it is of the schema's type.
        unsafe { arrow::read(kind, array, reader, strings, stop) }
    })?;
    done.map_err(|fault| refused(fault, name, before))
}

/// Takes the structure out of its capsule, which is left with one that is marked as released.
///
/// # Safety
///
/// What `take` asks for holds for the pointer of a capsule of that name, where it is aligned.
unsafe fn taken<T>(
    capsule: &Bound<'_, PyAny>,
    wanted: &'static CStr,
    name: &str,
    take: unsafe fn(*mut T) -> Option<T>,
) -> PyResult<T> {
    let shown = wanted.to_string_lossy();
    // SAFETY: the object is alive; both calls take any object and check that it is a capsule of that name.
    let place = unsafe {
        if ffi::PyCapsule_IsValid(capsule.as_ptr(), wanted.as_ptr()) == 0 {
            return Err(PyTypeError::new_err(format!(
                "{name}: a capsule \"{shown}\" is taken, got {}",
                type_name(capsule)
            )));
        }
        NonNull::new(ffi::PyCapsule_GetPointer(capsule.as_ptr(), wanted.as_ptr()))
    };
    place
        .map(NonNull::cast::<T>)
        .filter(|place| place.is_aligned())
        // SAFETY: the caller's promise.
        .and_then(|place| unsafe { take(place.as_ptr()) })
        .ok_or_else(|| {
            PyValueError::new_err(format!(
                "{name}: the capsule \"{shown}\" holds nothing, or was used before"
            ))
        })
}

#[cold]
fn failed(error: StreamError, name: &str) -> PyErr {
    let StreamError { code, message } = error;
    match code {
        0 => PyValueError::new_err(format!("{name}: the Arrow stream {message}")),
        EINVAL => PyValueError::new_err(format!("{name}: the Arrow stream failed: {message}")),
        _ => PyOSError::new_err((code, format!("{name}: the Arrow stream failed: {message}"))),
    }
}

#[cold]
fn wrong_type(found: &str, name: &str, hint: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{name} has the Arrow format {found}; strings (\"u\", \"U\", \"vu\"), dictionaries of them with integers as indices, and nulls (\"n\") are taken{hint}"
    ))
}

#[cold]
fn refused(fault: Fault, name: &str, before: usize) -> PyErr {
    match fault {
        Fault::Type(found) => wrong_type(&found, name, ""),
        Fault::Structure(what) => PyValueError::new_err(format!("{name}: the Arrow array {what}")),
        Fault::Row(row, what) => {
            PyValueError::new_err(format!("{name}[{}] has {what}", before + row))
        }
        Fault::OutOfMemory => {
            PyMemoryError::new_err(format!("{name}: there is no memory for its strings"))
        }
        // Not seen: the exception that stopped it is raised instead.
        Fault::Interrupted => PyValueError::new_err(format!("{name}: reading was stopped")),
    }
}
