//! Jaro's similarity, in lanes: units in common, those out of order, and the common prefix.
//!
//! As for two strings: each of the query's symbols takes the first place of the choice that has it, is within reach and is
//! not taken, which is the lowest bit of a word. A second pass gives each symbol that took a place the taken places in
//! order, and looks whether the symbol there is the same.

use super::tile::{Rows, SIDE, Scan, load, store, store_ones};
use crate::arch::{Lanes, Word};
use crate::text::masks::low;

/// Gives two words: the number of units in common, times twice the bits of a word, and of pairs of them that differ when
/// taken in order; and the number of units that both strings begin with, of at most four.
pub(super) struct Common;

/// The most units of a common prefix that are counted.
const PREFIX: usize = 4;

/// The most strings of a block.
const MOST: usize = 128;

impl<W: Word> Scan<W> for Common {
    const OUTPUTS: usize = 2;

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
        if spare.len() < rows.len() * lanes {
            spare.resize(rows.len() * lanes, W::default());
        }
        let mut windows = Windows::<L>::new::<A>(arch, rows.len(), rows.lengths);
        let (mut taken, mut prefix) = ([zero; SIDE], [zero; SIDE]);
        for (place, untaken) in spare.chunks_exact_mut(lanes).take(rows.len()).enumerate() {
            let equal = rows.get::<L>(place);
            let within = windows.next::<A>(arch, place);
            let mut nothing = [zero; SIDE];
            for side in 0..SIDE {
                let free = equal[side].and(within[side]).and_not(taken[side]);
                taken[side] = taken[side].or(free.and(zero.sub(free)));
                nothing[side] = free.equal(zero);
            }
            store(nothing, untaken);
            if place < PREFIX {
                let bit = L::splat(arch, W::from_u64(1 << place));
                for side in 0..SIDE {
                    prefix[side] = prefix[side].or(equal[side].and(bit));
                }
            }
        }
        let (mut rest, mut differ) = (taken, [zero; SIDE]);
        for (place, untaken) in spare.chunks_exact(lanes).take(rows.len()).enumerate() {
            let equal = rows.get::<L>(place);
            let untaken: [L; SIDE] = load(arch, untaken);
            for side in 0..SIDE {
                let first = rest[side].and(zero.sub(rest[side])).and_not(untaken[side]);
                rest[side] = rest[side].xor(first);
                differ[side] = differ[side].or(first.and_not(equal[side]));
            }
        }
        for begun in &mut prefix {
            // The run of ones at the low end: adding one ends it.
            *begun = begun.and_not(begun.add(one));
        }
        let (counts, begun) = out.split_at_mut(lanes);
        for (taken, differ) in taken.iter_mut().zip(differ) {
            *taken = taken.count_ones();
            for _ in 0..(2 * W::BITS).ilog2() {
                *taken = taken.add(*taken);
            }
            *taken = taken.add(differ.count_ones());
        }
        store(taken, counts);
        store_ones(prefix, begun);
    }
}

/// The places within reach of each of the query's, one after the other.
enum Windows<L> {
    /// The same in all lanes: how far they reach.
    Alike(usize),
    /// The places within reach of the first, and of the one that comes next.
    Apart([L; SIDE], [L; SIDE]),
}

impl<L> Windows<L> {
    /// Those of a query with that many symbols.
    #[inline(always)]
    fn new<A: Copy>(arch: A, query: usize, lengths: &[u8]) -> Self
    where
        L: Lanes<A>,
    {
        // The strings of a block come by length.
        let ends = [lengths.first(), lengths.last()]
            .map(|length| length.map_or(0, |&length| length.into()));
        if query >= ends[1] || ends[0] == ends[1] {
            return Self::Alike(reach(query, ends[1]));
        }
        let mut words = [L::Word::default(); MOST];
        for (word, &length) in words.iter_mut().zip(lengths) {
            *word = L::Word::from_u64(low(reach(query, length.into()) + 1));
        }
        let first = load(arch, &words);
        Self::Apart(first, first)
    }

    /// The places within reach of that one; asked for each in turn.
    #[inline(always)]
    fn next<A: Copy>(&mut self, arch: A, place: usize) -> [L; SIDE]
    where
        L: Lanes<A>,
    {
        match self {
            Self::Alike(reach) => {
                let window = low(place + *reach + 1) & !low(place.saturating_sub(*reach));
                [L::splat(arch, L::Word::from_u64(window)); SIDE]
            }
            Self::Apart(first, next) => {
                let within = *next;
                // It moves on, and the first place stays in it while that is within reach: here a query is shorter than
                // some choice, so that its places are bits of a word.
                let zero = L::splat(arch, L::Word::default());
                let one = L::splat(arch, L::Word::from_u64(1));
                let bit = L::splat(arch, L::Word::from_u64(2 << place));
                for side in 0..SIDE {
                    let passed = first[side].and(bit).equal(zero);
                    let moved = within[side].add(within[side]);
                    next[side] = moved.or(one.and_not(passed));
                }
                within
            }
        }
    }
}

/// How far from a unit's place another may be to be in common with it.
fn reach(a: usize, b: usize) -> usize {
    (a.max(b) / 2).saturating_sub(1)
}
