//! The memory that a chart is drawn from, and who it belongs to.

use std::mem::{self, ManuallyDrop};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

use hotkernels_kernels::chart::Columns;
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::array::{Array, Element, Held};

/// The four columns, as they were given.
pub(super) enum Prices {
    None,
    Float32([Held<f32>; 4]),
    Float64([Held<f64>; 4]),
}

impl Prices {
    pub(super) fn columns(&self) -> Columns<'_> {
        match self {
            Self::None => Columns::none(),
            Self::Float32([opens, highs, lows, closes]) => Columns::F32([
                opens.source(),
                highs.source(),
                lows.source(),
                closes.source(),
            ]),
            Self::Float64([opens, highs, lows, closes]) => Columns::F64([
                opens.source(),
                highs.source(),
                lows.source(),
                closes.source(),
            ]),
        }
    }

    pub(super) fn exporters(&self) -> [*mut ffi::PyObject; 4] {
        match self {
            Self::None => [std::ptr::null_mut(); 4],
            Self::Float32(columns) => columns.each_ref().map(Held::exporter),
            Self::Float64(columns) => columns.each_ref().map(Held::exporter),
        }
    }
}

pub(super) fn held<T: Element>(arrays: [Array<'_>; 4]) -> PyResult<[Held<T>; 4]> {
    let [opens, highs, lows, closes] = arrays;
    Ok([
        Held::of(opens)?,
        Held::of(highs)?,
        Held::of(lows)?,
        Held::of(closes)?,
    ])
}

/// The objects whose memory the state's buffers hold, beside the lock: the garbage collector must get the same answer each time
/// it asks in one collection, while a thread without the interpreter may take the lock or let go of it. They change together
/// with the state, with nothing of Python's called in between, so that no collection sees the one without the other.
#[derive(Default)]
pub(super) struct Exporters([AtomicPtr<ffi::PyObject>; 4]);

impl Exporters {
    pub(super) fn set(&self, objects: [*mut ffi::PyObject; 4]) {
        for (place, object) in self.0.iter().zip(objects) {
            place.store(object, Ordering::Relaxed);
        }
    }

    pub(super) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for place in &self.0 {
            if let Some(object) = NonNull::new(place.load(Ordering::Relaxed)) {
                // SAFETY: a `Py` is that pointer, and nothing else. The buffer owns the reference, which is neither counted up
                // nor, in `ManuallyDrop`, down.
                let object = unsafe {
                    mem::transmute::<NonNull<ffi::PyObject>, ManuallyDrop<Py<PyAny>>>(object)
                };
                visit.call(&*object)?;
            }
        }
        Ok(())
    }
}
