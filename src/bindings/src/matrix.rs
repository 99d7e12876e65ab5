//! `cosine_matrix` and `top_k`: every query against every row of a corpus.

use std::num::NonZeroUsize;

use hotkernels_kernels::threads::Team;
use hotkernels_kernels::vector::{self, Bfloat16, Half, Metric};
use pyo3::exceptions::{PyBufferError, PyImportError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::argument::{describe, mixed_dtypes, not_empty, threads, wrong_dtype};
use crate::array::{Array, Element, Matrix, OutOfMemory, shape_text};
use crate::dtype::Dtype;
use crate::hint;
use crate::run;

/// What the batch functions take.
const TAKEN: &str = "float32, float64, float16, int8 or bfloat16 (as uint16)";

/// The cosine of every query with every row of the corpus.
///
/// queries: 2-D, shape (m, d). corpus: 2-D, shape (n, d); None is the queries themselves, at half the work. Both of one
/// dtype: float32, float64, float16, int8, or bfloat16 as its bits in uint16 (ml_dtypes.bfloat16: x.view("uint16")) or as a
/// DLPack tensor. d is at least 1. Any buffer, or a DLPack tensor on the CPU. Matrices whose rows are contiguous are read
/// where they are; others are copied first.
/// out: a writable buffer of shape (m, n), of float64 for float64 and of float32 for the others, with contiguous rows, that
/// shares no memory with the inputs; None makes a NumPy array, for which NumPy must be there.
/// threads: how many to use; None is HOTKERNELS_NUM_THREADS as it was at import, else every core of this process. The
/// result does not depend on it.
///
/// Returns out, or the array: [i, j] is the cosine of queries[i] and corpus[j]. Without a corpus it is exactly symmetric, and
/// exactly 1.0 on the diagonal where a row is not zero. A row of zeros gives 0.0, as in scikit-learn; a row with NaN or an
/// infinity gives NaN, in its place alone. float32, float16 and bfloat16 are summed in float32, in blocks: cells are mostly
/// off by less than 2e-8, at most by (min(d, 128) + d / 128 + 6) * 2**-24; their root mean square error is below that of
/// NumPy's float32 product of the same numbers, divided by their norms. int8 is summed exactly, and cells are off by at most
/// 5 * 2**-24 of themselves. Up to 48 MiB of memory is used.
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
    let dtype = checked(&queries, corpus.as_ref())?;
    let shape = [
        queries.shape()[0],
        corpus.as_ref().unwrap_or(&queries).shape()[0],
    ];
    let result = match out {
        Some(out) => out.clone(),
        None => empty(py, "cosine_matrix", &shape, &dtype)?,
    };
    let output = Array::take(&result, "out", Some(2))?;
    check_output(
        &output,
        (shape, "queries by corpus rows"),
        (
            &dtype,
            &format!("the result's for {}", queries.dtype().name()),
        ),
        [Some(&queries), corpus.as_ref()],
    )?;
    let corpus = corpus.as_ref();
    match queries.dtype() {
        Dtype::Float64 => fill::<f64>(py, &queries, corpus, &output, threads)?,
        Dtype::Float16 => fill::<Half>(py, &queries, corpus, &output, threads)?,
        Dtype::Bfloat16 | Dtype::UInt(2) => {
            fill::<Bfloat16>(py, &queries, corpus, &output, threads)?;
        }
        Dtype::Int(1) => fill::<i8>(py, &queries, corpus, &output, threads)?,
        _ => fill::<f32>(py, &queries, corpus, &output, threads)?,
    }
    drop(output);
    Ok(result)
}

/// The k rows of the corpus that are nearest to each query.
///
/// queries: 2-D, shape (m, d). corpus: 2-D, shape (n, d). Their dtypes and memory: as for cosine_matrix.
/// k: how many, 0 to n.
/// metric: "cosine", or "dot" for the dot product. The larger, the nearer.
/// threads: how many to use; None is HOTKERNELS_NUM_THREADS as it was at import, else every core of this process. The
/// result does not depend on it.
///
/// Returns (indices, scores), NumPy arrays of shape (m, k), int64 and float64 for float64 or float32 for the others: row
/// numbers of the corpus and their scores, the nearest first. Of equal scores the lower row comes first, and NaN comes last.
/// Cosines are those of cosine_matrix; dot products have the same arithmetic, in which those of float32, float16 and
/// bfloat16 are off by at most (min(d, 128) + d / 128 + 2) * 2**-24 of the sum of |queries[i, l] * corpus[j, l]|, those of
/// int8 by 2**-24 of themselves, and overflow gives an infinity or NaN. No matrix of scores is made: beside its arguments and
/// results it uses up to 48 MiB of memory.
///
/// Raises TypeError for another or a mixed dtype, ValueError for another shape, a k that is negative or larger than n or
/// another metric, BufferError for memory that is not to be had, ImportError without NumPy. The GIL is released; Ctrl-C
/// stops it.
///
/// Scores are made a block at a time (Goto and van de Geijn 2008); each query's best are in a heap (Williams 1964).
#[pyfunction]
#[pyo3(
    signature = (queries, corpus, k, *, metric=None, threads=None),
    text_signature = "(queries, corpus, k, *, metric='cosine', threads=None)"
)]
pub(crate) fn top_k<'py>(
    py: Python<'py>,
    queries: &Bound<'py, PyAny>,
    corpus: &Bound<'py, PyAny>,
    k: &Bound<'py, PyAny>,
    metric: Option<&Bound<'py, PyAny>>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let queries = Array::take(queries, "queries", Some(2))?;
    let corpus = Array::take(corpus, "corpus", Some(2))?;
    let metric = self::metric(metric)?;
    let threads = self::threads(threads, run::settings(py)?.threads)?;
    let dtype = checked(&queries, Some(&corpus))?;
    let k = count(k, corpus.shape()[0])?;
    let shape = [queries.shape()[0], k];
    let indices = empty(py, "top_k", &shape, &Dtype::Int(8))?;
    let scores = empty(py, "top_k", &shape, &dtype)?;
    {
        let arrays = (
            Array::take(&indices, "indices", Some(2))?,
            Array::take(&scores, "scores", Some(2))?,
        );
        let both = (&queries, &corpus);
        let outputs = (&arrays.0, &arrays.1);
        match queries.dtype() {
            Dtype::Float64 => select::<f64>(py, both, metric, outputs, threads)?,
            Dtype::Float16 => select::<Half>(py, both, metric, outputs, threads)?,
            Dtype::Bfloat16 | Dtype::UInt(2) => {
                select::<Bfloat16>(py, both, metric, outputs, threads)?;
            }
            Dtype::Int(1) => select::<i8>(py, both, metric, outputs, threads)?,
            _ => select::<f32>(py, both, metric, outputs, threads)?,
        }
    }
    Ok((indices, scores))
}

/// Refuses what the batch functions do not take; the result's dtype otherwise.
fn checked(queries: &Array<'_>, corpus: Option<&Array<'_>>) -> PyResult<Dtype> {
    for array in [Some(queries), corpus].into_iter().flatten() {
        if !matches!(
            array.dtype(),
            Dtype::Float16
                | Dtype::Bfloat16
                | Dtype::Float32
                | Dtype::Float64
                | Dtype::Int(1)
                | Dtype::UInt(2)
        ) {
            return Err(wrong_dtype(array, TAKEN));
        }
    }
    let bits = |array: &Array<'_>| match array.dtype() {
        Dtype::UInt(2) => Dtype::Bfloat16,
        dtype => dtype.clone(),
    };
    if let Some(corpus) = corpus
        && bits(queries) != bits(corpus)
    {
        return Err(mixed_dtypes(queries, corpus));
    }
    not_empty(queries)?;
    if let Some(corpus) = corpus {
        not_empty(corpus)?;
        let (wanted, found) = (queries.shape()[1], corpus.shape()[1]);
        if wanted != found {
            let hint = if corpus.shape()[0] == wanted {
                "; use corpus.T"
            } else {
                ""
            };
            return Err(PyValueError::new_err(format!(
                "corpus has rows of {found} and queries rows of {wanted}; one length is taken for both{hint}"
            )));
        }
    }
    Ok(match queries.dtype() {
        Dtype::Float64 => Dtype::Float64,
        _ => Dtype::Float32,
    })
}

/// The argument called `k`.
fn count(value: &Bound<'_, PyAny>, most: usize) -> PyResult<usize> {
    let wrong = || {
        format!(
            "k: an int from 0 to {most}, the number of corpus rows, is taken, got {}",
            describe(value)
        )
    };
    let number: i128 = value.extract().map_err(|_| PyTypeError::new_err(wrong()))?;
    usize::try_from(number)
        .ok()
        .filter(|k| *k <= most)
        .ok_or_else(|| {
            let hint = if number > 0 {
                "; use min(k, len(corpus))"
            } else {
                ""
            };
            PyValueError::new_err(wrong() + hint)
        })
}

/// The argument called `metric`.
fn metric(value: Option<&Bound<'_, PyAny>>) -> PyResult<Metric> {
    let Some(value) = value else {
        return Ok(Metric::Cosine);
    };
    let wrong = || {
        format!(
            "metric: \"cosine\" or \"dot\" is taken, got {}{}",
            describe(value),
            hint::near(&hint::given_name(value), ["cosine", "dot"])
        )
    };
    let Ok(name) = value.cast::<PyString>() else {
        return Err(PyTypeError::new_err(wrong()));
    };
    match name.to_string_lossy().as_ref() {
        "cosine" => Ok(Metric::Cosine),
        "dot" => Ok(Metric::Dot),
        _ => Err(PyValueError::new_err(wrong())),
    }
}

/// An ndarray of that shape, not filled in, for a function that takes `out` too.
pub(crate) fn empty<'py>(
    py: Python<'py>,
    function: &str,
    shape: &[usize],
    dtype: &Dtype,
) -> PyResult<Bound<'py, PyAny>> {
    let or = if matches!(function, "best_match" | "top_k") {
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
    let shape = PyTuple::new(py, shape)?;
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

fn fill<E: vector::Element + Element>(
    py: Python<'_>,
    queries: &Array<'_>,
    corpus: Option<&Array<'_>>,
    out: &Array<'_>,
    threads: NonZeroUsize,
) -> PyResult<()>
where
    E::Result: Element,
{
    let level = run::level(py)?;
    let (queries, corpus) = (queries.view::<E>(), corpus.map(Array::view::<E>));
    let target = out.target::<E::Result>();
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

fn select<E: vector::Element + Element>(
    py: Python<'_>,
    (queries, corpus): (&Array<'_>, &Array<'_>),
    metric: Metric,
    (indices, scores): (&Array<'_>, &Array<'_>),
    threads: NonZeroUsize,
) -> PyResult<()>
where
    E::Result: Element,
{
    let level = run::level(py)?;
    let (queries, corpus) = (queries.view::<E>(), corpus.view::<E>());
    let (indices, scores) = (indices.target::<i64>(), scores.target::<E::Result>());
    let done = run::detached(py, move |stop| {
        let (queries, corpus) = (Matrix::of(queries)?, Matrix::of(corpus)?);
        let team = Team::new(threads, stop);
        // As above.
        let _ = vector::top_k(
            level,
            queries.rows(),
            corpus.rows(),
            metric,
            indices,
            scores,
            &team,
        );
        Ok::<(), OutOfMemory>(())
    })?;
    Ok(done?)
}
