//! Scores: what the words of a scan tell of a query and the strings of a block.

use std::ops::Range;

use super::choices::Item;
use super::counts::Counts;
use super::measure::Measure;
use super::queries::Query;
use crate::arch::{Lanes, Word};

/// What a scan gives for a query and a block.
#[derive(Clone, Copy)]
pub(super) struct Found<'a, W> {
    /// The query's number, of those that are asked for.
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

/// Words that are distances less the query's length, plus as much as a word has bits.
pub(super) struct Distances;

impl Distances {
    /// What is added to a word; it may be less than nothing.
    #[inline(always)]
    fn base<W: Word>(query: usize) -> u32 {
        (query as u32).wrapping_sub(W::BITS as u32)
    }
}

impl<W: Word> Decode<W> for Distances {
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

/// The most strings in a block: bytes, two registers of them.
pub(super) const MOST: usize = 128;

/// What the strings of a block are asked for.
pub struct Asked<'a, S> {
    /// The queries.
    pub(super) queries: &'a [Query<'a>],
    /// A limit for each query, where there are any: one none of whose scores passes may be left out.
    pub(super) limits: Option<&'a [S]>,
    /// Takes the number of a query, and a score for each string; there may be more of them than strings.
    pub(super) each: &'a mut dyn FnMut(usize, &[S]),
}

impl<S: Copy> Asked<'_, S> {
    /// Hands on the scores that the words tell, unless none of them passes.
    #[inline(always)]
    pub(super) fn tell<A: Copy, L: Lanes<A>, D: Decode<L::Word, Score = S>>(
        &mut self,
        arch: A,
        found: Found<'_, L::Word>,
        decode: &mut D,
        scores: &mut [S; MOST],
    ) {
        if let Some(limits) = self.limits
            && !decode.may_pass::<A, L>(arch, found, limits[found.number])
        {
            return;
        }
        let scores = &mut scores[..found.lanes];
        decode.decode(found, scores);
        (self.each)(found.number, scores);
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

/// Whether two strings of those lengths cannot pass the limit by what symbols they have; false where these are not counted.
#[inline]
pub(super) fn is_far<M: Measure>(
    measure: M,
    [query, choice]: [usize; 2],
    counts: [Option<&Counts>; 2],
    limit: M::Score,
) -> bool {
    let [Some(asked), Some(counts)] = counts else {
        return false;
    };
    M::nearer(
        limit,
        measure.bound_beside(query, [choice; 2], asked.beside(counts)),
    )
}
