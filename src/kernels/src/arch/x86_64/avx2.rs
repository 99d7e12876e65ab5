//! AVX2 with fused multiply-add: 16 registers of 32 bytes.

use std::arch::x86_64::*;

use super::transpose;
use crate::arch::{Arch, Doubles, Kernel, Tile, Vector};

/// The proof that the CPU has AVX2, FMA and F16C.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

/// Runs a kernel, compiled for AVX2, FMA and F16C.
///
/// # Safety
///
/// The CPU must have AVX2, FMA and F16C.
#[target_feature(enable = "avx2,fma,f16c")]
pub(crate) unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

/// 8 numbers of `f32`.
#[derive(Clone, Copy)]
pub(crate) struct F32x8(__m256);

/// 4 numbers of `f64`.
#[derive(Clone, Copy)]
pub(crate) struct F64x4(__m256d);

impl Arch for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;
    type Words = super::words::Avx2Words;
    type Offsets = super::offsets::I32x8;
    type U8 = super::lanes::U8x32;
    type U16 = super::lanes::U16x16;
    type U32 = super::lanes::U32x8;
    type U64 = super::lanes::U64x4;
    const TILE_F32: (usize, usize) = (6, 16);
    const TILE_F64: (usize, usize) = (6, 8);
    const HALVES: usize = 8;

    #[inline(always)]
    unsafe fn tile_f32(self, tile: &Tile<f32, f32>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F32x8, 6, 2>(self) }
    }

    #[inline(always)]
    unsafe fn tile_f64(self, tile: &Tile<f64, f64>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F64x4, 6, 2>(self) }
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

    #[inline(always)]
    fn prefetch_later<T>(self, address: *const T) {
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) }
    }

    #[inline(always)]
    unsafe fn widen_halves(self, from: *const u16, to: *mut f32) {
        // SAFETY: see below.
        unsafe { _mm256_storeu_ps(to, _mm256_cvtph_ps(_mm_loadu_si128(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn load_halves(self, from: *const u16) -> Option<F64x4> {
        // SAFETY: see below.
        Some(F64x4(unsafe {
            _mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64(from.cast())))
        }))
    }

    #[inline(always)]
    unsafe fn load_bfloats(self, from: *const u16) -> Option<F64x4> {
        // SAFETY: see below.
        Some(F64x4(unsafe {
            let bits = _mm_cvtepu16_epi32(_mm_loadl_epi64(from.cast()));
            _mm256_cvtps_pd(_mm_castsi128_ps(_mm_slli_epi32::<16>(bits)))
        }))
    }
}

// SAFETY, for all blocks below: a value of these types is made only with a `Avx2`, which proves that the CPU has the
// instructions; loads and stores pass the caller's promise on.

impl Vector<Avx2> for F32x8 {
    type Element = f32;
    const LANES: usize = 8;

    #[inline(always)]
    fn splat(_: Avx2, x: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Avx2, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_add_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_sub_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_fmadd_ps(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_max_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_min_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give their second operand when one is NaN.
        // SAFETY: see above.
        Self(unsafe {
            _mm256_max_ps(
                _mm256_sub_ps(_mm256_setzero_ps(), bound.0),
                _mm256_min_ps(bound.0, self.0),
            )
        })
    }
}

impl Vector<Avx2> for F64x4 {
    type Element = f64;
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(_: Avx2, x: f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_set1_pd(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Avx2, from: *const f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_loadu_pd(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_pd(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_add_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_sub_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_fmadd_pd(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_max_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_min_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give their second operand when one is NaN.
        // SAFETY: see above.
        Self(unsafe {
            _mm256_max_pd(
                _mm256_sub_pd(_mm256_setzero_pd(), bound.0),
                _mm256_min_pd(bound.0, self.0),
            )
        })
    }
}

impl Doubles<Avx2> for F64x4 {
    #[inline(always)]
    unsafe fn load_f32(_: Avx2, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_cvtps_pd(_mm_loadu_ps(from)) })
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        // SAFETY: see above.
        unsafe {
            let halves = _mm_add_pd(
                _mm256_castpd256_pd128(self.0),
                _mm256_extractf128_pd::<1>(self.0),
            );
            _mm_cvtsd_f64(_mm_add_sd(halves, _mm_unpackhi_pd(halves, halves)))
        }
    }

    #[inline(always)]
    fn lesser(self, b: Self) -> Self {
        // The instruction gives its second operand when one is NaN, and when both are zeros.
        // SAFETY: see above.
        Self(unsafe { _mm256_min_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn greater(self, b: Self) -> Self {
        // As above.
        // SAFETY: see above.
        Self(unsafe { _mm256_max_pd(self.0, b.0) })
    }
}
