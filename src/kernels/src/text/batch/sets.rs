//! Sets: strings as the sets of their pieces, each piece a number.

use std::collections::HashMap;

use super::column::Column;
use crate::room::{Grow, collected};
use crate::text::jaccard::{Pieces, set};
use crate::threads::Interrupted;

/// The pieces of some strings, numbered.
#[derive(Debug)]
pub(super) struct Sets {
    pieces: Pieces,
    numbers: HashMap<Box<[u32]>, u32>,
}

/// Of a piece that none of the strings has; there are fewer numbers.
const UNKNOWN: u32 = u32::MAX;

impl Sets {
    /// Numbers the pieces of these strings, and gives their sets: each piece once.
    pub(super) fn new(
        strings: &Column<u32>,
        pieces: Pieces,
        stop: &dyn Fn() -> bool,
    ) -> Result<(Self, Column<u32>), Interrupted> {
        let mut numbers: HashMap<Box<[u32]>, u32> = HashMap::new();
        let sets = strings.each_as(stop, |units, numbered| {
            for piece in set(units, pieces, stop)? {
                let next = numbers.len() as u32;
                let number = numbers.get(piece).copied().unwrap_or_else(|| {
                    numbers.room(1);
                    numbers.insert(collected(piece.iter().copied()).into_boxed_slice(), next);
                    next
                });
                numbered.room(1);
                numbered.push(number);
            }
            Ok(())
        })?;
        Ok((Self { pieces, numbers }, sets))
    }

    /// The sets of other strings.
    pub(super) fn of(
        &self,
        strings: &Column<u32>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Column<u32>, Interrupted> {
        strings.each_as(stop, |units, numbered| {
            let pieces = set(units, self.pieces, stop)?;
            let number = |piece: &[u32]| self.numbers.get(piece).copied().unwrap_or(UNKNOWN);
            numbered.room(pieces.len());
            numbered.extend(pieces.into_iter().map(number));
            Ok(())
        })
    }
}
