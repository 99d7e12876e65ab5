//! What our own classes give to who asks them for a buffer (PEP 3118): their memory, read-only, in one dimension.

use std::ffi::{CStr, c_int, c_void};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Elements of one type without gaps. `shape` and `strides` are what the buffer's point to.
pub(crate) struct Line<'a> {
    pub(crate) start: *const u8,
    pub(crate) format: &'static CStr,
    pub(crate) shape: &'a [ffi::Py_ssize_t; 1],
    pub(crate) strides: &'a [ffi::Py_ssize_t; 1],
}

/// Fills in the buffer that was asked for, or raises `BufferError` with `refusal` for one to write into.
///
/// # Safety
///
/// `view` is null or the caller's structure; `line` lies in `owner`, which neither moves nor changes it as long as it lives.
pub(crate) unsafe fn read_only(
    owner: &Bound<'_, PyAny>,
    view: *mut ffi::Py_buffer,
    flags: c_int,
    line: &Line<'_>,
    refusal: &'static str,
) -> PyResult<()> {
    if view.is_null() {
        return Err(PyBufferError::new_err("no Py_buffer to fill in"));
    }
    let asked = |flag: c_int| flags & flag == flag;
    if asked(ffi::PyBUF_WRITABLE) {
        // SAFETY: the caller's structure; obj must be NULL on failure.
        unsafe { (*view).obj = std::ptr::null_mut() };
        return Err(PyBufferError::new_err(refusal));
    }
    let given = |flag: c_int, numbers: &[ffi::Py_ssize_t; 1]| {
        if asked(flag) {
            numbers.as_ptr().cast_mut()
        } else {
            std::ptr::null_mut()
        }
    };
    // SAFETY: the caller's structure is filled in whole; `obj` keeps the owner, and what lies in it, until it is released.
    unsafe {
        (*view).buf = line.start.cast_mut().cast::<c_void>();
        (*view).len = line.shape[0] * line.strides[0];
        (*view).readonly = 1;
        (*view).itemsize = line.strides[0];
        (*view).format = if asked(ffi::PyBUF_FORMAT) {
            line.format.as_ptr().cast_mut()
        } else {
            std::ptr::null_mut()
        };
        (*view).ndim = 1;
        (*view).shape = given(ffi::PyBUF_ND, line.shape);
        (*view).strides = given(ffi::PyBUF_STRIDES, line.strides);
        (*view).suboffsets = std::ptr::null_mut();
        (*view).internal = std::ptr::null_mut();
        (*view).obj = owner.clone().into_ptr();
    }
    Ok(())
}
