//! `RenderCommands`: what a `CandleRenderer` gives, a read-only buffer of records; and the NumPy dtype of those.

use std::ffi::{CStr, c_int};

use hotkernels_kernels::chart::{Record, Rendered};
use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;

use crate::export::{self, Line};

/// The record as PEP 3118 spells it: standard sizes, native order, names between colons.
const FORMAT: &CStr = c"T{=f:x:=f:y:=f:width:=f:height:=f:wick_top:=f:wick_bottom:=I:rgba:}";

/// The same for NumPy.
const FIELDS: [(&str, &str); 7] = [
    ("x", "f4"),
    ("y", "f4"),
    ("width", "f4"),
    ("height", "f4"),
    ("wick_top", "f4"),
    ("wick_bottom", "f4"),
    ("rgba", "u4"),
];

/// What to draw: a read-only buffer of 28-byte records, from left to right.
///
/// A record is six float32 and a uint32 in the machine's byte order: x, y (the upper left corner of the body), width, height,
/// wick_top, wick_bottom (the y of the high and of the low), all in pixels with y downwards, and rgba (0xRRGGBBAA). The wick is
/// a line through the middle of the body, at x + width / 2.
///
/// numpy.asarray(commands) is a structured array of them, numpy.frombuffer(commands, commands.dtype) too, and
/// struct.iter_unpack("6fI", commands) yields tuples; nothing is copied. The memory does not change while any of these is alive.
#[pyclass(frozen, module = "hotkernels")]
pub(crate) struct RenderCommands {
    rendered: Rendered,
    /// What a buffer's shape and strides point to; the object does not move.
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
}

impl RenderCommands {
    pub(crate) fn of(rendered: Rendered) -> Self {
        Self {
            shape: [rendered.frame.records().len() as ffi::Py_ssize_t],
            strides: [size_of::<Record>() as ffi::Py_ssize_t],
            rendered,
        }
    }
}

#[pymethods]
impl RenderCommands {
    /// The NumPy dtype of a record: fields x, y, width, height, wick_top, wick_bottom (float32) and rgba (uint32), 28 bytes.
    #[classattr]
    fn dtype() -> RecordDtype {
        RecordDtype
    }

    /// (lowest, highest): the prices at the lower and at the upper edge of the picture.
    ///
    /// The price at y is highest - y * (highest - lowest) / height.
    #[getter]
    fn price_range(&self) -> (f64, f64) {
        self.rendered.frame.range()
    }

    /// The number of places side by side, each width / places wide: one a candle, or, where there are more candles than columns
    /// of pixels, one a column. A place whose candles cannot be drawn has no record.
    #[getter]
    fn places(&self) -> usize {
        self.rendered.frame.places()
    }

    /// So many records, from the first on, are byte for byte those of the renderer's call before: what is left of them need not
    /// be painted again. 0 where another range, size, colour or scale was drawn, or other candles were set.
    #[getter]
    fn unchanged(&self) -> usize {
        self.rendered.unchanged
    }

    /// The number of records.
    fn __len__(&self) -> usize {
        self.rendered.frame.records().len()
    }

    fn __repr__(&self) -> String {
        let (low, high) = self.price_range();
        format!(
            "RenderCommands({} records, price_range=({low:?}, {high:?}))",
            self.__len__()
        )
    }

    /// Exports the records, read-only (PEP 3118).
    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        let line = Line {
            start: this.rendered.frame.records().as_ptr().cast(),
            format: FORMAT,
            shape: &this.shape,
            strides: &this.strides,
        };
        let refusal = "RenderCommands do not change; a writable buffer is not to be had";
        // SAFETY: the caller's structure. The records are held by the object and not written while it holds them; shape and
        // strides lie in the object, which is frozen and does not move.
        unsafe { export::read_only(slf.as_any(), view, flags, &line, refusal) }
    }
}

// A descriptor, so that NumPy is imported when the dtype is asked for, and not by who never does.
/// The NumPy dtype of a record: fields x, y, width, height, wick_top, wick_bottom (float32) and rgba (uint32), 28 bytes.
///
/// Raises ImportError without NumPy.
#[pyclass(frozen, module = "hotkernels")]
pub(crate) struct RecordDtype;

#[pymethods]
impl RecordDtype {
    #[expect(clippy::unused_self, reason = "a descriptor is asked as an object")]
    fn __get__<'py>(
        &self,
        py: Python<'py>,
        _instance: &Bound<'py, PyAny>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let numpy = py.import(intern!(py, "numpy")).map_err(|error| {
            let named = PyImportError::new_err(
                "dtype is NumPy's, and NumPy cannot be imported: pip install 'hotkernels[numpy]', or read the records \
                 with struct.iter_unpack('6fI', commands)",
            );
            named.set_cause(py, Some(error));
            named
        })?;
        numpy.call_method1(intern!(py, "dtype"), (FIELDS.to_vec(),))
    }
}
