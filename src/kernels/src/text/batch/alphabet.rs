//! Numbers for units: those that come most often first.

use std::cmp::Reverse;

use super::column::{Column, PIECE};
use super::strings::Stored;
use crate::room::{Grow, filled, for_small_things, gathered};
use crate::text::ids::Ids;
use crate::threads::Interrupted;

/// Symbols that have a place in a table of every block; a byte can number them.
pub(super) const DENSE: u32 = 256;

/// The units of some strings, numbered from 1 on; what is none of them is 0, or a number that none of them has.
#[derive(Debug)]
pub(super) enum Alphabet {
    /// Bytes, by what they are: tables have places for them as it is.
    Bytes,
    /// Those that come most often first.
    Counted(Box<Counted>),
}

#[derive(Debug)]
pub(super) struct Counted {
    /// Of the units below 256.
    latin: [u32; 256],
    others: Ids,
    /// By what `others` numbers them.
    numbers: Vec<u32>,
}

impl Alphabet {
    /// The units of these strings.
    pub(super) fn new(strings: &Stored, stop: &dyn Fn() -> bool) -> Result<Self, Interrupted> {
        Ok(match strings {
            Stored::Latin(_) => Self::Bytes,
            Stored::Any(column) => {
                for_small_things();
                Self::Counted(Box::new(Counted::new(column, stop)?))
            }
        })
    }

    /// The strings with numbers in the place of units.
    pub(super) fn encode(
        &self,
        strings: Stored,
        stop: &dyn Fn() -> bool,
    ) -> Result<Column<u32>, Interrupted> {
        match (self, strings) {
            (Self::Bytes, Stored::Latin(column)) => column.mapped(0, stop, |units, numbers| {
                numbers.extend(units.iter().map(|&unit| u32::from(unit) + 1));
            }),
            (Self::Bytes, Stored::Any(column)) => {
                numbered(column, stop, |unit| if unit < 256 { unit + 1 } else { 0 })
            }
            (Self::Counted(counted), Stored::Latin(column)) => {
                column.mapped(0, stop, |units, numbers| {
                    numbers.extend(units.iter().map(|&unit| counted.latin[usize::from(unit)]));
                })
            }
            (Self::Counted(counted), Stored::Any(column)) => {
                numbered(column, stop, |unit| counted.number(unit))
            }
        }
    }
}

impl Counted {
    fn new(column: &Column<u32>, stop: &dyn Fn() -> bool) -> Result<Self, Interrupted> {
        let mut others = Ids::new();
        let mut counts: Vec<(u64, u32)> = (0..256).map(|unit| (0, unit)).collect();
        for units in column.units().chunks(PIECE) {
            if stop() {
                return Err(Interrupted);
            }
            count(units, &mut others, &mut counts);
        }
        let mut order = gathered((0..counts.len()).filter(|&place| counts[place].0 > 0));
        order.sort_unstable_by_key(|&place| (Reverse(counts[place].0), counts[place].1));
        let mut latin = [0_u32; 256];
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

    #[inline(always)]
    fn number(&self, unit: u32) -> u32 {
        match self.latin.get(unit as usize) {
            Some(&number) => number,
            None => self.numbers[self.others.get(unit) as usize],
        }
    }
}

/// The strings with numbers in the place of units, where they are.
fn numbered(
    mut column: Column<u32>,
    stop: &dyn Fn() -> bool,
    number: impl Fn(u32) -> u32,
) -> Result<Column<u32>, Interrupted> {
    for units in column.units_mut().chunks_mut(PIECE) {
        if stop() {
            return Err(Interrupted);
        }
        for unit in units {
            *unit = number(*unit);
        }
    }
    Ok(column)
}

/// Counts units: of those below 256 each at its own place, of others at 255 and what they are numbered.
fn count(units: &[u32], others: &mut Ids, counts: &mut Vec<(u64, u32)>) {
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
