//! NEON: what every aarch64 CPU has, 32 registers of 16 bytes.

use std::arch::aarch64::*;

use crate::arch::{Arch, Doubles, Kernel, Tile, Vector};

/// The proof that the CPU has NEON.
#[derive(Clone, Copy)]
pub(crate) struct Neon(());

/// Runs a kernel, compiled for NEON.
///
/// # Safety
///
/// The CPU must have NEON.
#[target_feature(enable = "neon")]
pub(crate) unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Neon(()))
}

/// 4 numbers of `f32`.
#[derive(Clone, Copy)]
pub(crate) struct F32x4(float32x4_t);

/// 2 numbers of `f64`.
#[derive(Clone, Copy)]
pub(crate) struct F64x2(float64x2_t);

impl Arch for Neon {
    type F32 = F32x4;
    type F64 = F64x2;
    type Words = super::words::NeonWords;
    type Counts = super::counts::NeonCounts;
    type Offsets = crate::arch::Offset;
    type U8 = super::lanes::U8x16;
    type U16 = super::lanes::U16x8;
    type U32 = super::lanes::U32x4;
    type U64 = super::lanes::U64x2;
    const TILE_F32: (usize, usize) = (8, 12);
    const TILE_F64: (usize, usize) = (8, 6);

    #[inline(always)]
    unsafe fn tile_f32(self, tile: &Tile<f32, f32>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F32x4, 8, 3>(self) }
    }

    #[inline(always)]
    unsafe fn tile_f64(self, tile: &Tile<f64, f64>) {
        // SAFETY: the caller's promise.
        unsafe { tile.run::<Self, F64x2, 8, 3>(self) }
    }

    #[inline(always)]
    unsafe fn transpose_f32(
        self,
        from: [*const f32; 4],
        factors: &[[f32; 2]; 4],
        to: *mut f32,
        step: usize,
    ) {
        // SAFETY: see below.
        unsafe {
            let mut rows = [vdupq_n_f32(0.0); 4];
            for ((row, from), [first, second]) in rows.iter_mut().zip(from).zip(factors) {
                *row = vmulq_n_f32(vmulq_n_f32(vld1q_f32(from), *first), *second);
            }
            let wide = |row| vreinterpretq_f64_f32(row);
            let narrow = |row| vreinterpretq_f32_f64(row);
            let [a, b, c, d] = rows;
            let (ab, cd) = (wide(vtrn1q_f32(a, b)), wide(vtrn1q_f32(c, d)));
            vst1q_f32(to, narrow(vtrn1q_f64(ab, cd)));
            vst1q_f32(to.add(2 * step), narrow(vtrn2q_f64(ab, cd)));
            let (ab, cd) = (wide(vtrn2q_f32(a, b)), wide(vtrn2q_f32(c, d)));
            vst1q_f32(to.add(step), narrow(vtrn1q_f64(ab, cd)));
            vst1q_f32(to.add(3 * step), narrow(vtrn2q_f64(ab, cd)));
        }
    }

    #[inline(always)]
    unsafe fn transpose_f64(
        self,
        from: [*const f64; 4],
        factors: &[[f64; 2]; 4],
        to: *mut f64,
        step: usize,
    ) {
        // SAFETY: see below.
        unsafe {
            let mut rows = [vdupq_n_f64(0.0); 4];
            for ((row, from), [first, second]) in rows.iter_mut().zip(from).zip(factors) {
                *row = vmulq_n_f64(vmulq_n_f64(vld1q_f64(from), *first), *second);
            }
            let [a, b, c, d] = rows;
            vst1q_f64(to, vtrn1q_f64(a, b));
            vst1q_f64(to.add(2), vtrn1q_f64(c, d));
            vst1q_f64(to.add(step), vtrn2q_f64(a, b));
            vst1q_f64(to.add(step + 2), vtrn2q_f64(c, d));
        }
    }
}

// SAFETY, for all blocks below: a value of these types is made only with a `Neon`, which proves that the CPU has the
// instructions; loads and stores pass the caller's promise on.

impl Vector<Neon> for F32x4 {
    type Element = f32;
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(_: Neon, x: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vdupq_n_f32(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Neon, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vld1q_f32(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vaddq_f32(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vsubq_f32(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vfmaq_f32(c.0, self.0, b.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vabsq_f32(self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmaxq_f32(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vminq_f32(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give NaN when one operand is NaN.
        // SAFETY: see above.
        Self(unsafe { vmaxq_f32(vnegq_f32(bound.0), vminq_f32(bound.0, self.0)) })
    }
}

impl Vector<Neon> for F64x2 {
    type Element = f64;
    const LANES: usize = 2;

    #[inline(always)]
    fn splat(_: Neon, x: f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { vdupq_n_f64(x) })
    }

    #[inline(always)]
    unsafe fn load(_: Neon, from: *const f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { vld1q_f64(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: see above.
        unsafe { vst1q_f64(to, self.0) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vaddq_f64(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vsubq_f64(self.0, b.0) })
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vfmaq_f64(c.0, self.0, b.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vabsq_f64(self.0) })
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmaxq_f64(self.0, b.0) })
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vminq_f64(self.0, b.0) })
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        // Both instructions give NaN when one operand is NaN.
        // SAFETY: see above.
        Self(unsafe { vmaxq_f64(vnegq_f64(bound.0), vminq_f64(bound.0, self.0)) })
    }
}

impl Doubles<Neon> for F64x2 {
    #[inline(always)]
    unsafe fn load_f32(_: Neon, from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vcvt_f64_f32(vld1_f32(from)) })
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        // SAFETY: see above.
        unsafe { vaddvq_f64(self.0) }
    }

    #[inline(always)]
    fn lesser(self, b: Self) -> Self {
        // Not vminq_f64, which gives NaN when one operand is NaN.
        // SAFETY: see above.
        Self(unsafe { vbslq_f64(vcltq_f64(self.0, b.0), self.0, b.0) })
    }

    #[inline(always)]
    fn greater(self, b: Self) -> Self {
        // As above.
        // SAFETY: see above.
        Self(unsafe { vbslq_f64(vcgtq_f64(self.0, b.0), self.0, b.0) })
    }
}
