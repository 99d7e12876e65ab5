//! What takes a call apart, for benchmarks/calls.py.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;

/// Takes two arguments and does nothing.
#[pyfunction]
pub(crate) fn nothing(_a: &Bound<'_, PyAny>, _b: &Bound<'_, PyAny>) {}

/// Asks for two buffers and lets go of them.
#[pyfunction]
pub(crate) fn buffers(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<()> {
    let mut views = [const { MaybeUninit::<ffi::Py_buffer>::uninit() }; 2];
    for (held, object) in [a, b].into_iter().enumerate() {
        let view = views[held].as_mut_ptr();
        // SAFETY: the object is alive, and the structure has room and stays where it is until it is released.
        if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view, ffi::PyBUF_FULL_RO) } != 0 {
            let error = PyErr::fetch(a.py());
            for view in &mut views[..held] {
                // SAFETY: filled in by the exporter, released once.
                unsafe { ffi::PyBuffer_Release(view.as_mut_ptr()) };
            }
            return Err(error);
        }
    }
    for view in &mut views {
        // SAFETY: as above.
        unsafe { ffi::PyBuffer_Release(view.as_mut_ptr()) };
    }
    Ok(())
}
