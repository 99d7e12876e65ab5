//! Eight words of 64 bits in the registers of SSE2, AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::{avx2::Avx2, avx512::Avx512, sse2::Sse2};
use crate::arch::words::{Words, word_by_word};

// SAFETY, for all blocks below: a value of these types is made only with the instruction set's token, which proves that the
// CPU has the instructions. Words and registers of one size have the same bits.

/// SSE2: four registers.
#[derive(Clone, Copy)]
pub(crate) struct Sse2Words([__m128i; 4]);

impl Words<Sse2> for Sse2Words {
    #[inline(always)]
    fn new(_: Sse2, words: [u64; 8]) -> Self {
        // SAFETY: see above.
        Self(unsafe { std::mem::transmute::<[u64; 8], [__m128i; 4]>(words) })
    }

    word_by_word!(
        _mm_and_si128,
        _mm_or_si128,
        _mm_xor_si128,
        _mm_andnot_si128,
        _mm_add_epi64,
        _mm_srli_epi64
    );

    #[inline(always)]
    fn push(self, _: Sse2, word: u64) -> Self {
        // SAFETY: see above.
        unsafe {
            let pair = |low, high| {
                _mm_castpd_si128(_mm_shuffle_pd::<0b01>(
                    _mm_castsi128_pd(low),
                    _mm_castsi128_pd(high),
                ))
            };
            let [a, b, c, d] = self.0;
            let word = _mm_set1_epi64x(word.cast_signed());
            Self([pair(word, a), pair(a, b), pair(b, c), pair(c, d)])
        }
    }

    #[inline(always)]
    fn last(self) -> u64 {
        // SAFETY: see above.
        unsafe { _mm_cvtsi128_si64(_mm_unpackhi_epi64(self.0[3], self.0[3])).cast_unsigned() }
    }
}

/// AVX2: two registers.
#[derive(Clone, Copy)]
pub(crate) struct Avx2Words([__m256i; 2]);

impl Words<Avx2> for Avx2Words {
    #[inline(always)]
    fn new(_: Avx2, words: [u64; 8]) -> Self {
        // SAFETY: see above.
        Self(unsafe { std::mem::transmute::<[u64; 8], [__m256i; 2]>(words) })
    }

    word_by_word!(
        _mm256_and_si256,
        _mm256_or_si256,
        _mm256_xor_si256,
        _mm256_andnot_si256,
        _mm256_add_epi64,
        _mm256_srli_epi64
    );

    #[inline(always)]
    fn push(self, _: Avx2, word: u64) -> Self {
        // SAFETY: see above.
        unsafe {
            let [a, b] = self.0;
            // Each with its last lane first.
            let a = _mm256_permute4x64_epi64::<0b10_01_00_11>(a);
            let b = _mm256_permute4x64_epi64::<0b10_01_00_11>(b);
            let word = _mm256_set1_epi64x(word.cast_signed());
            Self([
                _mm256_blend_epi32::<0b11>(a, word),
                _mm256_blend_epi32::<0b11>(b, a),
            ])
        }
    }

    #[inline(always)]
    fn last(self) -> u64 {
        // SAFETY: see above.
        unsafe { _mm256_extract_epi64::<3>(self.0[1]).cast_unsigned() }
    }
}

/// AVX-512: one register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512Words([__m512i; 1]);

impl Words<Avx512> for Avx512Words {
    #[inline(always)]
    fn new(_: Avx512, words: [u64; 8]) -> Self {
        // SAFETY: see above.
        Self(unsafe { std::mem::transmute::<[u64; 8], [__m512i; 1]>(words) })
    }

    word_by_word!(
        _mm512_and_si512,
        _mm512_or_si512,
        _mm512_xor_si512,
        _mm512_andnot_si512,
        _mm512_add_epi64,
        _mm512_srli_epi64
    );

    #[inline(always)]
    fn push(self, _: Avx512, word: u64) -> Self {
        // SAFETY: see above.
        unsafe {
            let word = _mm512_set1_epi64(word.cast_signed());
            Self([_mm512_alignr_epi64::<7>(self.0[0], word)])
        }
    }

    #[inline(always)]
    fn last(self) -> u64 {
        // SAFETY: see above.
        unsafe {
            let high = _mm512_extracti64x2_epi64::<3>(self.0[0]);
            _mm_cvtsi128_si64(_mm_unpackhi_epi64(high, high)).cast_unsigned()
        }
    }
}
