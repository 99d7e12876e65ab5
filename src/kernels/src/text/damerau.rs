//! Damerau's distance in its unrestricted form: insertions, deletions, substitutions, and swaps of two units that may have
//! others inserted or deleted between them.
//!
//! In linear space (Zhao and Sahni, String correction using the Damerau-Levenshtein distance, 2019): of all swaps that end
//! in a cell only two can be the best, the one whose columns and the one whose rows are neighbours.

use super::levenshtein::trim;
use super::units::Symbol;
use crate::threads::Interrupted;

/// Cells between two looks at whether to stop: some 100 µs.
const PIECE: usize = 1 << 16;

/// Columns that have room on the stack.
const SHORT: usize = 64;

/// Of no way at all: twice that and some edits do not overflow.
const FAR: u32 = u32::MAX / 4;

/// What is kept for a column.
#[derive(Clone, Copy, Default)]
struct Column {
    /// The distances in the row above and in the one above that.
    above: u32,
    above_that: u32,
    /// The last row whose unit is the column's; 0 for none.
    row: u32,
    /// The distance in the row before that one, two columns to the left: where a swap begins that ends here and has the
    /// column to the left as its other one.
    swap: u32,
}

/// The distance, or `None` where it is above the cutoff.
pub(crate) fn distance<T: Symbol>(
    a: &[T],
    b: &[T],
    cutoff: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Interrupted> {
    let (a, b) = trim(a, b);
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    if a.len() - b.len() > cutoff {
        return Ok(None);
    }
    let distance = if b.is_empty() {
        a.len()
    } else if b.len() <= SHORT {
        fill(a, b, &mut [Column::default(); SHORT][..b.len()], stop)?
    } else {
        fill(a, b, &mut vec![Column::default(); b.len()], stop)?
    };
    Ok((distance <= cutoff).then_some(distance))
}

/// The distance of two strings that are not empty.
fn fill<T: Symbol>(
    a: &[T],
    b: &[T],
    columns: &mut [Column],
    stop: &dyn Fn() -> bool,
) -> Result<usize, Interrupted> {
    for (number, column) in (1..).zip(columns.iter_mut()) {
        *column = Column {
            above: number,
            above_that: FAR,
            row: 0,
            swap: FAR,
        };
    }
    let mut done = 0;
    let mut distance = 0;
    for (row, &unit) in (1..).zip(a) {
        done += b.len();
        if done >= PIECE {
            done = 0;
            if stop() {
                return Err(Interrupted);
            }
        }
        distance = row; // column 0
        // The row above: one and two columns to the left; the row above that: one column to the left.
        let (mut corner, mut corner_before, mut corner_above) = (row - 1, FAR, FAR);
        if row > 1 {
            corner_above = row - 2;
        }
        // The last column whose unit is the row's, and the distance where a swap of that column begins that ends in this
        // row and has the row above as its other one.
        let (mut matched, mut swap) = (0, FAR);
        for ((number, column), &other) in (1..).zip(columns.iter_mut()).zip(b) {
            let (above, above_that) = (column.above, column.above_that);
            // The two swaps that can be the best; what is not there is far.
            let beside = if number - matched == 1 {
                column.swap
            } else {
                FAR
            };
            let below = if row - column.row == 1 { swap } else { FAR };
            let swapped = (beside + (row - column.row)).min(below + (number - matched));
            let same = unit == other;
            let edited = (corner + u32::from(!same)).min(above + 1).min(swapped);
            if same {
                (matched, swap) = (number, corner_above);
                (column.row, column.swap) = (row, corner_before);
            }
            distance = edited.min(distance + 1);
            column.above = distance;
            column.above_that = above;
            (corner_before, corner, corner_above) = (corner, above, above_that);
        }
    }
    Ok(distance as usize)
}
