//! Damerau's distance in its unrestricted form: insertions, deletions, substitutions, and swaps of two units that may have
//! others inserted or deleted between them.
//!
//! Of all swaps that end in a cell only two can be the best: the one whose columns and the one whose rows are neighbours,
//! each with the gap on the other side (Zhao and Sahni, String correction using the Damerau-Levenshtein distance, 2019).
//! Either costs at least the distance in the cell one row above and one column to the left, D(i - 1, j - 1), as a
//! substitution and the insertions or deletions of the gap lead there too. It is of use where it costs just that: one bit.
//! For columns that are neighbours its cost is S(i, j), the lesser of S(i - 1, j) + 1 and, where units i - 1 and j are equal,
//! D(i - 2, j - 2) + 1. So the bit is set where that row's bit is and the step down column j - 1 to row i - 1 grows, or where
//! the units are equal and the step to (i - 1, j - 1) along the diagonal grows: a carry down runs of growing steps, which an
//! addition does for a whole word, as in Myers's algorithm. For rows that are neighbours it is the same along the row.

use super::levenshtein::trim;
use super::long::{self, Damerau};
use super::masks::{Bits, scan};
use super::units::Symbol;
use crate::simd::Level;
use crate::threads::Interrupted;

/// The distance, or `None` where it is above the cutoff.
#[inline]
pub(crate) fn distance<T: Symbol>(
    level: Level,
    a: &[T],
    b: &[T],
    cutoff: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Interrupted> {
    let (a, b) = trim(a, b);
    let (pattern, text) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if text.len() - pattern.len() > cutoff {
        return Ok(None);
    }
    let distance = match pattern.len() {
        0 => text.len(),
        1..=64 if text.len() <= long::FEW => short::<u64, T>(pattern, text),
        65..=128 if text.len() <= long::FEW => short::<u128, T>(pattern, text),
        _ => return long::distance::<T, Damerau>(level, pattern, text, cutoff, stop),
    };
    Ok((distance <= cutoff).then_some(distance))
}

/// For a pattern of at least one unit, and no more than the word has bits.
fn short<B: Bits, T: Symbol>(pattern: &[T], text: &[T]) -> usize {
    let (mut up, mut down) = (!B::NONE, B::NONE);
    let (mut diagonal, mut before) = (B::NONE, B::NONE);
    // Bit i: a swap that ends in row i, whose rows are neighbours, may end here.
    let mut across = B::NONE;
    scan(pattern, text, |equal: B| {
        let begins = (!diagonal & equal) << 1;
        let ends = ((begins & up).plus(up) ^ up) | begins;
        let swap = (ends & before) | (across & equal << 1);
        diagonal = ((equal & up).plus(up) ^ up) | equal | down | swap;
        let right = (down | !(diagonal | up)) << 1 | B::ONE;
        let left = (diagonal & up) << 1;
        across = (across & right) | (equal & !(diagonal << 1));
        up = left | !(diagonal | right);
        down = diagonal & right;
        before = equal;
    });
    text.len() + up.ones(pattern.len()) - down.ones(pattern.len())
}
