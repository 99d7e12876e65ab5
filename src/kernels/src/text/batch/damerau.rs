//! Damerau's distance in its unrestricted form, in lanes of bytes.
//!
//! The recurrence of Zhao and Sahni 2019, as for two strings, cell by cell: the query's symbol is the same in all lanes and
//! the choice's is fixed in a column of a lane, so that all it remembers is a register for a row or for a column. A swap
//! ends in a cell either where the row's symbol stands one column to the left, or where the column's symbol stands one row
//! above; what it costs in the first case is kept for a column, and grows with each row, and in the second for the row, and
//! grows with each column.

use super::columns::Columns;
use super::scores::{Asked, Distances, Found, MOST};
use crate::arch::{Arch, Bytes, Kernel, Lanes, One};
use crate::simd::Level;

/// The longest query whose distances to strings of a block fit in a byte, with room for what is far.
pub(super) const LONGEST: usize = 250;

/// Of no way at all; sums stay there.
const FAR: u8 = u8::MAX;

/// Memory of a thread's.
#[derive(Debug, Default)]
pub(super) struct Spare {
    symbols: Vec<u8>,
    state: Vec<u8>,
    out: Vec<u8>,
}

/// Tells the distances of queries and the strings of a block.
pub(super) fn run(level: Level, columns: &Columns, asked: Asked<'_, u32>, spare: &mut Spare) {
    Tile {
        columns,
        asked,
        spare,
    }
    .at(level);
}

struct Tile<'a, 'b> {
    columns: &'a Columns,
    asked: Asked<'b, u32>,
    spare: &'a mut Spare,
}

impl Kernel for Tile<'_, '_> {
    type Output = ();

    fn scalar(self) {
        self.tile::<(), One<u8>>(());
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        self.tile::<A, A::U8>(arch);
    }
}

impl Tile<'_, '_> {
    #[inline(always)]
    fn tile<A: Copy, L: Bytes<A>>(mut self, arch: A) {
        assert_eq!(self.columns.lanes(), L::COUNT);
        let Spare {
            symbols,
            state,
            out,
        } = self.spare;
        out.resize(L::COUNT, 0);
        let mut scores = [0; MOST];
        for (number, query) in self.asked.queries.iter().enumerate() {
            assert!(query.symbols.len() <= LONGEST);
            self.columns.pick(query, symbols);
            fill::<A, L>(arch, self.columns, symbols, state, out);
            let found = Found {
                number,
                query: query.symbols.len(),
                choices: &[],
                lanes: L::COUNT,
                words: out,
            };
            let decode = &mut Distances::<false>;
            self.asked.tell::<A, L, _>(arch, found, decode, &mut scores);
        }
    }
}

/// What is kept for a column, each a register.
const ABOVE: usize = 0;
/// The distance two rows above.
const TWO_ABOVE: usize = 1;
/// What a swap costs that ends here, with the column to the left as its other one.
const SWAP: usize = 2;
/// Nothing where the row above matched here; else all bits.
const UNMATCHED: usize = 3;
const KEPT: usize = 4;

/// The distances of one query. There are no closures, which nothing could make inline.
#[inline(always)]
fn fill<A: Copy, L: Bytes<A>>(
    arch: A,
    columns: &Columns,
    query: &[u8],
    state: &mut Vec<u8>,
    out: &mut [u8],
) {
    let count = columns.count();
    let zero = L::splat(arch, 0);
    let one = L::splat(arch, 1);
    let far = L::splat(arch, FAR);
    let cell = KEPT * L::COUNT;
    if state.len() < count * cell {
        state.resize(count * cell, 0);
    }
    let state = &mut state[..count * cell];
    for (column, kept) in state.chunks_exact_mut(cell).enumerate() {
        put(L::splat(arch, column as u8 + 1), kept);
        for next in 1..KEPT {
            put(far, &mut kept[next * L::COUNT..]);
        }
    }
    for (row, &symbol) in query.iter().enumerate() {
        let symbol = L::splat(arch, symbol);
        // Column 0: here, in the row above and two rows above; there is no column before it.
        let mut distance = L::splat(arch, row as u8 + 1);
        let mut corner = L::splat(arch, row as u8);
        let mut corner_above = if row > 0 {
            L::splat(arch, row as u8 - 1)
        } else {
            far
        };
        let mut corner_before = far;
        // What a swap costs that ends in this row, with the row above as its other one; and whether the column to the left
        // did not match.
        let (mut swap, mut unmatched) = (far, far);
        for (column, kept) in state.chunks_exact_mut(cell).enumerate() {
            let other: L = get(arch, columns.column(column));
            let above: L = get(arch, &kept[ABOVE * L::COUNT..]);
            let two_above: L = get(arch, &kept[TWO_ABOVE * L::COUNT..]);
            let column_swap: L = get(arch, &kept[SWAP * L::COUNT..]);
            let above_unmatched: L = get(arch, &kept[UNMATCHED * L::COUNT..]);
            let same = symbol.equal(other);
            let column_swap = column_swap.add_saturating(one);
            swap = swap.add_saturating(one);
            // All ones where they are the same take the one away again.
            let changed = corner.add(one).add(same);
            let swapped = column_swap.or(unmatched).min(swap.or(above_unmatched));
            distance = distance.min(above).add(one).min(changed.min(swapped));
            unmatched = same.xor(far);
            swap = choose(same, corner_above, swap);
            put(distance, &mut kept[ABOVE * L::COUNT..]);
            put(above, &mut kept[TWO_ABOVE * L::COUNT..]);
            put(
                choose(same, corner_before, column_swap),
                &mut kept[SWAP * L::COUNT..],
            );
            put(unmatched, &mut kept[UNMATCHED * L::COUNT..]);
            (corner_before, corner, corner_above) = (corner, above, two_above);
        }
    }
    // Each string's distance stands in the column where it ends.
    let lengths: L = get(arch, columns.column(count));
    let none = lengths.equal(zero);
    let mut found = none.and(L::splat(arch, query.len() as u8));
    for (column, kept) in state.chunks_exact(cell).enumerate() {
        let ends = lengths.equal(L::splat(arch, column as u8 + 1));
        found = found.or(ends.and(get(arch, &kept[ABOVE * L::COUNT..])));
    }
    put(found, out);
}

/// `a` where the bits are set, `b` where not.
#[inline(always)]
fn choose<A, L: Lanes<A>>(bits: L, a: L, b: L) -> L {
    a.and(bits).or(b.and_not(bits))
}

#[inline(always)]
fn get<A: Copy, L: Lanes<A>>(arch: A, from: &[L::Word]) -> L {
    assert!(from.len() >= L::COUNT);
    // SAFETY: there are as many words.
    unsafe { L::load(arch, from.as_ptr()) }
}

#[inline(always)]
fn put<A, L: Lanes<A>>(register: L, to: &mut [L::Word]) {
    assert!(to.len() >= L::COUNT);
    // SAFETY: there are as many words.
    unsafe { register.store(to.as_mut_ptr()) };
}
