//! Transposes of blocks of 16 bytes by 4 rows, with SSE2 alone: wider registers need more shuffles for each element.

use std::arch::x86_64::*;

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
