//! Eight words of 64 bits in the registers of NEON.

use std::arch::aarch64::*;

use super::neon::Neon;
use crate::arch::words::{Words, word_by_word};

// SAFETY, for all blocks below: a value of this type is made only with the instruction set's token, which proves that the
// CPU has the instructions. Words and registers of one size have the same bits.

/// NEON: four registers.
#[derive(Clone, Copy)]
pub(crate) struct NeonWords([uint64x2_t; 4]);

/// NEON has the operands the other way round.
///
/// # Safety
///
/// The CPU must have NEON.
#[inline(always)]
unsafe fn and_not(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t {
    // SAFETY: the caller's promise.
    unsafe { vbicq_u64(b, a) }
}

impl Words<Neon> for NeonWords {
    #[inline(always)]
    fn new(_: Neon, words: [u64; 8]) -> Self {
        // SAFETY: see above.
        Self(unsafe { std::mem::transmute::<[u64; 8], [uint64x2_t; 4]>(words) })
    }

    word_by_word!(
        vandq_u64,
        vorrq_u64,
        veorq_u64,
        and_not,
        vaddq_u64,
        vshrq_n_u64
    );

    #[inline(always)]
    fn push(self, _: Neon, word: u64) -> Self {
        // SAFETY: see above.
        unsafe {
            let [a, b, c, d] = self.0;
            Self([
                vextq_u64::<1>(vdupq_n_u64(word), a),
                vextq_u64::<1>(a, b),
                vextq_u64::<1>(b, c),
                vextq_u64::<1>(c, d),
            ])
        }
    }

    #[inline(always)]
    fn last(self) -> u64 {
        // SAFETY: see above.
        unsafe { vgetq_lane_u64::<1>(self.0[3]) }
    }
}
