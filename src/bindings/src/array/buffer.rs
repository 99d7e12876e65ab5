//! A buffer (PEP 3118), held: on the stack for the calls that must be quick, and let go of without attaching again, where
//! `pyo3::buffer` asks for the heap and attaches. An exporter that could move or free its memory must not while it is held:
//! `bytearray` and `array.array` raise `BufferError`.

use std::ffi::CStr;
use std::marker::{PhantomData, PhantomPinned};
use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::pin::Pin;
use std::slice;

use pyo3::ffi;
use pyo3::prelude::*;

/// Room for a buffer, and the buffer once it was asked for.
pub(crate) struct Buffer<'py> {
    view: MaybeUninit<ffi::Py_buffer>,
    /// Whether `view` is filled in, and to be released.
    held: bool,
    /// Released with the interpreter attached: it cannot be sent to where it is let go of.
    attached: PhantomData<Python<'py>>,
    /// Exporters may point into the structure (`PyBuffer_FillInfo` does), so it stays where it was filled in.
    _pinned: PhantomPinned,
}

impl<'py> Buffer<'py> {
    /// Room for one.
    #[inline]
    pub(crate) const fn new(_py: Python<'py>) -> Self {
        Self {
            view: MaybeUninit::uninit(),
            held: false,
            attached: PhantomData,
            _pinned: PhantomPinned,
        }
    }

    /// Asks the object for its buffer, read-only if it is, of any layout, with its format. The exporter's own exception
    /// where it gives none.
    #[inline]
    pub(super) fn request(self: Pin<&mut Self>, object: &Bound<'py, PyAny>) -> PyResult<()> {
        assert!(!self.held, "one buffer is held at a time");
        // SAFETY: nothing is moved out.
        let this = unsafe { self.get_unchecked_mut() };
        let view = this.view.as_mut_ptr();
        // SAFETY: the object is alive, and the structure has room and does not move until it is released.
        if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view, ffi::PyBUF_FULL_RO) } != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        this.held = true;
        Ok(())
    }

    #[inline]
    fn view(&self) -> &ffi::Py_buffer {
        assert!(self.held, "the buffer was asked for");
        // SAFETY: the exporter filled it in.
        unsafe { self.view.assume_init_ref() }
    }

    pub(super) fn start(&self) -> *const u8 {
        self.view().buf.cast()
    }

    pub(super) fn item_size(&self) -> usize {
        self.view().itemsize as usize
    }

    pub(super) fn len_bytes(&self) -> usize {
        self.view().len as usize
    }

    pub(super) fn is_readonly(&self) -> bool {
        self.view().readonly != 0
    }

    pub(super) fn dims(&self) -> usize {
        self.view().ndim as usize
    }

    /// The elements' format in the words of the struct module; without one they are bytes.
    pub(super) fn format(&self) -> &CStr {
        let format = self.view().format;
        if format.is_null() {
            c"B"
        } else {
            // SAFETY: an exporter's format is a C string that lives until it is released.
            unsafe { CStr::from_ptr(format) }
        }
    }

    /// Lengths, one each a dimension; `None` where the exporter did not say, as it was asked to.
    pub(super) fn shape(&self) -> Option<&[ffi::Py_ssize_t]> {
        self.numbers(self.view().shape)
    }

    /// Strides in bytes, one each a dimension; `None` where elements lie in C order without gaps, as ctypes has it.
    pub(super) fn strides(&self) -> Option<&[ffi::Py_ssize_t]> {
        self.numbers(self.view().strides)
    }

    fn numbers(&self, start: *const ffi::Py_ssize_t) -> Option<&[ffi::Py_ssize_t]> {
        if self.dims() == 0 {
            return Some(&[]);
        }
        // SAFETY: an exporter's shape and strides hold a number a dimension, until it is released.
        (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start, self.dims()) })
    }

    /// Who gave it; `None` where nobody says.
    pub(super) fn exporter(&self) -> Option<Bound<'py, PyAny>> {
        // SAFETY: attached, as the buffer is; the object is null or alive until it is released.
        unsafe {
            let py = Python::assume_attached();
            Bound::from_borrowed_ptr_or_opt(py, self.view().obj)
        }
    }

    /// Whether the elements are behind pointers.
    pub(super) fn is_indirect(&self) -> bool {
        let suboffsets = self.view().suboffsets;
        // SAFETY: an exporter's suboffsets, where there are any, hold a number a dimension.
        !suboffsets.is_null() && (0..self.dims()).any(|dim| unsafe { *suboffsets.add(dim) } >= 0)
    }

    /// The elements, where these are of one dimension, one or more without gaps, aligned, and of a type whose format is
    /// that letter and whose size is `size`.
    #[inline]
    pub(super) fn flat(&self, letter: u8, size: usize) -> Option<(*const u8, usize)> {
        let view = self.view();
        if view.ndim != 1
            || view.itemsize as usize != size
            || view.format.is_null()
            || view.shape.is_null()
            || !view.suboffsets.is_null()
        {
            return None;
        }
        // SAFETY: a C string, of which the second byte is read only where the first does not end it; a shape of one number, and
        // so are the strides where there are any.
        let (letters, length, stride) = unsafe {
            let format = view.format.cast::<u8>();
            (
                *format == letter && *format.add(1) == 0,
                *view.shape,
                if view.strides.is_null() {
                    view.itemsize
                } else {
                    *view.strides
                },
            )
        };
        let start = view.buf.cast_const().cast::<u8>();
        let fits = letters
            && length > 0
            && stride == view.itemsize
            && length.checked_mul(stride) == Some(view.len)
            && !start.is_null()
            && start.addr().is_multiple_of(size);
        fits.then_some((start, length as usize))
    }
}

/// A buffer that an object holds from one call to the next, released by whichever thread drops it.
pub(crate) struct Kept(ManuallyDrop<Pin<Box<Buffer<'static>>>>);

impl<'py> Buffer<'py> {
    /// Holds it beyond the call.
    pub(super) fn keep(self: Pin<Box<Self>>) -> Kept {
        // SAFETY: the lifetime stands for being attached, which `Kept` is again when it releases the buffer.
        let buffer =
            unsafe { mem::transmute::<Pin<Box<Buffer<'py>>>, Pin<Box<Buffer<'static>>>>(self) };
        Kept(ManuallyDrop::new(buffer))
    }
}

impl Kept {
    /// Whose memory it is, as the buffer refers to it: null where the exporter names no object.
    pub(super) fn exporter(&self) -> *mut ffi::PyObject {
        self.0.view().obj
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Nobody can be attached to an interpreter that is shutting down: the memory then stays as it is.
        Python::try_attach(|_| {
            // SAFETY: dropped once, and attached.
            unsafe { ManuallyDrop::drop(&mut self.0) }
        });
    }
}

impl Drop for Buffer<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.held {
            // SAFETY: filled in here, released once, with the interpreter attached, as `'py` says.
            unsafe { ffi::PyBuffer_Release(self.view.as_mut_ptr()) }
        }
    }
}
