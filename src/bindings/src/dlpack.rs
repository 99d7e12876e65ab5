//! DLPack tensors (dlpack.h, versions 0 and 1) through Python's `__dlpack__` protocol.

use std::ffi::c_void;
use std::ptr::NonNull;

use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::argument::describe;
use crate::array::{Layout, MAX_DIMS};
use crate::dtype::Dtype;

const CPU: i32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
struct Device {
    kind: i32,
    number: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct DataType {
    code: u8,
    bits: u8,
    lanes: u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct DlTensor {
    data: *const u8,
    device: Device,
    dims: i32,
    dtype: DataType,
    shape: *const i64,
    strides: *const i64,
    byte_offset: u64,
}

/// `DLManagedTensor`, behind a capsule named "dltensor".
#[repr(C)]
struct Managed {
    tensor: DlTensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Managed)>,
}

/// `DLManagedTensorVersioned`, behind a capsule named "`dltensor_versioned`".
#[repr(C)]
struct Versioned {
    major: u32,
    minor: u32,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Versioned)>,
    flags: u64,
    tensor: DlTensor,
}

enum Owned {
    Managed(NonNull<Managed>),
    Versioned(NonNull<Versioned>),
}

/// A tensor taken out of its capsule; given back to its producer when dropped.
pub(crate) struct Tensor {
    owned: Owned,
    /// A copy: what a producer's structure says is read once.
    tensor: DlTensor,
}

impl Tensor {
    /// The tensor behind `object`; `None` when it has no `__dlpack__`.
    pub(crate) fn take(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<Self>> {
        let py = object.py();
        let Some(method) = object.getattr_opt(intern!(py, "__dlpack__"))? else {
            return Ok(None);
        };
        if let Some(device) = object.getattr_opt(intern!(py, "__dlpack_device__"))? {
            let device = device.call0()?;
            let (kind, _number): (i32, i64) = device.extract().map_err(|_| {
                PyTypeError::new_err(format!(
                    "{name}: __dlpack_device__ gives a pair of ints, (device type, number), got {}",
                    describe(&device)
                ))
            })?;
            refuse_device(kind, name)?;
        }
        // A producer of before version 1.0 does not know the argument (the protocol's own advice).
        let options = PyDict::new(py);
        options.set_item(intern!(py, "max_version"), (1_u32, 0_u32))?;
        let capsule = match method.call((), Some(&options)) {
            Err(error) if error.is_instance_of::<PyTypeError>(py) => method.call0()?,
            result => result?,
        };
        Self::consume(&capsule, name).map(Some)
    }

    /// Takes the tensor out of its capsule, which is renamed so that nobody takes it again.
    fn consume(capsule: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        let pointer = |wanted: &'static std::ffi::CStr| {
            // SAFETY: the object is alive; both calls take any object and check that it is a capsule of that name.
            unsafe {
                if ffi::PyCapsule_IsValid(capsule.as_ptr(), wanted.as_ptr()) == 0 {
                    return None;
                }
                NonNull::new(ffi::PyCapsule_GetPointer(capsule.as_ptr(), wanted.as_ptr()))
            }
        };
        let rename = |used: &'static std::ffi::CStr| {
            // SAFETY: a valid capsule, and a name that lives as long as the program.
            if unsafe { ffi::PyCapsule_SetName(capsule.as_ptr(), used.as_ptr()) } == 0 {
                Ok(())
            } else {
                Err(PyErr::fetch(capsule.py()))
            }
        };
        let taken = if let Some(versioned) = pointer(c"dltensor_versioned") {
            let versioned = versioned.cast::<Versioned>();
            // SAFETY: the capsule's name says what is behind it. The version comes first in every version.
            let major = unsafe { (*versioned.as_ptr()).major };
            if major != 1 {
                return Err(PyBufferError::new_err(format!(
                    "{name}: DLPack version {major} is not known; 1 is taken"
                )));
            }
            rename(c"used_dltensor_versioned")?;
            // SAFETY: as above, and version 1 has this layout.
            let tensor = unsafe { (*versioned.as_ptr()).tensor };
            Self {
                owned: Owned::Versioned(versioned),
                tensor,
            }
        } else if let Some(managed) = pointer(c"dltensor") {
            let managed = managed.cast::<Managed>();
            rename(c"used_dltensor")?;
            // SAFETY: the capsule's name says what is behind it.
            let tensor = unsafe { (*managed.as_ptr()).tensor };
            Self {
                owned: Owned::Managed(managed),
                tensor,
            }
        } else {
            return Err(PyBufferError::new_err(format!(
                "{name}: __dlpack__ gave no DLPack capsule, or a used one"
            )));
        };
        refuse_device(taken.tensor.device.kind, name)?;
        if usize::try_from(taken.tensor.dims).map_or(true, |dims| dims > MAX_DIMS) {
            let dims = taken.tensor.dims;
            return Err(PyBufferError::new_err(format!(
                "{name} has {dims} dimensions; at most {MAX_DIMS} are taken"
            )));
        }
        Ok(taken)
    }

    pub(crate) fn dims(&self) -> usize {
        self.tensor.dims as usize
    }

    pub(crate) fn dtype(&self) -> Dtype {
        Dtype::of_tensor(
            self.tensor.dtype.code,
            self.tensor.dtype.bits,
            self.tensor.dtype.lanes,
        )
    }

    /// Where the elements of that size lie; what is wrong with it otherwise.
    pub(crate) fn layout(&self, item_size: usize) -> Result<Layout, &'static str> {
        let (dims, tensor) = (self.dims(), &self.tensor);
        let numbers = |start: *const i64| {
            // SAFETY: the producer's shape, and its strides where there are any, hold `dims` numbers; who knows how aligned.
            let number = |dim| unsafe { start.add(dim).read_unaligned() };
            let number = |dim| if dim < dims { number(dim) } else { 0 };
            (!start.is_null()).then(|| std::array::from_fn::<i64, MAX_DIMS, _>(number))
        };
        let shape = match dims {
            0 => [0; MAX_DIMS],
            _ => numbers(tensor.shape).ok_or("has no shape")?,
        };
        let strides = numbers(tensor.strides);
        let strides = strides.as_ref().map(|strides| &strides[..dims]);
        let place = (tensor.data, tensor.byte_offset);
        Layout::of_tensor(place, &shape[..dims], strides, item_size)
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        // SAFETY: the capsule was renamed when the tensor was taken, so that this alone gives it back, once. Arrays are
        // dropped while the interpreter is attached, which a producer's deleter may count on.
        unsafe {
            match self.owned {
                Owned::Managed(managed) => {
                    if let Some(deleter) = (*managed.as_ptr()).deleter {
                        deleter(managed.as_ptr());
                    }
                }
                Owned::Versioned(versioned) => {
                    if let Some(deleter) = (*versioned.as_ptr()).deleter {
                        deleter(versioned.as_ptr());
                    }
                }
            }
        }
    }
}

fn refuse_device(kind: i32, name: &str) -> PyResult<()> {
    if kind == CPU {
        return Ok(());
    }
    let device = match kind {
        2 => "a CUDA device (DLPack device type 2)".to_owned(),
        8 => "a Metal device (DLPack device type 8)".to_owned(),
        10 => "a ROCm device (DLPack device type 10)".to_owned(),
        _ => format!("DLPack device type {kind}"),
    };
    Err(PyBufferError::new_err(format!(
        "{name} is on {device}; the CPU (device type 1) is taken; use {name}.cpu(), or what copies it there"
    )))
}
