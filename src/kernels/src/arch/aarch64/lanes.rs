//! Integer lanes of NEON.

use std::arch::aarch64::*;

use super::neon::Neon;
use crate::arch::lanes::Lanes;

// SAFETY, for all blocks below: every aarch64 CPU that Rust compiles for here has NEON, and a value is made only with its
// token; loads and stores pass the caller's promise on.

macro_rules! lanes {
    ($name:ident, $register:ty, $word:ty, $count:literal, $dup:ident, $load:ident, $store:ident, $and:ident, $or:ident,
     $xor:ident, $bic:ident, $add:ident, $sub:ident, $equal:ident, $ones:ident, $max:ident) => {
        #[doc = concat!(stringify!($count), " lanes of `", stringify!($word), "`.")]
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(super) $register);

        impl Lanes<Neon> for $name {
            type Word = $word;
            const COUNT: usize = $count;

            #[inline(always)]
            fn splat(_: Neon, x: $word) -> Self {
                // SAFETY: see above.
                Self(unsafe { $dup(x) })
            }

            #[inline(always)]
            unsafe fn load(_: Neon, from: *const $word) -> Self {
                // SAFETY: see above.
                Self(unsafe { $load(from) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $word) {
                // SAFETY: see above.
                unsafe { $store(to, self.0) }
            }

            #[inline(always)]
            fn and(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $and(self.0, b.0) })
            }

            #[inline(always)]
            fn or(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $or(self.0, b.0) })
            }

            #[inline(always)]
            fn xor(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $xor(self.0, b.0) })
            }

            #[inline(always)]
            fn and_not(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $bic(self.0, b.0) })
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $add(self.0, b.0) })
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $sub(self.0, b.0) })
            }

            #[inline(always)]
            fn equal(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $equal(self.0, b.0) })
            }

            #[inline(always)]
            fn count_ones(self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $ones(self.0) })
            }

            #[inline(always)]
            fn any(self) -> bool {
                // SAFETY: see above.
                unsafe { $max(self.0) != 0 }
            }
        }
    };
}

lanes!(
    U8x16, uint8x16_t, u8, 16, vdupq_n_u8, vld1q_u8, vst1q_u8, vandq_u8, vorrq_u8, veorq_u8,
    vbicq_u8, vaddq_u8, vsubq_u8, vceqq_u8, vcntq_u8, vmaxvq_u8
);
lanes!(
    U16x8,
    uint16x8_t,
    u16,
    8,
    vdupq_n_u16,
    vld1q_u16,
    vst1q_u16,
    vandq_u16,
    vorrq_u16,
    veorq_u16,
    vbicq_u16,
    vaddq_u16,
    vsubq_u16,
    vceqq_u16,
    ones16,
    vmaxvq_u16
);
lanes!(
    U32x4,
    uint32x4_t,
    u32,
    4,
    vdupq_n_u32,
    vld1q_u32,
    vst1q_u32,
    vandq_u32,
    vorrq_u32,
    veorq_u32,
    vbicq_u32,
    vaddq_u32,
    vsubq_u32,
    vceqq_u32,
    ones32,
    vmaxvq_u32
);
lanes!(
    U64x2,
    uint64x2_t,
    u64,
    2,
    vdupq_n_u64,
    vld1q_u64,
    vst1q_u64,
    vandq_u64,
    vorrq_u64,
    veorq_u64,
    vbicq_u64,
    vaddq_u64,
    vsubq_u64,
    vceqq_u64,
    ones64,
    max64
);

#[inline(always)]
unsafe fn ones16(x: uint16x8_t) -> uint16x8_t {
    // SAFETY: see above.
    unsafe { vpaddlq_u8(vcntq_u8(vreinterpretq_u8_u16(x))) }
}

#[inline(always)]
unsafe fn ones32(x: uint32x4_t) -> uint32x4_t {
    // SAFETY: see above.
    unsafe { vpaddlq_u16(ones16(vreinterpretq_u16_u32(x))) }
}

#[inline(always)]
unsafe fn ones64(x: uint64x2_t) -> uint64x2_t {
    // SAFETY: see above.
    unsafe { vpaddlq_u32(ones32(vreinterpretq_u32_u64(x))) }
}

/// The largest half of a lane.
#[inline(always)]
unsafe fn max64(x: uint64x2_t) -> u32 {
    // SAFETY: see above.
    unsafe { vmaxvq_u32(vreinterpretq_u32_u64(x)) }
}
