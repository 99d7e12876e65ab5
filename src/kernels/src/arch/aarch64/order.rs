//! Minima and maxima of integer lanes in NEON.

use std::arch::aarch64::*;

use super::lanes::{U8x16, U16x8, U32x4, U64x2};
use super::neon::Neon;
use crate::arch::Order;

// SAFETY, for all blocks below: a value of these types is made only with the instruction set's token, which proves that the
// CPU has the instructions.

macro_rules! order {
    ($($name:ident $lower:path, $upper:path);*) => {$(
        impl Order<Neon> for $name {
            #[inline(always)]
            fn lower(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $lower(self.0, b.0) })
            }

            #[inline(always)]
            fn upper(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $upper(self.0, b.0) })
            }

            #[inline(always)]
            fn order(self, b: Self) -> [Self; 2] {
                [self.lower(b), self.upper(b)]
            }
        }
    )*};
}

order!(U8x16 vminq_u8, vmaxq_u8; U16x8 vminq_u16, vmaxq_u16; U32x4 vminq_u32, vmaxq_u32; U64x2 lower64, upper64);

/// There is a comparison of 64 bits, and no minimum.
#[inline(always)]
unsafe fn lower64(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t {
    // SAFETY: see above.
    unsafe { vbslq_u64(vcgtq_u64(a, b), b, a) }
}

#[inline(always)]
unsafe fn upper64(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t {
    // SAFETY: see above.
    unsafe { vbslq_u64(vcgtq_u64(a, b), a, b) }
}
