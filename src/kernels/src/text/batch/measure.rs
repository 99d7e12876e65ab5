//! Measures: what is computed of two strings, pair by pair and block by block.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::choices::{Item, Lanes, Layout, Spare};
use super::damerau;
use super::hamming::Different;
use super::levenshtein::Edits;
use super::queries::Query;
use super::scores::{Distances, Scores};
use super::tile::Tile;
use crate::arch::Kernel;
use crate::simd::Level;
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

    /// What the choices have to be laid out in.
    fn layout(self) -> Layout;

    /// Whether strings of many lengths may share a block at no cost.
    fn takes_any_order(self) -> bool;

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

    /// The scores of each query and the item's strings, which are laid out in lanes. Where there are limits, one a query, a
    /// query none of whose scores pass may be left out.
    fn scores(
        self,
        level: Level,
        item: &Item,
        queries: &[Query<'_>],
        limits: Option<&[Self::Score]>,
        spare: &mut Spare,
        scores: &mut Scores<Self::Score>,
    );
}

/// Runs a tile with what an algorithm finds and what that tells, on the block of an item and with the memory of its width;
/// nothing else is laid out in bits.
macro_rules! tile {
    ($algorithm:ty, $decode:expr, $level:expr, $item:expr, $queries:expr, $limits:expr, $spare:expr, $scores:expr) => {
        tile!(@ $algorithm, $decode, $level, $item, $queries, $limits, $spare, $scores,
            U8 u8, U16 u16, U32 u32, U64 u64)
    };
    (@ $algorithm:ty, $decode:expr, $level:expr, $item:expr, $queries:expr, $limits:expr, $spare:expr, $scores:expr,
        $($lanes:ident $word:ident),*) => {
        match &$item.lanes {
            $(Lanes::$lanes(block) => Tile {
                block,
                queries: $queries,
                limits: $limits,
                algorithm: PhantomData::<$algorithm>,
                decode: $decode,
                spare: &mut $spare.$word,
                scores: $scores,
            }
            .at($level),)*
            Lanes::Columns(_) | Lanes::Long => unreachable!("not laid out in bits"),
        }
    };
}

pub(super) use tile;

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

    fn layout(self) -> Layout {
        match self {
            Self::DamerauLevenshtein => Layout::Columns,
            Self::Levenshtein | Self::Osa | Self::Hamming => Layout::Bits,
        }
    }

    fn takes_any_order(self) -> bool {
        self.layout() == Layout::Bits
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
        let pair = Pair::U32(query, choice);
        let most = cutoff as usize;
        let found = match self {
            Self::Levenshtein => text::levenshtein(level, pair, most, stop)?,
            Self::Osa => text::osa(level, pair, most, stop)?,
            Self::DamerauLevenshtein => text::damerau_levenshtein(pair, most, stop)?,
            Self::Hamming => Some(text::hamming(pair)),
        };
        Ok(found.map_or(Self::beyond(cutoff), |distance| distance as u32))
    }

    fn scores(
        self,
        level: Level,
        item: &Item,
        queries: &[Query<'_>],
        limits: Option<&[u32]>,
        spare: &mut Spare,
        scores: &mut Scores<u32>,
    ) {
        if let Lanes::Columns(columns) = &item.lanes {
            damerau::Tile {
                columns,
                queries,
                limits,
                spare: &mut spare.columns,
                scores,
            }
            .at(level);
            return;
        }
        let decode = Distances::<true>;
        match self {
            Self::Hamming => {
                tile!(
                    Different, decode, level, item, queries, limits, spare, scores
                );
            }
            Self::Osa => {
                tile!(
                    Edits<true>,
                    decode,
                    level,
                    item,
                    queries,
                    limits,
                    spare,
                    scores
                );
            }
            Self::Levenshtein | Self::DamerauLevenshtein => {
                tile!(
                    Edits<false>,
                    decode,
                    level,
                    item,
                    queries,
                    limits,
                    spare,
                    scores
                );
            }
        }
    }
}
