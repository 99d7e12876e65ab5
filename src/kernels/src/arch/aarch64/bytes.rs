//! Sums of products of bytes: with the dot product instructions four products an instruction and lane, else two of 16 bits.

use std::arch::aarch64::*;
use std::arch::asm;

use crate::arch::bytes::{ByteKernel, Dots, Layout, ROWS};
use crate::arch::tile::{Sums, Tile};

// SAFETY, for all blocks below: a value of these types is made only with the unit's token, which proves that the CPU has the
// instructions; loads and stores pass the caller's promise on.

macro_rules! unit {
    ($unit:ident, $register:ident, $call:ident, $features:literal, $group:literal, $add_products:path, $load_words:path) => {
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

            #[inline(always)]
            unsafe fn load_bytes(self, from: *const i8) -> $register {
                // SAFETY: see above.
                $register(unsafe { $load_words(from) })
            }

            #[inline(always)]
            fn as_corpus(self, bytes: $register) -> $register {
                bytes
            }

            #[inline(always)]
            fn sub(self, a: $register, b: $register) -> $register {
                // SAFETY: see above.
                $register(unsafe { vsubq_s32(a.0, b.0) })
            }

            #[inline(always)]
            fn sum(self, sums: $register) -> i32 {
                // SAFETY: see above.
                unsafe { vaddvq_s32(sums.0) }
            }

            #[inline(always)]
            unsafe fn transpose(
                self,
                [a, b, c, d]: [*const i8; ROWS],
                _flip: u32,
                to: *mut u32,
                step: usize,
            ) {
                // SAFETY: see above. No unit here takes bytes with an offset.
                unsafe {
                    let (a, b, c, d) = (
                        $load_words(a),
                        $load_words(b),
                        $load_words(c),
                        $load_words(d),
                    );
                    store_columns([a, b, c, d], to.cast(), step);
                }
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
                _tile: &Tile<u32, f32>,
                _shape: (usize, usize),
                _at: (usize, usize),
                place: *mut f32,
            ) {
                // SAFETY: see above.
                unsafe { vst1q_s32(place.cast(), self.0) };
            }

            #[inline(always)]
            unsafe fn complete(
                _: $unit,
                tile: &Tile<u32, f32>,
                (height, width): (usize, usize),
                out: *mut f32,
                stride: usize,
            ) {
                if !tile.last {
                    return;
                }
                let bound = if tile.cosine { 1.0 } else { f32::INFINITY };
                // SAFETY: see above.
                unsafe {
                    let (least, most) = (vdupq_n_f32(-bound), vdupq_n_f32(bound));
                    for col in (0..width).step_by(4) {
                        let factors = vld1q_f32(tile.corpus_factors(width).add(col));
                        for row in 0..height {
                            let (factor, offset) = tile.query_trailer(height, row);
                            let place = out.add(row * stride + col);
                            let sums = vsubq_s32(vld1q_s32(place.cast()), vdupq_n_s32(offset));
                            let score =
                                vmulq_f32(vcvtq_f32_s32(sums), vmulq_n_f32(factors, factor));
                            vst1q_f32(place, vmaxq_f32(least, vminq_f32(most, score)));
                        }
                    }
                }
            }
        }
    };
}

unit!(Neon, I32x4, call_neon, "neon", 2, pairs, wide);
unit!(
    NeonDot,
    DotI32x4,
    call_neon_dot,
    "neon,dotprod",
    4,
    fours,
    plain
);

/// 16 bytes as they are.
#[inline(always)]
unsafe fn plain(from: *const i8) -> int32x4_t {
    // SAFETY: see above.
    unsafe { vreinterpretq_s32_s8(vld1q_s8(from)) }
}

/// 8 bytes as numbers of 16 bits.
#[inline(always)]
unsafe fn wide(from: *const i8) -> int32x4_t {
    // SAFETY: see above.
    unsafe { vreinterpretq_s32_s16(vmovl_s8(vld1_s8(from))) }
}

/// Stores the columns of four rows of words, `step` words apart.
#[inline(always)]
unsafe fn store_columns([a, b, c, d]: [int32x4_t; ROWS], to: *mut i32, step: usize) {
    // SAFETY: see above.
    unsafe {
        let (ab, cd) = (vtrnq_s32(a, b), vtrnq_s32(c, d));
        let (even_ab, even_cd) = (vreinterpretq_s64_s32(ab.0), vreinterpretq_s64_s32(cd.0));
        let (odd_ab, odd_cd) = (vreinterpretq_s64_s32(ab.1), vreinterpretq_s64_s32(cd.1));
        let columns = [
            vtrn1q_s64(even_ab, even_cd),
            vtrn1q_s64(odd_ab, odd_cd),
            vtrn2q_s64(even_ab, even_cd),
            vtrn2q_s64(odd_ab, odd_cd),
        ];
        let [a, b, c, d] = columns;
        vst1q_s32(to, vreinterpretq_s32_s64(a));
        vst1q_s32(to.add(step), vreinterpretq_s32_s64(b));
        vst1q_s32(to.add(2 * step), vreinterpretq_s32_s64(c));
        vst1q_s32(to.add(3 * step), vreinterpretq_s32_s64(d));
    }
}

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
