//! Similarities as measures: Jaro's, Winkler's and Jaccard's, where what the lanes have counted becomes scores.

use super::blocks::Block;
use super::cdist::{Cell, Cells};
use super::choices::{Item, Lanes, Layout, MOST, Spare};
use super::jaro::{Common, PREFIX_MOST, WORDS};
use super::measure::{Measure, Sealed, each_width};
use super::queries::Query;
use super::shared::Shared;
use super::tables::{CHOICE, PLACES, Place, QUERY, Tables};
use super::tile;
use crate::arch::{Arch, Kernel, Word};
use crate::simd::Level;
use crate::text::jaccard::{Pieces, ratio, shared};
use crate::text::jaro::Winkler;
use crate::text::{self, Pair};
use crate::threads::Interrupted;

/// A similarity in [0, 1]: the larger, the nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Similarity {
    /// [`text::jaro`].
    Jaro,
    /// [`text::jaro`] with the bonus for a common prefix.
    JaroWinkler,
    /// [`text::jaccard`]. Pieces of units are counted in those that the strings were read in, which has to be code points
    /// for words.
    Jaccard(Pieces),
}

impl Measure for Similarity {}

impl Sealed for Similarity {
    type Score = f64;
    type Memory<T> = Memory<T>;

    const ANY: f64 = 0.0;

    #[inline(always)]
    fn nearer(a: f64, b: f64) -> bool {
        a > b
    }

    #[inline(always)]
    fn beyond(_: f64) -> f64 {
        0.0
    }

    fn layout(self) -> Layout {
        Layout::Bits
    }

    fn takes_any_order(self) -> bool {
        true
    }

    fn pieces(self) -> Option<Pieces> {
        match self {
            Self::Jaccard(pieces) => Some(pieces),
            Self::Jaro | Self::JaroWinkler => None,
        }
    }

    fn bound(self, query: usize, [shortest, longest]: [usize; 2]) -> f64 {
        let choice = query.clamp(shortest, longest);
        self.bound_with(query.min(choice), query, choice)
    }

    fn pair(
        self,
        _: Level,
        query: &[u32],
        choice: &[u32],
        cutoff: f64,
        _: &dyn Fn() -> bool,
    ) -> Result<f64, Interrupted> {
        let pair = Pair::U32(query, choice);
        let similarity = match self {
            Self::Jaro => text::jaro(pair, Winkler::Not),
            Self::JaroWinkler => text::jaro(pair, Winkler::Prefix),
            Self::Jaccard(_) => ratio(shared(query, choice), [query.len(), choice.len()]),
        };
        Ok(if similarity < cutoff { 0.0 } else { similarity })
    }

    fn scores(
        self,
        level: Level,
        item: &Item,
        queries: &[Query<'_>],
        limits: Option<&[f64]>,
        spare: &mut Spare,
        each: &mut dyn FnMut(usize, &[f64]),
    ) {
        let memory = &mut spare.similarities;
        each_width!(item, spare, |block, words| {
            let counts = self.count(level, block, queries, words);
            let mut near = Vec::with_capacity(queries.len());
            for (number, counts) in counts
                .chunks_exact(self.words() * block.lanes())
                .enumerate()
            {
                let length = queries[number].symbols.len();
                let nearest = || {
                    let common = most(counts, item.count);
                    // Who has so many in common is no shorter than that.
                    self.bound_with(common, length, item.lengths[0].max(common))
                };
                if limits.is_none_or(|limits| nearest() >= limits[number]) {
                    near.push((number, length));
                }
            }
            let scores = self.tell(level, block, counts, &near, Self::ANY, memory);
            for (&(number, _), scores) in near.iter().zip(scores.chunks_exact(item.count)) {
                each(number, scores);
            }
        });
    }

    fn write<T: Cell<f64>>(
        self,
        level: Level,
        item: &Item,
        queries: &[Query<'_>],
        cutoff: Option<f64>,
        (spare, memory): (&mut Spare, &mut Memory<T>),
        cells: &Cells<'_, T>,
    ) {
        let all = queries.iter().map(|query| query.symbols.len()).enumerate();
        let all: Vec<(usize, usize)> = all.collect();
        each_width!(item, spare, |block, words| {
            let counts = self.count(level, block, queries, words);
            let cutoff = cutoff.unwrap_or(Self::ANY);
            let scores = self.tell(level, block, counts, &all, cutoff, memory);
            for (query, scores) in queries.iter().zip(scores.chunks_exact(item.count)) {
                cells.put(query.row, scores);
            }
        });
    }
}

/// What a thread keeps.
#[derive(Debug)]
pub struct Memory<T> {
    tables: Tables<T>,
    scores: Vec<T>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self {
            tables: Tables::default(),
            scores: Vec::new(),
        }
    }
}

/// The largest of the words of so many strings, the first of those that a scan gives.
#[inline(always)]
fn most<W: Word>(words: &[W], count: usize) -> usize {
    let most = words[..count]
        .iter()
        .fold(W::default(), |a, &b| if b > a { b } else { a });
    most.to_u64() as usize
}

impl Similarity {
    /// No strings of those lengths, or of longer ones, with so many units in common are more alike.
    fn bound_with(self, common: usize, query: usize, choice: usize) -> f64 {
        // Rounded as the similarity itself is, step by step, so that none comes out above it; but for the bonus, which may
        // by a digit.
        let jaro = || jaro([query, choice].map(number), number(common), 0.0);
        match self {
            Self::Jaro => jaro(),
            Self::JaroWinkler => {
                self.finish(jaro(), number(common.min(PREFIX_MOST))) + 4.0 * f64::EPSILON
            }
            Self::Jaccard(_) => ratio(common, [query, choice]),
        }
    }

    /// The similarity, from Jaro's and the units of the common prefix.
    #[inline(always)]
    fn finish(self, jaro: f64, prefix: f64) -> f64 {
        // No unit adds 0.0 times something, which is nothing.
        let more = jaro + prefix * 0.1 * (1.0 - jaro);
        if self == Self::JaroWinkler && jaro > 0.7 {
            more
        } else {
            jaro
        }
    }

    /// How many units of a common prefix count.
    fn prefixes(self) -> usize {
        match self {
            Self::Jaro | Self::Jaccard(_) => 0,
            Self::JaroWinkler => PREFIX_MOST,
        }
    }

    /// The words that are counted for each string.
    fn words(self) -> usize {
        match self {
            Self::Jaro | Self::JaroWinkler => WORDS,
            Self::Jaccard(_) => 1,
        }
    }

    /// What [`Common`] or [`Shared`] gives for each query.
    fn count<'s, W: Word>(
        self,
        level: Level,
        block: &Block<W>,
        queries: &[Query<'_>],
        spare: &'s mut tile::Spare<W>,
    ) -> &'s [W] {
        match self {
            Self::Jaro => tile::scan::<W, Common<false>>(level, block, queries, spare),
            Self::JaroWinkler => tile::scan::<W, Common<true>>(level, block, queries, spare),
            Self::Jaccard(_) => tile::scan::<W, Shared>(level, block, queries, spare),
        }
    }

    /// The scores of these queries, each with its number among the counts and its length, one after the other; 0 for those
    /// below the cutoff.
    fn tell<'s, W: Word, T: Cell<f64>>(
        self,
        level: Level,
        block: &Block<W>,
        counts: &[W],
        queries: &[(usize, usize)],
        cutoff: f64,
        memory: &'s mut Memory<T>,
    ) -> &'s [T] {
        let cells = queries.len() * block.lengths().len();
        if memory.scores.len() < cells {
            memory.scores.resize(cells, T::of(0.0));
        }
        Tell {
            measure: self,
            lengths: block.lengths(),
            lanes: block.lanes(),
            counts,
            queries,
            cutoff,
            tables: &mut memory.tables,
            scores: &mut memory.scores,
        }
        .at(level);
        &memory.scores[..cells]
    }

    /// The score in a cell's type; 0 where it is below the cutoff.
    #[inline(always)]
    fn cell<T: Cell<f64>>(
        self,
        lengths: [f64; 2],
        [common, unordered, prefix]: [f64; 3],
        cutoff: f64,
    ) -> T {
        let score = self.finish(jaro(lengths, common, unordered), prefix);
        T::of(if score < cutoff { 0.0 } else { score })
    }
}

/// Jaro's similarity, rounded as that of two strings.
#[inline(always)]
fn jaro([query, choice]: [f64; 2], common: f64, unordered: f64) -> f64 {
    let sum = common / query + common / choice + (common - unordered) / common;
    if common == 0.0 { 0.0 } else { sum / 3.0 }
}

/// See [`Similarity::tell`].
struct Tell<'a, W, T> {
    measure: Similarity,
    lengths: &'a [u8],
    lanes: usize,
    counts: &'a [W],
    queries: &'a [(usize, usize)],
    cutoff: f64,
    tables: &'a mut Tables<T>,
    scores: &'a mut [T],
}

impl<W: Word, T: Cell<f64>> Kernel for Tell<'_, W, T> {
    type Output = ();

    fn scalar(self) {
        self.tell();
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        self.tell();
    }
}

impl<W: Word, T: Cell<f64>> Tell<'_, W, T> {
    /// Plain loops over words, which take the registers of the level.
    #[inline(always)]
    fn tell(self) {
        match self.measure {
            Similarity::Jaro | Similarity::JaroWinkler => self.jaro(),
            Similarity::Jaccard(_) => self.jaccard(),
        }
    }

    #[inline(always)]
    fn jaccard(self) {
        let rows = self.scores.chunks_exact_mut(self.lengths.len());
        for (&(query, length), scores) in self.queries.iter().zip(rows) {
            let shared = &self.counts[query * self.lanes..];
            for ((score, &choice), shared) in scores.iter_mut().zip(self.lengths).zip(shared) {
                let both = shared.to_u64() as usize;
                let either = length + usize::from(choice) - both;
                let ratio = number(both) / number(either);
                // Where both sets are empty it is not a number, which passes no comparison.
                *score = T::of(if ratio >= self.cutoff { ratio } else { 0.0 });
            }
        }
    }

    #[inline(always)]
    fn jaro(self) {
        let Self {
            measure,
            lengths,
            lanes,
            cutoff,
            ..
        } = self;
        let (mut bases, mut steps, mut choices) = ([0; MOST], [0; MOST], 0);
        if W::BITS <= CHOICE {
            for ((base, step), &length) in bases.iter_mut().zip(&mut steps).zip(lengths) {
                let place = PLACES[usize::from(length)];
                (*base, *step) = (place.base, place.step);
                choices |= 1 << length;
            }
        }
        let rows = self.scores.chunks_exact_mut(lengths.len());
        for (&(query, length), scores) in self.queries.iter().zip(rows) {
            let counts = &self.counts[query * WORDS * lanes..][..WORDS * lanes];
            let (common, others) = counts.split_at(lanes);
            let (differ, prefix) = others.split_at(lanes);
            let counts = common.iter().zip(differ).zip(prefix);
            if W::BITS <= CHOICE && length <= QUERY {
                let score = |choice: usize, counts: [usize; 3]| {
                    measure.cell([length, choice].map(number), counts.map(number), cutoff)
                };
                let table = self.tables.get(length, choices, measure.prefixes(), score);
                let mut indices = [0; MOST];
                let places = bases.iter().zip(&steps);
                for ((index, place), counts) in indices.iter_mut().zip(places).zip(counts) {
                    let (base, step) = (*place.0, *place.1);
                    let ((common, differ), prefix) = counts;
                    let counts = [*common, *differ, *prefix].map(|word| word.to_u64() as u16);
                    *index = Place { base, step }.index(counts);
                }
                for (score, &index) in scores.iter_mut().zip(&indices) {
                    *score = table[usize::from(index)];
                }
            } else {
                for ((score, &choice), counts) in scores.iter_mut().zip(lengths).zip(counts) {
                    let ((common, differ), prefix) = counts;
                    let [common, differ, prefix] =
                        [*common, *differ, *prefix].map(|word| word.to_u64() as usize);
                    let lengths = [length, choice.into()].map(number);
                    let counts = [common, differ / 2, prefix].map(number);
                    *score = measure.cell(lengths, counts, cutoff);
                }
            }
        }
    }
}

/// Far below 2^31.
#[inline(always)]
fn number(count: usize) -> f64 {
    // From 32 bits, as not every level has an instruction for 64.
    f64::from(count as i32)
}
