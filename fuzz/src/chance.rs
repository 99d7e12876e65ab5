//! What is left to chance: which level an input is run at, and whether it may be large.
//!
//! Every level, and every size, of each input would be a few inputs a second. While fuzzing, one level is drawn for an input, by
//! all of its bytes alike: the next one, though little is changed, has another draw, and no input that was kept for being large
//! makes those that come of it large too. Where inputs are replayed, each is run at every level.

use arbitrary::Unstructured;
use hotkernels_kernels::simd::{self, Level};

use crate::numbers::Mix;

/// Of how many inputs one is run at every level.
const THOROUGH: usize = 16;

/// Draws that the bytes of an input decide.
#[derive(Clone, Debug)]
pub struct Chance(Mix);

impl Chance {
    /// Of all bytes that are left: of an input, before any is taken.
    pub fn of(u: &Unstructured<'_>) -> Self {
        // FNV-1a (Fowler, Noll and Vo).
        let bytes = u.peek_bytes(u.len()).unwrap_or_default();
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(Mix(hash))
    }

    /// Whether it is the one of so many.
    pub fn one_of(&mut self, many: usize) -> bool {
        self.0.below(many) == 0
    }

    /// A level that this CPU has: for an input that is large, replayed too.
    pub fn level(&mut self) -> Level {
        let all = simd::available();
        all[self.0.below(all.len())]
    }

    /// The levels to run at: every one that this CPU has, or while fuzzing one of them.
    pub fn levels(&mut self) -> Vec<Level> {
        let (thorough, one) = (self.one_of(THOROUGH), self.level());
        if cfg!(fuzzing) && !thorough {
            vec![one]
        } else {
            simd::available()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_draw_comes_as_often_as_it_should() {
        let drawn = |draw: fn(&mut Chance) -> bool| {
            let inputs = (0..6400_u32).map(u32::to_le_bytes);
            inputs
                .filter(|bytes| draw(&mut Chance::of(&Unstructured::new(bytes))))
                .count()
        };
        assert!((300..500).contains(&drawn(|chance| chance.one_of(16))));
        assert!((50..150).contains(&drawn(|chance| chance.one_of(64))));
        // Replayed, an input is run everywhere.
        assert_eq!(drawn(|chance| chance.levels() == simd::available()), 6400);
    }

    #[test]
    fn an_input_is_drawn_for_alike_each_time() {
        let draws = || {
            let mut chance = Chance::of(&Unstructured::new(b"an input"));
            [2, 3, 5, 7].map(|many| chance.one_of(many))
        };
        assert_eq!(draws(), draws());
    }
}
