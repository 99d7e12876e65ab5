//! Queries: strings with the numbers that the choices' alphabet gives their units.

use super::alphabet::DENSE;
use super::choices::Choices;
use super::column::Column;
use super::counts::Counts;
use super::strings::Strings;
use crate::room::{Grow, collected};
use crate::threads::Interrupted;

/// Strings to compare with [`Choices`].
#[derive(Debug)]
pub struct Queries {
    strings: Column<u32>,
    /// The strings' symbols again, in bytes; wrong where one has no byte.
    bytes: Vec<u8>,
    /// Of each string, where the choices are counted.
    counts: Vec<Counts>,
    /// The strings that are not missing, the shorter ones first.
    order: Vec<u32>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a> {
    /// Its place among the strings that were given.
    pub(super) row: usize,
    /// Its symbols.
    pub(super) symbols: &'a [u32],
    /// Its symbols, where each has a place in every block's table.
    pub(super) dense: Option<&'a [u8]>,
}

impl Queries {
    /// Numbers the units. `stop` is asked every few milliseconds.
    ///
    /// # Errors
    ///
    /// `stop` said true.
    pub fn new(
        strings: Strings,
        choices: &Choices,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, Interrupted> {
        let strings = choices.encode(strings, stop)?;
        Ok(Self {
            counts: if choices.are_counted() {
                Counts::of_each(&strings, stop)?
            } else {
                Vec::new()
            },
            bytes: collected(strings.units().iter().map(|&symbol| symbol as u8)),
            order: strings.by_length(stop)?,
            strings,
        })
    }

    /// How many strings, those that are missing among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }

    /// Those of a string, where they are counted.
    pub(super) fn counts(&self, row: usize) -> Option<&Counts> {
        self.counts.get(row)
    }

    /// How many strings are not missing.
    #[must_use]
    pub fn known(&self) -> usize {
        self.order.len()
    }

    /// The strings that are missing.
    pub(super) fn missing(&self) -> &[usize] {
        self.strings.missing()
    }

    /// The others in groups of like length, each with at most so many strings and about so many symbols.
    pub(super) fn groups(&self, strings: usize, symbols: usize) -> Vec<&[u32]> {
        let mut groups = Vec::new();
        let mut rest = self.order.as_slice();
        while !rest.is_empty() {
            let mut total = 0;
            let fits = |&index: &u32| {
                total += self.strings.get(index as usize).len();
                total <= symbols
            };
            let count = rest.iter().copied().take(strings).take_while(fits).count();
            let (group, others) = rest.split_at(count.max(1));
            groups.room(1);
            groups.push(group);
            rest = others;
        }
        groups
    }

    /// A group's strings.
    pub(super) fn of(&self, group: &[u32]) -> Vec<Query<'_>> {
        let query = |&index: &u32| {
            let range = self.strings.range(index as usize);
            let symbols = &self.strings.units()[range.clone()];
            let dense = symbols.iter().all(|&symbol| symbol < DENSE);
            Query {
                row: index as usize,
                symbols,
                dense: dense.then(|| &self.bytes[range]),
            }
        };
        collected(group.iter().map(query))
    }
}
