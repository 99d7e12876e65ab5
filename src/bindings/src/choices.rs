//! `Choices`: strings that are laid out once, and then compared with queries call by call.

use std::num::NonZeroUsize;
use std::sync::Arc;

use hotkernels_kernels::simd::Level;
use hotkernels_kernels::text::batch::{
    Choices, Clusters, Measure, Order, Reader, Similarity, Strings,
};
use hotkernels_kernels::text::{Pieces, Unit};
use hotkernels_kernels::threads::Interrupted;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::argument::describe;
use crate::fault::raised;
use crate::run;
use crate::scorer::{Scorer, scorer};
use crate::strings::strings;
use crate::text::{DEFAULT, GivenUnit, positive};

/// The choices of a call.
pub(crate) enum Side {
    /// Strings of its own.
    Read(Strings),
    /// Those of an object that was made before.
    Laid(Arc<Laid>),
}

impl Side {
    /// How many strings.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Read(strings) => strings.len(),
            Self::Laid(laid) => laid.choices.len(),
        }
    }

    /// The most units that one of them has.
    pub(crate) fn longest(&self) -> usize {
        match self {
            Self::Read(strings) => strings.longest(),
            Self::Laid(laid) => laid.choices.longest(),
        }
    }

    /// A number that is not below [`Side::longest`], and sooner there.
    pub(crate) fn at_most(&self) -> usize {
        match self {
            Self::Read(strings) => strings.total(),
            Self::Laid(laid) => laid.choices.longest(),
        }
    }

    /// Does something with the strings laid out; those that are not yet, in that order.
    pub(crate) fn laid<M: Measure, R>(
        self,
        level: Level,
        measure: M,
        order: Order,
        stop: &dyn Fn() -> bool,
        work: impl FnOnce(&Choices) -> Result<R, Interrupted>,
    ) -> Result<R, Interrupted> {
        match self {
            Self::Read(strings) => work(&Choices::new(level, measure, strings, order, stop)?),
            Self::Laid(laid) => work(&laid.choices),
        }
    }
}

/// Strings laid out, and how they were read.
pub(crate) struct Laid {
    /// That of calls which name none.
    scorer: Scorer,
    clusters: Clusters,
    choices: Choices,
}

impl Laid {
    /// The scorer of a call and a reader of its queries; an error where it asks for what these choices are not laid out for.
    pub(crate) fn agree(
        &self,
        scorer: Option<&Bound<'_, PyAny>>,
        ngram_size: Option<&Bound<'_, PyAny>>,
        unit: GivenUnit<'_, '_>,
    ) -> PyResult<(Scorer, Reader)> {
        let refused = |name: &str, made: String, given: &Bound<'_, PyAny>| {
            Err(PyValueError::new_err(format!(
                "{name}: these Choices are made with {made}, got {}; leave it out, or make others",
                describe(given)
            )))
        };
        let asked = match scorer {
            Some(_) => self::scorer(scorer)?,
            None => self.scorer,
        };
        let pieces = self.scorer.pieces();
        if let Some(given) = scorer
            && asked.pieces().is_some() != pieces.is_some()
        {
            let made = format!("scorer=\"{}\"", self.scorer.name());
            return refused("scorer", made, given);
        }
        if let Some(given) = ngram_size {
            if pieces.is_none() {
                return Err(no_pieces(given));
            }
            if size(pieces) != Some(positive(given)?) {
                let made = size(pieces).map_or("None".to_owned(), |size| size.to_string());
                return refused("ngram_size", format!("ngram_size={made}"), given);
            }
        }
        // Words are the same in each.
        let own = self.clusters.unit();
        if unit.or(own)? != own && pieces != Some(Pieces::Words) {
            return Err(PyValueError::new_err(format!(
                "unit: these Choices are made with unit=\"{}\"; leave it out, or make others",
                unit_name(own)
            )));
        }
        let scorer = if pieces.is_some() { self.scorer } else { asked };
        Ok((scorer, Reader::behind(&self.clusters)))
    }
}

/// The scorer, and the unit to read the strings in.
pub(crate) fn scorer_of(
    scorer: Option<&Bound<'_, PyAny>>,
    ngram_size: Option<&Bound<'_, PyAny>>,
    unit: Unit,
) -> PyResult<(Scorer, Unit)> {
    let scorer = self::scorer(scorer)?;
    match (scorer, ngram_size) {
        (Scorer::Similarity(Similarity::Jaccard(_)), None) => Ok((scorer, Unit::CodePoint)),
        (Scorer::Similarity(Similarity::Jaccard(_)), Some(size)) => {
            let pieces = Pieces::Of(positive(size)?, unit);
            Ok((Scorer::Similarity(Similarity::Jaccard(pieces)), unit))
        }
        (_, None) => Ok((scorer, unit)),
        (_, Some(size)) => Err(no_pieces(size)),
    }
}

fn no_pieces(size: &Bound<'_, PyAny>) -> PyErr {
    PyValueError::new_err(format!(
        "ngram_size: None is taken for this scorer, as \"jaccard\" alone has it, got {}",
        describe(size)
    ))
}

fn size(pieces: Option<Pieces>) -> Option<NonZeroUsize> {
    match pieces {
        Some(Pieces::Of(size, _)) => Some(size),
        _ => None,
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Grapheme => "grapheme",
        Unit::CodePoint => "codepoint",
    }
}

/// Strings laid out once, to be searched again and again: what best_match and cdist take as choices.
///
/// Choices(choices, scorer="levenshtein", *, unit="grapheme", ngram_size=None): all as for cdist. Nothing of the column is held:
/// the strings are kept as numbers of their units, in some 130 bytes for one of 12 letters, 180 for one of 24, 330 for one of 48.
///
/// A call with Choices reads and lays out its queries alone, so that one query among many choices takes a small part of what it
/// takes with a list. The scorer is that of calls that name none. Others may be named, all but "jaccard": Choices made with
/// scorer="jaccard" hold sets, of words or of pieces of ngram_size units, and serve that alone. unit and ngram_size are those of
/// the Choices; a call may say the same. Results are those of a list of the same strings.
///
/// Choices cannot be changed, and any number of threads may use the same ones at once.
///
/// Raises what cdist raises for choices, scorer, unit and ngram_size. The GIL is released while they are laid out; Ctrl-C stops
/// it.
#[pyclass(frozen, module = "hotkernels", name = "Choices")]
pub(crate) struct GivenChoices(pub(crate) Arc<Laid>);

#[pymethods]
impl GivenChoices {
    #[new]
    #[pyo3(
        signature = (choices, scorer=None, *, unit=DEFAULT, ngram_size=None),
        text_signature = "(choices, scorer='levenshtein', *, unit='grapheme', ngram_size=None)"
    )]
    fn new(
        choices: &Bound<'_, PyAny>,
        scorer: Option<&Bound<'_, PyAny>>,
        unit: GivenUnit<'_, '_>,
        ngram_size: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = choices.py();
        let (scorer, unit) = scorer_of(scorer, ngram_size, unit.or(Unit::Grapheme)?)?;
        let level = run::level(py)?;
        let (strings, clusters) = raised(|| {
            let mut reader = Reader::new(unit);
            let strings = strings(choices, "choices", &mut reader)?;
            Ok((strings, reader.into_clusters()))
        })?;
        let laid = run::detached(py, move |stop| {
            let order = Order::ByLength;
            let choices = match scorer {
                Scorer::Distance(measure) => Choices::new(level, measure, strings, order, stop),
                Scorer::Similarity(measure) => Choices::new(level, measure, strings, order, stop),
            }?;
            Ok(Arc::new(Laid {
                scorer,
                clusters,
                choices,
            }))
        })?;
        // An interrupted run leaves the exception with `detached`, which raises it.
        laid.map(Self)
            .map_err(|Interrupted| PyValueError::new_err("choices: stopped"))
    }

    /// The scorer of calls that name none.
    #[getter]
    fn scorer(&self) -> &'static str {
        self.0.scorer.name()
    }

    /// "grapheme" or "codepoint": what the strings are made of.
    #[getter]
    fn unit(&self) -> &'static str {
        unit_name(self.0.clusters.unit())
    }

    /// For "jaccard" how many units a piece has; None for words, and for other scorers.
    #[getter]
    fn ngram_size(&self) -> Option<usize> {
        size(self.0.scorer.pieces()).map(NonZeroUsize::get)
    }

    /// The number of strings, those that are missing among them.
    fn __len__(&self) -> usize {
        self.0.choices.len()
    }

    fn __repr__(&self) -> String {
        let (len, scorer) = (self.0.choices.len(), self.0.scorer.name());
        format!("Choices({len} strings, \"{scorer}\")")
    }
}
