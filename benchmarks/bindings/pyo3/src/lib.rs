//! PyO3: functions of Rust, whose types say what they take; a buffer's memory is read through a pointer, for Python may write it.

#![allow(clippy::needless_pass_by_value)] // PyO3 gives a function what it made of an argument

mod dlpack;
mod parts;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// The sum of two integers of 64 bits, modulo 2^64.
#[pyfunction]
fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

/// A contiguous row of numbers that Python may write while it is read.
#[derive(Clone, Copy)]
struct Row {
    data: *const f64,
    length: usize,
}

// SAFETY: it is a place, and reading it is what is unsafe.
unsafe impl Send for Row {}

impl Row {
    fn of(buffer: &PyBuffer<f64>) -> PyResult<Self> {
        if buffer.dimensions() != 1 || !buffer.is_c_contiguous() {
            let words = "one contiguous row of float64 is taken";
            return Err(PyTypeError::new_err(words));
        }
        // Where there are no numbers the pointer may be null, and is not read.
        Ok(Self {
            data: buffer.buf_ptr().cast(),
            length: buffer.item_count(),
        })
    }

    fn of_slice(slice: &[f64]) -> Self {
        Self {
            data: slice.as_ptr(),
            length: slice.len(),
        }
    }

    /// The sum of the first numbers.
    ///
    /// # Safety
    ///
    /// The memory is there until this returns.
    unsafe fn total(self, count: usize) -> f64 {
        let mut sum = 0.0;
        for i in 0..count.min(self.length) {
            // SAFETY: within the row.
            sum += unsafe { *self.data.add(i) };
        }
        sum
    }

    /// The sum of the products; None where the lengths differ.
    ///
    /// # Safety
    ///
    /// As of `total`, of both.
    unsafe fn dot(self, other: Self) -> PyResult<f64> {
        if self.length != other.length {
            return Err(PyValueError::new_err("the lengths differ"));
        }
        let mut sum = 0.0;
        for i in 0..self.length {
            // SAFETY: within both rows.
            sum += unsafe { *self.data.add(i) * *other.data.add(i) };
        }
        Ok(sum)
    }
}

/// The dot product of two buffers of float64.
#[pyfunction]
fn dot(py: Python<'_>, a: PyBuffer<f64>, b: PyBuffer<f64>) -> PyResult<f64> {
    let (first, second) = (Row::of(&a)?, Row::of(&b)?);
    // SAFETY: both buffers are held until the end of this function.
    py.detach(move || unsafe { first.dot(second) })
}

/// The dot product of two lists of float.
#[pyfunction]
fn dot_of_lists(py: Python<'_>, a: Vec<f64>, b: Vec<f64>) -> PyResult<f64> {
    // SAFETY: both are ours.
    py.detach(|| unsafe { Row::of_slice(&a).dot(Row::of_slice(&b)) })
}

/// The sum of the first numbers of a buffer of float64.
#[pyfunction]
fn total(py: Python<'_>, x: PyBuffer<f64>, count: usize) -> PyResult<f64> {
    let row = Row::of(&x)?;
    // SAFETY: the buffer is held until the end of this function.
    Ok(py.detach(move || unsafe { row.total(count) }))
}

/// The same, of a copy of the buffer.
#[pyfunction]
fn total_of_copy(py: Python<'_>, x: PyBuffer<f64>, count: usize) -> PyResult<f64> {
    let own = x.to_vec(py)?;
    Ok(py.detach(|| own.iter().take(count).sum()))
}

#[pymodule(gil_used = false)]
mod binding {
    #[pymodule_export]
    use super::dlpack::total_of_dlpack;
    #[pymodule_export]
    use super::parts::{buffers, nothing};
    #[pymodule_export]
    use super::{add, dot, dot_of_lists, total, total_of_copy};
}
