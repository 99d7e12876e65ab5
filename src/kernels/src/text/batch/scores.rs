//! Scores: what the words of a scan tell of a group of queries and the strings of a block.

use std::ops::Range;

use super::choices::Item;
use super::counts::{Bounds, Counts};
use super::measure::Measure;
use super::queries::Query;
use crate::arch::{Lanes, Word};

/// What a scan gives for a query and a block.
#[derive(Clone, Copy)]
pub(super) struct Found<'a, W> {
    /// The query's number in its group.
    pub(super) number: usize,
    /// Its length.
    pub(super) query: usize,
    /// The length of each string.
    pub(super) choices: &'a [u8],
    /// How many strings the block has room for; a constant where this is inlined.
    pub(super) lanes: usize,
    /// A row of a word for each string, and then the next row, as many as the scan gives.
    pub(super) words: &'a [W],
}

/// What the words of a scan tell. Its functions must be `#[inline(always)]`; a loop without a branch over whole rows takes SIMD
/// in a kernel.
pub(super) trait Decode<W> {
    /// What they tell.
    type Score: Copy + Default;

    /// False where no string's score passes the limit; true where one may.
    fn may_pass<A: Copy, L: Lanes<A, Word = W>>(
        &self,
        arch: A,
        found: Found<'_, W>,
        limit: Self::Score,
    ) -> bool;

    /// The score of each string; of places without a string anything.
    fn decode(&mut self, found: Found<'_, W>, scores: &mut [Self::Score]);
}

/// Words that are distances; where they are relative, less the query's length, plus as much as a word has bits.
pub(super) struct Distances<const RELATIVE: bool>;

impl<const RELATIVE: bool> Distances<RELATIVE> {
    /// What is added to a word; it may be less than nothing.
    #[inline(always)]
    fn base<W: Word>(query: usize) -> u32 {
        if RELATIVE {
            (query as u32).wrapping_sub(W::BITS as u32)
        } else {
            0
        }
    }
}

impl<W: Word, const RELATIVE: bool> Decode<W> for Distances<RELATIVE> {
    type Score = u32;

    #[inline(always)]
    fn may_pass<A: Copy, L: Lanes<A, Word = W>>(
        &self,
        arch: A,
        found: Found<'_, W>,
        limit: u32,
    ) -> bool {
        let most = i64::from(limit) - i64::from(Self::base::<W>(found.query) as i32);
        let Ok(most) = u64::try_from(most) else {
            return false;
        };
        let most = W::from_u64(most.min(W::from_u64(u64::MAX).to_u64()));
        any_at_most::<A, L>(arch, found.words, most)
    }

    #[inline(always)]
    fn decode(&mut self, found: Found<'_, W>, scores: &mut [u32]) {
        let base = Self::base::<W>(found.query);
        for (score, word) in scores.iter_mut().zip(found.words) {
            *score = base.wrapping_add(word.to_u64() as u32);
        }
    }
}

/// Whether any of the words, of which there are some registers, is at most as large as that.
#[inline(always)]
fn any_at_most<A: Copy, L: Lanes<A>>(arch: A, words: &[L::Word], most: L::Word) -> bool {
    let top = L::splat(arch, L::Word::from_u64(1 << (L::Word::BITS - 1)));
    let all = L::splat(arch, L::Word::from_u64(u64::MAX));
    let most = L::splat(arch, most);
    let mut found = L::splat(arch, L::Word::default());
    for words in words.chunks_exact(L::COUNT) {
        // SAFETY: there are as many words.
        let word = unsafe { L::load(arch, words.as_ptr()) };
        // The top bit that is borrowed from, where the word is larger (Warren, Hacker's Delight, 2-13).
        let either = word.or(all.xor(most));
        let larger = word.and_not(most).or(either.and(most.sub(word)));
        found = found.or(top.and_not(larger));
    }
    found.any()
}

/// The largest of the words.
#[inline(always)]
pub(super) fn most<W: Word>(words: &[W]) -> W {
    words
        .iter()
        .fold(W::default(), |a, &b| if b > a { b } else { a })
}

/// Scores of some of a group's queries: a row for each, with a place for each string that the block has room for.
#[derive(Debug)]
pub struct Scores<S> {
    /// The queries that have a row.
    numbers: Vec<usize>,
    cells: Vec<S>,
    /// Scores in a row.
    lanes: usize,
}

impl<S> Default for Scores<S> {
    fn default() -> Self {
        Self {
            numbers: Vec::new(),
            cells: Vec::new(),
            lanes: 0,
        }
    }
}

impl<S: Copy + Default> Scores<S> {
    /// Forgets what there is, and makes room for so many queries and strings.
    pub(super) fn begin(&mut self, queries: usize, lanes: usize) {
        self.numbers.clear();
        self.lanes = lanes;
        if self.cells.len() < queries * lanes {
            self.cells.resize(queries * lanes, S::default());
        }
    }

    /// Makes a row of what was found, unless there is a limit that none of its scores passes.
    #[inline(always)]
    pub(super) fn take<A: Copy, L: Lanes<A>, D: Decode<L::Word, Score = S>>(
        &mut self,
        arch: A,
        found: Found<'_, L::Word>,
        limit: Option<S>,
        decode: &mut D,
    ) {
        if let Some(limit) = limit
            && !decode.may_pass::<A, L>(arch, found, limit)
        {
            return;
        }
        let row = self.numbers.len() * found.lanes;
        decode.decode(found, &mut self.cells[row..][..found.lanes]);
        self.numbers.push(found.number);
    }

    /// The rows there are, each with its query's number.
    #[inline(always)]
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &[S])> {
        let rows = self.cells.chunks_exact(self.lanes.max(1));
        self.numbers.iter().copied().zip(rows)
    }
}

/// The queries of a group, from the first to the last for which a string of the item may pass its limit, by the lengths.
pub(super) fn near<M: Measure>(
    measure: M,
    item: &Item,
    queries: &[Query<'_>],
    limit: impl Fn(usize) -> M::Score,
) -> Range<usize> {
    let is_near = |&number: &usize| {
        let bound = measure.bound(queries[number].symbols.len(), item.lengths);
        !M::nearer(limit(number), bound)
    };
    let first = (0..queries.len()).find(is_near);
    let last = (0..queries.len()).rfind(is_near);
    match (first, last) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..0,
    }
}

/// Whether by what symbols they have no string within these bounds can pass a query's limit; false where none are counted.
#[inline]
pub(super) fn is_far<M: Measure>(
    measure: M,
    (query, counts): (usize, Option<&Counts>),
    (lengths, bounds): ([usize; 2], Option<&Bounds>),
    limit: M::Score,
) -> bool {
    let (Some(counts), Some(bounds)) = (counts, bounds) else {
        return false;
    };
    let bound = measure.bound_beside(query, lengths, bounds.beside(counts));
    M::nearer(limit, bound)
}
