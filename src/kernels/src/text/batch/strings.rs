//! Strings by the thousand, in units, and numbers for the units.

use std::cmp::Reverse;
use std::collections::{HashMap, TryReserveError};

use crate::text::graphemes::{Interner, may_cluster};
use crate::text::{Text, Unit, Units};

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

    /// Makes room for so many more strings, not for their units.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        self.ends.try_reserve(count)
    }

    /// Appends one of other strings that the same reader read; `None` is one that is missing. The result is how many
    /// units it has.
    pub(super) fn push_again(
        &mut self,
        from: &Self,
        index: Option<usize>,
    ) -> Result<usize, TryReserveError> {
        let there = index.filter(|index| from.missing.binary_search(index).is_err());
        let units = there.map_or(&[][..], |index| from.get(index));
        self.units.try_reserve(units.len())?;
        self.units.extend_from_slice(units);
        if there.is_none() {
            self.missing.push(self.len());
        }
        self.push_end();
        Ok(units.len())
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

    /// Makes room for a string of so many bytes of UTF-8.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn reserve(&self, bytes: usize, strings: &mut Strings) -> Result<(), TryReserveError> {
        // No more units than bytes.
        strings.units.try_reserve(bytes)
    }

    /// Appends a string; `None` is one that is missing.
    ///
    /// # Panics
    ///
    /// There are 2^32 - 1 strings already.
    pub fn read(&mut self, text: Option<Text<'_>>, strings: &mut Strings) {
        match text {
            None => strings.missing.push(strings.len()),
            Some(Text::Utf8(text)) if !text.is_ascii() => self.decode(text, strings),
            Some(text) => {
                let points = text.points(&mut self.decoded);
                match self.unit {
                    Unit::CodePoint => points.widen(&mut strings.units),
                    Unit::Grapheme => self.interner.units(points, &mut strings.units),
                }
            }
        }
        strings.push_end();
    }

    /// Appends the units of a string, where they will be; what has clusters is taken from there and cut into them.
    fn decode(&mut self, text: &str, strings: &mut Strings) {
        let start = strings.units.len();
        strings.units.extend(text.chars().map(u32::from));
        if self.unit == Unit::Grapheme && may_cluster(Units::U32(&strings.units[start..])) {
            self.decoded.clear();
            self.decoded.extend(strings.units.drain(start..));
            self.interner
                .units(Units::U32(&self.decoded), &mut strings.units);
        }
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
