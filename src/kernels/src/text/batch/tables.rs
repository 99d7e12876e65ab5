//! Jaro's similarity by lengths and counts: tables, as few pairs of lengths make up most of the pairs of strings.

use super::measure::Similarity;
use super::scores::{Decode, Found, most};
use crate::arch::{Lanes, Word};

/// The longest query and choice that have tables.
const QUERY: usize = 32;
const CHOICE: usize = 16;

/// Similarities, for each pair of lengths that was asked for.
#[derive(Debug)]
pub(super) struct Tables(Vec<Vec<f64>>);

impl Default for Tables {
    fn default() -> Self {
        Self(vec![Vec::new(); (QUERY + 1) * (CHOICE + 1)])
    }
}

impl Tables {
    /// Jaro's similarity of strings of those lengths, for each word of counts: see [`counts`].
    #[inline(always)]
    pub(super) fn jaro<W: Word>(
        &mut self,
        [query, choice]: [usize; 2],
        words: &[W],
        to: &mut [f64],
    ) {
        if query > QUERY || W::BITS > CHOICE {
            for (to, word) in to.iter_mut().zip(words) {
                *to = jaro([query, choice], counts::<W>(word.to_u64() as usize));
            }
            return;
        }
        let table = &mut self.0[query * (CHOICE + 1) + choice];
        if table.is_empty() {
            // More than any word of counts can be, so that a look into the table needs no other one.
            let size = (4 * W::BITS * W::BITS).next_power_of_two();
            *table = (0..size)
                .map(|word| jaro([query, choice], counts::<W>(word)))
                .collect();
        }
        let table = table.as_slice();
        let last = table.len() - 1;
        for (to, word) in to.iter_mut().zip(words) {
            *to = table[word.to_u64() as usize & last];
        }
    }
}

/// The number of units in common, and of pairs of them that differ, as a word has them: the latter in the low bits.
#[inline(always)]
fn counts<W: Word>(word: usize) -> [usize; 2] {
    [word / (2 * W::BITS), word % (2 * W::BITS)]
}

/// Jaro's similarity, rounded as that of two strings.
#[inline(always)]
fn jaro([query, choice]: [usize; 2], [common, unordered]: [usize; 2]) -> f64 {
    if common == 0 {
        return 0.0;
    }
    let (count, query, choice) = (common as f64, query as f64, choice as f64);
    let ordered = count - (unordered / 2) as f64;
    (count / query + count / choice + ordered / count) / 3.0
}

/// The words of [`super::jaro::Common`].
pub(super) struct Similarities<'a> {
    pub(super) measure: Similarity,
    pub(super) tables: &'a mut Tables,
}

impl<W: Word> Decode<W> for Similarities<'_> {
    type Score = f64;

    #[inline(always)]
    fn may_pass<A: Copy, L: Lanes<A, Word = W>>(
        &self,
        _: A,
        found: Found<'_, W>,
        limit: f64,
    ) -> bool {
        let [shortest, ..] = found.choices else {
            return false;
        };
        let [common, _] = counts::<W>(most(&found.words[..found.choices.len()]).to_u64() as usize);
        let nearest = self
            .measure
            .bound_with(common, found.query, (*shortest).into());
        nearest >= limit
    }

    #[inline(always)]
    fn decode(&mut self, found: Found<'_, W>, scores: &mut [f64]) {
        let mut start = 0;
        // Strings of one length stand together.
        for run in found.choices.chunk_by(|a, b| a == b) {
            let pair = [found.query, run[0].into()];
            let end = start + run.len();
            self.tables
                .jaro(pair, &found.words[start..end], &mut scores[start..end]);
            start = end;
        }
        if self.measure == Similarity::JaroWinkler {
            let prefixes = &found.words[scores.len()..];
            for (score, prefix) in scores[..start].iter_mut().zip(prefixes) {
                *score = self.measure.finish(*score, prefix.to_u64() as usize);
            }
        }
    }
}
