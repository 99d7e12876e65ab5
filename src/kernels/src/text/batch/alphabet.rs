//! Numbers for units: those that come most often first.

use std::cmp::Reverse;

use super::column::{Column, PIECE};
use super::strings::Stored;
use crate::room::{Grow, filled, gathered};
use crate::text::ids::Ids;
use crate::threads::Interrupted;

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
    pub(super) fn new(strings: &Stored, stop: &dyn Fn() -> bool) -> Result<Self, Interrupted> {
        let mut others = Ids::new();
        let mut counts: Vec<(u64, u32)> = (0..256).map(|unit| (0, unit)).collect();
        match strings {
            Stored::Latin(column) => {
                for units in column.units().chunks(PIECE) {
                    if stop() {
                        return Err(Interrupted);
                    }
                    for &unit in units {
                        counts[usize::from(unit)].0 += 1;
                    }
                }
            }
            Stored::Any(column) => {
                for units in column.units().chunks(PIECE) {
                    if stop() {
                        return Err(Interrupted);
                    }
                    count(units, &mut others, &mut counts);
                }
            }
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

    /// The strings with numbers in the place of units.
    pub(super) fn encode(
        &self,
        strings: Stored,
        stop: &dyn Fn() -> bool,
    ) -> Result<Column<u32>, Interrupted> {
        let mut column = match strings {
            Stored::Latin(column) => {
                return column.mapped(0, stop, |units, numbers| {
                    numbers.extend(units.iter().map(|&unit| self.latin[usize::from(unit)]));
                });
            }
            Stored::Any(column) => column,
        };
        for units in column.units_mut().chunks_mut(PIECE) {
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
        Ok(column)
    }
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
