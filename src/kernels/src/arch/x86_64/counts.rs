//! Groups of counts in the registers of SSE2, AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::{avx2::Avx2, avx512::Avx512, sse2::Sse2};
use crate::arch::counts::{Counts, GROUP, Pair, two_groups};

// SAFETY, for all blocks below: a value of these types is made only with the instruction set's token, which proves that the
// CPU has the instructions; loads and stores pass the caller's promise on.

/// SSE2: two registers.
#[derive(Clone, Copy)]
pub(crate) struct Sse2Counts([__m128i; 2]);

impl Sse2Counts {
    #[inline(always)]
    unsafe fn widen(_: Sse2, from: *const u8) -> Self {
        // SAFETY: see above.
        unsafe {
            let (bytes, zero) = (_mm_loadu_si128(from.cast()), _mm_setzero_si128());
            Self([
                _mm_unpacklo_epi8(bytes, zero),
                _mm_unpackhi_epi8(bytes, zero),
            ])
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u16) {
        // SAFETY: see above.
        unsafe {
            _mm_storeu_si128(to.cast(), self.0[0]);
            _mm_storeu_si128(to.add(GROUP / 2).cast(), self.0[1]);
        }
    }

    #[inline(always)]
    fn sub_or_zero(self, b: Self) -> Self {
        let ([a, c], [b, d]) = (self.0, b.0);
        // SAFETY: see above.
        Self(unsafe { [_mm_subs_epu16(a, b), _mm_subs_epu16(c, d)] })
    }
}

impl Counts<Sse2> for Sse2Counts {
    type Count = u16;
    type Pair = Sse2Pair;

    #[inline(always)]
    fn splat(_: Sse2, x: u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { [_mm_set1_epi16(x.cast_signed()); 2] })
    }

    #[inline(always)]
    unsafe fn load(_: Sse2, from: *const u16) -> Self {
        // SAFETY: see above.
        unsafe {
            Self([
                _mm_loadu_si128(from.cast()),
                _mm_loadu_si128(from.add(GROUP / 2).cast()),
            ])
        }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        let ([a, c], [b, d]) = (self.0, b.0);
        // SAFETY: see above.
        Self(unsafe { [_mm_add_epi16(a, b), _mm_add_epi16(c, d)] })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        let ([a, c], [b, d]) = (self.0, b.0);
        // SAFETY: see above.
        Self(unsafe { [_mm_sub_epi16(a, b), _mm_sub_epi16(c, d)] })
    }

    /// There is no comparison of unsigned numbers: what is below leaves nothing when the other is taken away, and then some.
    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        let [left, right] = b.sub_or_zero(self).0;
        // SAFETY: see above.
        let not_below = unsafe {
            let zero = _mm_setzero_si128();
            _mm_movemask_epi8(_mm_packs_epi16(
                _mm_cmpeq_epi16(left, zero),
                _mm_cmpeq_epi16(right, zero),
            ))
        };
        !not_below.cast_unsigned() & 0xFFFF
    }

    #[inline(always)]
    fn spread(self, place: usize) -> Sse2Pair {
        let mut counts = [0; GROUP];
        // SAFETY: there is room; see above.
        unsafe {
            self.store(counts.as_mut_ptr());
            let half = |count: u16| Self([_mm_set1_epi16(count.cast_signed()); 2]);
            Sse2Pair([half(counts[place]), half(counts[place + 1])])
        }
    }
}

two_groups!(Sse2Pair of Sse2Counts for Sse2);

/// AVX2: one register.
#[derive(Clone, Copy)]
pub(crate) struct Avx2Counts(__m256i);

impl Avx2Counts {
    #[inline(always)]
    unsafe fn widen(_: Avx2, from: *const u8) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_cvtepu8_epi16(_mm_loadu_si128(from.cast())) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u16) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_si256(to.cast(), self.0) }
    }

    #[inline(always)]
    fn sub_or_zero(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_subs_epu16(self.0, b.0) })
    }
}

impl Counts<Avx2> for Avx2Counts {
    type Count = u16;
    type Pair = Avx2Pair;

    #[inline(always)]
    fn splat(_: Avx2, x: u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_set1_epi16(x.cast_signed()) })
    }

    #[inline(always)]
    unsafe fn load(_: Avx2, from: *const u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_loadu_si256(from.cast()) })
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_add_epi16(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_sub_epi16(self.0, b.0) })
    }

    /// As in SSE2.
    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        // SAFETY: see above.
        let not_below = unsafe {
            let rest = b.sub_or_zero(self).0;
            let bits = _mm256_cmpeq_epi16(rest, _mm256_setzero_si256());
            _mm_movemask_epi8(_mm_packs_epi16(
                _mm256_castsi256_si128(bits),
                _mm256_extracti128_si256::<1>(bits),
            ))
        };
        !not_below.cast_unsigned() & 0xFFFF
    }

    #[inline(always)]
    fn spread(self, place: usize) -> Avx2Pair {
        let mut counts = [0; GROUP];
        // SAFETY: there is room; see above.
        unsafe {
            self.store(counts.as_mut_ptr());
            let half = |count: u16| Self(_mm256_set1_epi16(count.cast_signed()));
            Avx2Pair([half(counts[place]), half(counts[place + 1])])
        }
    }
}

two_groups!(Avx2Pair of Avx2Counts for Avx2);

/// AVX-512: one register of 32 bytes.
#[derive(Clone, Copy)]
pub(crate) struct Avx512Counts(__m256i);

/// AVX-512: one register of 64 bytes.
#[derive(Clone, Copy)]
pub(crate) struct Avx512Pair(__m512i);

impl Counts<Avx512> for Avx512Counts {
    type Count = u16;
    type Pair = Avx512Pair;

    #[inline(always)]
    fn splat(_: Avx512, x: u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_set1_epi16(x.cast_signed()) })
    }

    #[inline(always)]
    unsafe fn load(_: Avx512, from: *const u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_loadu_si256(from.cast()) })
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_add_epi16(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_sub_epi16(self.0, b.0) })
    }

    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        // SAFETY: see above.
        unsafe { _mm256_cmplt_epu16_mask(self.0, b.0) }.into()
    }

    #[inline(always)]
    fn spread(self, place: usize) -> Avx512Pair {
        // SAFETY: see above.
        Avx512Pair(unsafe {
            let (first, second) = (place as i16, place as i16 + 1);
            let places =
                _mm512_inserti64x4::<1>(_mm512_set1_epi16(first), _mm256_set1_epi16(second));
            _mm512_permutexvar_epi16(places, _mm512_castsi256_si512(self.0))
        })
    }
}

impl Pair<Avx512> for Avx512Pair {
    type Count = u16;
    type Narrow = u8;

    #[inline(always)]
    fn splat(_: Avx512, x: u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_epi16(x.cast_signed()) })
    }

    #[inline(always)]
    unsafe fn widen(_: Avx512, from: *const u8) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_cvtepu8_epi16(_mm256_loadu_si256(from.cast())) })
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_epi16(self.0, b.0) })
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_epi16(self.0, b.0) })
    }

    #[inline(always)]
    fn sub_or_zero(self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_subs_epu16(self.0, b.0) })
    }

    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        // SAFETY: see above.
        unsafe { _mm512_cmplt_epu16_mask(self.0, b.0) }
    }

    #[inline(always)]
    fn to_array(self) -> [u16; 2 * GROUP] {
        let mut counts = [0; 2 * GROUP];
        // SAFETY: there is room; see above.
        unsafe { _mm512_storeu_si512(counts.as_mut_ptr().cast(), self.0) };
        counts
    }
}
