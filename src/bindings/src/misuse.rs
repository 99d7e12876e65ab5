//! What must not compile: Python touched where the interpreter is let go of. It is compiled by tests/ci/test_misuse.py alone,
//! with one `--cfg misuse` at a time, and each but "none" must be refused: what belongs to Python is not `Send`, and
//! `run::detached` takes nothing else.

#![allow(
    dead_code,
    reason = "nobody calls it: whether it compiles is what is asked"
)]

use std::pin::Pin;

use pyo3::prelude::*;

use crate::array::{Array, Buffer};
use crate::run;

/// Has all that a function of the module has in hand, and lets go of the interpreter.
pub(crate) fn misuse(
    object: &Bound<'_, PyAny>,
    buffer: Pin<&mut Buffer<'_>>,
    array: &Array<'_>,
) -> PyResult<bool> {
    let py = object.py();
    let _ = (&buffer, array);
    run::detached(py, |_stop| {
        #[cfg(misuse = "token")]
        return py.version_info() >= (3, 12);
        #[cfg(misuse = "object")]
        return object.is_none();
        #[cfg(misuse = "buffer")]
        return std::ptr::from_ref(&*buffer).is_null();
        #[cfg(misuse = "array")]
        return array.is_empty();
        #[cfg(misuse = "none")]
        true
    })
}
