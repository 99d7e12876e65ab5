//! Integer lanes of SSE2, AVX2 and AVX-512: one macro over the names that the instruction sets give the same thing.

use std::arch::x86_64::*;

use super::{avx2::Avx2, avx512::Avx512, sse2::Sse2};
use crate::arch::lanes::Lanes;

// SAFETY, for all blocks below: a value of these types is made only with the instruction set's token, which proves that the
// CPU has the instructions; loads and stores pass the caller's promise on.

/// One type of lanes. `equal`, `ones` and `any` are functions of this file.
macro_rules! lanes {
    ($name:ident, $arch:ty, $register:ty, $word:ty, $signed:ty, $count:literal,
     $set1:ident, $load:ident, $store:ident, $and:ident, $or:ident, $xor:ident, $andnot:ident, $add:ident, $sub:ident,
     $equal:path, $ones:path, $any:path) => {
        #[doc = concat!(stringify!($count), " lanes of `", stringify!($word), "`.")]
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(super) $register);

        impl Lanes<$arch> for $name {
            type Word = $word;
            const COUNT: usize = $count;

            #[inline(always)]
            fn splat(_: $arch, x: $word) -> Self {
                // SAFETY: see above.
                Self(unsafe { $set1(x as $signed) })
            }

            #[inline(always)]
            unsafe fn load(_: $arch, from: *const $word) -> Self {
                // SAFETY: see above.
                Self(unsafe { $load(from.cast()) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $word) {
                // SAFETY: see above.
                unsafe { $store(to.cast(), self.0) }
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
                Self(unsafe { $andnot(b.0, self.0) })
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
                unsafe { $any(self.0) }
            }
        }
    };
}

/// The four types of an instruction set.
macro_rules! all_lanes {
    ($arch:ty, $register:ty, $load:ident, $store:ident, $and:ident, $or:ident, $xor:ident, $andnot:ident, $module:ident,
     $u8:ident $n8:literal $set8:ident $add8:ident $sub8:ident,
     $u16:ident $n16:literal $set16:ident $add16:ident $sub16:ident,
     $u32:ident $n32:literal $set32:ident $add32:ident $sub32:ident,
     $u64:ident $n64:literal $set64:ident $add64:ident $sub64:ident) => {
        lanes!(
            $u8,
            $arch,
            $register,
            u8,
            i8,
            $n8,
            $set8,
            $load,
            $store,
            $and,
            $or,
            $xor,
            $andnot,
            $add8,
            $sub8,
            $module::equal8,
            $module::ones8,
            $module::any
        );
        lanes!(
            $u16,
            $arch,
            $register,
            u16,
            i16,
            $n16,
            $set16,
            $load,
            $store,
            $and,
            $or,
            $xor,
            $andnot,
            $add16,
            $sub16,
            $module::equal16,
            $module::ones16,
            $module::any
        );
        lanes!(
            $u32,
            $arch,
            $register,
            u32,
            i32,
            $n32,
            $set32,
            $load,
            $store,
            $and,
            $or,
            $xor,
            $andnot,
            $add32,
            $sub32,
            $module::equal32,
            $module::ones32,
            $module::any
        );
        lanes!(
            $u64,
            $arch,
            $register,
            u64,
            i64,
            $n64,
            $set64,
            $load,
            $store,
            $and,
            $or,
            $xor,
            $andnot,
            $add64,
            $sub64,
            $module::equal64,
            $module::ones64,
            $module::any
        );
    };
}

all_lanes!(
    Sse2, __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_and_si128, _mm_or_si128, _mm_xor_si128, _mm_andnot_si128, sse2,
    U8x16 16 _mm_set1_epi8 _mm_add_epi8 _mm_sub_epi8,
    U16x8 8 _mm_set1_epi16 _mm_add_epi16 _mm_sub_epi16,
    U32x4 4 _mm_set1_epi32 _mm_add_epi32 _mm_sub_epi32,
    U64x2 2 _mm_set1_epi64x _mm_add_epi64 _mm_sub_epi64
);
all_lanes!(
    Avx2, __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_and_si256, _mm256_or_si256, _mm256_xor_si256,
    _mm256_andnot_si256, avx2,
    U8x32 32 _mm256_set1_epi8 _mm256_add_epi8 _mm256_sub_epi8,
    U16x16 16 _mm256_set1_epi16 _mm256_add_epi16 _mm256_sub_epi16,
    U32x8 8 _mm256_set1_epi32 _mm256_add_epi32 _mm256_sub_epi32,
    U64x4 4 _mm256_set1_epi64x _mm256_add_epi64 _mm256_sub_epi64
);
all_lanes!(
    Avx512, __m512i, _mm512_loadu_si512, _mm512_storeu_si512, _mm512_and_si512, _mm512_or_si512, _mm512_xor_si512,
    _mm512_andnot_si512, avx512,
    U8x64 64 _mm512_set1_epi8 _mm512_add_epi8 _mm512_sub_epi8,
    U16x32 32 _mm512_set1_epi16 _mm512_add_epi16 _mm512_sub_epi16,
    U32x16 16 _mm512_set1_epi32 _mm512_add_epi32 _mm512_sub_epi32,
    U64x8 8 _mm512_set1_epi64 _mm512_add_epi64 _mm512_sub_epi64
);

/// What SSE2 has no instruction for.
mod sse2 {
    use super::*;

    #[inline(always)]
    pub(super) unsafe fn any(x: __m128i) -> bool {
        // SAFETY: see above.
        unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_setzero_si128())) != 0xffff }
    }

    pub(super) use std::arch::x86_64::_mm_cmpeq_epi8 as equal8;
    pub(super) use std::arch::x86_64::_mm_cmpeq_epi16 as equal16;
    pub(super) use std::arch::x86_64::_mm_cmpeq_epi32 as equal32;

    #[inline(always)]
    pub(super) unsafe fn equal64(a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe {
            let halves = _mm_cmpeq_epi32(a, b);
            _mm_and_si128(halves, _mm_shuffle_epi32::<0b10_11_00_01>(halves))
        }
    }

    /// By halving: what a shift of 16 bits brings over from the next byte, the masks take away.
    #[inline(always)]
    pub(super) unsafe fn ones8(x: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe {
            let pairs = _mm_and_si128(_mm_srli_epi16::<1>(x), _mm_set1_epi8(0x55));
            let x = _mm_sub_epi8(x, pairs);
            let low = _mm_and_si128(x, _mm_set1_epi8(0x33));
            let high = _mm_and_si128(_mm_srli_epi16::<2>(x), _mm_set1_epi8(0x33));
            let x = _mm_add_epi8(low, high);
            _mm_and_si128(_mm_add_epi8(x, _mm_srli_epi16::<4>(x)), _mm_set1_epi8(0x0f))
        }
    }

    #[inline(always)]
    pub(super) unsafe fn ones16(x: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe {
            let bytes = ones8(x);
            let sums = _mm_add_epi8(bytes, _mm_srli_epi16::<8>(bytes));
            _mm_and_si128(sums, _mm_set1_epi16(0xff))
        }
    }

    #[inline(always)]
    pub(super) unsafe fn ones32(x: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_madd_epi16(ones16(x), _mm_set1_epi16(1)) }
    }

    #[inline(always)]
    pub(super) unsafe fn ones64(x: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_sad_epu8(ones8(x), _mm_setzero_si128()) }
    }
}

/// What AVX2 has no instruction for.
mod avx2 {
    use super::*;

    #[inline(always)]
    pub(super) unsafe fn any(x: __m256i) -> bool {
        // SAFETY: see above.
        unsafe { _mm256_testz_si256(x, x) == 0 }
    }

    pub(super) use std::arch::x86_64::_mm256_cmpeq_epi8 as equal8;
    pub(super) use std::arch::x86_64::_mm256_cmpeq_epi16 as equal16;
    pub(super) use std::arch::x86_64::_mm256_cmpeq_epi32 as equal32;
    pub(super) use std::arch::x86_64::_mm256_cmpeq_epi64 as equal64;

    /// Half a byte at a time, looked up.
    #[inline(always)]
    pub(super) unsafe fn ones8(x: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe {
            let ones = _mm256_broadcastsi128_si256(_mm_setr_epi8(
                0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            ));
            let mask = _mm256_set1_epi8(0x0f);
            let low = _mm256_shuffle_epi8(ones, _mm256_and_si256(x, mask));
            let high = _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16::<4>(x), mask));
            _mm256_add_epi8(low, high)
        }
    }

    #[inline(always)]
    pub(super) unsafe fn ones16(x: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_maddubs_epi16(ones8(x), _mm256_set1_epi8(1)) }
    }

    #[inline(always)]
    pub(super) unsafe fn ones32(x: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_madd_epi16(ones16(x), _mm256_set1_epi16(1)) }
    }

    #[inline(always)]
    pub(super) unsafe fn ones64(x: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_sad_epu8(ones8(x), _mm256_setzero_si256()) }
    }
}

/// What AVX-512 has no instruction for, or none that every CPU with it has (counting bits is an extension of its own).
mod avx512 {
    use super::*;

    #[inline(always)]
    pub(super) unsafe fn any(x: __m512i) -> bool {
        // SAFETY: see above.
        unsafe { _mm512_test_epi64_mask(x, x) != 0 }
    }

    #[inline(always)]
    pub(super) unsafe fn equal8(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_movm_epi8(_mm512_cmpeq_epi8_mask(a, b)) }
    }

    #[inline(always)]
    pub(super) unsafe fn equal16(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_movm_epi16(_mm512_cmpeq_epi16_mask(a, b)) }
    }

    #[inline(always)]
    pub(super) unsafe fn equal32(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_movm_epi32(_mm512_cmpeq_epi32_mask(a, b)) }
    }

    #[inline(always)]
    pub(super) unsafe fn equal64(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_movm_epi64(_mm512_cmpeq_epi64_mask(a, b)) }
    }

    /// Half a byte at a time, looked up.
    #[inline(always)]
    pub(super) unsafe fn ones8(x: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe {
            let ones = _mm512_broadcast_i32x4(_mm_setr_epi8(
                0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            ));
            let mask = _mm512_set1_epi8(0x0f);
            let low = _mm512_shuffle_epi8(ones, _mm512_and_si512(x, mask));
            let high = _mm512_shuffle_epi8(ones, _mm512_and_si512(_mm512_srli_epi16::<4>(x), mask));
            _mm512_add_epi8(low, high)
        }
    }

    #[inline(always)]
    pub(super) unsafe fn ones16(x: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_maddubs_epi16(ones8(x), _mm512_set1_epi8(1)) }
    }

    #[inline(always)]
    pub(super) unsafe fn ones32(x: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_madd_epi16(ones16(x), _mm512_set1_epi16(1)) }
    }

    #[inline(always)]
    pub(super) unsafe fn ones64(x: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_sad_epu8(ones8(x), _mm512_setzero_si512()) }
    }
}
