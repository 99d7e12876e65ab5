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

/// Bytes that are compared at once.
const WORD: usize = 8;

/// The same of bytes: eight at once, of which the last ones may have been compared before.
#[inline]
pub(crate) fn distance_of_bytes(a: &[u8], b: &[u8]) -> usize {
    let common = a.len().min(b.len());
    let ([a_first, ..], [b_first, ..]) = (a.as_chunks::<WORD>().0, b.as_chunks::<WORD>().0) else {
        return distance(a, b);
    };
    if common > FEW {
        return distance(a, b);
    }
    let mut count = differing(a_first, b_first, 0);
    let mut end = WORD;
    while end < common {
        // At least a word's length is behind.
        let from = (end + WORD).min(common) - WORD;
        let (Some(x), Some(y)) = (a[from..].first_chunk(), b[from..].first_chunk()) else {
            break;
        };
        count += differing(x, y, end - from);
        end = from + WORD;
    }
    a.len().abs_diff(b.len()) + count
}

/// How many bytes of the two differ behind so many that are passed over.
#[inline(always)]
fn differing(a: &[u8; WORD], b: &[u8; WORD], passed: usize) -> usize {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
    // The highest bit of each byte that is not zero, and no carry into the next byte (Warren, Hacker's Delight, 6-1).
    let bits = (((differ & !HIGH) + !HIGH) | differ) & HIGH;
    let bits = bits >> 7 >> (8 * passed);
    (bits.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize
}
