//! Sums of products of bytes: with the dot product instructions four products an instruction and lane, else two of 16 bits.

use std::arch::aarch64::*;
use std::arch::asm;

use crate::arch::bytes::{ByteKernel, Dots, Layout};
use crate::arch::tile::{Sums, Tile};

// SAFETY, for all blocks below: a value of these types is made only with the unit's token, which proves that the CPU has the
// instructions; loads and stores pass the caller's promise on.

macro_rules! unit {
    ($unit:ident, $register:ident, $call:ident, $features:literal, $group:literal, $add_products:path) => {
        #[doc = concat!("The proof that the CPU has ", $features, ".")]
        #[derive(Clone, Copy)]
        pub(crate) struct $unit(());

        #[doc = concat!("Runs a kernel, compiled for ", $features, ".")]
        ///
        /// # Safety
        ///
        /// The CPU must have these.
        #[target_feature(enable = $features)]
        pub(crate) unsafe fn $call<K: ByteKernel>(kernel: K) -> K::Output {
            kernel.run($unit(()))
        }

        /// 4 sums.
        #[derive(Clone, Copy)]
        pub(crate) struct $register(int32x4_t);

        impl Dots for $unit {
            type Register = $register;
            const LAYOUT: Layout = Layout {
                shape: (8, 12),
                group: $group,
                offset: false,
            };

            #[inline(always)]
            unsafe fn tile(self, tile: &Tile<u32, f32>) {
                // SAFETY: the caller's promise.
                unsafe { tile.run::<Self, $register, 8, 3>(self) }
            }
        }

        impl Sums<$unit> for $register {
            type Packed = u32;
            type Score = f32;
            const LANES: usize = 4;
            const AHEAD: usize = 0;

            #[inline(always)]
            fn zero(_: $unit) -> Self {
                // SAFETY: see above.
                Self(unsafe { vdupq_n_s32(0) })
            }

            #[inline(always)]
            unsafe fn load(_: $unit, from: *const u32) -> Self {
                // SAFETY: see above.
                Self(unsafe { vld1q_s32(from.cast()) })
            }

            #[inline(always)]
            fn splat(_: $unit, x: u32) -> Self {
                // SAFETY: see above.
                Self(unsafe { vdupq_n_s32(x.cast_signed()) })
            }

            #[inline(always)]
            fn add_products(self, query: Self, corpus: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $add_products(self.0, query.0, corpus.0) })
            }

            #[inline(always)]
            fn prefetch(_: $unit, _address: *const u8) {}

            #[inline(always)]
            unsafe fn add_waiting(self, _: $unit, place: *const f32) -> Self {
                // SAFETY: see above.
                Self(unsafe { vaddq_s32(self.0, vld1q_s32(place.cast())) })
            }

            #[inline(always)]
            unsafe fn put(
                self,
                _: $unit,
                tile: &Tile<u32, f32>,
                (height, width): (usize, usize),
                (row, col): (usize, usize),
                place: *mut f32,
            ) {
                // SAFETY: see above.
                unsafe {
                    if !tile.last {
                        vst1q_s32(place.cast(), self.0);
                        return;
                    }
                    let (factor, offset) = tile.query_trailer(height, row);
                    let factors = vld1q_f32(tile.corpus_factors(width).add(col));
                    let factors = vmulq_n_f32(factors, factor);
                    let sum = vcvtq_f32_s32(vsubq_s32(self.0, vdupq_n_s32(offset)));
                    let mut score = vmulq_f32(sum, factors);
                    if tile.cosine {
                        score = vmaxq_f32(vdupq_n_f32(-1.0), vminq_f32(vdupq_n_f32(1.0), score));
                    }
                    vst1q_f32(place, score);
                }
            }
        }
    };
}

unit!(Neon, I32x4, call_neon, "neon", 2, pairs);
unit!(NeonDot, DotI32x4, call_neon_dot, "neon,dotprod", 4, fours);

/// Adds two products of 16 bits to each sum.
#[inline(always)]
unsafe fn pairs(sums: int32x4_t, a: int32x4_t, b: int32x4_t) -> int32x4_t {
    // SAFETY: see above.
    unsafe {
        let (a, b) = (vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b));
        let low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
        vaddq_s32(sums, vpaddq_s32(low, vmull_high_s16(a, b)))
    }
}

/// Adds four products of bytes to each sum.
///
/// In assembly, as the intrinsic is not stable yet.
#[inline(always)]
unsafe fn fours(mut sums: int32x4_t, a: int32x4_t, b: int32x4_t) -> int32x4_t {
    // SAFETY: see above; the instruction touches these registers alone.
    unsafe {
        asm!(
            ".arch_extension dotprod",
            "sdot {sums:v}.4s, {a:v}.16b, {b:v}.16b",
            sums = inout(vreg) sums,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}
