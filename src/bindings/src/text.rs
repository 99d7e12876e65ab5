//! Text: two strings, one number; one string, its phonetic code.

use std::convert::Infallible;
use std::num::NonZeroUsize;

use hotkernels_kernels::text::{
    self, Pair, Pieces, Room, Scratch, Text, Unit, Units, Winkler, phonetic,
};
use hotkernels_kernels::threads::Interrupted;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::argument::describe;
use crate::hint;
use crate::run;
use crate::string::take;

/// The `unit` of a call, looked at by [`GivenUnit::or`] so that the error names it as all errors here name arguments.
#[derive(Clone, Copy)]
pub(crate) struct GivenUnit<'a, 'py>(Option<Borrowed<'a, 'py, PyAny>>);

/// No `unit` was given.
pub(crate) const DEFAULT: GivenUnit<'static, 'static> = GivenUnit(None);

impl<'a, 'py> FromPyObject<'a, 'py> for GivenUnit<'a, 'py> {
    type Error = Infallible;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(Some(value)))
    }
}

impl GivenUnit<'_, '_> {
    #[inline]
    pub(crate) fn or(self, default: Unit) -> PyResult<Unit> {
        match self.0 {
            None => Ok(default),
            Some(value) => named_unit(&value),
        }
    }
}

fn named_unit(value: &Bound<'_, PyAny>) -> PyResult<Unit> {
    let wrong = || {
        format!(
            "unit: \"grapheme\" or \"codepoint\" is taken, got {}{}",
            describe(value),
            hint::near(&hint::given_name(value), ["grapheme", "codepoint"])
        )
    };
    let Ok(name) = value.cast::<PyString>() else {
        return Err(PyTypeError::new_err(wrong()));
    };
    if name == "grapheme" {
        Ok(Unit::Grapheme)
    } else if name == "codepoint" {
        Ok(Unit::CodePoint)
    } else {
        Err(PyValueError::new_err(wrong()))
    }
}

/// Whether a call is short enough to stay attached: letting go of the interpreter would cost more than it gives others.
#[inline]
fn short(texts: &[Text<'_>], most: usize) -> bool {
    // What is not Latin-1 may have to be decoded and cut into clusters, at some 20 ns each.
    texts.iter().all(|text| match text {
        Text::Points(Units::U8(_)) => text.size() <= most,
        _ => text.size() <= most.min(32),
    })
}

/// Calls the kernel with both strings in their unit, detached unless both are of at most `most` units.
#[inline]
fn over<R: Send + Default>(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    unit: GivenUnit<'_, '_>,
    most: usize,
    kernel: impl FnOnce(Pair<'_>, &dyn Fn() -> bool) -> R + Send,
) -> PyResult<R> {
    let (a, b) = (take(a, "a")?, take(b, "b")?);
    let unit = unit.or(Unit::Grapheme)?;
    if !short(&[a, b], most) {
        return run::detached(py, |stop| {
            match text::pair(a, b, unit, &mut Scratch::default(), stop) {
                Ok(pair) => kernel(pair, stop),
                // Not seen: the exception that stopped it is raised instead.
                Err(Interrupted) => R::default(),
            }
        });
    }
    let go_on: &dyn Fn() -> bool = &|| false;
    run::attached(|| match Pair::direct(a, b, unit, &mut Room::default()) {
        Some(pair) => kernel(pair, go_on),
        None => match text::pair(a, b, unit, &mut Scratch::default(), go_on) {
            Ok(pair) => kernel(pair, go_on),
            Err(Interrupted) => R::default(),
        },
    })
}

/// What a distance without a cutoff is.
#[inline]
fn number(found: Result<Option<usize>, Interrupted>) -> usize {
    // Stopped: not seen, as the exception that stopped it is raised instead.
    found.ok().flatten().unwrap_or(0)
}

/// What a similarity is.
#[inline]
fn similarity(found: Result<f64, Interrupted>) -> f64 {
    // Stopped: as above.
    found.unwrap_or(0.0)
}

/// Levenshtein's distance: the fewest insertions, deletions and substitutions that make one string of the other.
///
/// a, b: str. unit: what counts as one: "grapheme", an extended grapheme cluster (what a reader sees as one character), as
/// jellyfish counts; or "codepoint", as RapidFuzz does.
///
/// Returns an int. Raises TypeError for anything but a str, ValueError (a UnicodeEncodeError) for a lone surrogate. The GIL
/// is released for more than about a microsecond's work, and Ctrl-C stops a long call.
///
/// Bit-parallel: Myers 1999, Hyyrö 2003; long strings in a band about the diagonal (Ukkonen 1985) that grows as needed, or
/// by the diagonals alone where they are much alike (Myers 1986).
#[pyfunction]
#[pyo3(signature = (a, b, *, unit = DEFAULT), text_signature = "(a, b, *, unit='grapheme')")]
pub(crate) fn levenshtein_distance(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    unit: GivenUnit<'_, '_>,
) -> PyResult<usize> {
    let level = run::level(py)?;
    over(py, a, b, unit, 160, |pair, stop| {
        number(text::levenshtein(level, pair, usize::MAX, stop))
    })
}

/// Optimal string alignment: as levenshtein_distance, and a swap of two neighbours is one edit; no part of a string is
/// edited twice ("CA" and "ABC" are 3 apart). It is not a metric.
///
/// a, b, unit: as for levenshtein_distance. Returns an int, raises what that raises. Bit-parallel: Hyyrö 2003.
#[pyfunction]
#[pyo3(signature = (a, b, *, unit = DEFAULT), text_signature = "(a, b, *, unit='grapheme')")]
pub(crate) fn osa_distance(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    unit: GivenUnit<'_, '_>,
) -> PyResult<usize> {
    let level = run::level(py)?;
    over(py, a, b, unit, 160, |pair, stop| {
        number(text::osa(level, pair, usize::MAX, stop))
    })
}

/// Damerau's distance, unrestricted: as levenshtein_distance, and a swap of two neighbours is one edit, whatever is
/// inserted or deleted between them ("CA" and "ABC" are 2 apart). It is a metric.
///
/// a, b, unit: as for levenshtein_distance. Returns an int, raises what that raises. Bit-parallel: Hyyrö 2003, with the two
/// swaps of Zhao and Sahni 2019.
#[pyfunction]
#[pyo3(signature = (a, b, *, unit = DEFAULT), text_signature = "(a, b, *, unit='grapheme')")]
pub(crate) fn damerau_levenshtein_distance(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    unit: GivenUnit<'_, '_>,
) -> PyResult<usize> {
    let level = run::level(py)?;
    over(py, a, b, unit, 100, |pair, stop| {
        number(text::damerau_levenshtein(level, pair, usize::MAX, stop))
    })
}

/// Hamming's distance: how many positions differ, and how many units one string is longer by.
///
/// a, b, unit: as for levenshtein_distance. Returns an int, raises what that raises.
#[pyfunction]
#[pyo3(signature = (a, b, *, unit = DEFAULT), text_signature = "(a, b, *, unit='grapheme')")]
pub(crate) fn hamming_distance(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    unit: GivenUnit<'_, '_>,
) -> PyResult<usize> {
    over(py, a, b, unit, 4096, |pair, _| text::hamming(pair))
}

/// Jaro's similarity: how many units the strings have in common, near each other, and how many of these in one order.
///
/// a, b, unit: as for levenshtein_distance. Returns a float in [0, 1]: 0.0 where either string is empty, also where both
/// are, as in jellyfish. Raises what levenshtein_distance raises. Takes time in proportion to the lengths, and memory: 13 bytes for
/// each unit of b, and up to 4 for each of a.
#[pyfunction]
#[pyo3(signature = (a, b, *, unit = DEFAULT), text_signature = "(a, b, *, unit='grapheme')")]
pub(crate) fn jaro_similarity(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    unit: GivenUnit<'_, '_>,
) -> PyResult<f64> {
    over(py, a, b, unit, 128, |pair, stop| {
        similarity(text::jaro(pair, Winkler::Not, stop))
    })
}

/// Jaro's similarity with Winkler's bonus for a common beginning, of up to four units, where it is above 0.7.
///
/// a, b, unit: as for levenshtein_distance. long_tolerance: True adds a bonus for long strings that share much beyond
/// their beginning; False and None do not.
///
/// Returns a float in [0, 1]. Raises what levenshtein_distance raises.
#[pyfunction]
#[pyo3(
    signature = (a, b, long_tolerance = None, *, unit = DEFAULT),
    text_signature = "(a, b, long_tolerance=None, *, unit='grapheme')"
)]
pub(crate) fn jaro_winkler_similarity(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    long_tolerance: Option<&Bound<'_, PyAny>>,
    unit: GivenUnit<'_, '_>,
) -> PyResult<f64> {
    let winkler = match long_tolerance.map(|value| (value, value.extract::<bool>())) {
        None | Some((_, Ok(false))) => Winkler::Prefix,
        Some((_, Ok(true))) => Winkler::LongTolerance,
        Some((value, Err(_))) => {
            let found = describe(value);
            let message = format!("long_tolerance: a bool or None is taken, got {found}");
            return Err(PyTypeError::new_err(message));
        }
    };
    over(py, a, b, unit, 128, |pair, stop| {
        similarity(text::jaro(pair, winkler, stop))
    })
}

/// Jaccard's similarity of two sets: those in both, of all in either.
///
/// a, b: str. ngram_size: None for sets of words, as white space parts them; a positive int for sets of pieces of that
/// many units, which stand side by side and do not overlap, as in jellyfish; the last piece may be shorter. unit: what
/// these are counted in: "codepoint", as jellyfish has it here alone, or "grapheme".
///
/// Returns a float in [0, 1]: 0.0 where both sets are empty. Raises what levenshtein_distance raises, TypeError for an
/// ngram_size that is no int and ValueError for one that is not positive.
#[pyfunction]
#[pyo3(
    signature = (a, b, ngram_size = None, *, unit = DEFAULT),
    text_signature = "(a, b, ngram_size=None, *, unit='codepoint')"
)]
pub(crate) fn jaccard_similarity(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    ngram_size: Option<&Bound<'_, PyAny>>,
    unit: GivenUnit<'_, '_>,
) -> PyResult<f64> {
    let (a, b) = (take(a, "a")?, take(b, "b")?);
    let unit = unit.or(Unit::CodePoint)?;
    let pieces = match ngram_size {
        None => Pieces::Words,
        Some(value) => Pieces::Of(positive(value)?, unit),
    };
    with(py, [a, b], |[a, b], stop| {
        done(text::jaccard(a, b, pieces, stop))
    })
}

/// A positive int; the largest there is for one that is larger.
pub(crate) fn positive(value: &Bound<'_, PyAny>) -> PyResult<NonZeroUsize> {
    let wrong = || {
        format!(
            "ngram_size: a positive int or None is taken, got {}",
            describe(value)
        )
    };
    let index = value
        .call_method0("__index__")
        .map_err(|_| PyTypeError::new_err(wrong()))?;
    if index.le(0)? {
        return Err(PyValueError::new_err(wrong()));
    }
    let size = index.extract().unwrap_or(usize::MAX);
    Ok(NonZeroUsize::new(size).unwrap_or(NonZeroUsize::MAX))
}

/// The result of a call that nothing stopped.
#[inline]
fn done<R: Default>(found: Result<R, Interrupted>) -> R {
    // Stopped: not seen, as above.
    found.unwrap_or_default()
}

/// Calls a kernel with strings, detached unless they are short.
#[inline]
fn with<const N: usize, R: Send>(
    py: Python<'_>,
    texts: [Text<'_>; N],
    kernel: impl FnOnce([Text<'_>; N], &dyn Fn() -> bool) -> R + Send,
) -> PyResult<R> {
    if short(&texts, 64) {
        run::attached(move || kernel(texts, &|| false))
    } else {
        run::detached(py, move |stop| kernel(texts, stop))
    }
}

/// Soundex: the first letter of a name and three digits for the consonants that follow.
///
/// a: str, of any case; marks are left out. Returns a str, jellyfish's: "" for "", and what is no letter stays where it is
/// first. Raises TypeError for anything but a str, ValueError (a UnicodeEncodeError) for a lone surrogate.
#[pyfunction]
pub(crate) fn soundex(py: Python<'_>, a: &Bound<'_, PyAny>) -> PyResult<String> {
    with(py, [take(a, "a")?], |[a], stop| {
        done(phonetic::soundex(a, stop))
    })
}

/// Metaphone: the consonants of a name, or of several words, by how English says them.
///
/// a: str, of any case; marks are left out. Returns a str, jellyfish's. Raises what soundex raises.
#[pyfunction]
pub(crate) fn metaphone(py: Python<'_>, a: &Bound<'_, PyAny>) -> PyResult<String> {
    with(py, [take(a, "a")?], |[a], stop| {
        done(phonetic::metaphone(a, stop))
    })
}

/// NYSIIS: the code of the New York State Identification and Intelligence System, for surnames.
///
/// a: str, of any case; a letter with marks is a letter of its own. Returns a str, jellyfish's, of any length. Raises what
/// soundex raises.
#[pyfunction]
pub(crate) fn nysiis(py: Python<'_>, a: &Bound<'_, PyAny>) -> PyResult<String> {
    with(py, [take(a, "a")?], |[a], stop| {
        done(phonetic::nysiis(a, stop))
    })
}

/// The match rating approach's code of a name: of its consonants the first three and the last three.
///
/// a: str, of any case. Returns a str, jellyfish's. Raises what soundex raises, and ValueError for what is neither a letter
/// nor a space.
#[pyfunction]
pub(crate) fn match_rating_codex(py: Python<'_>, a: &Bound<'_, PyAny>) -> PyResult<String> {
    let code = |[a]: [Text<'_>; 1], stop: &dyn Fn() -> bool| {
        phonetic::match_rating_codex(a, stop).unwrap_or_else(|Interrupted| Ok(String::new()))
    };
    with(py, [take(a, "a")?], code)?
        .map_err(|error| PyValueError::new_err(format!("a: {error}, got {}", describe(a))))
}

/// Whether two names agree by the match rating approach.
///
/// a, b: str, of any case. Returns a bool, jellyfish's; None where the codes differ in length by 3 or more, or a name has
/// what is neither a letter nor a space. Raises what soundex raises.
#[pyfunction]
pub(crate) fn match_rating_comparison(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
) -> PyResult<Option<bool>> {
    with(py, [take(a, "a")?, take(b, "b")?], |[a, b], stop| {
        done(phonetic::match_rating_comparison(a, b, stop).map(|agree| agree.ok().flatten()))
    })
}
