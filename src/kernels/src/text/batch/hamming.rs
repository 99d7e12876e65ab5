//! Hamming's distance, in lanes: the places at which a string has the query's symbol there.

use super::tile::{Rows, SIDE, Scan, store_ones};
use crate::arch::{Lanes, Word};

/// Gives the number of places that are the same.
pub(super) struct Same;

impl<W: Word> Scan<W> for Same {
    const OUTPUTS: usize = 1;

    #[inline(always)]
    fn scan<A: Copy, L: Lanes<A, Word = W>>(rows: Rows<'_, A, W>, _: &mut Vec<W>, out: &mut [W]) {
        let arch = rows.arch;
        let mut same = [L::splat(arch, W::default()); SIDE];
        for place in 0..rows.len().min(W::BITS) {
            let equal = rows.get::<L>(place);
            let bit = L::splat(arch, W::from_u64(1 << place));
            for side in 0..SIDE {
                same[side] = same[side].or(equal[side].and(bit));
            }
        }
        store_ones(same, out);
    }
}
