//! Small numbers for the units of two strings, so that what is kept for a unit stands in an array.

use super::units::Symbol;
use crate::room::Grow;

/// Units of one page, neighbours in the code space.
const PAGE: usize = 256;

/// The numbers of units, counted from 1 in the order in which they come.
#[derive(Debug)]
pub(crate) struct Ids {
    /// For each page of the code space its place in `numbers`, in pages; 0 for none, where all numbers are 0. The first
    /// page is always there, at 1.
    pages: Vec<u32>,
    numbers: Vec<u32>,
    count: u32,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self {
            pages: vec![1],
            numbers: vec![0; 2 * PAGE],
            count: 0,
        }
    }

    /// How many units have a number.
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    /// The unit's number; 0 where it has none.
    #[inline(always)]
    pub(crate) fn get<T: Symbol>(&self, unit: T) -> u32 {
        let unit = unit.into() as usize;
        if T::BYTE {
            return self.numbers[PAGE + unit % PAGE];
        }
        let page = self.pages.get(unit / PAGE).map_or(0, |&page| page as usize);
        self.numbers[page * PAGE + unit % PAGE]
    }

    /// The unit's number; the next one where it has none.
    #[inline(always)]
    pub(crate) fn number<T: Symbol>(&mut self, unit: T) -> u32 {
        match self.get(unit) {
            0 => self.add(unit.into() as usize),
            number => number,
        }
    }

    #[inline(never)]
    fn add(&mut self, unit: usize) -> u32 {
        let page = unit / PAGE;
        if self.pages.len() <= page {
            self.pages.room(page + 1 - self.pages.len());
            self.pages.resize(page + 1, 0);
        }
        if self.pages[page] == 0 {
            self.pages[page] = (self.numbers.len() / PAGE) as u32;
            self.numbers.room(PAGE);
            self.numbers.resize(self.numbers.len() + PAGE, 0);
        }
        self.count += 1;
        self.numbers[self.pages[page] as usize * PAGE + unit % PAGE] = self.count;
        self.count
    }
}
