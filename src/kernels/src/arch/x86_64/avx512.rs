//! AVX-512: 32 registers of 64 bytes, and with them a larger tile.

use std::arch::x86_64::*;

use super::transpose;
use crate::arch::{Arch, Doubles, Kernel, Tile, Vector};

/// The proof that the CPU has AVX-512 F, BW, DQ and VL, AVX2, FMA and F16C.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

/// Runs a kernel, compiled for AVX-512 F, BW, DQ and VL, AVX2, FMA and F16C.
///
/// # Safety
///
/// The CPU must have AVX-512 F, BW, DQ and VL, AVX2, FMA and F16C.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]
pub(crate) unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512(()))
}

/// 16 numbers of `f32`.
#[derive(Clone, Copy)]
pub(crate) struct F32x16(__m512);

/// 8 numbers of `f64`.
#[derive(Clone, Copy)]
pub(crate) struct F64x8(__m512d);

impl Arch for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
    type Words = super::words::Avx512Words;
    type Offsets = super::offsets::I32x8;
    type U8 = super::lanes::U8x64;
    type U16 = super::lanes::U16x32;
    type U32 = super::lanes::U32x16;
    type U64 = super::lanes::U64x8;
    const TILE_F32: (usize, usize) = (12, 32);
    const AHEAD: usize = 8;
    const TILE_F64: (usize, usize) = (12, 16);
    const HALVES: usize = 16;

    #[inline(always)]
    unsafe fn tile_f32(self, tile: &Tile<f32, f32>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F32x16, 12, 2>(self) }
    }

    #[inline(always)]
    unsafe fn tile_f64(self, tile: &Tile<f64, f64>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F64x8, 12, 2>(self) }
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
    unsafe fn widen_halves(self, from: *const u16, to: *mut f32) {
        // SAFETY: see below.
        unsafe { _mm512_storeu_ps(to, _mm512_cvtph_ps(_mm256_loadu_si256(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn load_halves(self, from: *const u16) -> Option<F64x8> {
        // SAFETY: see below.
        Some(F64x8(unsafe {
            _mm512_cvtps_pd(_mm256_cvtph_ps(_mm_loadu_si128(from.cast())))
        }))
    }

    #[inline(always)]
    unsafe fn load_bfloats(self, from: *const u16) -> Option<F64x8> {
        // SAFETY: see below.
        Some(F64x8(unsafe {
            let bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
            _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(bits)))
        }))
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
}

// SAFETY, for all blocks below: a value of these types is made only with a `Avx512`, which proves that the CPU has the
// instructions; loads and stores pass the caller's promise on.

impl Vector<Avx512> for F32x16 {
    type Element = f32;
    const LANES: usize = 16;

    #[inline(always)]
    fn splat(_: Avx512, x: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Avx512, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_abs_ps(self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_max_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_min_ps(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give their second operand when one is NaN.
        // SAFETY: see above.
        Self(unsafe {
            _mm512_max_ps(
                _mm512_sub_ps(_mm512_setzero_ps(), bound.0),
                _mm512_min_ps(bound.0, self.0),
            )
        })
    }
}

impl Vector<Avx512> for F64x8 {
    type Element = f64;
    const LANES: usize = 8;

    #[inline(always)]
    fn splat(_: Avx512, x: f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_pd(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Avx512, from: *const f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_loadu_pd(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_pd(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_fmadd_pd(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_abs_pd(self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_max_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_min_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give their second operand when one is NaN.
        // SAFETY: see above.
        Self(unsafe {
            _mm512_max_pd(
                _mm512_sub_pd(_mm512_setzero_pd(), bound.0),
                _mm512_min_pd(bound.0, self.0),
            )
        })
    }
}

impl Doubles<Avx512> for F64x8 {
    #[inline(always)]
    unsafe fn load_f32(_: Avx512, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_cvtps_pd(_mm256_loadu_ps(from)) })
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        // SAFETY: see above.
        unsafe { _mm512_reduce_add_pd(self.0) }
    }

    #[inline(always)]
    fn lesser(self, b: Self) -> Self {
        // The instruction gives its second operand when one is NaN, and when both are zeros.
        // SAFETY: see above.
        Self(unsafe { _mm512_min_pd(self.0, b.0) })
    }

    #[inline(always)]
    fn greater(self, b: Self) -> Self {
        // As above.
        // SAFETY: see above.
        Self(unsafe { _mm512_max_pd(self.0, b.0) })
    }
}
