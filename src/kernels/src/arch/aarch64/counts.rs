//! Groups of counts in the registers of NEON.

use std::arch::aarch64::*;

use super::neon::Neon;
use crate::arch::counts::{Counts, GROUP, two_groups};

// SAFETY, for all blocks below: a value of these types is made only with the instruction set's token, which proves that the
// CPU has the instructions; loads and stores pass the caller's promise on.

/// Two registers.
#[derive(Clone, Copy)]
pub(crate) struct NeonCounts([uint16x8_t; 2]);

impl NeonCounts {
    #[inline(always)]
    unsafe fn widen(_: Neon, from: *const u8) -> Self {
        // SAFETY: see above.
        unsafe {
            let bytes = vld1q_u8(from);
            Self([vmovl_u8(vget_low_u8(bytes)), vmovl_high_u8(bytes)])
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u16) {
        // SAFETY: see above.
        unsafe {
            vst1q_u16(to, self.0[0]);
            vst1q_u16(to.add(GROUP / 2), self.0[1]);
        }
    }

    #[inline(always)]
    fn sub_or_zero(self, b: Self) -> Self {
        let ([a, c], [b, d]) = (self.0, b.0);
        // SAFETY: see above.
        Self(unsafe { [vqsubq_u16(a, b), vqsubq_u16(c, d)] })
    }
}

impl Counts<Neon> for NeonCounts {
    type Count = u16;
    type Pair = NeonPair;

    #[inline(always)]
    fn splat(_: Neon, x: u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { [vdupq_n_u16(x); 2] })
    }

    #[inline(always)]
    unsafe fn load(_: Neon, from: *const u16) -> Self {
        // SAFETY: see above.
        unsafe { Self([vld1q_u16(from), vld1q_u16(from.add(GROUP / 2))]) }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        let ([a, c], [b, d]) = (self.0, b.0);
        // SAFETY: see above.
        Self(unsafe { [vaddq_u16(a, b), vaddq_u16(c, d)] })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        let ([a, c], [b, d]) = (self.0, b.0);
        // SAFETY: see above.
        Self(unsafe { [vsubq_u16(a, b), vsubq_u16(c, d)] })
    }

    /// The bits of each lane's own, of those that are set, added up.
    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        const BITS: [u16; GROUP / 2] = [1, 2, 4, 8, 16, 32, 64, 128];
        let ([a, c], [b, d]) = (self.0, b.0);
        // SAFETY: see above.
        let sum = unsafe {
            let bits = vld1q_u16(BITS.as_ptr());
            let (left, right) = (vcltq_u16(a, b), vcltq_u16(c, d));
            vaddvq_u16(vorrq_u16(
                vandq_u16(left, bits),
                vandq_u16(right, vshlq_n_u16::<8>(bits)),
            ))
        };
        sum.into()
    }

    #[inline(always)]
    fn spread(self, place: usize) -> NeonPair {
        let mut counts = [0; GROUP];
        // SAFETY: there is room; see above.
        unsafe {
            self.store(counts.as_mut_ptr());
            let half = |count: u16| Self([vdupq_n_u16(count); 2]);
            NeonPair([half(counts[place]), half(counts[place + 1])])
        }
    }
}

two_groups!(NeonPair of NeonCounts for Neon);
