//! SSE2: what every x86-64 CPU has, and nothing more; no fused multiply-add.

use std::arch::x86_64::*;

use super::transpose;
use crate::arch::{Arch, Doubles, Kernel, Tile, Vector};

/// The proof that the CPU has SSE2.
#[derive(Clone, Copy)]
pub(crate) struct Sse2(());

/// Runs a kernel, compiled for SSE2.
///
/// # Safety
///
/// The CPU must have SSE2.
#[target_feature(enable = "sse2")]
pub(crate) unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Sse2(()))
}

/// 4 numbers of `f32`.
#[derive(Clone, Copy)]
pub(crate) struct F32x4(__m128);

/// 2 numbers of `f64`.
#[derive(Clone, Copy)]
pub(crate) struct F64x2(__m128d);

impl Arch for Sse2 {
    type F32 = F32x4;
    type F64 = F64x2;
    type Words = super::words::Sse2Words;
    type Counts = super::counts::Sse2Counts;
    type Offsets = crate::arch::Offset;
    type U8 = super::lanes::U8x16;
    type U16 = super::lanes::U16x8;
    type U32 = super::lanes::U32x4;
    type U64 = super::lanes::U64x2;
    const TILE_F32: (usize, usize) = (6, 8);
    const TILE_F64: (usize, usize) = (6, 4);

    #[inline(always)]
    unsafe fn tile_f32(self, tile: &Tile<f32, f32>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F32x4, 6, 2>(self) }
    }

    #[inline(always)]
    unsafe fn tile_f64(self, tile: &Tile<f64, f64>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F64x2, 6, 2>(self) }
    }

    #[inline(always)]
    unsafe fn transpose_f32(
        self,
        from: [*const f32; 4],
        factors: &[[f32; 2]; 4],
        to: *mut f32,
        step: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { transpose::f32(from, factors, to, step) }
    }

    #[inline(always)]
    unsafe fn transpose_f64(
        self,
        from: [*const f64; 4],
        factors: &[[f64; 2]; 4],
        to: *mut f64,
        step: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { transpose::f64(from, factors, to, step) }
    }

    #[inline(always)]
    fn prefetch<T>(self, address: *const T) {
        // SAFETY: see below; a prefetch of any address is sound.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
}

// SAFETY, for all blocks below: a value of these types is made only with a `Sse2`, which proves that the CPU has the
// instructions; loads and stores pass the caller's promise on.

impl Vector<Sse2> for F32x4 {
    type Element = f32;
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(_: Sse2, x: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Sse2, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_add_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_sub_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_add_ps(_mm_mul_ps(self.0, b.0), c.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_andnot_ps(_mm_set1_ps(-0.0), self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_max_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_min_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give their second operand when one is NaN.
        // SAFETY: see above.
        Self(unsafe {
            _mm_max_ps(
                _mm_sub_ps(_mm_setzero_ps(), bound.0),
                _mm_min_ps(bound.0, self.0),
            )
        })
    }
}

impl Vector<Sse2> for F64x2 {
    type Element = f64;
    const LANES: usize = 2;

    #[inline(always)]
    fn splat(_: Sse2, x: f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_set1_pd(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Sse2, from: *const f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_loadu_pd(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: see above.
        unsafe { _mm_storeu_pd(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_add_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_sub_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_add_pd(_mm_mul_pd(self.0, b.0), c.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_andnot_pd(_mm_set1_pd(-0.0), self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_max_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_min_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give their second operand when one is NaN.
        // SAFETY: see above.
        Self(unsafe {
            _mm_max_pd(
                _mm_sub_pd(_mm_setzero_pd(), bound.0),
                _mm_min_pd(bound.0, self.0),
            )
        })
    }
}

impl Doubles<Sse2> for F64x2 {
    #[inline(always)]
    unsafe fn load_f32(_: Sse2, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(from.cast()))) })
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        // SAFETY: see above.
        unsafe { _mm_cvtsd_f64(_mm_add_sd(self.0, _mm_unpackhi_pd(self.0, self.0))) }
    }

    #[inline(always)]
    fn lesser(self, b: Self) -> Self {
        // The instruction gives its second operand when one is NaN, and when both are zeros.
        // SAFETY: see above.
        Self(unsafe { _mm_min_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn greater(self, b: Self) -> Self {
        // As above.
        // SAFETY: see above.
        Self(unsafe { _mm_max_pd(self.0, b.0) })
    }
}
