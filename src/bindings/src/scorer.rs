//! `scorer`, `score_cutoff` and `dtype`: what is computed of two strings, and what it is told in.

use hotkernels_kernels::text::Pieces;
use hotkernels_kernels::text::batch::{Distance, Similarity};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::argument::describe;
use crate::dtype::Dtype;
use crate::hint;

/// What is computed of two strings.
#[derive(Clone, Copy)]
pub(crate) enum Scorer {
    Distance(Distance),
    Similarity(Similarity),
}

/// Their names.
const SCORERS: [(&str, Scorer); 7] = [
    ("levenshtein", Scorer::Distance(Distance::Levenshtein)),
    ("osa", Scorer::Distance(Distance::Osa)),
    (
        "damerau_levenshtein",
        Scorer::Distance(Distance::DamerauLevenshtein),
    ),
    ("hamming", Scorer::Distance(Distance::Hamming)),
    ("jaro", Scorer::Similarity(Similarity::Jaro)),
    ("jaro_winkler", Scorer::Similarity(Similarity::JaroWinkler)),
    (
        "jaccard",
        Scorer::Similarity(Similarity::Jaccard(Pieces::Words)),
    ),
];

/// Their names alone.
pub(crate) fn names() -> [&'static str; 7] {
    SCORERS.map(|(name, _)| name)
}

/// The scorer of that name; `None` is Levenshtein's distance.
pub(crate) fn scorer(value: Option<&Bound<'_, PyAny>>) -> PyResult<Scorer> {
    let Some(value) = value else {
        return Ok(Scorer::Distance(Distance::Levenshtein));
    };
    let wrong = || {
        let names: Vec<String> = SCORERS
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        format!(
            "scorer: one of {} is taken, got {}{}",
            names.join(", "),
            describe(value),
            hint::near(&hint::given_name(value), self::names())
        )
    };
    let name = value
        .cast::<PyString>()
        .map_err(|_| PyTypeError::new_err(wrong()))?;
    SCORERS
        .iter()
        .find(|(known, _)| name == known)
        .map(|&(_, scorer)| scorer)
        .ok_or_else(|| PyValueError::new_err(wrong()))
}

/// The largest distance that passes.
pub(crate) fn largest(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u32>> {
    let least = "a number of at least 0";
    let cutoff = number(value, least, |cutoff| cutoff >= 0.0, |_| String::new())?;
    // Distances are whole; what is beyond the range passes all.
    Ok(cutoff.map(|cutoff| cutoff as u32))
}

/// The smallest similarity that passes.
pub(crate) fn smallest(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<f64>> {
    let range = |cutoff| (0.0..=1.0).contains(&cutoff);
    number(value, "a number in [0, 1]", range, hint::to_fraction)
}

fn number(
    value: Option<&Bound<'_, PyAny>>,
    taken: &str,
    holds: impl Fn(f64) -> bool,
    hint: impl Fn(f64) -> String,
) -> PyResult<Option<f64>> {
    let Some(value) = value else { return Ok(None) };
    let wrong = || {
        format!(
            "score_cutoff: {taken} or None is taken, got {}",
            describe(value)
        )
    };
    let cutoff: f64 = value.extract().map_err(|_| PyTypeError::new_err(wrong()))?;
    if cutoff.is_nan() || !holds(cutoff) {
        return Err(PyValueError::new_err(wrong() + &hint(cutoff)));
    }
    Ok(Some(cutoff))
}

/// The element types that scores are told in.
const DISTANCES: [(&str, Dtype); 7] = [
    ("uint32", Dtype::UInt(4)),
    ("uint8", Dtype::UInt(1)),
    ("uint16", Dtype::UInt(2)),
    ("int32", Dtype::Int(4)),
    ("int64", Dtype::Int(8)),
    ("float32", Dtype::Float32),
    ("float64", Dtype::Float64),
];
const SIMILARITIES: [(&str, Dtype); 2] = [("float64", Dtype::Float64), ("float32", Dtype::Float32)];

impl Scorer {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Distance(Distance::Levenshtein) => "levenshtein",
            Self::Distance(Distance::Osa) => "osa",
            Self::Distance(Distance::DamerauLevenshtein) => "damerau_levenshtein",
            Self::Distance(Distance::Hamming) => "hamming",
            Self::Similarity(Similarity::Jaro) => "jaro",
            Self::Similarity(Similarity::JaroWinkler) => "jaro_winkler",
            Self::Similarity(Similarity::Jaccard(_)) => "jaccard",
        }
    }

    /// What it cuts strings into, where it compares sets.
    pub(crate) fn pieces(self) -> Option<Pieces> {
        match self {
            Self::Similarity(Similarity::Jaccard(pieces)) => Some(pieces),
            _ => None,
        }
    }

    /// The element type asked for by its name, a NumPy dtype or scalar type; `None` for none.
    pub(crate) fn dtype(self, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Dtype>> {
        let Some(value) = value else { return Ok(None) };
        let name = if let Ok(name) = value.cast::<PyString>() {
            name.to_cow()?.into_owned()
        } else {
            let name = value.getattr("name").or_else(|_| value.getattr("__name__"));
            name.and_then(|name| name.extract()).map_err(|_| {
                let found = describe(value);
                PyTypeError::new_err(format!(
                    "dtype: a name or a NumPy dtype is taken, got {found}"
                ))
            })?
        };
        let known = self.dtypes();
        match known.iter().find(|(known, _)| name == *known) {
            Some((_, dtype)) => Ok(Some(dtype.clone())),
            None => Err(PyValueError::new_err(format!(
                "dtype: {} is taken for this scorer, got {name}{}",
                self.names(),
                hint::near(&name, known.iter().map(|(known, _)| *known))
            ))),
        }
    }

    /// The element types that it may be told in, the usual one first.
    pub(crate) fn dtypes(self) -> &'static [(&'static str, Dtype)] {
        match self {
            Self::Distance(_) => &DISTANCES,
            Self::Similarity(_) => &SIMILARITIES,
        }
    }

    /// Their names.
    pub(crate) fn names(self) -> String {
        let names: Vec<_> = self.dtypes().iter().map(|(name, _)| *name).collect();
        let (last, others) = names
            .split_last()
            .map_or(("", &[] as &[_]), |(last, others)| (*last, others));
        format!("{} or {last}", others.join(", "))
    }
}
