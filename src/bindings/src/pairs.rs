//! Two columns of strings, row by row: `cpdist`.

use hotkernels_kernels::text::batch::{self, Cell, Pairs};
use hotkernels_kernels::threads::{Interrupted, Team};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::argument::wrong_dtype;
use crate::array::{Array, Element};
use crate::batch::Call;
use crate::choices::Side;
use crate::dtype::Dtype;
use crate::run;
use crate::scores::{Given, Limits, Scored, Scores, scores};
use crate::text::{DEFAULT, GivenUnit};

/// The score of each query with the choice beside it: rows of two columns.
///
/// queries, choices: columns of strings, or iterables of str and None, of one length: as for cdist. scorer, score_cutoff, unit,
/// ngram_size, dtype, threads: as for cdist.
/// out: a writable, contiguous buffer of shape (n,); None makes a NumPy array, for which NumPy must be there.
///
/// Returns out, or the array: [i] is the score of queries[i] and choices[i]. Where either is None that is what cdist gives for
/// None: 0.0 for a similarity, and for a distance score_cutoff + 1, or with no cutoff the largest value of the dtype.
///
/// Raises what cdist raises, ValueError for columns of two lengths. The GIL is released; Ctrl-C stops it, with out half-written.
///
/// Up to 64 units a string: rows of like lengths together in the lanes of vector registers, by the recurrences of the functions
/// for two strings (Hyyrö 2003), which do the others. For each query with each choice cdist takes less a pair, as no string meets
/// a second one here.
#[pyfunction]
#[pyo3(
    signature = (queries, choices, scorer=None, *, score_cutoff=None, unit=DEFAULT, ngram_size=None, out=None, dtype=None, threads=None),
    text_signature = "(queries, choices, scorer='levenshtein', *, score_cutoff=None, unit='grapheme', ngram_size=None, out=None, dtype=None, threads=None)"
)]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub(crate) fn cpdist<'py>(
    queries: &Bound<'py, PyAny>,
    choices: &Bound<'py, PyAny>,
    scorer: Option<&Bound<'py, PyAny>>,
    score_cutoff: Option<&Bound<'py, PyAny>>,
    unit: GivenUnit<'_, '_>,
    ngram_size: Option<&Bound<'py, PyAny>>,
    out: Option<&Bound<'py, PyAny>>,
    dtype: Option<&Bound<'py, PyAny>>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let call = Call::take(queries, choices, scorer, ngram_size, unit, threads)?;
    if let Side::Laid(_) = call.choices {
        return Err(PyTypeError::new_err(
            "choices: a column of strings, or an iterable of str and None, is taken, got Choices; cdist and best_match take those",
        ));
    }
    let [rows, others] = call.shape();
    if rows != others {
        return Err(PyValueError::new_err(format!(
            "choices has length {others} and queries has length {rows}; one length is taken for both; cdist takes each with each"
        )));
    }
    let given = Given {
        score_cutoff,
        out,
        dtype,
    };
    scores::<Rows>(call, &given)
}

/// Each with the one beside it.
struct Rows;

impl Scores for Rows {
    const NAME: &'static str = "cpdist";

    fn shape(call: &Call<'_>) -> Vec<usize> {
        vec![call.queries.len()]
    }

    fn check(call: &Call<'_>, out: &Array<'_>, dtype: &Dtype) -> PyResult<()> {
        check_output(out, call.queries.len(), dtype)
    }

    fn fill<M: Scored, T: Cell<M::Score> + Element + Limits>(
        call: Call<'_>,
        measure: M,
        cutoff: Option<M::Score>,
        out: &Array<'_>,
    ) -> PyResult<()> {
        let missing = M::missing(cutoff);
        let Call {
            level,
            queries,
            choices,
            threads,
            py,
            ..
        } = call;
        if queries.is_empty() {
            return Ok(());
        }
        let target = out.plane::<T>(1, queries.len());
        let Side::Read(choices) = choices else {
            unreachable!("cpdist has refused them")
        };
        run::detached(py, move |stop| {
            let pairs = Pairs::new(queries, choices, stop)?;
            let team = Team::new(threads, stop);
            batch::cpdist(level, measure, &pairs, cutoff, missing, &target, &team)
        })
        // An interrupted run leaves the exception with `detached`, which raises it.
        .map(|_: Result<(), Interrupted>| ())
    }
}

/// Refuses an `out` that cannot take the scores.
fn check_output(out: &Array<'_>, rows: usize, dtype: &Dtype) -> PyResult<()> {
    if out.dtype() != dtype {
        let taken = format!("{}, the dtype asked for,", dtype.name());
        return Err(wrong_dtype(out, &taken));
    }
    if out.shape() != [rows] {
        return Err(PyValueError::new_err(format!(
            "out has shape {}; ({rows},), a score for each row, is taken",
            out.shape_text()
        )));
    }
    if !out.is_writable() {
        return Err(PyTypeError::new_err(
            "out is read-only; a writable buffer is taken",
        ));
    }
    let size = dtype.size().unwrap_or(1);
    if !(out.is_empty() || (out.is_contiguous() && out.is_aligned(size))) {
        return Err(PyValueError::new_err(format!(
            "out has strides {:?}; contiguous, aligned memory is taken",
            out.strides()
        )));
    }
    Ok(())
}
