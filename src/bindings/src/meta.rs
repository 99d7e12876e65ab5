//! `build_info`: which build runs, in the words that a bug report needs.

use hotkernels_kernels::simd;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::run;

/// The package's version as Cargo writes it, in PEP 440's spelling.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The ABI in the binary's read-only data, for `ci audit`: what was compiled, whatever the file is called. It is used
/// below, so that the linker keeps it.
static MARKER: &str = concat!("hotkernels-abi:", env!("HOTKERNELS_ABI"), ";");

/// Which build runs.
///
/// Returns a dict: version; abi (as in the wheel's name: cp312, cp313t, cp312-abi3, cp315-abi3.abi3t); api (full or
/// limited); target; simd (the level in use), `simd_int8` (the instructions that it sums products of int8 with) and `simd_available` (what `HOTKERNELS_SIMD` may name here); threads (the
/// default); rustc; pyo3; commit (None in a build from the sdist).
#[pyfunction]
pub(crate) fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let settings = run::settings(py)?;
    // Read through a volatile pointer: otherwise the compiler keeps only the part between the colon and the semicolon.
    // SAFETY: MARKER is a live, initialized static.
    let marker = unsafe { std::ptr::read_volatile(&raw const MARKER) };
    let abi = marker
        .strip_prefix("hotkernels-abi:")
        .and_then(|rest| rest.strip_suffix(';'))
        .unwrap_or(marker);
    let info = PyDict::new(py);
    info.set_item("version", VERSION)?;
    info.set_item("abi", abi)?;
    info.set_item(
        "api",
        if cfg!(Py_LIMITED_API) {
            "limited"
        } else {
            "full"
        },
    )?;
    info.set_item("target", env!("HOTKERNELS_TARGET"))?;
    info.set_item("simd", settings.level.name())?;
    info.set_item("simd_int8", simd::ByteUnit::of(settings.level).name())?;
    info.set_item(
        "simd_available",
        PyList::new(py, simd::available().into_iter().map(simd::Level::name))?,
    )?;
    info.set_item("threads", settings.threads.get())?;
    info.set_item("rustc", env!("HOTKERNELS_RUSTC"))?;
    info.set_item("pyo3", env!("HOTKERNELS_PYO3"))?;
    let commit = env!("HOTKERNELS_BUILD_COMMIT");
    info.set_item("commit", (!commit.is_empty()).then_some(commit))?;
    Ok(info)
}
