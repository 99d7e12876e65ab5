//! Strings: edit distances, similarities, phonetic codes.
//!
//! A string comes as [`Text`]; [`pair`] makes units of two of them: code points or grapheme clusters, as numbers of one
//! width. The algorithms are in modules of their own, one each, generic over the width.

pub mod batch;
mod damerau;
mod graphemes;
mod hamming;
mod ids;
mod jaccard;
mod jaro;
mod levenshtein;
mod long;
mod masks;
mod osa;
pub mod phonetic;
mod sort;
#[cfg(any(test, feature = "specification"))]
pub(crate) mod specification;
mod units;
mod watch;

use crate::simd::Level;
use crate::threads::Interrupted;

pub use graphemes::any;
pub use jaccard::Pieces;
pub use jaro::Winkler;
pub use units::{Pair, Room, Scratch, Text, Unit, Units, pair};

/// Calls an algorithm with the two slices, whatever their width.
macro_rules! each_width {
    ($pair:expr, |$a:ident, $b:ident| $call:expr) => {
        match $pair {
            Pair::U8($a, $b) => $call,
            Pair::U16($a, $b) => $call,
            Pair::U32($a, $b) => $call,
        }
    };
}

/// Levenshtein's distance, or `None` where it is above the cutoff: the fewest insertions, deletions and substitutions.
///
/// `stop` is asked every few milliseconds.
///
/// # Errors
///
/// `stop` said true.
///
/// # Panics
///
/// This CPU lacks the level.
pub fn levenshtein(
    level: Level,
    pair: Pair<'_>,
    cutoff: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Interrupted> {
    each_width!(pair, |a, b| levenshtein::distance(
        level, a, b, cutoff, stop
    ))
}

/// Optimal string alignment, or `None` where it is above the cutoff: as [`levenshtein`], with swaps of neighbours, no part
/// of the string edited twice. It is no metric.
///
/// # Errors
///
/// `stop` said true.
///
/// # Panics
///
/// This CPU lacks the level.
pub fn osa(
    level: Level,
    pair: Pair<'_>,
    cutoff: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Interrupted> {
    each_width!(pair, |a, b| osa::distance(level, a, b, cutoff, stop))
}

/// Damerau's distance, or `None` where it is above the cutoff: as [`levenshtein`], with swaps of units that may have
/// others inserted or deleted between them.
///
/// # Errors
///
/// `stop` said true.
///
/// # Panics
///
/// This CPU lacks the level.
pub fn damerau_levenshtein(
    level: Level,
    pair: Pair<'_>,
    cutoff: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Interrupted> {
    each_width!(pair, |a, b| damerau::distance(level, a, b, cutoff, stop))
}

/// How many positions differ; what one string is longer by differs.
#[inline]
#[must_use]
pub fn hamming(pair: Pair<'_>) -> usize {
    match pair {
        Pair::U8(a, b) => hamming::distance_of_bytes(a, b),
        Pair::U16(a, b) => hamming::distance(a, b),
        Pair::U32(a, b) => hamming::distance(a, b),
    }
}

/// Jaro's similarity, in [0, 1], or one of Winkler's variants; 0 where either string is empty.
///
/// `stop` is asked every millisecond or so.
///
/// # Errors
///
/// `stop` said true.
pub fn jaro(pair: Pair<'_>, winkler: Winkler, stop: &dyn Fn() -> bool) -> Result<f64, Interrupted> {
    each_width!(pair, |a, b| jaro::similarity(a, b, winkler, stop))
}

/// Jaccard's similarity of the sets of pieces, in [0, 1]; 0 where there are no pieces.
///
/// `stop` is asked every millisecond or so.
///
/// # Errors
///
/// `stop` said true.
pub fn jaccard(
    a: Text<'_>,
    b: Text<'_>,
    pieces: Pieces,
    stop: &dyn Fn() -> bool,
) -> Result<f64, Interrupted> {
    let unit = match pieces {
        Pieces::Words => Unit::CodePoint,
        Pieces::Of(_, unit) => unit,
    };
    let mut scratch = Scratch::default();
    jaccard_of_units(pair(a, b, unit, &mut scratch, stop)?, pieces, stop)
}

/// The same of strings in the units that the pieces are counted in, which are code points for words.
fn jaccard_of_units(
    pair: Pair<'_>,
    pieces: Pieces,
    stop: &dyn Fn() -> bool,
) -> Result<f64, Interrupted> {
    each_width!(pair, |a, b| jaccard::similarity(a, b, pieces, stop))
}

#[cfg(test)]
mod tests;
