//! Levenshtein's distance and optimal string alignment, in lanes.
//!
//! The recurrence of Hyyrö 2003, as for two strings, with the positive steps negated, so that no complement is left in it.
//! No distance is kept on the way: at the end it is the query's length plus the steps up of the last column, less those
//! down.

use super::tile::{Rows, SIDE, Scan, load, store};
use crate::arch::{Lanes, Word};

/// The distance; with swaps, of optimal string alignment. Gives the distance less the query's length, plus as much as a
/// word has bits.
pub(super) struct Edits<const SWAPS: bool>;

impl<W: Word, const SWAPS: bool> Scan<W> for Edits<SWAPS> {
    const OUTPUTS: usize = 1;

    #[inline(always)]
    fn scan<A: Copy, L: Lanes<A, Word = W>>(rows: Rows<'_, A, W>, _: &mut Vec<W>, out: &mut [W]) {
        let arch = rows.arch;
        let zero = L::splat(arch, W::default());
        let one = L::splat(arch, W::from_u64(1));
        // Bit i: going down from row i to i + 1 the distance does not grow; it falls.
        let (mut not_up, mut down) = ([zero; SIDE], [zero; SIDE]);
        let (mut diagonal, mut before) = ([zero; SIDE], [zero; SIDE]);
        for place in 0..rows.len() {
            let equal = rows.get::<L>(place);
            for side in 0..SIDE {
                let (not_up, down, equal) = (&mut not_up[side], &mut down[side], equal[side]);
                let (last, before) = (&mut diagonal[side], &mut before[side]);
                let carried = not_up.sub(equal.and_not(*not_up)).xor(*not_up);
                let mut diagonal = carried.or(equal).or(*down);
                if SWAPS {
                    let swap = equal.and_not(*last);
                    diagonal = diagonal.or(swap.add(swap).and(*before));
                    (*last, *before) = (diagonal, equal);
                }
                let right = down.or(not_up.and_not(diagonal));
                let right = right.add(right).or(one);
                let left = diagonal.and_not(*not_up);
                let left = left.add(left);
                *not_up = diagonal.or(right).and_not(left);
                *down = diagonal.and(right);
            }
        }
        let masks: [L; SIDE] = load(arch, rows.masks);
        let mut steps = [L::splat(arch, W::from_u64(W::BITS as u64)); SIDE];
        for side in 0..SIDE {
            let up = masks[side].and_not(not_up[side]).count_ones();
            let down = masks[side].and(down[side]).count_ones();
            steps[side] = steps[side].add(up).sub(down);
        }
        store(steps, out);
    }
}
