//! Levenshtein's distance and optimal string alignment, in lanes.
//!
//! The recurrence of Hyyrö 2003, as for two strings. Steps to the right that do not go up are kept in the place of those
//! that do: shifted, they have the step of the first row without a bit being set. No distance is kept on the way: at the end
//! it is the query's length plus the steps up of the last column, less those down.

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
        let all = L::splat(arch, W::from_u64(u64::MAX));
        // Bit i: from row i to i + 1 of the column the distance grows; it falls.
        let (mut up, mut down) = ([all; SIDE], [zero; SIDE]);
        let (mut diagonal, mut before) = ([zero; SIDE], [zero; SIDE]);
        for place in 0..rows.len() {
            let equal = rows.get::<L>(place);
            for side in 0..SIDE {
                let (up, down, equal) = (&mut up[side], &mut down[side], equal[side]);
                let (last, before) = (&mut diagonal[side], &mut before[side]);
                let carried = equal.and(*up).add(*up);
                // Where the distance is that of the row above in the last column.
                let mut diagonal = carried.xor(*up).or(equal.or(*down));
                if SWAPS {
                    let swap = equal.and_not(*last);
                    diagonal = diagonal.or(swap.add(swap).and(*before));
                    (*last, *before) = (diagonal, equal);
                }
                // From one column to the next: it does not grow; it falls.
                let right = diagonal.or(*up).and_not(*down);
                let left = diagonal.and(*up);
                let (right, left) = (right.add(right), left.add(left));
                *up = left.or(right.and_not(diagonal));
                *down = diagonal.and_not(right);
            }
        }
        let masks: [L; SIDE] = load(arch, rows.masks);
        let mut steps = [L::splat(arch, W::from_u64(W::BITS as u64)); SIDE];
        for side in 0..SIDE {
            let up = masks[side].and(up[side]).count_ones();
            let down = masks[side].and(down[side]).count_ones();
            steps[side] = steps[side].add(up).sub(down);
        }
        store(steps, out);
    }
}
