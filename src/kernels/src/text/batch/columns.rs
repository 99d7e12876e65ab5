//! Columns: strings in lanes of bytes, symbol by symbol, for what compares symbols and does not look places up.

use super::blocks::{Index, Rows};
use super::queries::Query;

/// The most different symbols of the strings of one block: bytes number them, but for 0 and 1.
pub(super) const SYMBOLS: usize = 254;

/// The number of the first of them. 0 stands behind the end of a string; 1 is any symbol that no string has.
const FIRST: u8 = 2;

/// Strings of at most [`super::choices::LONGEST`] symbols, at most one a lane.
#[derive(Debug)]
pub(super) struct Columns {
    index: Index,
    rows: Rows<u8>,
    /// The length of the longest string.
    count: usize,
}

impl Columns {
    /// Lays out strings of numbered symbols, the shorter ones first, of at most [`SYMBOLS`] different ones.
    pub(super) fn new(strings: &[&[u32]], lanes: usize) -> Self {
        assert!(strings.len() <= lanes);
        let index = Index::new(strings, FIRST.into());
        assert!(index.end() <= usize::from(FIRST) + SYMBOLS);
        let count = strings.iter().map(|string| string.len()).max().unwrap_or(0);
        // The row behind the last column has the lengths.
        let mut rows = Rows::new(count + 1, lanes);
        for (lane, string) in strings.iter().enumerate() {
            for (column, &symbol) in string.iter().enumerate() {
                *rows.at(column, lane) = index.get(symbol) as u8;
            }
            *rows.at(count, lane) = string.len() as u8;
        }
        Self { index, rows, count }
    }

    /// How many strings could be there.
    #[inline(always)]
    pub(super) fn lanes(&self) -> usize {
        self.rows.lanes()
    }

    /// How many columns: the length of the longest string.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The symbols of a column; behind the last column, the lengths.
    #[inline(always)]
    pub(super) fn column(&self, column: usize) -> &[u8] {
        self.rows.row(column)
    }

    /// The query's symbols as the block numbers them.
    #[inline(always)]
    pub(super) fn pick(&self, query: &Query<'_>, symbols: &mut Vec<u8>) {
        self.index.pick(query, symbols, |row| (row as u8).max(1));
    }
}
