//! Hamming's distance, in lanes: the places at which a string lacks the query's symbol, or the query has none.

use super::tile::{Rows, SIDE, Scan, load, store};
use crate::arch::{Lanes, Word};
use crate::text::masks::low;

/// Gives the distance less the query's length, plus as much as a word has bits.
pub(super) struct Different;

impl<W: Word> Scan<W> for Different {
    const OUTPUTS: usize = 1;

    #[inline(always)]
    fn scan<A: Copy, L: Lanes<A, Word = W>>(rows: Rows<'_, A, W>, _: &mut Vec<W>, out: &mut [W]) {
        let arch = rows.arch;
        let within = rows.len().min(W::BITS);
        let mut same = [L::splat(arch, W::default()); SIDE];
        let mut bit = L::splat(arch, W::from_u64(1));
        for place in 0..within {
            let equal = rows.get::<L>(place);
            for side in 0..SIDE {
                same[side] = same[side].or(equal[side].and(bit));
            }
            bit = bit.add(bit);
        }
        let query = L::splat(arch, W::from_u64(low(within)));
        // What of the query has no bits differs; it is a part of the length.
        let base = L::splat(arch, W::from_u64((W::BITS - within) as u64));
        let masks: [L; SIDE] = load(arch, rows.masks);
        let mut found = [base; SIDE];
        for side in 0..SIDE {
            let differ = masks[side].or(query).and_not(same[side]);
            found[side] = base.add(differ.count_ones());
        }
        store(found, out);
    }
}
