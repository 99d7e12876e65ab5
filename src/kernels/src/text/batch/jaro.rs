//! Jaro's similarity, in lanes: units in common, those out of order, and the common prefix.
//!
//! As for two strings: each of the query's symbols takes the first place of the choice that has it, is within reach and is
//! not taken, which is the lowest bit of a word. A second pass gives each symbol that took a place the taken places in
//! order, and looks whether the symbol there is the same.

use super::scores::MOST;
use super::tile::{Rows, SIDE, Scan, load, store, store_ones};
use crate::arch::{Lanes, Word};
use crate::text::masks::low;

/// Gives three words: the number of units in common, the number of pairs of them that differ when taken in order, and where
/// it is asked for the number of units that both strings begin with, of at most four.
pub(super) struct Common<const PREFIX: bool>;

/// The words that [`Common`] gives.
pub(super) const WORDS: usize = 3;

/// The most units of a common prefix that are counted.
pub(super) const PREFIX_MOST: usize = 4;

impl<W: Word, const PREFIX: bool> Scan<W> for Common<PREFIX> {
    const OUTPUTS: usize = WORDS;

    #[inline(always)]
    fn scan<A: Copy, L: Lanes<A, Word = W>>(
        rows: Rows<'_, A, W>,
        spare: &mut Vec<W>,
        out: &mut [W],
    ) {
        let arch = rows.arch;
        let lanes = SIDE * L::COUNT;
        let zero = L::splat(arch, W::default());
        let one = L::splat(arch, W::from_u64(1));
        let size = rows.len() * lanes;
        if spare.len() < 2 * size {
            spare.resize(2 * size, W::default());
        }
        let (outside, untaken) = spare[..2 * size].split_at_mut(size);
        if !rows.again {
            reach_out::<A, L>(arch, rows.len(), rows.lengths, outside);
        }
        let mut taken = [zero; SIDE];
        let parts = outside
            .chunks_exact(lanes)
            .zip(untaken.chunks_exact_mut(lanes));
        for (place, (outside, untaken)) in parts.enumerate() {
            let equal = rows.get::<L>(place);
            let outside: [L; SIDE] = load(arch, outside);
            let mut nothing = [zero; SIDE];
            for side in 0..SIDE {
                let free = equal[side].and_not(taken[side].or(outside[side]));
                taken[side] = taken[side].or(free.and(zero.sub(free)));
                nothing[side] = free.equal(zero);
            }
            store(nothing, untaken);
        }
        let (mut rest, mut differ) = (taken, [zero; SIDE]);
        for (place, untaken) in untaken.chunks_exact(lanes).enumerate() {
            let equal = rows.get::<L>(place);
            let untaken: [L; SIDE] = load(arch, untaken);
            for side in 0..SIDE {
                let first = rest[side].and(zero.sub(rest[side])).and_not(untaken[side]);
                rest[side] = rest[side].xor(first);
                differ[side] = differ[side].or(first.and_not(equal[side]));
            }
        }
        let (common, others) = out.split_at_mut(lanes);
        let (differing, begun) = others.split_at_mut(lanes);
        store_ones(taken, common);
        store_ones(differ, differing);
        if PREFIX {
            let mut prefix = [zero; SIDE];
            for place in 0..rows.len().min(PREFIX_MOST) {
                let equal = rows.get::<L>(place);
                let bit = L::splat(arch, W::from_u64(1 << place));
                for side in 0..SIDE {
                    prefix[side] = prefix[side].or(equal[side].and(bit));
                }
            }
            for begun in &mut prefix {
                // The run of ones at the low end: adding one ends it.
                *begun = begun.and_not(begun.add(one));
            }
            store_ones(prefix, begun);
        } else {
            store([zero; SIDE], begun);
        }
    }
}

/// Writes, for each place of a query with so many symbols, the places of each string that are out of its reach.
#[inline(always)]
fn reach_out<A: Copy, L: Lanes<A>>(arch: A, query: usize, lengths: &[u8], outside: &mut [L::Word]) {
    let lanes = SIDE * L::COUNT;
    let (mut shortest, mut longest) = (usize::MAX, 0);
    for &length in lengths {
        shortest = shortest.min(length.into());
        longest = longest.max(length.into());
    }
    if query >= longest || shortest == longest {
        let reach = reach(query, longest);
        for (place, outside) in outside.chunks_exact_mut(lanes).enumerate() {
            let within = low(place + reach + 1) & !low(place.saturating_sub(reach));
            store([L::splat(arch, L::Word::from_u64(!within)); SIDE], outside);
        }
        return;
    }
    let mut words = [L::Word::default(); MOST];
    for (word, &length) in words.iter_mut().zip(lengths) {
        *word = L::Word::from_u64(low(reach(query, length.into()) + 1));
    }
    let first: [L; SIDE] = load(arch, &words);
    let zero = L::splat(arch, L::Word::default());
    let one = L::splat(arch, L::Word::from_u64(1));
    let mut within = first;
    let all = L::splat(arch, L::Word::from_u64(u64::MAX));
    for (place, outside) in outside.chunks_exact_mut(lanes).enumerate() {
        store([all.and_not(within[0]), all.and_not(within[1])], outside);
        // It moves on, and the first place stays in it while that is within reach: here a query is shorter than some
        // choice, so that its places are bits of a word.
        let bit = L::splat(arch, L::Word::from_u64(2 << place));
        for side in 0..SIDE {
            let passed = first[side].and(bit).equal(zero);
            let moved = within[side].add(within[side]);
            within[side] = moved.or(one.and_not(passed));
        }
    }
}

/// How far from a unit's place another may be to be in common with it.
fn reach(a: usize, b: usize) -> usize {
    (a.max(b) / 2).saturating_sub(1)
}
