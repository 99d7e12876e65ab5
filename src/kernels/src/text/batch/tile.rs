//! A tile: some queries against the strings of one block, with the registers of an instruction set.

use std::marker::PhantomData;

use super::blocks::Block;
use super::scores::{Asked, Decode, Found, MOST};
use crate::arch::{Arch, Kernel, Lanes, Word};
use crate::room::Grow;
use crate::simd::Level;

/// Registers that are worked on side by side: while one waits for its last result, the other goes on.
pub(super) const SIDE: usize = 2;

/// What a block holds, as registers: `SIDE` of them for each row.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, A, W> {
    pub(super) arch: A,
    /// As many low bits as each string has symbols.
    pub(super) masks: &'a [W],
    /// How many symbols each string has.
    pub(super) lengths: &'a [u8],
    /// Whether the query before it, of this tile, has as many symbols: what follows from the lengths alone is the same.
    pub(super) again: bool,
    first: *const W,
    /// The rows of the query's symbols; each is one of the block's.
    picked: &'a [u16],
}

impl<A: Copy, W: Word> Rows<'_, A, W> {
    /// How many symbols the query has.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.picked.len()
    }

    /// Where each string has the query's symbol at a place.
    #[inline(always)]
    pub(super) fn get<L: Lanes<A, Word = W>>(&self, place: usize) -> [L; SIDE] {
        let row = usize::from(self.picked[place]) * SIDE * L::COUNT;
        // SAFETY: the row is one of the block's, as `Block::pick` promises, and has `SIDE` registers' worth of words, as
        // `tile` has seen.
        unsafe {
            [
                L::load(self.arch, self.first.add(row)),
                L::load(self.arch, self.first.add(row + L::COUNT)),
            ]
        }
    }
}

/// What an algorithm does for one query.
pub(super) trait Scan<W: Word> {
    /// Words that it gives for each string.
    const OUTPUTS: usize;

    /// Writes `OUTPUTS` rows of `lanes` words each. `spare` is memory that it may use. It must be `#[inline(always)]`.
    fn scan<A: Copy, L: Lanes<A, Word = W>>(
        rows: Rows<'_, A, W>,
        spare: &mut Vec<W>,
        out: &mut [W],
    );
}

/// Memory of a thread's.
#[derive(Debug)]
pub(super) struct Spare<W> {
    rows: Vec<u16>,
    words: Vec<W>,
    out: Vec<W>,
}

impl<W> Default for Spare<W> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            words: Vec::new(),
            out: Vec::new(),
        }
    }
}

/// Tells the scores of queries and the strings of a block: what `S` finds, `decode` tells.
pub(super) fn run<W: Word, S: Scan<W>, D: Decode<W>>(
    level: Level,
    block: &Block<W>,
    asked: Asked<'_, D::Score>,
    decode: D,
    spare: &mut Spare<W>,
) {
    Tile::<W, S, D> {
        block,
        asked,
        decode,
        spare,
        algorithm: PhantomData,
    }
    .at(level);
}

struct Tile<'a, 'b, W, S, D: Decode<W>> {
    block: &'a Block<W>,
    asked: Asked<'b, D::Score>,
    decode: D,
    spare: &'a mut Spare<W>,
    algorithm: PhantomData<S>,
}

impl<W: Word, S: Scan<W>, D: Decode<W>> Kernel for Tile<'_, '_, W, S, D> {
    type Output = ();

    fn scalar(self) {
        self.tile::<(), W::One>(());
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        self.tile::<A, W::Lanes<A>>(arch);
    }
}

impl<W: Word, S: Scan<W>, D: Decode<W>> Tile<'_, '_, W, S, D> {
    #[inline(always)]
    fn tile<A: Copy, L: Lanes<A, Word = W>>(mut self, arch: A) {
        let lanes = SIDE * L::COUNT;
        assert_eq!(self.block.lanes(), lanes);
        let Spare {
            rows,
            words: spare,
            out,
        } = self.spare;
        out.room((S::OUTPUTS * lanes).saturating_sub(out.len()));
        out.resize(S::OUTPUTS * lanes, W::default());
        let mut scores = [D::Score::default(); MOST];
        let mut before = None;
        for (number, query) in self.asked.queries.iter().enumerate() {
            self.block.pick(query, rows);
            let rows = Rows {
                arch,
                masks: self.block.masks(),
                lengths: self.block.lengths(),
                again: before.replace(query.symbols.len()) == Some(query.symbols.len()),
                first: self.block.first(),
                picked: rows,
            };
            let words = &mut out[..S::OUTPUTS * lanes];
            S::scan::<A, L>(rows, spare, words);
            let found = Found {
                number,
                query: query.symbols.len(),
                choices: self.block.lengths(),
                lanes,
                words,
            };
            let decode = &mut self.decode;
            self.asked.tell::<A, L, D>(arch, found, decode, &mut scores);
        }
    }
}

/// How many strings a block has for each width of word, at a level.
pub(super) fn lanes(level: Level) -> Counts {
    Count.at(level)
}

/// Strings in a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) u8: usize,
    pub(super) u16: usize,
    pub(super) u32: usize,
    pub(super) u64: usize,
}

struct Count;

impl Kernel for Count {
    type Output = Counts;

    fn scalar(self) -> Counts {
        Counts {
            u8: SIDE,
            u16: SIDE,
            u32: SIDE,
            u64: SIDE,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) -> Counts {
        Counts {
            u8: A::U8::COUNT * SIDE,
            u16: A::U16::COUNT * SIDE,
            u32: A::U32::COUNT * SIDE,
            u64: A::U64::COUNT * SIDE,
        }
    }
}

// What handles registers has no closures, which nothing could make inline.

/// Loads the registers of a row.
#[inline(always)]
pub(super) fn load<A: Copy, L: Lanes<A>>(arch: A, row: &[L::Word]) -> [L; SIDE] {
    assert!(row.len() >= SIDE * L::COUNT);
    // SAFETY: the row has that many words.
    unsafe {
        [
            L::load(arch, row.as_ptr()),
            L::load(arch, row.as_ptr().add(L::COUNT)),
        ]
    }
}

/// Stores the registers of a row.
#[inline(always)]
pub(super) fn store<A, L: Lanes<A>>(registers: [L; SIDE], row: &mut [L::Word]) {
    assert!(row.len() >= SIDE * L::COUNT);
    let [first, second] = registers;
    // SAFETY: the row has that many words.
    unsafe {
        first.store(row.as_mut_ptr());
        second.store(row.as_mut_ptr().add(L::COUNT));
    }
}

/// Stores the number of bits in each lane.
#[inline(always)]
pub(super) fn store_ones<A, L: Lanes<A>>(registers: [L; SIDE], row: &mut [L::Word]) {
    let [first, second] = registers;
    store([first.count_ones(), second.count_ones()], row);
}
