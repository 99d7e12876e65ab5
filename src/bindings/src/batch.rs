//! Many strings against many: `cdist` and `best_match`; and what `cpdist` shares with them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hotkernels_kernels::simd::Level;
use hotkernels_kernels::text::Unit;
use hotkernels_kernels::text::batch::{self, Cell, Order, Queries, Reader, Strings};
use hotkernels_kernels::threads::{Interrupted, Team};
use pyo3::prelude::*;

use crate::argument::threads;
use crate::array::{Array, Element};
use crate::choices::{GivenChoices, Side, scorer_of};
use crate::dtype::Dtype;
use crate::fault::raised;
use crate::matrix::{check_output, empty};
use crate::progress::Progress;
use crate::run;
use crate::scorer::Scorer;
use crate::scores::{Given, Limits, Scored, Scores, scores};
use crate::strings::strings;
use crate::text::{DEFAULT, GivenUnit};

/// What a call gives for each string.
pub(crate) struct Call<'py> {
    pub(crate) level: Level,
    pub(crate) scorer: Scorer,
    pub(crate) queries: Strings,
    pub(crate) choices: Side,
    pub(crate) threads: NonZeroUsize,
    pub(crate) py: Python<'py>,
}

impl<'py> Call<'py> {
    /// Takes what all three functions take.
    pub(crate) fn take(
        queries: &Bound<'py, PyAny>,
        choices: &Bound<'py, PyAny>,
        scorer: Option<&Bound<'py, PyAny>>,
        ngram_size: Option<&Bound<'py, PyAny>>,
        unit: GivenUnit<'_, '_>,
        threads: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let py = queries.py();
        let laid = choices.cast::<GivenChoices>().ok();
        // One reader: equal clusters are equal in both.
        let (scorer, mut reader) = if let Some(laid) = laid {
            laid.get().0.agree(scorer, ngram_size, unit)?
        } else {
            let (scorer, unit) = scorer_of(scorer, ngram_size, unit.or(Unit::Grapheme)?)?;
            (scorer, Reader::new(unit))
        };
        let threads = self::threads(threads, run::settings(py)?.threads)?;
        raised(|| {
            Ok(Self {
                level: run::level(py)?,
                scorer,
                queries: strings(queries, "queries", &mut reader)?,
                choices: match laid {
                    Some(laid) => Side::Laid(Arc::clone(&laid.get().0)),
                    None => Side::Read(strings(choices, "choices", &mut reader)?),
                },
                threads,
                py,
            })
        })
    }

    pub(crate) fn shape(&self) -> [usize; 2] {
        [self.queries.len(), self.choices.len()]
    }

    /// How many pairs; far from the limit, or it would never be done.
    fn pairs(&self) -> u64 {
        (self.queries.len() as u64).saturating_mul(self.choices.len() as u64)
    }
}

/// The score of each query with each choice.
///
/// queries, choices: columns of strings, or iterables of str and None; choices may be Choices, which are laid out already.
/// None and nulls are strings that are missing. Columns are read
/// where they lie, without a Python object a row: what has __arrow_c_array__ or __arrow_c_stream__ (polars.Series,
/// pyarrow.Array and ChunkedArray, pandas.Series with pyarrow) of Arrow's types string, large_string, string_view, null, or
/// dictionary of these; and NumPy arrays of dtype U. Others, NumPy's StringDType and object arrays too, are iterated over.
/// scorer: "levenshtein", "osa", "damerau_levenshtein" or "hamming", which are distances, "jaro", "jaro_winkler" or
/// "jaccard", which are similarities: the scores of levenshtein_distance and so on, without any option but these.
/// score_cutoff: the largest distance or the smallest similarity, in [0, 1], of interest, which saves work. A distance above it
/// is told as score_cutoff + 1 (rounded down first), a similarity below it as 0.0.
/// unit: "grapheme" or "codepoint", as for levenshtein_distance.
/// ngram_size: for "jaccard" alone, as for jaccard_similarity: None for sets of words, a positive int for sets of pieces of
/// that many units.
/// out: a writable buffer of shape (m, n) with contiguous rows; None makes a NumPy array, for which NumPy must be there.
/// dtype: of the array: for distances uint32 (None), uint8, uint16, int32, int64, float32 or float64, for similarities
/// float64 (None) or float32.
/// threads: how many to use; None is HOTKERNELS_NUM_THREADS as it was at import, else every core of this process. The
/// result does not depend on it.
///
/// Returns out, or the array: [i, j] is the score of queries[i] and choices[j]. Where either is None that is 0.0 for a
/// similarity, and for a distance score_cutoff + 1, or with no cutoff the largest value of the dtype (inf for floats).
///
/// Raises TypeError for what is no str or None, a column of another type, a set or a dict, another scorer or dtype, ValueError
/// for an out of another shape, for a score_cutoff that no score has, for a dtype that does not hold the largest distance there
/// can be, for a column that is not what Arrow's specification says, invalid UTF-8 among that, and (a UnicodeEncodeError) for a
/// lone surrogate, what a stream failed with as ValueError or OSError, ImportError where NumPy is needed and missing. The GIL is
/// released; Ctrl-C stops it, with out half-written.
///
/// Up to 64 units a string, or words or pieces in its set: many choices at once in the lanes of vector registers, by the
/// recurrences of the functions for two strings (Hyyrö 2003).
#[pyfunction]
#[pyo3(
    signature = (queries, choices, scorer=None, *, score_cutoff=None, unit=DEFAULT, ngram_size=None, out=None, dtype=None, threads=None),
    text_signature = "(queries, choices, scorer='levenshtein', *, score_cutoff=None, unit='grapheme', ngram_size=None, out=None, dtype=None, threads=None)"
)]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub(crate) fn cdist<'py>(
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
    let given = Given {
        score_cutoff,
        out,
        dtype,
    };
    scores::<Matrix>(call, &given)
}

/// Each with each.
struct Matrix;

impl Scores for Matrix {
    const NAME: &'static str = "cdist";

    fn shape(call: &Call<'_>) -> Vec<usize> {
        call.shape().into()
    }

    fn check(call: &Call<'_>, out: &Array<'_>, dtype: &Dtype) -> PyResult<()> {
        let shape = (call.shape(), "queries by choices");
        check_output(out, shape, (dtype, "the dtype asked for"), [None, None])
    }

    fn fill<M: Scored, T: Cell<M::Score> + Element + Limits>(
        call: Call<'_>,
        measure: M,
        cutoff: Option<M::Score>,
        out: &Array<'_>,
    ) -> PyResult<()> {
        let target = out.target::<T>();
        let missing = M::missing(cutoff);
        let Call {
            level,
            queries,
            choices,
            threads,
            py,
            ..
        } = call;
        run::detached(py, move |stop| {
            let team = Team::new(threads, stop);
            let order = if cutoff.is_none() {
                Order::AsGiven
            } else {
                Order::ByLength
            };
            choices.laid(level, measure, order, stop, |choices| {
                let queries = Queries::new(queries, choices, stop)?;
                let done = AtomicU64::new(0);
                batch::cdist(
                    level, measure, &queries, choices, cutoff, missing, &target, &team, &done,
                )
            })
        })
        // An interrupted run leaves the exception with `detached`, which raises it.
        .map(|_: Result<(), Interrupted>| ())
    }
}

/// For each query the nearest choice, and its score, in memory that does not grow with the number of pairs: some 130 bytes for a
/// choice of 12 letters, 180 for one of 24, 330 for one of 48, and up to 20 a letter of the queries.
///
/// queries, choices, scorer, unit, ngram_size, threads: as for cdist.
/// score_cutoff: the largest distance or the smallest similarity, in [0, 1], that counts; it saves work.
/// progress: a callable, called as progress(done, total) with the pairs done and all pairs some times a second and at the
/// end, on the calling thread alone; True shows a bar of tqdm's, which must be there. What it raises stops the call.
///
/// Returns (indices, scores), NumPy arrays with an element for each query: the index of the nearest choice, the first one
/// of several, as int64, and its score, distances as int64 and similarities as float64. Where no choice counts, as the
/// query is None, every choice is None or none is within score_cutoff, the index is -1, and the score what cdist gives for
/// None: 0.0 for a similarity; for a distance score_cutoff + 1, or 2**63 - 1 without a cutoff.
///
/// Raises what cdist raises, ImportError without NumPy. The GIL is released; Ctrl-C stops it.
///
/// Choices are visited from the query's own length on, and those whose length alone is too far are passed over, of more than
/// 64 units also those that are too far by what units they have.
#[pyfunction]
#[pyo3(
    signature = (queries, choices, scorer=None, *, score_cutoff=None, unit=DEFAULT, ngram_size=None, threads=None, progress=None),
    text_signature = "(queries, choices, scorer='levenshtein', *, score_cutoff=None, unit='grapheme', ngram_size=None, threads=None, progress=None)"
)]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub(crate) fn best_match<'py>(
    queries: &Bound<'py, PyAny>,
    choices: &Bound<'py, PyAny>,
    scorer: Option<&Bound<'py, PyAny>>,
    score_cutoff: Option<&Bound<'py, PyAny>>,
    unit: GivenUnit<'_, '_>,
    ngram_size: Option<&Bound<'py, PyAny>>,
    threads: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let call = Call::take(queries, choices, scorer, ngram_size, unit, threads)?;
    match call.scorer {
        Scorer::Distance(measure) => nearest(call, measure, score_cutoff, progress),
        Scorer::Similarity(measure) => nearest(call, measure, score_cutoff, progress),
    }
}

fn nearest<'py, M: Scored>(
    call: Call<'py>,
    measure: M,
    cutoff: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>
where
    M::Told: Limits,
{
    let cutoff = M::cutoff(cutoff)?;
    let total = call.pairs();
    let indices = empty(
        call.py,
        "best_match",
        &[1, call.queries.len()],
        &Dtype::Int(8),
    )?;
    let scores = empty(call.py, "best_match", &[1, call.queries.len()], &M::TOLD)?;
    let progress = Progress::take(progress, total)?;
    let Call {
        level,
        queries,
        choices,
        threads,
        py,
        ..
    } = call;
    let done = AtomicU64::new(0);
    let done = &done;
    let work = move |stop: &dyn Fn() -> bool| {
        let team = Team::new(threads, stop);
        choices.laid(level, measure, Order::ByLength, stop, |choices| {
            let queries = Queries::new(queries, choices, stop)?;
            batch::best_match(level, measure, &queries, choices, cutoff, &team, done)
        })
    };
    let tell = |py: Python<'_>| progress.tell(py, done.load(Ordering::Relaxed), total);
    // An interrupted run leaves the exception with `detached_telling`, which raises it.
    let found = run::detached_telling(py, work, tell)
        .map(|found: Result<_, Interrupted>| found.unwrap_or_default());
    let ended = match &found {
        Ok(_) => progress.tell(py, total, total),
        Err(_) => Ok(()),
    };
    progress.close(py)?;
    let found = found?;
    ended?;
    let missing = M::missing(cutoff);
    {
        let (indices, scores) = (
            Array::take(&indices, "indices", Some(2))?,
            Array::take(&scores, "scores", Some(2))?,
        );
        let (mut indices, mut scores) = (indices.target::<i64>(), scores.target::<M::Told>());
        for (number, best) in found.iter().enumerate() {
            indices.write(0, number, best.map_or(-1, |best| best.index as i64));
            scores.write(
                0,
                number,
                best.map_or(missing, |best| M::Told::of(best.score)),
            );
        }
    }
    let flat = |array: Bound<'py, PyAny>| array.call_method1("reshape", (-1,));
    Ok((flat(indices)?, flat(scores)?))
}
