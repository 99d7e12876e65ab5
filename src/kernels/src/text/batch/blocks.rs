//! Blocks: strings in lanes, and for each symbol of theirs a row of words that say where each string has it.

use std::collections::HashMap;
use std::mem::{align_of, size_of};

use super::alphabet::DENSE;
use super::queries::Query;
use crate::arch::Word;
use crate::room::{Grow, collected, filled};
use crate::text::masks::low;
use crate::text::units::Symbol;

/// Bytes of the largest register, and of a cache line.
const LINE: usize = 64;

/// The row of symbols that no string of the block has: no bit is set.
const NOWHERE: usize = 0;

/// The row of the lengths: each word has as many low bits set as its string has symbols.
const LENGTHS: usize = 1;

/// The most places of texts that a block of pairs has rows for.
pub(super) const BESIDE: usize = 64;

/// Numbers of rows, by symbol.
#[derive(Debug)]
struct Index {
    dense: Box<[u16; DENSE as usize]>,
    /// The other symbols, in order.
    sparse: Vec<(u32, u16)>,
}

impl Index {
    /// Numbers the symbols of these strings, behind the other rows; and how many rows there are.
    fn new(strings: &[&[u32]]) -> (Self, usize) {
        let mut dense = Box::new([NOWHERE as u16; DENSE as usize]);
        let mut sparse: HashMap<u32, u16> = HashMap::new();
        let mut next = LENGTHS as u16 + 1;
        for string in strings {
            for &symbol in *string {
                let row = match dense.get_mut(symbol as usize) {
                    Some(row) => row,
                    None => sparse.entry(symbol).or_insert(NOWHERE as u16),
                };
                if *row == NOWHERE as u16 {
                    *row = next;
                    next += 1;
                }
            }
        }
        let mut sparse: Vec<_> = collected(sparse.into_iter());
        sparse.sort_unstable();
        (Self { dense, sparse }, next.into())
    }

    /// The number of a symbol's row; 0 where it has none.
    #[inline(always)]
    fn get(&self, symbol: u32) -> u16 {
        match self.dense.get(symbol as usize) {
            Some(&row) => row,
            None => self.get_sparse(symbol),
        }
    }

    #[inline(never)]
    fn get_sparse(&self, symbol: u32) -> u16 {
        let found = self
            .sparse
            .binary_search_by_key(&symbol, |&(symbol, _)| symbol);
        found.map_or(0, |place| self.sparse[place].1)
    }

    /// The row of each of the query's symbols.
    #[inline(always)]
    fn pick(&self, query: &Query<'_>, rows: &mut Vec<u16>) {
        rows.clear();
        rows.room(query.symbols.len());
        match query.dense {
            Some(bytes) => rows.extend(bytes.iter().map(|&byte| self.dense[usize::from(byte)])),
            None => rows.extend(query.symbols.iter().map(|&symbol| self.get(symbol))),
        }
    }
}

/// Rows of words, each row from a cache line on.
#[derive(Debug)]
pub(super) struct Rows<W> {
    words: Vec<W>,
    start: usize,
    lanes: usize,
}

impl<W: Word> Rows<W> {
    /// So many rows of so many words, with no bit set.
    pub(super) fn new(rows: usize, lanes: usize) -> Self {
        let words = filled(W::default(), rows * lanes + LINE / size_of::<W>());
        // The memory stays where it is when the vector moves. Words are aligned to their own size.
        debug_assert_eq!(align_of::<W>(), size_of::<W>());
        let past = words.as_ptr().addr() % LINE;
        let start = (LINE - past) % LINE / size_of::<W>();
        Self {
            words,
            start,
            lanes,
        }
    }

    /// Words in a row.
    #[inline(always)]
    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    /// A row's words.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[W] {
        &self.words[self.start + row * self.lanes..][..self.lanes]
    }

    /// A word.
    #[inline(always)]
    fn at(&mut self, row: usize, lane: usize) -> &mut W {
        debug_assert!(lane < self.lanes);
        &mut self.words[self.start + row * self.lanes + lane]
    }

    /// The words from a lane of the first row on: every `lanes`-th is one of the lane's.
    #[inline(always)]
    fn lane_mut(&mut self, lane: usize) -> &mut [W] {
        &mut self.words[self.start + lane..]
    }

    /// The first row's first word.
    #[inline(always)]
    pub(super) fn first(&self) -> *const W {
        self.words[self.start..].as_ptr()
    }

    /// The same, to be written too.
    #[inline(always)]
    fn first_mut(&mut self) -> *mut W {
        self.words[self.start..].as_mut_ptr()
    }

    /// Writes units in a lane, from a row on, one a row.
    #[inline(always)]
    pub(super) fn set_lane<U: Symbol>(&mut self, row: usize, lane: usize, units: &[U]) {
        let first = self.start + row * self.lanes + lane;
        let Some(more) = units.len().checked_sub(1) else {
            return;
        };
        assert!(first + more * self.lanes < self.words.len());
        let mut word = self.words.as_mut_ptr().wrapping_add(first);
        for &unit in units {
            // SAFETY: the last of these words is in the vector, as seen above.
            unsafe { word.write(W::from_u64(u64::from(unit.into()))) };
            word = word.wrapping_add(self.lanes);
        }
    }
}

/// Strings of at most as many symbols as a word has bits, at most one a lane.
#[derive(Debug)]
pub(super) struct Block<W> {
    index: Index,
    rows: Rows<W>,
    lengths: Vec<u8>,
}

impl<W: Word> Block<W> {
    /// Lays out strings of numbered symbols.
    pub(super) fn new(strings: &[&[u32]], lanes: usize) -> Self {
        assert!(strings.len() <= lanes);
        let (index, count) = Index::new(strings);
        let mut rows = Rows::<W>::new(count, lanes);
        for (lane, string) in strings.iter().enumerate() {
            assert!(string.len() <= W::BITS);
            let words = rows.lane_mut(lane);
            let mut bit = 1;
            for &symbol in *string {
                let word = &mut words[usize::from(index.get(symbol)) * lanes];
                *word = W::from_u64(word.to_u64() | bit);
                bit <<= 1;
            }
            words[LENGTHS * lanes] = W::from_u64(low(string.len()));
        }
        debug_assert!(rows.row(NOWHERE).iter().all(|word| word.to_u64() == 0));
        Self {
            index,
            rows,
            lengths: collected(strings.iter().map(|string| string.len() as u8)),
        }
    }

    /// A block whose symbols are places, up to [`BESIDE`] of them: the row of a place is written where it is asked for.
    pub(super) fn beside(lanes: usize) -> Self {
        let mut dense = Box::new([NOWHERE as u16; DENSE as usize]);
        for (row, place) in (LENGTHS as u16 + 1..).zip(dense.iter_mut().take(BESIDE)) {
            *place = row;
        }
        Self {
            index: Index {
                dense,
                sparse: Vec::new(),
            },
            rows: Rows::new(LENGTHS + 1 + BESIDE, lanes),
            lengths: filled(0, lanes),
        }
    }

    /// Sets a string's length.
    #[inline]
    pub(super) fn set_length(&mut self, lane: usize, length: usize) {
        self.lengths[lane] = length as u8;
        *self.rows.at(LENGTHS, lane) = W::from_u64(low(length));
    }

    /// The row of the lengths, and of a block that is [`Block::beside`] the rows of places.
    #[inline(always)]
    pub(super) fn beside_mut(&mut self) -> (*const W, *mut W) {
        assert!(self.rows.words.len() >= self.rows.start + (LENGTHS + 1 + BESIDE) * self.lanes());
        let lanes = self.lanes();
        let first = self.rows.first_mut();
        let [lengths, places] = [LENGTHS, LENGTHS + 1].map(|row| first.wrapping_add(row * lanes));
        (lengths, places)
    }

    /// Words in a row: how many strings could be there.
    #[inline(always)]
    pub(super) fn lanes(&self) -> usize {
        self.rows.lanes()
    }

    /// The length of each string.
    #[inline(always)]
    pub(super) fn lengths(&self) -> &[u8] {
        &self.lengths
    }

    /// As many low bits in each word as the string has symbols; none behind the last string.
    #[inline(always)]
    pub(super) fn masks(&self) -> &[W] {
        self.rows.row(LENGTHS)
    }

    /// The words of the first row.
    #[inline(always)]
    pub(super) fn first(&self) -> *const W {
        self.rows.first()
    }

    /// The row of each of the query's symbols. All these rows are there, of as many words as there are lanes.
    #[inline(always)]
    pub(super) fn pick(&self, query: &Query<'_>, rows: &mut Vec<u16>) {
        self.index.pick(query, rows);
    }
}
