//! Strings by the thousand, in units, and numbers for the units.

use std::cmp::Reverse;
use std::collections::TryReserveError;

use crate::room::{Grow, collected, filled, gathered};
use crate::text::graphemes::{Interner, may_cluster};
use crate::text::ids::Ids;
use crate::text::sort::sort;
use crate::text::{Text, Unit, Units};
use crate::threads::Interrupted;

/// Strings or units between two looks at whether to stop: some milliseconds.
const PIECE: usize = 1 << 20;

/// Strings that are worked on one by one between two looks at `stop`.
pub(super) const LOOK: usize = 1 << 12;

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

    /// The strings that are not, by a key of their lengths, those of one key in order.
    ///
    /// Counted, then placed: a sort that takes time in proportion to the strings and the largest key, and can be stopped.
    pub(super) fn by_key(
        &self,
        key: impl Fn(usize) -> usize,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<u32>, Interrupted> {
        let mut places: Vec<u32> = Vec::new();
        self.known(stop, |_, length| {
            let key = key(length);
            if places.len() <= key {
                places.room(key + 1 - places.len());
                places.resize(key + 1, 0);
            }
            places[key] += 1;
        })?;
        let mut all = 0;
        for place in &mut places {
            all += std::mem::replace(place, all);
        }
        let mut order = filled(0, all as usize);
        self.known(stop, |index, length| {
            let place = &mut places[key(length)];
            order[*place as usize] = index;
            *place += 1;
        })?;
        Ok(order)
    }

    /// The strings that are not, the shorter ones first, those of one length in order.
    pub(super) fn by_length(&self, stop: &dyn Fn() -> bool) -> Result<Vec<u32>, Interrupted> {
        if self.longest() <= self.len() + PIECE {
            return self.by_key(|length| length, stop);
        }
        // Few, and far apart in length.
        let mut order = self.by_key(|_| 0, stop)?;
        order.sort_unstable_by_key(|&index| (self.get(index as usize).len(), index)); // a stable sort wants memory
        Ok(order)
    }

    /// Hands on each string that is not missing, with its length.
    fn known(
        &self,
        stop: &dyn Fn() -> bool,
        mut each: impl FnMut(u32, usize),
    ) -> Result<(), Interrupted> {
        let mut missing = self.missing.iter().copied().peekable();
        let mut start = 0;
        for (piece, ends) in self.ends.chunks(PIECE).enumerate() {
            if stop() {
                return Err(Interrupted);
            }
            for (index, &end) in (piece * PIECE..).zip(ends) {
                let length = end - std::mem::replace(&mut start, end);
                if missing.next_if_eq(&index).is_none() {
                    each(index as u32, length);
                }
            }
        }
        Ok(())
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
            self.missing.try_reserve(1)?;
            self.missing.push(self.len());
        }
        self.push_end();
        Ok(units.len())
    }

    /// Strings with other units: of each string those that `make` appends.
    pub(super) fn each_as(
        &self,
        stop: &dyn Fn() -> bool,
        mut make: impl FnMut(&[u32], &mut Vec<u32>) -> Result<(), Interrupted>,
    ) -> Result<Self, Interrupted> {
        let mut others = Self {
            missing: collected(self.missing.iter().copied()),
            ..Self::default()
        };
        for index in 0..self.len() {
            if index.is_multiple_of(LOOK) && stop() {
                return Err(Interrupted);
            }
            make(self.get(index), &mut others.units)?;
            others.push_end();
        }
        Ok(others)
    }

    /// Puts the units of each string in order.
    pub(super) fn sort_units(&mut self, stop: &dyn Fn() -> bool) -> Result<(), Interrupted> {
        for index in 0..self.len() {
            if index.is_multiple_of(LOOK) && stop() {
                return Err(Interrupted);
            }
            let range = self.range(index);
            sort(&mut self.units[range], 1, stop)?;
        }
        Ok(())
    }

    fn push_end(&mut self) {
        assert!(
            self.ends.len() < u32::MAX as usize,
            "at most 2^32 - 1 strings are taken"
        );
        self.ends.room(1);
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
            None => {
                strings.missing.room(1);
                strings.missing.push(strings.len());
            }
            Some(Text::Utf8(text)) if !text.is_ascii() => self.decode(text, strings),
            Some(text) => {
                let points = text.points(&mut self.decoded);
                match self.unit {
                    Unit::CodePoint => points.widen(&mut strings.units),
                    Unit::Grapheme => self.interner.append(points, &mut strings.units),
                }
            }
        }
        strings.push_end();
    }

    /// Appends the units of a string, where they will be; what has clusters is taken from there and cut into them.
    fn decode(&mut self, text: &str, strings: &mut Strings) {
        let start = strings.units.len();
        strings.units.room(text.len()); // no more units than bytes
        strings.units.extend(text.chars().map(u32::from));
        if self.unit == Unit::Grapheme && may_cluster(Units::U32(&strings.units[start..])) {
            self.decoded.clear();
            self.decoded.room(strings.units.len() - start);
            self.decoded.extend(strings.units.drain(start..));
            self.interner
                .append(Units::U32(&self.decoded), &mut strings.units);
        }
    }
}

/// Symbols that have a place in a table of every block; a byte can number them.
pub(super) const DENSE: u32 = 256;

/// The units of some strings, numbered from 1 on, those first that come most often; every other unit is 0.
#[derive(Debug)]
pub(super) struct Alphabet {
    /// Of the units below 256.
    latin: [u32; 256],
    others: Ids,
    /// By what `others` numbers them.
    numbers: Vec<u32>,
}

impl Alphabet {
    /// The units of these strings.
    pub(super) fn new(strings: &Strings, stop: &dyn Fn() -> bool) -> Result<Self, Interrupted> {
        let mut latin = [0_u32; 256];
        let mut others = Ids::new();
        let mut counts: Vec<(u64, u32)> = (0..256).map(|unit| (0, unit)).collect();
        for units in strings.units.chunks(PIECE) {
            if stop() {
                return Err(Interrupted);
            }
            for &unit in units {
                let place = match unit {
                    ..256 => unit as usize,
                    _ => 255 + others.number(unit) as usize,
                };
                if let Some((count, _)) = counts.get_mut(place) {
                    *count += 1;
                } else {
                    counts.room(1);
                    counts.push((1, unit));
                }
            }
        }
        let mut order = gathered((0..counts.len()).filter(|&place| counts[place].0 > 0));
        order.sort_unstable_by_key(|&place| (Reverse(counts[place].0), counts[place].1));
        let mut numbers = filled(0, others.count() + 1);
        for (&place, number) in order.iter().zip(1..) {
            match latin.get_mut(place) {
                Some(latin) => *latin = number,
                None => numbers[place - 255] = number,
            }
        }
        Ok(Self {
            latin,
            others,
            numbers,
        })
    }

    /// The strings with numbers in the place of units.
    pub(super) fn encode(
        &self,
        mut strings: Strings,
        stop: &dyn Fn() -> bool,
    ) -> Result<Strings, Interrupted> {
        for units in strings.units.chunks_mut(PIECE) {
            if stop() {
                return Err(Interrupted);
            }
            for unit in units {
                *unit = match self.latin.get(*unit as usize) {
                    Some(&number) => number,
                    None => self.numbers[self.others.get(*unit) as usize],
                };
            }
        }
        Ok(strings)
    }
}
