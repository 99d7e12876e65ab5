//! DLPack by hand: its structures as dlpack.h 0.8 declares them, which exporters give who asks for no version.

use std::ffi::c_void;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};

use super::Row;

#[repr(C)]
struct Tensor {
    data: *const c_void,
    /// 1: the processor's own memory.
    device: i32,
    _device_id: i32,
    ndim: i32,
    /// 2: floating point.
    code: u8,
    bits: u8,
    lanes: u16,
    shape: *const i64,
    /// In elements; null: contiguous.
    strides: *const i64,
    /// In bytes.
    offset: u64,
}

/// The sum of the first numbers of a DLPack tensor.
#[pyfunction]
pub(crate) fn total_of_dlpack(py: Python<'_>, x: &Bound<'_, PyAny>, count: usize) -> PyResult<f64> {
    // Not renamed to "used_dltensor": the memory stays the capsule's, which lets go of it when it goes.
    let capsule = x.call_method0("__dlpack__")?.cast_into::<PyCapsule>()?;
    // SAFETY: what a capsule of this name holds starts with a tensor, and is there as long as the capsule.
    let tensor = unsafe {
        capsule
            .pointer_checked(Some(c"dltensor"))?
            .cast::<Tensor>()
            .as_ref()
    };
    let float64 = (tensor.code, tensor.bits, tensor.lanes) == (2, 64, 1);
    // SAFETY: of one dimension there is one length, and one stride or none.
    let row = (tensor.device == 1 && tensor.ndim == 1 && float64).then(|| unsafe {
        let (length, strides) = (*tensor.shape, tensor.strides);
        let contiguous = strides.is_null() || length <= 1 || *strides == 1;
        contiguous.then(|| Row {
            data: tensor.data.byte_add(tensor.offset as usize).cast(),
            length: length.max(0) as usize,
        })
    });
    let row = row.flatten().ok_or_else(|| {
        PyTypeError::new_err("one contiguous row of float64 in the processor's memory is taken")
    })?;
    // SAFETY: the capsule is held until the end of this function.
    Ok(py.detach(move || unsafe { row.total(count) }))
}
