//! Sums of products of bytes: with VNNI four products an instruction and lane, else two of 16 bits.

use std::arch::x86_64::*;

use super::transpose;
use crate::arch::bytes::{ByteKernel, Dots, FLIP, Layout, ROWS};
use crate::arch::tile::{Sums, Tile};

// SAFETY, for all blocks below: a value of these types is made only with the unit's token, which proves that the CPU has the
// instructions; loads and stores pass the caller's promise on.

/// One unit: its token, its register, the function that compiles for it.
macro_rules! unit {
    ($unit:ident, $register:ident, $call:ident, $features:literal, $int:ty, $lanes:literal, $shape:expr, $group:literal,
     $ahead:literal, $add_products:path, $load_bytes:path, $transpose:path, $sum:path,
     $zero:ident, $set1:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $xor:ident,
     $to_float:ident, $float_set1:ident, $float_load:ident, $float_store:ident, $mul:ident, $min:ident, $max:ident) => {
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

        #[doc = concat!(stringify!($lanes), " sums.")]
        #[derive(Clone, Copy)]
        pub(crate) struct $register($int);

        impl Dots for $unit {
            type Register = $register;
            const LAYOUT: Layout = Layout {
                shape: $shape,
                group: $group,
                offset: $group == 4,
            };

            #[inline(always)]
            unsafe fn tile(self, tile: &Tile<u32, f32>) {
                const SHAPE: (usize, usize) = $shape;
                // SAFETY: the caller's promise.
                unsafe { tile.run::<Self, $register, { SHAPE.0 }, { SHAPE.1 / $lanes }>(self) }
            }

            #[inline(always)]
            unsafe fn load_bytes(self, from: *const i8) -> $register {
                // SAFETY: see above.
                $register(unsafe { $load_bytes(from.cast()) })
            }

            #[inline(always)]
            fn as_corpus(self, bytes: $register) -> $register {
                if !Self::LAYOUT.offset {
                    return bytes;
                }
                // SAFETY: see above.
                $register(unsafe { $xor(bytes.0, $set1(FLIP.cast_signed())) })
            }

            #[inline(always)]
            fn sub(self, a: $register, b: $register) -> $register {
                // SAFETY: see above.
                $register(unsafe { $sub(a.0, b.0) })
            }

            #[inline(always)]
            fn sum(self, sums: $register) -> i32 {
                // SAFETY: see above.
                unsafe { $sum(sums.0) }
            }

            #[inline(always)]
            unsafe fn transpose(
                self,
                from: [*const i8; ROWS],
                flip: u32,
                to: *mut u32,
                step: usize,
            ) {
                // SAFETY: see above.
                unsafe { $transpose(from, flip, to, step) }
            }
        }

        impl Sums<$unit> for $register {
            type Packed = u32;
            type Score = f32;
            const LANES: usize = $lanes;
            const AHEAD: usize = $ahead;

            #[inline(always)]
            fn zero(_: $unit) -> Self {
                // SAFETY: see above.
                Self(unsafe { $zero() })
            }

            #[inline(always)]
            unsafe fn load(_: $unit, from: *const u32) -> Self {
                // SAFETY: see above.
                Self(unsafe { $load(from.cast()) })
            }

            #[inline(always)]
            fn splat(_: $unit, x: u32) -> Self {
                // SAFETY: see above.
                Self(unsafe { $set1(x.cast_signed()) })
            }

            #[inline(always)]
            fn add_products(self, query: Self, corpus: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $add_products(self.0, corpus.0, query.0) })
            }

            #[inline(always)]
            fn prefetch(_: $unit, address: *const u8) {
                // SAFETY: every x86-64 CPU has it; a prefetch of any address is sound.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
            }

            #[inline(always)]
            unsafe fn add_waiting(self, _: $unit, place: *const f32) -> Self {
                // SAFETY: see above.
                Self(unsafe { $add(self.0, $load(place.cast())) })
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
                unsafe { $store(place.cast(), self.0) };
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
                    let (least, most) = ($float_set1(-bound), $float_set1(bound));
                    for col in (0..width).step_by($lanes) {
                        let factors = $float_load(tile.corpus_factors(width).add(col));
                        for row in 0..height {
                            let (factor, offset) = tile.query_trailer(height, row);
                            let place = out.add(row * stride + col);
                            let sums = $sub($load(place.cast()), $set1(offset));
                            let factors = $mul($float_set1(factor), factors);
                            let score = $mul($to_float(sums), factors);
                            $float_store(place, $max(least, $min(most, score)));
                        }
                    }
                }
            }
        }
    };
}

macro_rules! unit_128 {
    ($($first:tt)*) => {
        unit!($($first)*, _mm_setzero_si128, _mm_set1_epi32, _mm_loadu_si128, _mm_storeu_si128, _mm_add_epi32, _mm_sub_epi32,
            _mm_xor_si128, _mm_cvtepi32_ps, _mm_set1_ps, _mm_loadu_ps, _mm_storeu_ps, _mm_mul_ps, _mm_min_ps, _mm_max_ps);
    };
}

macro_rules! unit_256 {
    ($($first:tt)*) => {
        unit!($($first)*, _mm256_setzero_si256, _mm256_set1_epi32, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_add_epi32,
            _mm256_sub_epi32, _mm256_xor_si256, _mm256_cvtepi32_ps, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_mul_ps,
            _mm256_min_ps, _mm256_max_ps);
    };
}

macro_rules! unit_512 {
    ($($first:tt)*) => {
        unit!($($first)*, _mm512_setzero_si512, _mm512_set1_epi32, _mm512_loadu_si512, _mm512_storeu_si512, _mm512_add_epi32,
            _mm512_sub_epi32, _mm512_xor_si512, _mm512_cvtepi32_ps, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_mul_ps,
            _mm512_min_ps, _mm512_max_ps);
    };
}

unit_128!(
    Sse2,
    I32x4,
    call_sse2,
    "sse2",
    __m128i,
    4,
    (6, 8),
    2,
    0,
    pairs_128,
    transpose::wide,
    transpose::bytes_in_pairs,
    sum_128
);
unit_256!(
    Avx2,
    I32x8,
    call_avx2,
    "avx2,fma",
    __m256i,
    8,
    (6, 16),
    2,
    0,
    pairs_256,
    wide_256,
    transpose::bytes_in_pairs,
    sum_256
);
unit_256!(
    AvxVnni,
    VnniI32x8,
    call_avx_vnni,
    "avx2,fma,avxvnni",
    __m256i,
    8,
    (6, 16),
    4,
    0,
    _mm256_dpbusd_avx_epi32,
    _mm256_loadu_si256,
    transpose::bytes,
    sum_256
);
unit_512!(
    Avx512,
    I32x16,
    call_avx512,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    __m512i,
    16,
    (12, 32),
    2,
    8,
    pairs_512,
    wide_512,
    transpose::bytes_in_pairs,
    sum_512
);
unit_512!(
    Avx512Vnni,
    VnniI32x16,
    call_avx512_vnni,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma",
    __m512i,
    16,
    (12, 32),
    4,
    8,
    _mm512_dpbusd_epi32,
    _mm512_loadu_si512,
    transpose::bytes,
    sum_512
);

/// 16 bytes as numbers of 16 bits.
#[inline(always)]
unsafe fn wide_256(from: *const __m128i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(from)) }
}

/// 32 bytes as numbers of 16 bits.
#[inline(always)]
unsafe fn wide_512(from: *const __m256i) -> __m512i {
    // SAFETY: see above.
    unsafe { _mm512_cvtepi8_epi16(_mm256_loadu_si256(from)) }
}

/// The sum of the lanes.
#[inline(always)]
unsafe fn sum_128(sums: __m128i) -> i32 {
    // SAFETY: see above.
    unsafe {
        let sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b01_00_11_10>(sums));
        _mm_cvtsi128_si32(_mm_add_epi32(
            sums,
            _mm_shuffle_epi32::<0b10_11_00_01>(sums),
        ))
    }
}

/// The sum of the lanes.
#[inline(always)]
unsafe fn sum_256(sums: __m256i) -> i32 {
    // SAFETY: see above.
    unsafe {
        let high = _mm256_extracti128_si256::<1>(sums);
        sum_128(_mm_add_epi32(_mm256_castsi256_si128(sums), high))
    }
}

/// The sum of the lanes.
#[inline(always)]
unsafe fn sum_512(sums: __m512i) -> i32 {
    // SAFETY: see above.
    unsafe {
        let high = _mm512_extracti64x4_epi64::<1>(sums);
        sum_256(_mm256_add_epi32(_mm512_castsi512_si256(sums), high))
    }
}

/// Adds two products of 16 bits to each sum.
#[inline(always)]
unsafe fn pairs_128(sums: __m128i, a: __m128i, b: __m128i) -> __m128i {
    // SAFETY: see above.
    unsafe { _mm_add_epi32(sums, _mm_madd_epi16(a, b)) }
}

/// Adds two products of 16 bits to each sum.
#[inline(always)]
unsafe fn pairs_256(sums: __m256i, a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_add_epi32(sums, _mm256_madd_epi16(a, b)) }
}

/// Adds two products of 16 bits to each sum.
#[inline(always)]
unsafe fn pairs_512(sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see above.
    unsafe { _mm512_add_epi32(sums, _mm512_madd_epi16(a, b)) }
}
