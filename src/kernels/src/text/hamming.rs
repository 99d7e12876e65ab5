//! Hamming's distance, with what one string is longer by counted as different.

use super::units::Symbol;

/// Positions that are counted in a byte each lane, so that a loop takes as many lanes as there are.
const FEW: usize = 192;

/// How many positions differ.
pub(crate) fn distance<T: Symbol>(a: &[T], b: &[T]) -> usize {
    let common = a.len().min(b.len());
    let few = |(a, b): (&[T], &[T])| {
        let differ = a.iter().zip(b).map(|(a, b)| u8::from(a != b));
        usize::from(differ.sum::<u8>())
    };
    let chunks = a[..common].chunks(FEW).zip(b[..common].chunks(FEW));
    a.len().abs_diff(b.len()) + chunks.map(few).sum::<usize>()
}
