//! Running a kernel: the settings read at import, the interpreter let go of, Ctrl-C looked for.

use std::cell::{Cell, RefCell};
use std::env;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hotkernels_kernels::simd::{self, Level};
use hotkernels_kernels::threads;
use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::fault::caught;

/// Less work than this many bytes takes under a microsecond or so, and letting go of the interpreter would cost more.
pub(crate) const DETACH_BYTES: usize = 16 << 10;

/// How often a long call looks for Ctrl-C: a person notices a tenth of a second, and attaching may wait for other threads.
const POLL: Duration = Duration::from_millis(50);

/// What the environment asks for, read once: the environment of a running process must not be read while others write it.
pub(crate) struct Settings {
    pub(crate) level: Level,
    /// `HOTKERNELS_NUM_THREADS`, or every core that the process may use.
    pub(crate) threads: NonZeroUsize,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// The interpreter that imported the module.
static INTERPRETER: OnceLock<i64> = OnceLock::new();

/// Refuses a second interpreter of the process: classes and names stand in static places, which belong to the first. One with a GIL of
/// its own is refused by Python itself; one that shares the GIL would be let in.
pub(crate) fn one_interpreter(_py: Python<'_>) -> PyResult<()> {
    // SAFETY: attached, so that there is a current interpreter.
    let this = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    let first = *INTERPRETER.get_or_init(|| this);
    if this == first {
        return Ok(());
    }
    Err(PyImportError::new_err(format!(
        "hotkernels does not support subinterpreters: interpreter {first} of this process has imported it, and interpreter \
         {this} cannot"
    )))
}

/// The settings; an `ImportError` where one is wrong.
pub(crate) fn settings(_py: Python<'_>) -> PyResult<&'static Settings> {
    if let Some(settings) = SETTINGS.get() {
        return Ok(settings);
    }
    let level = simd::level().map_err(|error| PyImportError::new_err(error.to_string()))?;
    let threads = match env::var("HOTKERNELS_NUM_THREADS") {
        Err(env::VarError::NotPresent) => {
            NonZeroUsize::new(threads::available()).unwrap_or(NonZeroUsize::MIN)
        }
        value => value
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .ok_or_else(|| {
                let found = env::var_os("HOTKERNELS_NUM_THREADS").unwrap_or_default();
                PyImportError::new_err(format!(
                    "HOTKERNELS_NUM_THREADS: a positive integer is taken, got \"{}\"",
                    found.display()
                ))
            })?,
    };
    Ok(SETTINGS.get_or_init(|| Settings { level, threads }))
}

/// The SIMD level in use; set before any function can be called.
pub(crate) fn level(py: Python<'_>) -> PyResult<Level> {
    settings(py).map(|settings| settings.level)
}

/// Runs `work`, too short for the interpreter to be let go of; ends in what [`detached`] ends in.
#[inline]
pub(crate) fn attached<R>(work: impl FnOnce() -> R) -> PyResult<R> {
    Ok(caught(work)?)
}

/// Runs `work` without the interpreter. It is handed a function that says whether to stop; when that has said so, the
/// exception that a signal handler raised (`KeyboardInterrupt`) is the result. A `MemoryError` or a `RuntimeError` where it ends
/// in a [`Fault`](crate::fault::Fault).
pub(crate) fn detached<R: Send>(
    py: Python<'_>,
    work: impl FnOnce(&dyn Fn() -> bool) -> R + Send,
) -> PyResult<R> {
    detached_telling(py, work, |_| Ok(()))
}

/// As [`detached`], and calls `tell` with the interpreter from time to time; what that raises stops the work too.
pub(crate) fn detached_telling<R: Send>(
    py: Python<'_>,
    work: impl FnOnce(&dyn Fn() -> bool) -> R + Send,
    tell: impl Fn(Python<'_>) -> PyResult<()> + Send + Sync,
) -> PyResult<R> {
    let (result, raised) = py.detach(|| {
        let raised: RefCell<Option<PyErr>> = RefCell::new(None);
        let looked = Cell::new(Instant::now());
        let stop = || {
            if raised.borrow().is_some() {
                return true;
            }
            if looked.get().elapsed() < POLL {
                return false;
            }
            // An interpreter that is shutting down cannot be attached to; the work goes on, nobody waits for it.
            let look = |py: Python<'_>| py.check_signals().and_then(|()| tell(py)).err();
            let error = Python::try_attach(look).flatten();
            looked.set(Instant::now());
            let stop = error.is_some();
            raised.replace(error);
            stop
        };
        let result = caught(|| work(&stop));
        (result, raised.into_inner())
    });
    match raised {
        Some(error) => Err(error),
        None => Ok(result?),
    }
}
