//! Optimal string alignment: Levenshtein's distance with swaps of two neighbours, no part of the string edited twice.
//!
//! Bit-parallel (Hyyrö, A bit-vector algorithm for computing Levenshtein and Damerau edit distances, 2003). More than 64
//! units: [`long`].

use super::levenshtein::trim;
use super::long;
use super::masks::{low, scan};
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
        1..=64 => short(pattern, text),
        _ => return long::distance::<T, true>(level, pattern, text, cutoff, stop),
    };
    Ok((distance <= cutoff).then_some(distance))
}

/// For a pattern of 1 to 64 units.
fn short<T: Symbol>(pattern: &[T], text: &[T]) -> usize {
    let (mut up, mut down) = (!0_u64, 0_u64);
    let (mut diagonal, mut before) = (0_u64, 0_u64);
    scan(pattern, text, |equal| {
        // The unit above matches here, this one matches one column back, and the step before the two was no match.
        let swap = ((!diagonal & equal) << 1) & before;
        diagonal = (((equal & up).wrapping_add(up)) ^ up) | equal | down | swap;
        let right = (down | !(diagonal | up)) << 1 | 1;
        let left = (diagonal & up) << 1;
        up = left | !(diagonal | right);
        down = diagonal & right;
        before = equal;
    });
    let rows = low(pattern.len());
    text.len() + (up & rows).count_ones() as usize - (down & rows).count_ones() as usize
}
