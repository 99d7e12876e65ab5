//! Strings by the thousand, read into units.

use std::collections::TryReserveError;
use std::sync::Arc;

use super::column::Column;
use crate::room::{Grow, for_small_things};
use crate::text::graphemes::{Interner, may_cluster};
use crate::text::{Text, Unit, Units};
use crate::threads::Interrupted;

/// Strings that are worked on one by one between two looks at `stop`.
pub(super) const LOOK: usize = 1 << 12;

/// Strings in units, one after the other; some may be missing.
///
/// Units are bytes up to the first string that has another one.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    latin: Column<u8>,
    /// The strings from the first one on that has a unit above 255.
    others: Column<u32>,
}

/// All of them in units of one width.
#[derive(Debug)]
pub(super) enum Stored {
    /// All below 2^8.
    Latin(Column<u8>),
    /// Any.
    Any(Column<u32>),
}

impl Strings {
    /// How many strings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.latin.len() + self.others.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The units of all strings together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.latin.units().len() + self.others.units().len()
    }

    /// The most units that one of them has.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.latin.longest().max(self.others.longest())
    }

    /// In units of one width. `stop` is asked every few milliseconds.
    pub(super) fn stored(self, stop: &dyn Fn() -> bool) -> Result<Stored, Interrupted> {
        Ok(if self.others.is_empty() {
            Stored::Latin(self.latin)
        } else {
            Stored::Any(self.wide(stop)?)
        })
    }

    /// In units of 32 bits. `stop` is asked every few milliseconds.
    pub(super) fn wide(self, stop: &dyn Fn() -> bool) -> Result<Column<u32>, Interrupted> {
        let Self { latin, others } = self;
        if latin.is_empty() {
            return Ok(others);
        }
        latin.joined(&others, stop)
    }

    /// Makes room for so many more strings, not for their units.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        if self.are_latin() {
            self.latin.reserve(count, 0)
        } else {
            self.others.reserve(count, 0)
        }
    }

    /// Makes room for about so many more units, if there is room for them.
    pub(super) fn expect(&mut self, units: usize) {
        if self.are_latin() {
            self.latin.expect(units);
        } else {
            self.others.expect(units);
        }
    }

    /// Appends one of other strings that the same reader read; `None` is one that is missing. The result is how many
    /// units it has.
    pub(super) fn push_again(
        &mut self,
        from: &Self,
        index: Option<usize>,
    ) -> Result<usize, TryReserveError> {
        let Some(index) = index else {
            self.push_missing();
            return Ok(0);
        };
        let Some(other) = index.checked_sub(from.latin.len()) else {
            return Ok(if from.latin.is_missing(index) {
                self.push_missing();
                0
            } else {
                self.push_latin(from.latin.get(index))?
            });
        };
        if from.others.is_missing(other) {
            self.push_missing();
            return Ok(0);
        }
        let units = from.others.get(other);
        if self.are_latin() {
            self.latin.reserve(1, units.len())?;
            if Units::U32(units).narrow(self.latin.next()) {
                self.latin.push_end();
                return Ok(units.len());
            }
        }
        self.others.reserve(1, units.len())?;
        self.others.next().extend_from_slice(units);
        self.others.push_end();
        Ok(units.len())
    }

    /// The units of a string; `None` of one that is missing.
    #[cfg(test)]
    pub(super) fn units_of(&self, index: usize) -> Option<Vec<u32>> {
        match index.checked_sub(self.latin.len()) {
            None => (!self.latin.is_missing(index)).then(|| {
                self.latin
                    .get(index)
                    .iter()
                    .map(|&unit| unit.into())
                    .collect()
            }),
            Some(index) => {
                (!self.others.is_missing(index)).then(|| self.others.get(index).to_vec())
            }
        }
    }

    /// Whether all units so far are bytes.
    #[inline]
    fn are_latin(&self) -> bool {
        self.others.is_empty()
    }

    #[inline]
    fn push_latin(&mut self, units: &[u8]) -> Result<usize, TryReserveError> {
        if self.are_latin() {
            self.latin.reserve(1, units.len())?;
            self.latin.next().extend_from_slice(units);
            self.latin.push_end();
        } else {
            self.others.reserve(1, units.len())?;
            let wide = units.iter().map(|&unit| u32::from(unit));
            self.others.next().extend(wide);
            self.others.push_end();
        }
        Ok(units.len())
    }

    fn push_missing(&mut self) {
        if self.are_latin() {
            self.latin.push_missing();
        } else {
            self.others.push_missing();
        }
    }
}

impl Stored {
    /// In units of 32 bits. `stop` is asked every few milliseconds.
    pub(super) fn wide(self, stop: &dyn Fn() -> bool) -> Result<Column<u32>, Interrupted> {
        match self {
            Self::Latin(latin) => latin.joined(&Column::default(), stop),
            Self::Any(any) => Ok(any),
        }
    }
}

impl Column<u8> {
    /// These strings and others behind them.
    fn joined(
        self,
        others: &Column<u32>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Column<u32>, Interrupted> {
        let mut all = self.mapped(others.units().len(), stop, |from, to| {
            to.extend(from.iter().map(|&unit| u32::from(unit)));
        })?;
        all.append(others, stop)?;
        Ok(all)
    }
}

/// Strings as they come, side by side: so few that what is done for all of them at once finds them in the cache.
#[derive(Debug)]
pub(super) struct Batch {
    /// Their bytes, UTF-8 unless a producer lied.
    pub(super) bytes: Vec<u8>,
    /// Of each, where its bytes end; so many strings are there.
    ends: [usize; Batch::MOST],
    count: usize,
    /// A bit for each that is missing.
    missing: u64,
}

impl Batch {
    /// The most strings.
    pub(super) const MOST: usize = 64;

    /// Without any string.
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            ends: [0; Self::MOST],
            count: 0,
            missing: 0,
        }
    }

    /// Takes all strings away.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.count, self.missing) = (0, 0);
    }

    /// How many strings there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Whether there is room for no other string.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.count == Self::MOST
    }

    /// Appends a string that ends there; one that is missing has no bytes. The bytes are there when the batch is read.
    #[inline]
    pub(super) fn push(&mut self, end: usize, there: bool) {
        self.missing |= u64::from(!there) << self.count;
        self.ends[self.count] = end;
        self.count += 1;
    }

    fn ends(&self) -> &[usize] {
        &self.ends[..self.count]
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

    /// A reader in which the clusters of strings that were read before have the numbers that they had.
    #[must_use]
    pub fn behind(clusters: &Clusters) -> Self {
        Self {
            unit: clusters.unit,
            interner: Interner::behind(Arc::clone(&clusters.interner)),
            decoded: Vec::new(),
        }
    }

    /// What it takes to read other strings later, so that equal clusters are equal in them.
    #[must_use]
    pub fn into_clusters(self) -> Clusters {
        for_small_things();
        Clusters {
            unit: self.unit,
            interner: Arc::new(self.interner),
        }
    }

    /// Makes room for a string of so many bytes of UTF-8.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn reserve(&self, bytes: usize, strings: &mut Strings) -> Result<(), TryReserveError> {
        // No more units than bytes.
        if strings.are_latin() {
            strings.latin.reserve(1, bytes)
        } else {
            strings.others.reserve(1, bytes)
        }
    }

    /// Appends a string; `None` is one that is missing.
    ///
    /// # Panics
    ///
    /// There are 2^32 - 1 strings already.
    pub fn read(&mut self, text: Option<Text<'_>>, strings: &mut Strings) {
        assert!(
            strings.len() < u32::MAX as usize,
            "at most 2^32 - 1 strings are taken"
        );
        match text {
            None => strings.push_missing(),
            Some(Text::Utf8(text)) if text.is_ascii() => {
                self.points(Units::U8(text.as_bytes()), strings);
            }
            Some(Text::Utf8(text)) => {
                let mut decoded = std::mem::take(&mut self.decoded);
                decoded.clear();
                decoded.room(text.len()); // no more units than bytes
                decoded.extend(text.chars().map(u32::from));
                self.points(Units::U32(&decoded), strings);
                self.decoded = decoded;
            }
            Some(Text::Points(points)) => self.points(points, strings),
        }
    }

    /// Appends the units of a string.
    #[inline]
    fn points(&mut self, points: Units<'_>, strings: &mut Strings) {
        let clusters = self.unit == Unit::Grapheme && may_cluster(points);
        if strings.are_latin() && !clusters && points.narrow(strings.latin.next()) {
            strings.latin.push_end();
            return;
        }
        let units = strings.others.next();
        if clusters {
            self.interner.append(points, units);
        } else {
            points.widen(units);
        }
        strings.others.push_end();
    }

    /// Appends all strings of a batch.
    ///
    /// # Errors
    ///
    /// A string is not UTF-8: its number in the batch, and from which of its bytes on. Those before it were appended.
    pub(super) fn read_all(&mut self, batch: &Batch, strings: &mut Strings) -> Result<(), NotUtf8> {
        let bytes = batch.bytes.as_slice();
        // A loop without a branch, which takes SIMD.
        let (mut all, mut has_cr) = (0, false);
        for &byte in bytes {
            all |= byte;
            has_cr |= byte == b'\r';
        }
        let may_cluster = self.unit == Unit::Grapheme && has_cr;
        if all < 0x80 && !may_cluster && strings.are_latin() {
            // Each byte is a unit.
            let column = &mut strings.latin;
            let start = column.units().len();
            column.next().room(bytes.len());
            column.next().extend_from_slice(bytes);
            column.push_ends(start, batch.ends(), batch.missing);
            return Ok(());
        }
        let mut start = 0;
        for (number, &end) in batch.ends().iter().enumerate() {
            let row = &bytes[std::mem::replace(&mut start, end)..end];
            if batch.missing >> number & 1 == 1 {
                strings.push_missing();
                continue;
            }
            let text = str::from_utf8(row).map_err(|error| NotUtf8 {
                number,
                from: error.valid_up_to(),
            })?;
            self.read(Some(Text::Utf8(text)), strings);
        }
        Ok(())
    }
}

/// The numbers of the clusters that a reader has met.
#[derive(Clone, Debug)]
pub struct Clusters {
    unit: Unit,
    interner: Arc<Interner>,
}

impl Clusters {
    /// The unit that the strings were read in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }
}

/// Which string of a batch is not UTF-8, and from which of its bytes on.
pub(super) struct NotUtf8 {
    pub(super) number: usize,
    pub(super) from: usize,
}
