//! Measures: what is computed of two strings, pair by pair and block by block.

use std::fmt::Debug;

use super::choices::{Item, Lanes, Spare};
use super::edits::Steps;
use super::hamming::Different;
use super::scores::{Asked, Distances};
use super::tile;
use crate::simd::Level;
use crate::text::long::{Alignment, Damerau, Levenshtein};
use crate::text::{self, Pair, Pieces};
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

/// What is computed of two strings: a [`Distance`] or a [`super::Similarity`].
pub trait Measure: Sealed {}

impl Measure for Distance {}

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

    /// What the strings are cut into, where it measures sets.
    fn pieces(self) -> Option<Pieces> {
        None
    }

    /// Nothing is nearer of all scores of strings of such lengths, the second from the shortest to the longest.
    fn bound(self, query: usize, choices: [usize; 2]) -> Self::Score {
        self.bound_beside(query, choices, [0, 0])
    }

    /// The same of strings of which the first has so many symbols that the second lacks, and lacks so many that this has.
    fn bound_beside(self, query: usize, choices: [usize; 2], beside: [usize; 2]) -> Self::Score;

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

    /// The score of two strings of units; as for [`Sealed::pair`].
    ///
    /// # Errors
    ///
    /// `stop` said true.
    fn of_pair(
        self,
        level: Level,
        pair: Pair<'_>,
        cutoff: Self::Score,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self::Score, Interrupted>;

    /// Tells the scores of queries and the item's strings, which are laid out in lanes.
    fn scores(self, level: Level, item: &Item, asked: Asked<'_, Self::Score>, spare: &mut Spare);

    /// Whether pairs of strings are sooner done in lanes than by the function for two strings.
    fn is_in_lanes(self) -> bool;

    /// Whether the two strings may change places.
    fn is_symmetric(self) -> bool;
}

/// Runs a tile of the item's block: what an algorithm finds, `decode` tells. None is made of long strings.
macro_rules! run_tile {
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

pub(super) use run_tile;

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

    fn bound_beside(
        self,
        query: usize,
        [shortest, longest]: [usize; 2],
        [more, fewer]: [usize; 2],
    ) -> u32 {
        let apart = query.abs_diff(query.clamp(shortest, longest));
        apart.max(more).max(fewer) as u32
    }

    fn pair(
        self,
        level: Level,
        query: &[u32],
        choice: &[u32],
        cutoff: u32,
        stop: &dyn Fn() -> bool,
    ) -> Result<u32, Interrupted> {
        self.of_pair(level, Pair::U32(query, choice), cutoff, stop)
    }

    #[inline(always)]
    fn of_pair(
        self,
        level: Level,
        pair: Pair<'_>,
        cutoff: u32,
        stop: &dyn Fn() -> bool,
    ) -> Result<u32, Interrupted> {
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
            Self::Levenshtein => {
                run_tile!(Steps<Levenshtein>, Distances, level, item, asked, spare);
            }
            Self::Osa => run_tile!(Steps<Alignment>, Distances, level, item, asked, spare),
            Self::DamerauLevenshtein => {
                run_tile!(Steps<Damerau>, Distances, level, item, asked, spare);
            }
            Self::Hamming => run_tile!(Different, Distances, level, item, asked, spare),
        }
    }

    fn is_in_lanes(self) -> bool {
        self != Self::Hamming
    }

    fn is_symmetric(self) -> bool {
        true
    }
}
