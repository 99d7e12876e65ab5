//! Scores of columns, in an array: what `cdist` and `cpdist` have in common, and `best_match` with them.

use hotkernels_kernels::text::batch::{Cell, Distance, Measure, Similarity};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::argument::wrong_dtype;
use crate::array::{Array, Element};
use crate::batch::Call;
use crate::dtype::Dtype;
use crate::matrix::empty;
use crate::scorer::{Scorer, largest, smallest};

/// A function that fills an array with scores.
pub(crate) trait Scores {
    /// Its name.
    const NAME: &'static str;

    /// The shape of the array.
    fn shape(call: &Call<'_>) -> Vec<usize>;

    /// Refuses an array that cannot take the scores.
    fn check(call: &Call<'_>, out: &Array<'_>, dtype: &Dtype) -> PyResult<()>;

    /// Fills an array that was looked at.
    fn fill<M: Scored, T: Cell<M::Score> + Element + Limits>(
        call: Call<'_>,
        measure: M,
        cutoff: Option<M::Score>,
        out: &Array<'_>,
    ) -> PyResult<()>;
}

/// Arguments of such a function, as they were given.
pub(crate) struct Given<'a, 'py> {
    pub(crate) score_cutoff: Option<&'a Bound<'py, PyAny>>,
    pub(crate) out: Option<&'a Bound<'py, PyAny>>,
    pub(crate) dtype: Option<&'a Bound<'py, PyAny>>,
}

/// Fills `out`, or an array that is made, with the scores.
pub(crate) fn scores<'py, S: Scores>(
    call: Call<'py>,
    given: &Given<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let scorer = call.scorer;
    let shape = S::shape(&call);
    let wanted = scorer.dtype(given.dtype)?;
    let result = if let Some(out) = given.out {
        out.clone()
    } else {
        let dtype = wanted.as_ref().unwrap_or(&scorer.dtypes()[0].1);
        empty(call.py, S::NAME, &shape, dtype)?
    };
    let out = Array::take(&result, "out", Some(shape.len()))?;
    if !scorer
        .dtypes()
        .iter()
        .any(|(_, known)| known == out.dtype())
    {
        return Err(wrong_dtype(&out, &scorer.names()));
    }
    let dtype = wanted.unwrap_or_else(|| out.dtype().clone());
    S::check(&call, &out, &dtype)?;
    match scorer {
        Scorer::Distance(measure) => {
            let cutoff = Distance::cutoff(given.score_cutoff)?;
            check_range(&call, cutoff, &dtype)?;
            match dtype {
                Dtype::UInt(1) => S::fill::<_, u8>(call, measure, cutoff, &out)?,
                Dtype::UInt(2) => S::fill::<_, u16>(call, measure, cutoff, &out)?,
                Dtype::UInt(_) => S::fill::<_, u32>(call, measure, cutoff, &out)?,
                Dtype::Int(4) => S::fill::<_, i32>(call, measure, cutoff, &out)?,
                Dtype::Int(_) => S::fill::<_, i64>(call, measure, cutoff, &out)?,
                Dtype::Float32 => S::fill::<_, f32>(call, measure, cutoff, &out)?,
                _ => S::fill::<_, f64>(call, measure, cutoff, &out)?,
            }
        }
        Scorer::Similarity(measure) => {
            let cutoff = Similarity::cutoff(given.score_cutoff)?;
            match dtype {
                Dtype::Float32 => S::fill::<_, f32>(call, measure, cutoff, &out)?,
                _ => S::fill::<_, f64>(call, measure, cutoff, &out)?,
            }
        }
    }
    drop(out);
    Ok(result)
}

/// Refuses an integer type that does not hold the largest distance that the strings can have.
fn check_range(call: &Call<'_>, cutoff: Option<u32>, dtype: &Dtype) -> PyResult<()> {
    let holds = match dtype {
        Dtype::UInt(bytes) => u32::MAX >> (32 - 8 * u32::from(*bytes)),
        Dtype::Int(4) => i32::MAX as u32,
        _ => u32::MAX,
    };
    // No string is longer than all together.
    if call.queries.total().max(call.choices.at_most()) <= holds as usize {
        return Ok(());
    }
    let longest = call.queries.longest().max(call.choices.longest());
    let largest = cutoff.map_or(longest, |cutoff| longest.min(cutoff as usize + 1));
    if largest > holds as usize {
        return Err(PyValueError::new_err(format!(
            "dtype: {} holds distances up to {holds}, and these strings can have one of {largest}; a wider one is taken",
            dtype.name()
        )));
    }
    Ok(())
}

/// What the measures have on Python's side.
pub(crate) trait Scored: Measure {
    /// What stands in `best_match`'s scores.
    type Told: Cell<Self::Score> + Element + Default;

    /// Its element type.
    const TOLD: Dtype;

    /// The cutoff, as it was given.
    fn cutoff(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Self::Score>>;

    /// What stands where a string is missing: farther than anything, but for a cutoff.
    fn missing<T: Limits + Cell<Self::Score>>(cutoff: Option<Self::Score>) -> T;
}

impl Scored for Distance {
    type Told = i64;
    const TOLD: Dtype = Dtype::Int(8);

    fn cutoff(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u32>> {
        largest(value)
    }

    fn missing<T: Limits + Cell<u32>>(cutoff: Option<u32>) -> T {
        cutoff.map_or(T::LARGEST, |cutoff| T::at_most(cutoff.saturating_add(1)))
    }
}

impl Scored for Similarity {
    type Told = f64;
    const TOLD: Dtype = Dtype::Float64;

    fn cutoff(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<f64>> {
        smallest(value)
    }

    fn missing<T: Limits + Cell<f64>>(_: Option<f64>) -> T {
        T::of(0.0)
    }
}

/// The largest value of an element type.
pub(crate) trait Limits: Copy {
    const LARGEST: Self;

    /// The number, or the largest value where that is less.
    fn at_most(number: u32) -> Self;
}

macro_rules! limits {
    ($($cell:ident: $largest:ident, $at_most:expr);*) => {$(
        impl Limits for $cell {
            const LARGEST: Self = $cell::$largest;

            fn at_most(number: u32) -> Self {
                $at_most(number)
            }
        }
    )*};
}
limits!(
    u8: MAX, |number| u8::try_from(number).unwrap_or(u8::MAX);
    u16: MAX, |number| u16::try_from(number).unwrap_or(u16::MAX);
    u32: MAX, |number| number;
    i32: MAX, |number| i32::try_from(number).unwrap_or(i32::MAX);
    i64: MAX, i64::from;
    f32: INFINITY, |number| number as f32;
    f64: INFINITY, f64::from
);
