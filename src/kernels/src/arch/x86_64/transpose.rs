//! Transposes of blocks of 16 bytes by 4 rows, with SSE2 alone: wider registers need more shuffles for each element.

use std::arch::x86_64::*;

use crate::arch::bytes::ROWS;

/// See [`Arch::transpose_f32`](crate::arch::Arch::transpose_f32).
///
/// # Safety
///
/// As there.
#[inline(always)]
pub(super) unsafe fn f32(
    from: [*const f32; 4],
    factors: &[[f32; 2]; 4],
    to: *mut f32,
    step: usize,
) {
    // SAFETY: every x86-64 CPU has SSE2; the caller's promise on memory.
    unsafe {
        let mut rows = [_mm_setzero_ps(); 4];
        for ((row, from), [first, second]) in rows.iter_mut().zip(from).zip(factors) {
            *row = _mm_mul_ps(_mm_loadu_ps(from), _mm_set1_ps(*first));
            *row = _mm_mul_ps(*row, _mm_set1_ps(*second));
        }
        let [a, b, c, d] = rows;
        let (ab, cd) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
        _mm_storeu_ps(to, _mm_movelh_ps(ab, cd));
        _mm_storeu_ps(to.add(step), _mm_movehl_ps(cd, ab));
        let (ab, cd) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
        _mm_storeu_ps(to.add(2 * step), _mm_movelh_ps(ab, cd));
        _mm_storeu_ps(to.add(3 * step), _mm_movehl_ps(cd, ab));
    }
}

/// See [`Arch::transpose_f64`](crate::arch::Arch::transpose_f64).
///
/// # Safety
///
/// As there.
#[inline(always)]
pub(super) unsafe fn f64(
    from: [*const f64; 4],
    factors: &[[f64; 2]; 4],
    to: *mut f64,
    step: usize,
) {
    // SAFETY: every x86-64 CPU has SSE2; the caller's promise on memory.
    unsafe {
        let mut rows = [_mm_setzero_pd(); 4];
        for ((row, from), [first, second]) in rows.iter_mut().zip(from).zip(factors) {
            *row = _mm_mul_pd(_mm_loadu_pd(from), _mm_set1_pd(*first));
            *row = _mm_mul_pd(*row, _mm_set1_pd(*second));
        }
        let [a, b, c, d] = rows;
        _mm_storeu_pd(to, _mm_unpacklo_pd(a, b));
        _mm_storeu_pd(to.add(2), _mm_unpacklo_pd(c, d));
        _mm_storeu_pd(to.add(step), _mm_unpackhi_pd(a, b));
        _mm_storeu_pd(to.add(step + 2), _mm_unpackhi_pd(c, d));
    }
}

/// See [`Dots::transpose`](crate::arch::bytes::Dots::transpose), of bytes as they are: 16 of each row.
///
/// # Safety
///
/// As there.
#[inline(always)]
pub(super) unsafe fn bytes(from: [*const i8; ROWS], flip: u32, to: *mut u32, step: usize) {
    // SAFETY: every x86-64 CPU has SSE2; the caller's promise on memory.
    unsafe {
        let flip = _mm_set1_epi32(flip.cast_signed());
        let [a, b, c, d] = from;
        let a = _mm_xor_si128(_mm_loadu_si128(a.cast()), flip);
        let b = _mm_xor_si128(_mm_loadu_si128(b.cast()), flip);
        let c = _mm_xor_si128(_mm_loadu_si128(c.cast()), flip);
        let d = _mm_xor_si128(_mm_loadu_si128(d.cast()), flip);
        words([a, b, c, d], to, step);
    }
}

/// The same of bytes that are widened to 16 bits: 8 of each row, which are never flipped.
///
/// # Safety
///
/// As there.
#[inline(always)]
pub(super) unsafe fn bytes_in_pairs(
    from: [*const i8; ROWS],
    _flip: u32,
    to: *mut u32,
    step: usize,
) {
    // SAFETY: as above.
    unsafe {
        let [a, b, c, d] = from;
        words([wide(a), wide(b), wide(c), wide(d)], to, step);
    }
}

/// 8 bytes as numbers of 16 bits.
///
/// # Safety
///
/// They must be readable at `from`.
#[inline(always)]
pub(super) unsafe fn wide(from: *const i8) -> __m128i {
    // SAFETY: every x86-64 CPU has SSE2; the caller's promise on memory.
    unsafe {
        let bytes = _mm_loadl_epi64(from.cast());
        _mm_srai_epi16::<8>(_mm_unpacklo_epi8(bytes, bytes))
    }
}

/// Stores the columns of four rows of words.
///
/// # Safety
///
/// Four words must be writable at each column's place.
#[inline(always)]
unsafe fn words([a, b, c, d]: [__m128i; ROWS], to: *mut u32, step: usize) {
    // SAFETY: every x86-64 CPU has SSE2; the caller's promise on memory.
    unsafe {
        let (ab, cd) = (_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d));
        _mm_storeu_si128(to.cast(), _mm_unpacklo_epi64(ab, cd));
        _mm_storeu_si128(to.add(step).cast(), _mm_unpackhi_epi64(ab, cd));
        let (ab, cd) = (_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d));
        _mm_storeu_si128(to.add(2 * step).cast(), _mm_unpacklo_epi64(ab, cd));
        _mm_storeu_si128(to.add(3 * step).cast(), _mm_unpackhi_epi64(ab, cd));
    }
}
