//! The Python module `hotkernels._native`.
use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _native {
    use super::*;
    /// Adds.
    #[pyfunction]
    fn add(a: i64, b: i64) -> i64 {
        a + b
    }
}
