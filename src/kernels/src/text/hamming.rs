//! Hamming's distance, with what one string is longer by counted as different.

use super::units::Symbol;

/// How many positions differ.
pub(crate) fn distance<T: Symbol>(a: &[T], b: &[T]) -> usize {
    a.len().abs_diff(b.len()) + a.iter().zip(b).filter(|(a, b)| a != b).count()
}
