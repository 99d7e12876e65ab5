//! Counts: how often strings have the symbols, which tells that some are far apart before they are compared.
//!
//! A step of an edit distance adds one symbol, takes one away or does both, and no unit is in common that one of the strings
//! lacks. So what one string has more of than the other bounds every measure (Ukkonen 1992, with n-grams of one symbol).
//! Symbols that share a class and counts that are full make the bound weaker, and never wrong.

use std::ops::Range;

use super::queries::Query;
use super::strings::Strings;

/// Classes of symbols. Numbers begin with those that come most often: letters mostly have one of their own.
const CLASSES: usize = 32;

/// Symbols that strings are put in order by.
const MARKS: u32 = 64;

/// How many symbols of each class a string has, at most as many as a byte holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts([u8; CLASSES]);

impl Counts {
    /// Those of a string of numbered symbols.
    pub(super) fn of(symbols: &[u32]) -> Self {
        let mut counts = [0_u8; CLASSES];
        for &symbol in symbols {
            let count = &mut counts[symbol as usize % CLASSES];
            *count = count.saturating_add(1);
        }
        Self(counts)
    }
}

/// Counts that no string of some is below or above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    least: Counts,
    most: Counts,
}

impl From<Counts> for Bounds {
    /// Those of one string.
    fn from(counts: Counts) -> Self {
        Self {
            least: counts,
            most: counts,
        }
    }
}

impl Bounds {
    /// Those of some strings.
    pub(super) fn of(strings: impl Iterator<Item = Counts>) -> Option<Self> {
        strings.map(Self::from).reduce(|mut a, b| {
            for class in 0..CLASSES {
                a.least.0[class] = a.least.0[class].min(b.least.0[class]);
                a.most.0[class] = a.most.0[class].max(b.most.0[class]);
            }
            a
        })
    }

    /// How many symbols the query has more than each of the strings, at least, and each of them more than the query.
    #[inline]
    pub(super) fn beside(&self, query: &Counts) -> [usize; 2] {
        let (mut more, mut fewer) = (0_u16, 0_u16);
        for class in 0..CLASSES {
            more += u16::from(query.0[class].saturating_sub(self.most.0[class]));
            fewer += u16::from(self.least.0[class].saturating_sub(query.0[class]));
        }
        [more.into(), fewer.into()]
    }
}

/// Puts strings that are in order by length in order by what symbols they have, too: those of an item have more in common
/// then, which makes their bounds narrow.
pub(super) fn cluster(strings: &Strings, order: &mut [u32]) {
    let mark = |string: &[u32]| {
        let marks = string.iter().filter(|&&symbol| symbol < MARKS);
        marks.fold(0_u64, |marks, symbol| marks | 1 << symbol)
    };
    let marks: Vec<u64> = (0..strings.len())
        .map(|index| mark(strings.get(index)))
        .collect();
    // Symbols that half of the strings have tell most.
    let unevenness = |symbol: &u32| {
        let having = order
            .iter()
            .filter(|&&index| marks[index as usize] >> symbol & 1 == 1);
        (2 * having.count()).abs_diff(order.len())
    };
    let mut symbols: Vec<u32> = (0..MARKS).collect();
    symbols.sort_by_cached_key(unevenness);
    let rank = |index: u32| {
        let bits = symbols
            .iter()
            .map(|symbol| marks[index as usize] >> symbol & 1);
        bits.fold(0_u64, |rank, bit| rank << 1 | bit)
    };
    order.sort_by_cached_key(|&index| (strings.get(index as usize).len(), rank(index)));
}

/// Passes over queries that are too far from all strings of an item, as long as there are some.
#[derive(Debug, Default)]
pub(super) struct Filter<'q> {
    /// The queries that are left, and their numbers.
    pub(super) queries: Vec<Query<'q>>,
    pub(super) numbers: Vec<usize>,
    asked: usize,
    passed: usize,
}

/// Queries that are asked about before it is known whether that saves anything, and of how many one has to be passed over.
const TRIAL: usize = 1024;
const WORTH: usize = 8;

impl<'q> Filter<'q> {
    /// Leaves those queries of a range that are not far; all, where that has mostly been of no use.
    #[inline]
    pub(super) fn pick(
        &mut self,
        queries: &[Query<'q>],
        range: Range<usize>,
        is_far: impl Fn(usize) -> bool,
    ) {
        self.numbers.clear();
        if self.asked < TRIAL || WORTH * self.passed >= self.asked {
            self.asked += range.len();
            let count = range.len();
            self.numbers.extend(range.filter(|&number| !is_far(number)));
            self.passed += count - self.numbers.len();
        } else {
            self.numbers.extend(range);
        }
        self.queries.clear();
        self.queries
            .extend(self.numbers.iter().map(|&number| queries[number]));
    }
}
