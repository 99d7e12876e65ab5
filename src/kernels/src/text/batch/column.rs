//! Strings one after the other, in units of one width.

use std::collections::TryReserveError;

use super::strings::LOOK;
use crate::room::{Grow, collected, filled, with_room};
use crate::text::sort::sort;
use crate::threads::Interrupted;

/// Strings or units between two looks at whether to stop: some milliseconds.
pub(super) const PIECE: usize = 1 << 20;

/// Strings in units, one after the other; some may be missing.
#[derive(Clone, Debug)]
pub(super) struct Column<T> {
    units: Vec<T>,
    /// Of each string, where its units end.
    ends: Vec<usize>,
    /// Which strings are missing, in order.
    missing: Vec<usize>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self {
            units: Vec::new(),
            ends: Vec::new(),
            missing: Vec::new(),
        }
    }
}

impl<T> Column<T> {
    /// How many strings.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The most units that one of them has.
    pub(super) fn longest(&self) -> usize {
        self.lengths(0..self.len()).max().unwrap_or(0)
    }

    /// The units of a string; none of one that is missing.
    #[inline]
    pub(super) fn get(&self, index: usize) -> &[T] {
        &self.units[self.range(index)]
    }

    /// Where its units are, of all units.
    #[inline]
    pub(super) fn range(&self, index: usize) -> std::ops::Range<usize> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[index]
    }

    /// The lengths of some of them.
    #[inline]
    pub(super) fn lengths(&self, strings: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
        let mut start = strings
            .start
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        self.ends[strings]
            .iter()
            .map(move |&end| end - std::mem::replace(&mut start, end))
    }

    /// The strings that are missing, in order.
    pub(super) fn missing(&self) -> &[usize] {
        &self.missing
    }

    /// Whether a string is missing.
    pub(super) fn is_missing(&self, index: usize) -> bool {
        self.missing.binary_search(&index).is_ok()
    }

    /// All units, of all strings.
    pub(super) fn units(&self) -> &[T] {
        &self.units
    }

    /// The same strings in other units, as many, with room for so many more. `make` appends those of a piece.
    pub(super) fn mapped<U>(
        self,
        more: usize,
        stop: &dyn Fn() -> bool,
        mut make: impl FnMut(&[T], &mut Vec<U>),
    ) -> Result<Column<U>, Interrupted> {
        let mut units = with_room(self.units.len() + more);
        for piece in self.units.chunks(PIECE) {
            if stop() {
                return Err(Interrupted);
            }
            make(piece, &mut units);
        }
        debug_assert_eq!(units.len(), self.units.len());
        Ok(Column {
            units,
            ends: self.ends,
            missing: self.missing,
        })
    }

    /// The units, to be changed where they are.
    pub(super) fn units_mut(&mut self) -> &mut [T] {
        &mut self.units
    }

    /// The vector of units, to which those of the next string are appended; [`Column::push_end`] ends it.
    pub(super) fn next(&mut self) -> &mut Vec<T> {
        &mut self.units
    }

    /// Ends a string.
    #[inline]
    pub(super) fn push_end(&mut self) {
        assert!(
            self.ends.len() < u32::MAX as usize,
            "at most 2^32 - 1 strings are taken"
        );
        self.ends.room(1);
        self.ends.push(self.units.len());
    }

    /// Appends one that is missing.
    pub(super) fn push_missing(&mut self) {
        self.missing.room(1);
        self.missing.push(self.len());
        self.push_end();
    }

    /// Makes room for so many more strings, and for so many more units.
    pub(super) fn reserve(&mut self, strings: usize, units: usize) -> Result<(), TryReserveError> {
        self.ends.try_reserve(strings)?;
        self.units.try_reserve(units)
    }

    /// Makes room for so many more units, if there is room for them.
    pub(super) fn expect(&mut self, units: usize) {
        // Where there is none, what needs it will say so. Not exactly so many: a column may come in many chunks.
        let _ = self.units.try_reserve(units);
    }

    /// Appends strings that end where `ends` says among the units that were appended before, from `start` on; those whose bit
    /// is set are missing.
    pub(super) fn push_ends(&mut self, start: usize, ends: &[usize], missing: u64) {
        assert!(
            ends.len() <= u32::MAX as usize - self.ends.len(),
            "at most 2^32 - 1 strings are taken"
        );
        debug_assert!(
            ends.is_sorted()
                && ends
                    .last()
                    .is_none_or(|&end| start + end == self.units.len())
        );
        let mut rest = missing;
        while rest != 0 {
            self.missing.room(1);
            self.missing
                .push(self.ends.len() + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
        self.ends.room(ends.len());
        self.ends.extend(ends.iter().map(|&end| start + end));
    }
}

impl<T: Copy> Column<T> {
    /// Appends the strings of another column.
    pub(super) fn append(
        &mut self,
        others: &Self,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Interrupted> {
        let (strings, start) = (self.len(), self.units.len());
        self.units.room(others.units.len());
        self.ends.room(others.ends.len());
        self.missing.room(others.missing.len());
        for piece in others.units.chunks(PIECE) {
            if stop() {
                return Err(Interrupted);
            }
            self.units.extend_from_slice(piece);
        }
        self.ends.extend(others.ends.iter().map(|&end| start + end));
        self.missing
            .extend(others.missing.iter().map(|&row| strings + row));
        Ok(())
    }
}

impl Column<u32> {
    /// The strings that are not missing, by a key of their lengths, those of one key in order.
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
}
