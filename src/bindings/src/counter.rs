//! `ThreadSafeCounter`: the counter that loses nothing.

use hotkernels_kernels::counter::Counter;
use pyo3::prelude::*;

/// A counter that any number of threads may increment at once, on every build, without a lock.
///
/// It starts at 0; `increment` adds 1 and returns the new value; `get` returns the value.
#[pyclass(frozen, module = "hotkernels")]
pub(crate) struct ThreadSafeCounter(
    /// Behind a pointer: it wants a pair of cache lines, which Python's allocator does not promise.
    Box<Counter>,
);

#[pymethods]
impl ThreadSafeCounter {
    #[new]
    fn new() -> Self {
        Self(Box::new(Counter::new()))
    }

    /// Adds 1 and returns the new value, which no other call returns.
    fn increment(&self) -> u64 {
        self.0.increment()
    }

    /// The number of increments so far.
    fn get(&self) -> u64 {
        self.0.get()
    }

    fn __repr__(&self) -> String {
        format!("ThreadSafeCounter({})", self.0.get())
    }
}
