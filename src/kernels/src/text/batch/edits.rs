//! Levenshtein's distance, optimal string alignment and Damerau's distance, in lanes.
//!
//! The recurrences of [`levenshtein`](crate::text::levenshtein), [`osa`](crate::text::osa) and
//! [`damerau`](crate::text::damerau_levenshtein) for two strings. Steps to the right that do not go up are kept in the place
//! of those that do: shifted, they have the step of the first row without a bit being set. No distance is kept on the way:
//! at the end it is the query's length plus the steps up of the last column, less those down.

use std::marker::PhantomData;

use super::tile::{Rows, SIDE, Scan, load, store};
use crate::arch::{Lanes, Word};
use crate::text::long::Edits;

/// The distance with those edits. Gives the distance less the query's length, plus as much as a word has bits.
pub(super) struct Steps<E>(PhantomData<E>);

impl<W: Word, E: Edits> Scan<W> for Steps<E> {
    const OUTPUTS: usize = 1;

    #[inline(always)]
    fn scan<A: Copy, L: Lanes<A, Word = W>>(rows: Rows<'_, A, W>, _: &mut Vec<W>, out: &mut [W]) {
        let arch = rows.arch;
        let zero = L::splat(arch, W::default());
        let all = L::splat(arch, W::from_u64(u64::MAX));
        // Bit i: from row i to i + 1 of the column the distance grows; it falls.
        let (mut up, mut down) = ([all; SIDE], [zero; SIDE]);
        let (mut diagonal, mut before) = ([zero; SIDE], [zero; SIDE]);
        // A swap that ends in row i + 1, whose rows are neighbours, may end here.
        let mut across = [zero; SIDE];
        for place in 0..rows.len() {
            let equal = rows.get::<L>(place);
            for side in 0..SIDE {
                let (up, down, equal) = (&mut up[side], &mut down[side], equal[side]);
                let (last, before) = (&mut diagonal[side], &mut before[side]);
                let across = &mut across[side];
                let carried = equal.and(*up).add(*up);
                // Where the distance is that of the row above in the last column.
                let mut diagonal = carried.xor(*up).or(equal.or(*down));
                if E::SWAPS {
                    let begins = equal.and_not(*last);
                    let mut ends = begins.add(begins);
                    if E::GAPS {
                        ends = ends.and(*up).add(*up).xor(*up).or(ends);
                        diagonal = diagonal.or(equal.add(equal).and(*across));
                    }
                    diagonal = diagonal.or(ends.and(*before));
                    (*last, *before) = (diagonal, equal);
                }
                // From one column to the next: it does not grow; it falls.
                let right = diagonal.or(*up).and_not(*down);
                let left = diagonal.and(*up);
                let (right, left) = (right.add(right), left.add(left));
                if E::GAPS {
                    let above = diagonal.add(diagonal);
                    *across = across.and_not(right).or(equal.and_not(above));
                }
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
