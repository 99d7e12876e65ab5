//! `cosine_matrix`: every query against every row of a corpus.

use hotkernels_kernels::Float;
use hotkernels_kernels::threads::Team;
use hotkernels_kernels::vector;
use pyo3::exceptions::{PyBufferError, PyImportError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::argument::{not_empty, same_float, threads, wrong_dtype};
use crate::array::{Array, Element, Matrix, OutOfMemory, shape_text};
use crate::dtype::Dtype;
use crate::run;

/// The cosine of every query with every row of the corpus.
///
/// queries: 2-D, shape (m, d). corpus: 2-D, shape (n, d); None is the queries themselves, at half the work. Both float32
/// or both float64, d at least 1: any buffer, or a DLPack tensor on the CPU. Matrices whose rows are contiguous are read
/// where they are; others are copied first.
/// out: a writable buffer of shape (m, n) and the queries' dtype, with contiguous rows, that shares no memory with the
/// inputs; None makes a NumPy array, for which NumPy must be there.
/// threads: how many to use; None is HOTKERNELS_NUM_THREADS as it was at import, else every core of this process. The
/// result does not depend on it.
///
/// Returns out, or the array: [i, j] is the cosine of queries[i] and corpus[j]. A row of zeros gives 0.0, as in
/// scikit-learn; a row with NaN or an infinity gives NaN, in its place alone. float32 cells are summed in float32, in blocks:
/// they are mostly off by a few 1e-8, at most by (min(d, 384) + d / 384 + 6) * 2**-24. Up to 48 MiB of memory is used.
///
/// Raises TypeError for another or a mixed dtype, ValueError for another shape, BufferError for memory that is not to be
/// had, ImportError where NumPy is needed and missing. The GIL is released; Ctrl-C stops it, with out half-written.
#[pyfunction]
#[pyo3(signature = (queries, corpus=None, *, out=None, threads=None))]
pub(crate) fn cosine_matrix<'py>(
    py: Python<'py>,
    queries: &Bound<'py, PyAny>,
    corpus: Option<&Bound<'py, PyAny>>,
    out: Option<&Bound<'py, PyAny>>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let queries = Array::take(queries, "queries", Some(2))?;
    let corpus = corpus
        .map(|corpus| Array::take(corpus, "corpus", Some(2)))
        .transpose()?;
    let threads = self::threads(threads, run::settings(py)?.threads)?;
    same_float(&queries, corpus.as_ref().unwrap_or(&queries))?;
    not_empty(&queries)?;
    if let Some(corpus) = &corpus {
        not_empty(corpus)?;
        let (wanted, found) = (queries.shape()[1], corpus.shape()[1]);
        if wanted != found {
            return Err(PyValueError::new_err(format!(
                "corpus has rows of {found} and queries rows of {wanted}; one length is taken for both"
            )));
        }
    }
    let shape = [
        queries.shape()[0],
        corpus.as_ref().unwrap_or(&queries).shape()[0],
    ];
    let result = match out {
        Some(out) => out.clone(),
        None => empty(py, "cosine_matrix", shape, queries.dtype())?,
    };
    let output = Array::take(&result, "out", Some(2))?;
    check_output(
        &output,
        (shape, "queries by corpus rows"),
        (queries.dtype(), "that of queries"),
        [Some(&queries), corpus.as_ref()],
    )?;
    match queries.dtype() {
        Dtype::Float32 => fill::<f32>(py, &queries, corpus.as_ref(), &output, threads)?,
        _ => fill::<f64>(py, &queries, corpus.as_ref(), &output, threads)?,
    }
    drop(output);
    Ok(result)
}

/// An ndarray of that shape, not filled in, for a function that takes `out` too.
pub(crate) fn empty<'py>(
    py: Python<'py>,
    function: &str,
    shape: [usize; 2],
    dtype: &Dtype,
) -> PyResult<Bound<'py, PyAny>> {
    let or = if function == "best_match" {
        ""
    } else {
        ", or pass out="
    };
    let numpy = py.import(intern!(py, "numpy")).map_err(|error| {
        let named = PyImportError::new_err(format!(
            "{function} returns a NumPy array, and NumPy cannot be imported: pip install 'hotkernels[numpy]'{or}"
        ));
        named.set_cause(py, Some(error));
        named
    })?;
    numpy.call_method1(intern!(py, "empty"), (shape, dtype.name()))
}

/// Refuses an `out` that cannot take the result, or that the kernel would read while it writes. The shape and the dtype come
/// with what they are.
pub(crate) fn check_output(
    out: &Array<'_>,
    (shape, axes): ([usize; 2], &str),
    (dtype, whose): (&Dtype, &str),
    inputs: [Option<&Array<'_>>; 2],
) -> PyResult<()> {
    if out.dtype() != dtype {
        return Err(wrong_dtype(out, &format!("{}, {whose},", dtype.name())));
    }
    if out.shape() != shape {
        return Err(PyValueError::new_err(format!(
            "out has shape {}; {}, {axes}, is taken",
            out.shape_text(),
            shape_text(&shape)
        )));
    }
    if !out.is_writable() {
        return Err(PyTypeError::new_err(
            "out is read-only; a writable buffer is taken",
        ));
    }
    let size = dtype.size().unwrap_or(1) as isize;
    let (row, column) = (out.strides()[0], out.strides()[1]);
    let contiguous = shape[1] == 1 || column == size;
    let apart = shape[0] == 1 || (row >= size * shape[1] as isize && row % size == 0);
    if !(contiguous && apart && out.is_aligned(size as usize)) {
        return Err(PyValueError::new_err(format!(
            "out has strides {:?}; rows without gaps, in order and aligned, are taken",
            out.strides()
        )));
    }
    if let Some(input) = inputs
        .into_iter()
        .flatten()
        .find(|input| input.overlaps(out))
    {
        return Err(PyBufferError::new_err(format!(
            "out shares memory with {}",
            input.name()
        )));
    }
    Ok(())
}

fn fill<T: Float + Element>(
    py: Python<'_>,
    queries: &Array<'_>,
    corpus: Option<&Array<'_>>,
    out: &Array<'_>,
    threads: std::num::NonZeroUsize,
) -> PyResult<()> {
    let level = run::level(py)?;
    let (queries, corpus) = (queries.view::<T>(), corpus.map(Array::view::<T>));
    let target = out.target::<T>();
    let done = run::detached(py, move |stop| {
        let queries = Matrix::of(queries)?;
        let corpus = corpus.map(Matrix::of).transpose()?;
        let team = Team::new(threads, stop);
        // An interrupted run leaves the exception with `detached`, which raises it.
        let _ = vector::cosine_matrix(
            level,
            queries.rows(),
            corpus.as_ref().map(Matrix::rows),
            target,
            &team,
        );
        Ok::<(), OutOfMemory>(())
    })?;
    Ok(done?)
}
