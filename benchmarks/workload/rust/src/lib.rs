//! Rust with PyO3: the loops that one writes first. What is read is copied, for Python may write it meanwhile.

#![allow(clippy::needless_pass_by_value)] // PyO3 gives a function what it made of an argument

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The rows as they are.
#[pyfunction]
fn prepared(rows: Bound<'_, PyAny>) -> Bound<'_, PyAny> {
    rows
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The cosine of each query with each row of the corpus, into out.
#[pyfunction]
fn cosines(
    py: Python<'_>,
    queries: PyBuffer<f32>,
    corpus: PyBuffer<f32>,
    out: PyBuffer<f32>,
) -> PyResult<()> {
    let (&[m, width], &[n, other]) = (queries.shape(), corpus.shape()) else {
        return Err(PyValueError::new_err("two matrices are taken"));
    };
    if width != other || width == 0 || out.shape() != [m, n] {
        return Err(PyValueError::new_err("the shapes do not fit"));
    }
    let (queries, corpus) = (queries.to_vec(py)?, corpus.to_vec(py)?);
    let results = py.detach(|| {
        let norms: Vec<f32> = corpus
            .chunks(width)
            .map(|row| dot(row, row).sqrt())
            .collect();
        let mut results = Vec::with_capacity(m * n);
        for query in queries.chunks(width) {
            let own = dot(query, query).sqrt();
            let rows = corpus.chunks(width).zip(&norms);
            results.extend(rows.map(|(row, norm)| dot(query, row) / (own * norm)));
        }
        results
    });
    out.copy_from_slice(py, &results)
}

#[pymodule(gil_used = false)]
mod binding {
    #[pymodule_export]
    use super::{cosines, prepared};
}
