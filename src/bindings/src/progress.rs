//! `progress`: a callable that is told how far a long call is, or a bar.

use pyo3::exceptions::{PyImportError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::argument::describe;

/// Whom to tell.
pub(crate) enum Progress {
    Nobody,
    Callable(Py<PyAny>),
    /// A bar of tqdm's.
    Bar(Py<PyAny>),
}

impl Progress {
    /// Takes the argument called `progress`, for so many pairs.
    pub(crate) fn take(value: Option<&Bound<'_, PyAny>>, total: u64) -> PyResult<Self> {
        match value {
            None => Ok(Self::Nobody),
            Some(value) if value.is_callable() => Ok(Self::Callable(value.clone().unbind())),
            Some(value) => match value.extract::<bool>() {
                Ok(true) => Self::bar(value.py(), total),
                Ok(false) => Ok(Self::Nobody),
                Err(_) => Err(PyTypeError::new_err(format!(
                    "progress: a callable, True or None is taken, got {}",
                    describe(value)
                ))),
            },
        }
    }

    fn bar(py: Python<'_>, total: u64) -> PyResult<Self> {
        let tqdm = py.import(intern!(py, "tqdm.auto")).map_err(|error| {
            let named = PyImportError::new_err(
                "progress=True shows a bar of tqdm's, which cannot be imported: pip install tqdm, or pass a callable",
            );
            named.set_cause(py, Some(error));
            named
        })?;
        let options = pyo3::types::PyDict::new(py);
        options.set_item("total", total)?;
        options.set_item("unit", " pairs")?;
        options.set_item("unit_scale", true)?;
        let bar = tqdm.call_method("tqdm", (), Some(&options))?;
        Ok(Self::Bar(bar.unbind()))
    }

    /// Tells that so many pairs are done.
    pub(crate) fn tell(&self, py: Python<'_>, done: u64, total: u64) -> PyResult<()> {
        match self {
            Self::Nobody => Ok(()),
            Self::Callable(callable) => callable.call1(py, (done, total)).map(drop),
            Self::Bar(bar) => {
                bar.setattr(py, intern!(py, "n"), done)?;
                bar.call_method0(py, intern!(py, "refresh")).map(drop)
            }
        }
    }

    /// The call is at its end, however it ended.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        match self {
            Self::Bar(bar) => bar.call_method0(py, intern!(py, "close")).map(drop),
            Self::Nobody | Self::Callable(_) => Ok(()),
        }
    }
}
