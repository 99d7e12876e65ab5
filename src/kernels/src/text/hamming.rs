//! Hamming's distance, with what one string is longer by counted as different.

use super::units::Symbol;

/// How many positions differ.
pub(crate) fn distance<T: Symbol>(a: &[T], b: &[T]) -> usize {
    let both = a.len().min(b.len());
    let ((a_blocks, a_rest), (b_blocks, b_rest)) =
        (a[..both].as_chunks::<8>(), b[..both].as_chunks::<8>());
    // Counts in bytes take SIMD without widening each.
    let mut distance = a.len().abs_diff(b.len());
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        distance += usize::from(count(a, b));
    }
    distance + usize::from(count(a_rest, b_rest))
}

/// The same for no more than 255 units.
#[inline(always)]
fn count<T: Symbol>(a: &[T], b: &[T]) -> u8 {
    let pairs = a.iter().zip(b);
    pairs.fold(0, |count, (a, b)| count + u8::from(a != b))
}
