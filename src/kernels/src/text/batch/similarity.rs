//! Similarities as measures: Jaro's, Winkler's and Jaccard's, where what the lanes have counted becomes scores.

use super::choices::{Item, Lanes, Spare};
use super::jaro::{Common, PREFIX_MOST};
use super::measure::{Measure, Sealed, run_tile};
use super::scores::{Asked, Decode, Found, MOST, most};
use super::shared::Shared;
use super::tables::{Layout, Tables};
use super::tile;
use crate::arch::{self, Word};
use crate::simd::Level;
use crate::text::jaccard::{Pieces, ratio, shared};
use crate::text::jaro::Winkler;
use crate::text::{self, Pair};
use crate::threads::Interrupted;

/// Queries that are worth a look whether there are tables, and making them.
const MANY: usize = 4;

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

    const ANY: f64 = 0.0;

    #[inline(always)]
    fn nearer(a: f64, b: f64) -> bool {
        a > b
    }

    #[inline(always)]
    fn beyond(_: f64) -> f64 {
        0.0
    }

    fn pieces(self) -> Option<Pieces> {
        match self {
            Self::Jaccard(pieces) => Some(pieces),
            Self::Jaro | Self::JaroWinkler => None,
        }
    }

    fn bound_beside(
        self,
        query: usize,
        [shortest, longest]: [usize; 2],
        [more, fewer]: [usize; 2],
    ) -> f64 {
        let most = query.saturating_sub(more);
        // A longer one has no more in common, a shorter one less.
        let choice = (most + fewer).clamp(shortest, longest);
        self.bound_with(most.min(choice.saturating_sub(fewer)), query, choice)
    }

    fn pair(
        self,
        level: Level,
        query: &[u32],
        choice: &[u32],
        cutoff: f64,
        stop: &dyn Fn() -> bool,
    ) -> Result<f64, Interrupted> {
        match self {
            // Sets of numbered pieces, in order.
            Self::Jaccard(_) => {
                let similarity = ratio(shared(query, choice), [query.len(), choice.len()]);
                Ok(if similarity < cutoff { 0.0 } else { similarity })
            }
            _ => self.of_pair(level, Pair::U32(query, choice), cutoff, stop),
        }
    }

    fn of_pair(
        self,
        _: Level,
        pair: Pair<'_>,
        cutoff: f64,
        stop: &dyn Fn() -> bool,
    ) -> Result<f64, Interrupted> {
        let similarity = match self {
            Self::Jaro => text::jaro(pair, Winkler::Not, stop)?,
            Self::JaroWinkler => text::jaro(pair, Winkler::Prefix, stop)?,
            Self::Jaccard(pieces) => text::jaccard_of_units(pair, pieces, stop)?,
        };
        Ok(if similarity < cutoff { 0.0 } else { similarity })
    }

    fn scores(self, level: Level, item: &Item, asked: Asked<'_, f64>, spare: &mut Spare) {
        let decode = Similarities {
            measure: self,
            lengths: item.lengths,
            tables: (asked.queries.len() >= MANY).then_some(&mut spare.tables),
        };
        match self {
            Self::Jaro => run_tile!(Common<false>, decode, level, item, asked, spare),
            Self::JaroWinkler => run_tile!(Common<true>, decode, level, item, asked, spare),
            Self::Jaccard(_) => run_tile!(Shared, decode, level, item, asked, spare),
        }
    }

    fn is_in_lanes(self) -> bool {
        !matches!(self, Self::Jaccard(_))
    }

    fn is_symmetric(self) -> bool {
        false // which unit takes which place depends on whose turn it is
    }
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

    /// Jaro's or Winkler's similarity of strings of those lengths, with so many units in common, pairs of them out of order and
    /// units of a common prefix.
    #[inline(always)]
    fn of(self, lengths: [f64; 2], [common, unordered, prefix]: [f64; 3]) -> f64 {
        self.finish(jaro(lengths, common, unordered), prefix)
    }

    /// How many units of a common prefix count.
    fn prefixes(self) -> usize {
        match self {
            Self::Jaro | Self::Jaccard(_) => 0,
            Self::JaroWinkler => PREFIX_MOST,
        }
    }
}

/// Jaro's similarity, rounded as that of two strings.
#[inline(always)]
fn jaro([query, choice]: [f64; 2], common: f64, unordered: f64) -> f64 {
    let sum = common / query + common / choice + (common - unordered) / common;
    if common == 0.0 { 0.0 } else { sum / 3.0 }
}

/// What the words of [`Common`] and [`Shared`] tell.
struct Similarities<'a> {
    measure: Similarity,
    /// The lengths of the shortest and of the longest string.
    lengths: [usize; 2],
    tables: Option<&'a mut Tables>,
}

impl<W: Word> Decode<W> for Similarities<'_> {
    type Score = f64;

    #[inline(always)]
    fn may_pass<A: Copy, L: arch::Lanes<A, Word = W>>(
        &self,
        _: A,
        found: Found<'_, W>,
        limit: f64,
    ) -> bool {
        let common = most(&found.words[..found.lanes]).to_u64() as usize;
        // Who has so many in common is no shorter than that.
        let shortest = self.lengths[0].max(common);
        self.measure.bound_with(common, found.query, shortest) >= limit
    }

    #[inline(always)]
    fn decode(&mut self, found: Found<'_, W>, scores: &mut [f64]) {
        if let Similarity::Jaccard(_) = self.measure {
            return ratios(found, scores);
        }
        let (measure, query) = (self.measure, found.query);
        let (common, others) = found.words.split_at(found.lanes);
        let (differ, prefix) = others.split_at(found.lanes);
        let counts = common.iter().zip(differ).zip(prefix).zip(found.choices);
        match &mut self.tables {
            Some(tables) if Tables::has::<W>(query) => {
                let score = |choice: usize, counts: [usize; 3]| {
                    measure.of([query, choice].map(number), counts.map(number))
                };
                let [shortest, longest] = self.lengths;
                let prefixes = measure.prefixes();
                let table = tables.get::<W>(query, shortest..=longest, prefixes, score);
                let mut indices = [0; MOST];
                for (index, (((common, differ), prefix), choice)) in indices.iter_mut().zip(counts)
                {
                    let counts = [*common, *differ, *prefix].map(|word| word.to_u64() as u16);
                    *index = Layout::<W>::index((*choice).into(), counts);
                }
                for (score, &index) in scores.iter_mut().zip(&indices) {
                    *score = table[usize::from(index)];
                }
            }
            _ => {
                for (score, (((common, differ), prefix), choice)) in scores.iter_mut().zip(counts) {
                    let [common, differ, prefix] =
                        [*common, *differ, *prefix].map(|word| word.to_u64() as usize);
                    let lengths = [query, (*choice).into()].map(number);
                    *score = measure.of(lengths, [common, differ / 2, prefix].map(number));
                }
            }
        }
    }
}

/// Jaccard's similarities.
#[inline(always)]
fn ratios<W: Word>(found: Found<'_, W>, scores: &mut [f64]) {
    for ((score, &choice), shared) in scores.iter_mut().zip(found.choices).zip(found.words) {
        let both = shared.to_u64() as usize;
        let either = found.query + usize::from(choice) - both;
        let ratio = number(both) / number(either);
        *score = if either == 0 { 0.0 } else { ratio };
    }
}

/// Far below 2^31.
#[inline(always)]
fn number(count: usize) -> f64 {
    // From 32 bits, as not every level has an instruction for 64.
    f64::from(count as i32)
}
