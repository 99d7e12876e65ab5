//! What is equal: for each unit of the text the rows of a group that have it.

use std::array::from_fn;

use super::{LANES, ROWS};
use crate::room::{Grow, filled};

/// What is equal in a group: for each unit the rows that have it, a word a lane; for each column its unit.
pub(super) struct Table {
    /// The place of a unit in `masks`; 0 for one that no row of the group has, where all words are 0.
    places: Vec<u32>,
    /// `LANES` words a unit.
    masks: Vec<u64>,
    /// The units that have a place.
    filled: Vec<u32>,
    /// The place of each column's unit. `LANES - 1` more at either end, with no unit.
    columns: Vec<u32>,
}

impl Table {
    pub(super) fn new(units: usize) -> Self {
        Self {
            places: filled(0, units + 1),
            masks: vec![0; LANES],
            filled: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Takes the group's rows, behind `blank` ones that equal nothing, and its columns.
    pub(super) fn fill(&mut self, rows: &[u32], blank: usize, columns: &[u32]) {
        for unit in self.filled.drain(..) {
            self.places[unit as usize] = 0;
        }
        self.masks.truncate(LANES);
        for (row, &unit) in (blank..).zip(rows) {
            let place = &mut self.places[unit as usize];
            if *place == 0 {
                *place = self.masks.len() as u32;
                self.masks.room(LANES);
                self.masks.resize(self.masks.len() + LANES, 0);
                self.filled.room(1);
                self.filled.push(unit);
            }
            self.masks[*place as usize + row / ROWS] |= 1 << (row % ROWS);
        }
        self.columns.clear();
        self.columns.room(columns.len() + 2 * (LANES - 1));
        self.columns.resize(LANES - 1, 0);
        let places = &self.places;
        self.columns
            .extend(columns.iter().map(|&unit| places[unit as usize]));
        self.columns.resize(self.columns.len() + LANES - 1, 0);
    }

    /// The rows that each lane's column equals: lane k is k columns behind the first.
    #[inline(always)]
    pub(super) fn diagonal(&self, time: usize) -> [u64; LANES] {
        let columns = &self.columns[time..time + LANES];
        from_fn(|lane| {
            let place = columns[LANES - 1 - lane] as usize;
            debug_assert!(place + lane < self.masks.len());
            // SAFETY: `fill` took each place from `places`, whose entries are where `LANES` words of `masks` begin.
            unsafe { *self.masks.get_unchecked(place + lane) }
        })
    }
}
