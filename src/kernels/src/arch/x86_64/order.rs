//! Minima and maxima of integer lanes in SSE2, AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::lanes::{
    U8x16, U8x32, U8x64, U16x8, U16x16, U16x32, U32x4, U32x8, U32x16, U64x2, U64x4, U64x8,
};
use super::{avx2::Avx2, avx512::Avx512, sse2::Sse2};
use crate::arch::Order;

// SAFETY, for all blocks below: a value of these types is made only with the instruction set's token, which proves that the
// CPU has the instructions.

macro_rules! order {
    ($arch:ty, $($name:ident $lower:path, $upper:path);*) => {$(
        impl Order<$arch> for $name {
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

order!(Sse2, U8x16 _mm_min_epu8, _mm_max_epu8; U16x8 sse2::lower16, sse2::upper16; U32x4 sse2::lower32, sse2::upper32;
       U64x2 sse2::lower64, sse2::upper64);
order!(Avx2, U8x32 _mm256_min_epu8, _mm256_max_epu8; U16x16 _mm256_min_epu16, _mm256_max_epu16;
       U32x8 _mm256_min_epu32, _mm256_max_epu32; U64x4 avx2::lower64, avx2::upper64);

/// The larger of two is what is left of both without the smaller, and that runs where minima do not: two ports work side by
/// side.
macro_rules! order_avx512 {
    ($($name:ident $lower:ident, $upper:ident);*) => {$(
        impl Order<Avx512> for $name {
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
                let lower = self.lower(b);
                // SAFETY: see above.
                let upper = unsafe { _mm512_ternarylogic_epi64::<0b1001_0110>(self.0, b.0, lower.0) };
                [lower, Self(upper)]
            }
        }
    )*};
}

order_avx512!(U8x64 _mm512_min_epu8, _mm512_max_epu8; U16x32 _mm512_min_epu16, _mm512_max_epu16;
              U32x16 _mm512_min_epu32, _mm512_max_epu32; U64x8 _mm512_min_epu64, _mm512_max_epu64);

/// What SSE2 has no instruction for.
mod sse2 {
    use super::*;

    /// What `a` has above `b`, or nothing, taken away from `a`.
    #[inline(always)]
    pub(super) unsafe fn lower16(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_sub_epi16(a, _mm_subs_epu16(a, b)) }
    }

    #[inline(always)]
    pub(super) unsafe fn upper16(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_add_epi16(b, _mm_subs_epu16(a, b)) }
    }

    /// All bits in the lanes where `a` is above `b`. The comparison is one of signed numbers: the highest bit is turned.
    #[inline(always)]
    unsafe fn above32(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe {
            let sign = _mm_set1_epi32(i32::MIN);
            _mm_cmpgt_epi32(_mm_xor_si128(a, sign), _mm_xor_si128(b, sign))
        }
    }

    /// Of the lanes of two halves: the upper halves decide, or where they are the same, the lower ones.
    #[inline(always)]
    unsafe fn above64(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe {
            let above = above32(a, b);
            let low = _mm_shuffle_epi32::<0b10_10_00_00>(above);
            let same = _mm_cmpeq_epi32(a, b);
            let decided = _mm_or_si128(above, _mm_and_si128(same, low));
            _mm_shuffle_epi32::<0b11_11_01_01>(decided)
        }
    }

    /// `a` where the bits are set, `b` where not.
    #[inline(always)]
    unsafe fn choose(bits: __m128i, a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_or_si128(_mm_and_si128(bits, a), _mm_andnot_si128(bits, b)) }
    }

    #[inline(always)]
    pub(super) unsafe fn lower32(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { choose(above32(a, b), b, a) }
    }

    #[inline(always)]
    pub(super) unsafe fn upper32(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { choose(above32(a, b), a, b) }
    }

    #[inline(always)]
    pub(super) unsafe fn lower64(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { choose(above64(a, b), b, a) }
    }

    #[inline(always)]
    pub(super) unsafe fn upper64(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { choose(above64(a, b), a, b) }
    }
}

/// What AVX2 has no instruction for.
mod avx2 {
    use super::*;

    /// All bits in the lanes where `a` is above `b`, as in SSE2.
    #[inline(always)]
    unsafe fn above64(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe {
            let sign = _mm256_set1_epi64x(i64::MIN);
            _mm256_cmpgt_epi64(_mm256_xor_si256(a, sign), _mm256_xor_si256(b, sign))
        }
    }

    #[inline(always)]
    pub(super) unsafe fn lower64(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_blendv_epi8(a, b, above64(a, b)) }
    }

    #[inline(always)]
    pub(super) unsafe fn upper64(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_blendv_epi8(b, a, above64(a, b)) }
    }
}
