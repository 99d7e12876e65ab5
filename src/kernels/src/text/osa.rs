//! Optimal string alignment: Levenshtein's distance with swaps of two neighbours, no part of the string edited twice.
//!
//! Bit-parallel (Hyyrö, A bit-vector algorithm for computing Levenshtein and Damerau edit distances, 2003). More than 128
//! units: [`long`].

use super::levenshtein::trim;
use super::long::{self, Alignment};
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
        _ => return long::distance::<T, Alignment>(level, pattern, text, cutoff, stop),
    };
    Ok((distance <= cutoff).then_some(distance))
}

/// For a pattern of at least one unit, and no more than the word has bits.
fn short<B: Bits, T: Symbol>(pattern: &[T], text: &[T]) -> usize {
    let (mut up, mut down) = (!B::NONE, B::NONE);
    let (mut diagonal, mut before) = (B::NONE, B::NONE);
    scan(pattern, text, |equal: B| {
        // The unit above matches here, this one matches one column back, and the step before the two was no match.
        let swap = ((!diagonal & equal) << 1) & before;
        diagonal = ((equal & up).plus(up) ^ up) | equal | down | swap;
        let right = (down | !(diagonal | up)) << 1 | B::ONE;
        let left = (diagonal & up) << 1;
        up = left | !(diagonal | right);
        down = diagonal & right;
        before = equal;
    });
    text.len() + up.ones(pattern.len()) - down.ones(pattern.len())
}
