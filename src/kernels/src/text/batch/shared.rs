//! What two sets share, in lanes: the places of a set whose symbol the query has.

use super::tile::{Rows, SIDE, Scan, store_ones};
use crate::arch::{Lanes, Word};

/// Gives the number of symbols that are in both sets; no symbol is in a set twice.
pub(super) struct Shared;

impl<W: Word> Scan<W> for Shared {
    const OUTPUTS: usize = 1;

    #[inline(always)]
    fn scan<A: Copy, L: Lanes<A, Word = W>>(rows: Rows<'_, A, W>, _: &mut Vec<W>, out: &mut [W]) {
        let mut shared = [L::splat(rows.arch, W::default()); SIDE];
        for place in 0..rows.len() {
            let equal = rows.get::<L>(place);
            for side in 0..SIDE {
                shared[side] = shared[side].or(equal[side]);
            }
        }
        store_ones(shared, out);
    }
}
