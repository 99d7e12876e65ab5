//! Strings by the thousand, in units, and numbers for the units.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::text::graphemes::Interner;
use crate::text::{Text, Unit};

/// Strings in units, one after the other; some may be missing.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    units: Vec<u32>,
    /// Of each string, where its units end.
    ends: Vec<usize>,
    /// Which strings are missing, in order.
    missing: Vec<usize>,
}

impl Strings {
    /// How many strings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The most units that one of them has.
    #[must_use]
    pub fn longest(&self) -> usize {
        (0..self.len())
            .map(|index| self.get(index).len())
            .max()
            .unwrap_or(0)
    }

    /// The units of a string; none of one that is missing.
    #[inline]
    pub(super) fn get(&self, index: usize) -> &[u32] {
        &self.units[self.range(index)]
    }

    /// Where its units are, of all units.
    #[inline]
    pub(super) fn range(&self, index: usize) -> std::ops::Range<usize> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[index]
    }

    /// The strings that are missing, in order.
    pub(super) fn missing(&self) -> &[usize] {
        &self.missing
    }

    /// The strings that are not, the shorter ones first, those of one length in order.
    pub(super) fn by_length(&self) -> Vec<u32> {
        let is_there = |index: &u32| self.missing.binary_search(&(*index as usize)).is_err();
        let mut order: Vec<u32> = (0..self.len() as u32).filter(is_there).collect();
        order.sort_by_key(|&index| self.get(index as usize).len());
        order
    }

    /// All units, of all strings.
    pub(super) fn units(&self) -> &[u32] {
        &self.units
    }

    /// Strings with other units: of each string those that `make` appends.
    pub(super) fn each_as(&self, mut make: impl FnMut(&[u32], &mut Vec<u32>)) -> Self {
        let mut others = Self {
            missing: self.missing.clone(),
            ..Self::default()
        };
        for index in 0..self.len() {
            make(self.get(index), &mut others.units);
            others.push_end();
        }
        others
    }

    /// Puts the units of each string in order.
    pub(super) fn sort_units(&mut self) {
        for index in 0..self.len() {
            let range = self.range(index);
            self.units[range].sort_unstable();
        }
    }

    fn push_end(&mut self) {
        assert!(
            self.ends.len() < u32::MAX as usize,
            "at most 2^32 - 1 strings are taken"
        );
        self.ends.push(self.units.len());
    }
}

/// Reads strings into units: the same clusters get the same numbers in all that one reader reads.
#[derive(Debug)]
pub struct Reader {
    unit: Unit,
    interner: Interner,
    decoded: Vec<u32>,
}

impl Reader {
    /// A reader of that unit.
    #[must_use]
    pub fn new(unit: Unit) -> Self {
        Self {
            unit,
            interner: Interner::default(),
            decoded: Vec::new(),
        }
    }

    /// Appends a string; `None` is one that is missing.
    ///
    /// # Panics
    ///
    /// There are 2^32 - 1 strings already.
    pub fn read(&mut self, text: Option<Text<'_>>, strings: &mut Strings) {
        match text {
            None => strings.missing.push(strings.len()),
            Some(text) => {
                self.decoded.clear();
                let points = text.points(&mut self.decoded);
                match self.unit {
                    Unit::CodePoint => points.widen(&mut strings.units),
                    Unit::Grapheme => self.interner.units(points, &mut strings.units),
                }
            }
        }
        strings.push_end();
    }
}

/// Symbols that have a place in a table of every block; a byte can number them.
pub(super) const DENSE: u32 = 256;

/// The units of some strings, numbered from 1 on, those first that come most often; every other unit is 0.
#[derive(Debug)]
pub(super) struct Alphabet {
    numbers: HashMap<u32, u32>,
    /// Of the units below 256.
    latin: [u32; 256],
}

impl Alphabet {
    /// The units of these strings.
    pub(super) fn new(strings: &Strings) -> Self {
        let mut latin = [0_u64; 256];
        let mut others: HashMap<u32, u64> = HashMap::new();
        for &unit in &strings.units {
            match latin.get_mut(unit as usize) {
                Some(count) => *count += 1,
                None => *others.entry(unit).or_default() += 1,
            }
        }
        let mut all: Vec<(u32, u64)> = (0..).zip(latin).filter(|&(_, count)| count > 0).collect();
        all.extend(others);
        all.sort_unstable_by_key(|&(unit, count)| (Reverse(count), unit));
        let numbers: HashMap<u32, u32> = all.iter().map(|&(unit, _)| unit).zip(1..).collect();
        let of = |unit| numbers.get(&unit).copied().unwrap_or(0);
        let latin = std::array::from_fn(|unit| of(unit as u32));
        Self { numbers, latin }
    }

    /// The strings with numbers in the place of units.
    pub(super) fn encode(&self, mut strings: Strings) -> Strings {
        for unit in &mut strings.units {
            *unit = match self.latin.get(*unit as usize) {
                Some(&number) => number,
                None => self.numbers.get(unit).copied().unwrap_or(0),
            };
        }
        strings
    }
}
