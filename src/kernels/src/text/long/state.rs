//! A column of a group in a pass, and the step to the next one.

use std::array::from_fn;
use std::marker::PhantomData;

use super::{Edits, LANES, ROWS};
use crate::arch::Words;
use crate::text::masks::low;

/// A word a lane of each: the steps down the lane's present column, and what it takes from the lane above and from the
/// column before. The names are those of [`levenshtein`](crate::text::levenshtein) and [`damerau`](crate::text::damerau).
#[derive(Clone, Copy)]
pub(super) struct State<A, W> {
    up: W,
    down: W,
    diagonal: W,
    before: W,
    across: W,
    /// The steps along the lane's rows and the swaps that may begin there, for the lane below: their highest bits are those
    /// of the last row.
    right: W,
    left: W,
    begins: W,
    arch: PhantomData<A>,
}

impl<A: Copy, W: Words<A>> State<A, W> {
    /// Before the first column, where each row is one more than the one above it; the first `blank` rows stand for nothing:
    /// all of them are as the row above the first.
    #[inline(always)]
    pub(super) fn new(arch: A, blank: usize) -> Self {
        let none = W::new(arch, [0; LANES]);
        let up = from_fn(|lane| !low(blank.saturating_sub(lane * ROWS)));
        Self {
            up: W::new(arch, up),
            down: none,
            diagonal: none,
            before: none,
            across: none,
            right: none,
            left: none,
            begins: none,
            arch: PhantomData,
        }
    }

    /// Takes the lanes of the mask back to what they were: those that have not come to the first column.
    #[inline(always)]
    pub(super) fn keep_from(&mut self, before: &Self, mask: W) {
        let keep = |now: W, before: W| now.and_not(mask).or(before.and(mask));
        self.up = keep(self.up, before.up);
        self.down = keep(self.down, before.down);
        self.diagonal = keep(self.diagonal, before.diagonal);
        self.before = keep(self.before, before.before);
        self.across = keep(self.across, before.across);
    }

    /// Takes each lane one column on. `enters` is the step above the first lane, the result the one below the last: bits 0
    /// and 1 say that the distance grows and that it falls, and the others what swaps take from the row above: 2 that one
    /// may have begun, 3 that the distance is that of one row and column before, 4 that the units are equal.
    #[inline(always)]
    pub(super) fn advance<E: Edits>(&mut self, arch: A, enters: u8, equal: W) -> u8 {
        let all = W::new(arch, [!0; LANES]);
        // As the highest bit of the word above.
        let bit = |number: u32| u64::from(enters >> number) << 63;
        let right_above = self.right.push(arch, bit(0)).top();
        let left_above = self.left.push(arch, bit(1)).top();
        let (up, down) = (self.up, self.down);
        let matched = equal.or(left_above);
        let sum = matched.and(up).add(up);
        let mut diagonal = sum.xor(up).or(matched.or(down));
        let mut diagonal_above = all;
        if E::SWAPS {
            let begins_above = self.begins.push(arch, bit(2)).top();
            let begins = equal.and_not(self.diagonal);
            let mut ends = begins.double().or(begins_above);
            self.begins = begins;
            if E::GAPS {
                ends = ends.and(up).add(up).xor(up).or(ends);
                self.begins = begins.or(ends.and(up));
                diagonal_above = self.diagonal.push(arch, bit(3)).top();
                let equal_above = self.before.push(arch, bit(4)).top();
                let rows = equal.double().or(equal_above);
                diagonal = diagonal.or(rows.and(self.across));
            }
            diagonal = diagonal.or(ends.and(self.before));
        }
        self.right = down.or(all.and_not(diagonal.or(up)));
        self.left = diagonal.and(up);
        let right = self.right.double().or(right_above);
        let left = self.left.double().or(left_above);
        self.up = left.or(all.and_not(diagonal.or(right)));
        self.down = diagonal.and(right);
        let mut leaves = self.right.top().or(self.left.top().double());
        if E::SWAPS {
            leaves = leaves.or(self.begins.top().double().double());
        }
        if E::GAPS {
            let above = diagonal.double().or(diagonal_above);
            self.across = self.across.and(right).or(equal.and_not(above));
            let last = diagonal.top().or(equal.top().double());
            leaves = leaves.or(last.double().double().double());
        }
        if E::SWAPS {
            self.diagonal = diagonal;
            self.before = equal;
        }
        leaves.last() as u8
    }
}
