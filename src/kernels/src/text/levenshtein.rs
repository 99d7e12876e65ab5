//! Levenshtein's distance: the fewest insertions, deletions and substitutions.
//!
//! Bit-parallel, a column of the matrix of distances at a time, as the signs of its steps (Myers, A fast bit-vector
//! algorithm for approximate string matching based on dynamic programming, 1999), in the form that Hyyrö gave it (A
//! bit-vector algorithm for computing Levenshtein and Damerau edit distances, 2003). More than 128 units: [`long`].

use super::long::{self, Levenshtein};
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
        _ => return long::distance::<T, Levenshtein>(level, pattern, text, cutoff, stop),
    };
    Ok((distance <= cutoff).then_some(distance))
}

/// The strings without what they begin and end with in common, which costs no edit (nor saves one a transposition).
#[inline]
pub(crate) fn trim<'a, T: Eq>(a: &'a [T], b: &'a [T]) -> (&'a [T], &'a [T]) {
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let pairs = a.iter().rev().zip(b.iter().rev());
    let suffix = pairs.take_while(|(a, b)| a == b).count();
    (&a[..a.len() - suffix], &b[..b.len() - suffix])
}

/// For a pattern of at least one unit, and no more than the word has bits.
fn short<B: Bits, T: Symbol>(pattern: &[T], text: &[T]) -> usize {
    // Bit i: going down column j from row i to i + 1 the distance grows (up) or falls (down).
    let (mut up, mut down) = (!B::NONE, B::NONE);
    scan(pattern, text, |equal: B| {
        let diagonal = ((equal & up).plus(up) ^ up) | equal | down;
        let right = (down | !(diagonal | up)) << 1 | B::ONE;
        let left = (diagonal & up) << 1;
        up = left | !(diagonal | right);
        down = diagonal & right;
    });
    text.len() + up.ones(pattern.len()) - down.ones(pattern.len())
}
