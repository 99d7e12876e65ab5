//! Measures: what is computed of two strings, pair by pair and block by block.

use std::fmt::Debug;

use super::choices::{Item, Lanes, Spare};
use super::edits::Steps;
use super::hamming::Different;
use super::jaro::Common;
use super::scores::{Asked, Distances};
use super::tables::Similarities;
use super::tile;
use crate::simd::Level;
use crate::text::jaro::Winkler;
use crate::text::long::{Alignment, Damerau, Levenshtein};
use crate::text::{self, Pair};
use crate::threads::Interrupted;

/// A distance: the smaller, the nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// [`text::levenshtein`].
    Levenshtein,
    /// [`text::osa`].
    Osa,
    /// [`text::damerau_levenshtein`].
    DamerauLevenshtein,
    /// [`text::hamming`].
    Hamming,
}

/// A similarity in [0, 1]: the larger, the nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Similarity {
    /// [`text::jaro`].
    Jaro,
    /// [`text::jaro`] with the bonus for a common prefix.
    JaroWinkler,
}

/// What is computed of two strings: a [`Distance`] or a [`Similarity`].
pub trait Measure: Sealed {}

impl Measure for Distance {}

impl Measure for Similarity {}

/// What a measure does for this module.
pub trait Sealed: Copy + Debug + Send + Sync {
    /// What it is told in.
    type Score: Copy + Debug + Default + PartialOrd + Send + Sync + 'static;

    /// The cutoff that every score passes.
    const ANY: Self::Score;

    /// Whether a score is nearer than another one.
    fn nearer(a: Self::Score, b: Self::Score) -> bool;

    /// What stands for a score that does not pass the cutoff.
    fn beyond(cutoff: Self::Score) -> Self::Score;

    /// Whether strings of many lengths may share a block at no cost.
    fn takes_any_order(self) -> bool;

    /// Nothing is nearer of all scores of strings of such lengths, the second from the shortest to the longest.
    fn bound(self, query: usize, choices: [usize; 2]) -> Self::Score;

    /// The score of two strings of numbered symbols; one that does not pass the cutoff may be any other that does not.
    ///
    /// # Errors
    ///
    /// `stop` said true.
    fn pair(
        self,
        level: Level,
        query: &[u32],
        choice: &[u32],
        cutoff: Self::Score,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self::Score, Interrupted>;

    /// Tells the scores of queries and the item's strings, which are laid out in lanes.
    fn scores(self, level: Level, item: &Item, asked: Asked<'_, Self::Score>, spare: &mut Spare);
}

/// Runs a tile of the item's block: what an algorithm finds, `decode` tells. None is made of long strings.
macro_rules! tile {
    ($algorithm:ty, $decode:expr, $level:expr, $item:expr, $asked:expr, $spare:expr) => {{
        type Found = $algorithm;
        match &$item.lanes {
            Lanes::U8(block) => {
                tile::run::<_, Found, _>($level, block, $asked, $decode, &mut $spare.u8);
            }
            Lanes::U16(block) => {
                tile::run::<_, Found, _>($level, block, $asked, $decode, &mut $spare.u16);
            }
            Lanes::U32(block) => {
                tile::run::<_, Found, _>($level, block, $asked, $decode, &mut $spare.u32);
            }
            Lanes::U64(block) => {
                tile::run::<_, Found, _>($level, block, $asked, $decode, &mut $spare.u64);
            }
            Lanes::Long => unreachable!("not laid out in lanes"),
        }
    }};
}

impl Sealed for Distance {
    type Score = u32;

    const ANY: u32 = u32::MAX;

    #[inline(always)]
    fn nearer(a: u32, b: u32) -> bool {
        a < b
    }

    #[inline(always)]
    fn beyond(cutoff: u32) -> u32 {
        cutoff.saturating_add(1)
    }

    fn takes_any_order(self) -> bool {
        true
    }

    fn bound(self, query: usize, [shortest, longest]: [usize; 2]) -> u32 {
        query.abs_diff(query.clamp(shortest, longest)) as u32
    }

    fn pair(
        self,
        level: Level,
        query: &[u32],
        choice: &[u32],
        cutoff: u32,
        stop: &dyn Fn() -> bool,
    ) -> Result<u32, Interrupted> {
        let pair = Pair::U32(query, choice);
        let most = cutoff as usize;
        let found = match self {
            Self::Levenshtein => text::levenshtein(level, pair, most, stop)?,
            Self::Osa => text::osa(level, pair, most, stop)?,
            Self::DamerauLevenshtein => text::damerau_levenshtein(level, pair, most, stop)?,
            Self::Hamming => Some(text::hamming(pair)),
        };
        Ok(found.map_or(Self::beyond(cutoff), |distance| distance as u32))
    }

    fn scores(self, level: Level, item: &Item, asked: Asked<'_, u32>, spare: &mut Spare) {
        match self {
            Self::Levenshtein => tile!(Steps<Levenshtein>, Distances, level, item, asked, spare),
            Self::Osa => tile!(Steps<Alignment>, Distances, level, item, asked, spare),
            Self::DamerauLevenshtein => tile!(Steps<Damerau>, Distances, level, item, asked, spare),
            Self::Hamming => tile!(Different, Distances, level, item, asked, spare),
        }
    }
}

impl Sealed for Similarity {
    type Score = f64;

    const ANY: f64 = 0.0;

    #[inline(always)]
    fn nearer(a: f64, b: f64) -> bool {
        a > b
    }

    #[inline(always)]
    fn beyond(_: f64) -> f64 {
        0.0
    }

    fn takes_any_order(self) -> bool {
        false
    }

    fn bound(self, query: usize, [shortest, longest]: [usize; 2]) -> f64 {
        let choice = query.clamp(shortest, longest);
        let common = query.min(choice);
        if common == 0 {
            return 0.0;
        }
        self.bound_with(common, query, choice)
    }

    fn pair(
        self,
        _: Level,
        query: &[u32],
        choice: &[u32],
        cutoff: f64,
        _: &dyn Fn() -> bool,
    ) -> Result<f64, Interrupted> {
        let winkler = match self {
            Self::Jaro => Winkler::Not,
            Self::JaroWinkler => Winkler::Prefix,
        };
        let similarity = text::jaro(Pair::U32(query, choice), winkler);
        Ok(if similarity < cutoff { 0.0 } else { similarity })
    }

    fn scores(self, level: Level, item: &Item, asked: Asked<'_, f64>, spare: &mut Spare) {
        let decode = Similarities {
            measure: self,
            tables: &mut spare.tables,
        };
        tile!(Common, decode, level, item, asked, spare);
    }
}

impl Similarity {
    /// No strings of those lengths, or of longer ones, with so many units in common are more alike.
    pub(super) fn bound_with(self, common: usize, query: usize, choice: usize) -> f64 {
        if common == 0 {
            return 0.0;
        }
        let choice = choice.max(common);
        // Rounded as the similarity itself is, step by step, so that none comes out above it; but for the bonus, which may
        // by a digit.
        let count = common as f64;
        let jaro = (count / query as f64 + count / choice as f64 + 1.0) / 3.0;
        match self {
            Self::Jaro => jaro,
            Self::JaroWinkler => self.finish(jaro, common.min(4)) + 4.0 * f64::EPSILON,
        }
    }

    /// The similarity, from Jaro's and the units of the common prefix.
    #[inline(always)]
    pub(super) fn finish(self, jaro: f64, prefix: usize) -> f64 {
        match self {
            // No unit adds 0.0 times something, which is nothing.
            Self::JaroWinkler if jaro > 0.7 => jaro + prefix as f64 * 0.1 * (1.0 - jaro),
            Self::Jaro | Self::JaroWinkler => jaro,
        }
    }
}
