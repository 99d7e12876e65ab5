//! What a kernel must not end with, and does: no memory, or a panic. Caught where the kernel is called, and raised in Python.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use hotkernels_kernels::room::OutOfMemory;
use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
use pyo3::prelude::*;

/// Why there is no result.
#[derive(Debug)]
pub(crate) enum Fault {
    OutOfMemory,
    /// What the panic said.
    Panic(String),
}

impl Fault {
    #[cold]
    fn of(payload: &(dyn Any + Send)) -> Self {
        if payload.is::<OutOfMemory>() {
            return Self::OutOfMemory;
        }
        let said = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::Panic(said.unwrap_or("it does not say why").to_owned())
    }
}

impl From<Fault> for PyErr {
    #[cold]
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::OutOfMemory => PyMemoryError::new_err("there is no memory for this call"),
            Fault::Panic(said) => PyRuntimeError::new_err(format!(
                "a bug in hotkernels {}: {said}. Please report it, with the call and with what was written to stderr of \
                 where it is: {}/issues",
                env!("CARGO_PKG_VERSION"),
                env!("CARGO_PKG_REPOSITORY"),
            )),
        }
    }
}

/// Calls `work`, which may end in a fault. What it changes is whole, or dropped with it: kernels that change what lives on, a
/// renderer's state, ask for all their memory before they begin.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Result<R, Fault> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Fault::of(&*payload))
}

/// The same for work with Python's objects, attached.
pub(crate) fn raised<R>(work: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    caught(work)?
}
