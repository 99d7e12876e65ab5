//! Counts: how often strings have the symbols, which tells that some are far apart before they are compared.
//!
//! A step of an edit distance adds one symbol, takes one away or does both, and no unit is in common that one of the strings
//! lacks. So what one string has more of than the other bounds every measure (Ukkonen 1992, with n-grams of one symbol).
//! Symbols that share a class and counts that are full make the bound weaker, and never wrong.

use super::column::Column;
use super::strings::LOOK;
use crate::room::with_room;
use crate::threads::Interrupted;

/// Classes of symbols. Numbers begin with those that come most often: letters mostly have one of their own.
const CLASSES: usize = 32;

/// How many symbols of each class a string has, at most as many as a byte holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts([u8; CLASSES]);

impl Counts {
    /// Those of a string of numbered symbols.
    pub(super) fn of(symbols: &[u32]) -> Self {
        let mut counts = [0_u8; CLASSES];
        for &symbol in symbols {
            let count = &mut counts[symbol as usize % CLASSES];
            *count = count.saturating_add(1);
        }
        Self(counts)
    }

    /// Those of each string.
    pub(super) fn of_each(
        strings: &Column<u32>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<Self>, Interrupted> {
        let mut counts = with_room(strings.len());
        for index in 0..strings.len() {
            if index.is_multiple_of(LOOK) && stop() {
                return Err(Interrupted);
            }
            counts.push(Self::of(strings.get(index)));
        }
        Ok(counts)
    }

    /// How many symbols the string has that the other one lacks, at least, and the other that it lacks.
    #[inline]
    pub(super) fn beside(&self, other: &Self) -> [usize; 2] {
        let (mut more, mut fewer) = (0_u16, 0_u16);
        for (&a, &b) in self.0.iter().zip(&other.0) {
            more += u16::from(a.saturating_sub(b));
            fewer += u16::from(b.saturating_sub(a));
        }
        [more.into(), fewer.into()]
    }
}
