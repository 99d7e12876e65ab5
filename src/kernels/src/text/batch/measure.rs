//! Measures: what is computed of two strings, pair by pair and block by block.

use std::fmt::Debug;

use super::cdist::{Cell, Cells, told};
use super::choices::{Item, Lanes, Layout, MOST, Spare};
use super::damerau;
use super::hamming::Same;
use super::levenshtein::Edits;
use super::queries::Query;
use super::tile;
use crate::arch::Word;
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
pub trait Sealed: Copy + Debug + Send + Sync + Sized {
    /// What it is told in.
    type Score: Copy + Debug + Default + PartialOrd + Send + Sync + 'static;
    /// What a thread keeps for scores in cells of a type.
    type Memory<T>: Default;

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

    /// Calls `each` with the number of each query and the scores of the item's strings, which are laid out in lanes. Where
    /// there are limits, one a query, a query none of whose scores pass may be left out.
    fn scores(
        self,
        level: Level,
        item: &Item,
        queries: &[Query<'_>],
        limits: Option<&[Self::Score]>,
        spare: &mut Spare,
        each: &mut dyn FnMut(usize, &[Self::Score]),
    );

    /// Writes the scores of the queries and the item's strings to their cells; what stands for those beyond the cutoff.
    fn write<T: Cell<Self::Score>>(
        self,
        level: Level,
        item: &Item,
        queries: &[Query<'_>],
        cutoff: Option<Self::Score>,
        memory: (&mut Spare, &mut Self::Memory<T>),
        cells: &Cells<'_, T>,
    ) {
        self.scores(
            level,
            item,
            queries,
            None,
            memory.0,
            &mut |number, scores| {
                let mut row = [T::of(Self::Score::default()); MOST];
                for (cell, &score) in row.iter_mut().zip(scores) {
                    *cell = told::<Self, T>(score, cutoff);
                }
                cells.put(queries[number].row, &row[..scores.len()]);
            },
        );
    }
}

/// Calls a function with the block and the memory of its width; nothing else is laid out in bits.
macro_rules! each_width {
    ($item:expr, $spare:expr, |$block:ident, $words:ident| $call:expr) => {
        match &$item.lanes {
            Lanes::U8($block) => {
                let $words = &mut $spare.u8;
                $call
            }
            Lanes::U16($block) => {
                let $words = &mut $spare.u16;
                $call
            }
            Lanes::U32($block) => {
                let $words = &mut $spare.u32;
                $call
            }
            Lanes::U64($block) => {
                let $words = &mut $spare.u64;
                $call
            }
            Lanes::Columns(_) | Lanes::Long => unreachable!("not laid out in bits"),
        }
    };
}

pub(super) use each_width;

impl Sealed for Distance {
    type Score = u32;
    type Memory<T> = ();

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
        each: &mut dyn FnMut(usize, &[u32]),
    ) {
        let passes =
            |number: usize, nearest: u32| nearest <= limits.map_or(0, |limits| limits[number]);
        let all = limits.is_none();
        let mut scores = [0; MOST];
        if let Lanes::Columns(columns) = &item.lanes {
            let found = damerau::distances(level, columns, queries, &mut spare.columns);
            for (number, found) in found.chunks_exact(columns.lanes()).enumerate() {
                let found = &found[..item.count];
                if all || passes(number, least(found).into()) {
                    each(number, widen(found, &mut scores, u32::from));
                }
            }
            return;
        }
        each_width!(item, spare, |block, words| {
            if self == Self::Hamming {
                let found = tile::scan::<_, Same>(level, block, queries, words);
                for (number, same) in found.chunks_exact(block.lanes()).enumerate() {
                    let (same, length) = (&same[..item.count], queries[number].symbols.len());
                    let nearest =
                        || length.max(item.lengths[0]) as u32 - most(same).to_u64() as u32;
                    if all || passes(number, nearest()) {
                        let pairs = same.iter().zip(block.lengths());
                        for (to, (same, &other)) in scores.iter_mut().zip(pairs) {
                            *to = length.max(other.into()) as u32 - same.to_u64() as u32;
                        }
                        each(number, &scores[..item.count]);
                    }
                }
            } else {
                let found = if self == Self::Osa {
                    tile::scan::<_, Edits<true>>(level, block, queries, words)
                } else {
                    tile::scan::<_, Edits<false>>(level, block, queries, words)
                };
                for (number, steps) in found.chunks_exact(block.lanes()).enumerate() {
                    let steps = &steps[..item.count];
                    let base = base(queries[number].symbols.len(), steps);
                    let distance = |steps| base.wrapping_add(steps as u32);
                    if all || passes(number, distance(least(steps).to_u64())) {
                        each(
                            number,
                            widen(steps, &mut scores, |steps| distance(steps.to_u64())),
                        );
                    }
                }
            }
        });
    }
}

/// What stands for no steps at all: a word's bits less than the query's length.
#[inline(always)]
fn base<W: Word>(length: usize, _: &[W]) -> u32 {
    (length as u32).wrapping_sub(W::BITS as u32)
}

/// The least of the words, without a branch in the loop: it takes SIMD.
#[inline(always)]
fn least<W: Word>(words: &[W]) -> W {
    words
        .iter()
        .fold(W::from_u64(u64::MAX), |a, &b| if b < a { b } else { a })
}

/// The largest of the words.
#[inline(always)]
fn most<W: Word>(words: &[W]) -> W {
    words
        .iter()
        .fold(W::default(), |a, &b| if b > a { b } else { a })
}

/// The words as scores.
#[inline(always)]
fn widen<'s, W: Copy>(
    words: &[W],
    scores: &'s mut [u32; MOST],
    score: impl Fn(W) -> u32,
) -> &'s [u32] {
    for (to, &word) in scores.iter_mut().zip(words) {
        *to = score(word);
    }
    &scores[..words.len()]
}
