//! Offsets of 32 bits in the registers of AVX2, from which it can load; AVX-512 has registers of twice the size, but takes
//! more than twice the time to load from as many places.

use std::arch::x86_64::*;

use super::{avx2::Avx2, avx512::Avx512};
use crate::arch::offsets::Offsets;

// SAFETY, for all blocks below: a value of these types is made only with the instruction set's token, which proves that the
// CPU has the instructions; loads and stores pass the caller's promise on.

/// Eight lanes.
#[derive(Clone, Copy)]
pub(crate) struct I32x8(__m256i);

macro_rules! offsets {
    ($arch:ty, $cost:literal) => {
        impl Offsets<$arch> for I32x8 {
            const COUNT: usize = 8;
            const COST: usize = $cost;

            #[inline(always)]
            fn splat(_: $arch, x: i32) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_set1_epi32(x) })
            }

            #[inline(always)]
            unsafe fn load(_: $arch, from: *const i32) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_loadu_si256(from.cast()) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut i32) {
                // SAFETY: see above.
                unsafe { _mm256_storeu_si256(to.cast(), self.0) }
            }

            #[inline(always)]
            unsafe fn gather(self, base: *const u8) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_i32gather_epi32::<1>(base.cast(), self.0) })
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_add_epi32(self.0, b.0) })
            }

            #[inline(always)]
            fn min(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_min_epi32(self.0, b.0) })
            }

            #[inline(always)]
            fn max(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_max_epi32(self.0, b.0) })
            }

            #[inline(always)]
            fn xor(self, b: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_xor_si256(self.0, b.0) })
            }

            #[inline(always)]
            fn halve(self) -> Self {
                // SAFETY: see above.
                Self(unsafe { _mm256_srli_epi32::<1>(self.0) })
            }

            /// The lowest bit is the exponent of a float; of 0 that is less than any, and large as an unsigned number.
            #[inline(always)]
            fn zero_bytes(self) -> Self {
                // SAFETY: see above.
                unsafe {
                    let negative = _mm256_sub_epi32(_mm256_setzero_si256(), self.0);
                    let lowest = _mm256_cvtepi32_ps(_mm256_and_si256(self.0, negative));
                    let exponent = _mm256_srli_epi32::<23>(_mm256_castps_si256(lowest));
                    // Of the highest bit of all the float is negative.
                    let exponent = _mm256_and_si256(exponent, _mm256_set1_epi32(0xFF));
                    let bit = _mm256_sub_epi32(exponent, _mm256_set1_epi32(127));
                    let bytes = _mm256_srli_epi32::<3>(bit);
                    Self(_mm256_min_epu32(bytes, _mm256_set1_epi32(4)))
                }
            }

            #[inline(always)]
            fn zeros(self) -> u32 {
                // SAFETY: see above.
                unsafe { lanes(_mm256_cmpeq_epi32(self.0, _mm256_setzero_si256())) }
            }

            #[inline(always)]
            fn below(self, b: Self) -> u32 {
                // SAFETY: see above.
                unsafe { lanes(_mm256_cmpgt_epi32(b.0, self.0)) }
            }
        }
    };
}

offsets!(Avx2, 8);
offsets!(Avx512, 10);

/// The lanes of a mask, as bits.
#[inline(always)]
unsafe fn lanes(mask: __m256i) -> u32 {
    // SAFETY: see above.
    unsafe { _mm256_movemask_ps(_mm256_castsi256_ps(mask)).cast_unsigned() }
}
