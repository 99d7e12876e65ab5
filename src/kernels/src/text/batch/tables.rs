//! Jaro's similarity by lengths and counts: tables, as few pairs of lengths make up most of the pairs of strings.

use std::ops::RangeInclusive;

use super::jaro::PREFIX_MOST;
use crate::arch::Word;
use crate::room::zeros;

/// The longest query that has tables.
const QUERY: usize = 32;

/// Widths of words whose strings have tables.
const WIDTHS: usize = 3;

/// Entries for a width and a query's length, or more: no index of 16 bits is beyond them, so that a look into the table needs no
/// other one.
const SIZE: usize = 1 << 16;

/// Scores by lengths and counts: for a width of word and a query's length, for each choice's length that was asked for.
#[derive(Debug)]
pub(super) struct Tables {
    entries: Vec<Vec<f64>>,
    /// The choices' lengths that are there, as bits.
    known: Vec<u64>,
}

impl Default for Tables {
    fn default() -> Self {
        let count = WIDTHS * (QUERY + 1);
        Self {
            entries: vec![Vec::new(); count],
            known: vec![0; count],
        }
    }
}

/// Where the entries are for a width of word.
pub(super) struct Layout<W>(std::marker::PhantomData<W>);

impl<W: Word> Layout<W> {
    /// The length of the shortest choice that is laid out in such words.
    const SHORTEST: usize = if W::BITS == 8 { 0 } else { W::BITS / 2 + 1 };
    /// Entries for a number of units in common, for a choice's length and for a length of the prefix.
    const COMMON: usize = W::BITS / 2 + 1;
    const CHOICE: usize = (W::BITS + 1) * Self::COMMON;
    const PREFIX: usize = (W::BITS + 1 - Self::SHORTEST) * Self::CHOICE;

    /// The index of the entry for a choice of that length with so many units in common, pairs of them that differ, and units of
    /// a common prefix.
    #[inline(always)]
    pub(super) fn index(choice: u16, [common, differ, prefix]: [u16; 3]) -> u16 {
        // Wrapping, as SIMD does; it fits.
        (choice
            .wrapping_sub(Self::SHORTEST as u16)
            .wrapping_mul(Self::CHOICE as u16))
        .wrapping_add(common.wrapping_mul(Self::COMMON as u16))
        .wrapping_add(differ / 2)
        .wrapping_add(prefix.wrapping_mul(Self::PREFIX as u16))
    }
}

impl Tables {
    /// Whether there are tables for words and queries of a length.
    #[inline(always)]
    pub(super) fn has<W: Word>(query: usize) -> bool {
        W::BITS <= 32 && query <= QUERY
    }

    /// The table of a query's length, with choices of these lengths; an entry is `score` of the choice's length and the
    /// numbers of units in common, of pairs of them out of order, and of units of the common prefix, of at most so many.
    #[inline(always)]
    pub(super) fn get<W: Word>(
        &mut self,
        query: usize,
        choices: RangeInclusive<usize>,
        prefixes: usize,
        score: impl Fn(usize, [usize; 3]) -> f64,
    ) -> &[f64; SIZE] {
        const { assert!(W::BITS > 32 || (PREFIX_MOST + 1) * Layout::<W>::PREFIX <= SIZE) };
        let number = W::BITS.ilog2() as usize - 3 + WIDTHS * query;
        let asked = u64::MAX >> (63 - choices.end()) & u64::MAX << choices.start();
        if asked & !self.known[number] != 0 {
            self.add::<W>(number, query, choices, prefixes, score);
        }
        let table = self.entries[number].as_slice();
        table.try_into().expect("made with as many entries")
    }

    #[inline(never)]
    fn add<W: Word>(
        &mut self,
        number: usize,
        query: usize,
        choices: RangeInclusive<usize>,
        prefixes: usize,
        score: impl Fn(usize, [usize; 3]) -> f64,
    ) {
        let table = &mut self.entries[number];
        if table.is_empty() {
            // Memory of the system's, which is there when it is written.
            *table = zeros(SIZE);
        }
        for choice in choices {
            if self.known[number] >> choice & 1 == 1 {
                continue;
            }
            self.known[number] |= 1 << choice;
            for common in 1..=query.min(choice) {
                for unordered in 0..=common / 2 {
                    for prefix in 0..=common.min(prefixes) {
                        let counts = [common, 2 * unordered, prefix].map(|count| count as u16);
                        let index = Layout::<W>::index(choice as u16, counts);
                        table[usize::from(index)] = score(choice, [common, unordered, prefix]);
                    }
                }
            }
        }
    }
}
