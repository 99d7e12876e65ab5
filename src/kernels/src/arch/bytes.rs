//! What the int8 kernels ask of an instruction set: sums of products of bytes, exact in 32 bits.
//!
//! Bytes are packed some to a word ([`Dots::GROUP`]): four as they are, for instructions that multiply bytes and add four
//! products at once, or two widened to 16 bits where there are none. After the words of a tile's rows comes a trailer of
//! [`TRAILER`] words a row: the bits of the `f32` that the row's sums are multiplied with, and an `i32` that is taken off a
//! query's sums first. Until sums are complete, the result holds their bits.

use super::tile::{Sums, Tile};
use crate::simd::ByteUnit;

/// Words of the trailer, for each row.
pub(crate) const TRAILER: usize = 2;

/// Instructions that sum products of bytes, on a CPU that has them: only [`ByteKernel::at`] makes a value.
pub(crate) trait Dots: Copy + 'static {
    /// A register of sums.
    type Register: Sums<Self, Packed = u32, Score = f32>;
    /// How the bytes are packed.
    const LAYOUT: Layout;

    /// Runs a tile.
    ///
    /// # Safety
    ///
    /// As [`Tile::run`].
    unsafe fn tile(self, tile: &Tile<u32, f32>);

    /// Loads a register's worth of bytes of a row, widened where they are packed so: `GROUP` for each lane.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned.
    unsafe fn load_bytes(self, from: *const i8) -> Self::Register;

    /// The bytes as those of the corpus are packed: with 128 added, where [`Layout::offset`] says so.
    fn as_corpus(self, bytes: Self::Register) -> Self::Register;

    /// Lane by lane, a - b, modulo 2^32.
    fn sub(self, a: Self::Register, b: Self::Register) -> Self::Register;

    /// The sum of the lanes, modulo 2^32.
    fn sum(self, sums: Self::Register) -> i32;

    /// Packs [`WORDS`] words of each of [`ROWS`] rows: the words of a column next to each other, `step` words from one column
    /// to the next, each with `flip` for its bytes that are not widened.
    ///
    /// # Safety
    ///
    /// The rows' bytes must be readable, and the words' places writable; neither need be aligned.
    unsafe fn transpose(self, from: [*const i8; ROWS], flip: u32, to: *mut u32, step: usize);
}

/// Rows that [`Dots::transpose`] packs at a time.
pub(crate) const ROWS: usize = 4;

/// Words of each of them.
pub(crate) const WORDS: usize = 4;

/// More bytes than a register holds.
pub(crate) const MAX_BYTES: usize = 64;

/// What offsets the bytes of a word by 128, be they taken as signed before or after.
pub(crate) const FLIP: u32 = 0x8080_8080;

/// How bytes are packed for a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Rows and columns of a tile.
    pub shape: (usize, usize),
    /// Bytes in a word: 4, or 2 that are widened.
    pub group: usize,
    /// Whether 128 is added to those of the corpus, as the instruction takes one factor without a sign.
    pub offset: bool,
}

impl Layout {
    /// That of the specification.
    pub(crate) const SCALAR: Self = Self {
        shape: (4, 4),
        group: 4,
        offset: false,
    };
}

/// A kernel over packed bytes.
pub(crate) trait ByteKernel: Sized {
    /// What it gives.
    type Output;

    /// The specification, over [`Layout::SCALAR`].
    fn scalar(self) -> Self::Output;

    /// The same with an instruction set's registers. It must be `#[inline(always)]`.
    fn run<D: Dots>(self, dots: D) -> Self::Output;

    /// Runs it on a unit.
    ///
    /// # Panics
    ///
    /// This CPU lacks the unit.
    #[inline]
    fn at(self, unit: ByteUnit) -> Self::Output {
        assert!(unit.is_available(), "{unit:?} is not available on this CPU");
        // SAFETY: the unit's instructions are there.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        return unsafe {
            use super::x86_64::bytes;
            match unit {
                ByteUnit::Sse2 => bytes::call_sse2(self),
                ByteUnit::Avx2 => bytes::call_avx2(self),
                ByteUnit::AvxVnni => bytes::call_avx_vnni(self),
                ByteUnit::Avx512 => bytes::call_avx512(self),
                ByteUnit::Avx512Vnni => bytes::call_avx512_vnni(self),
                ByteUnit::Scalar | ByteUnit::Neon | ByteUnit::NeonDot => self.scalar(),
            }
        };
        // SAFETY: the unit's instructions are there.
        #[cfg(all(target_arch = "aarch64", not(miri)))]
        return unsafe {
            use super::aarch64::bytes;
            match unit {
                ByteUnit::Neon => bytes::call_neon(self),
                ByteUnit::NeonDot => bytes::call_neon_dot(self),
                _ => self.scalar(),
            }
        };
        #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
        self.scalar()
    }
}

/// How bytes are packed for a unit.
pub(crate) struct LayoutOf;

impl ByteKernel for LayoutOf {
    type Output = Layout;

    fn scalar(self) -> Layout {
        Layout::SCALAR
    }

    #[inline(always)]
    fn run<D: Dots>(self, _dots: D) -> Layout {
        D::LAYOUT
    }
}

impl Tile<u32, f32> {
    /// The factor of a row of queries and its offset, behind the words of `height` rows.
    ///
    /// # Safety
    ///
    /// As [`Tile::run`].
    #[inline(always)]
    pub(crate) unsafe fn query_trailer(&self, height: usize, row: usize) -> (f32, i32) {
        // SAFETY: the caller's promise: the trailer is part of the packed rows.
        unsafe {
            let trailer = self.queries.add(self.depth * height);
            let (factor, offset) = (trailer.add(row).read(), trailer.add(height + row).read());
            (f32::from_bits(factor), offset.cast_signed())
        }
    }

    /// Where the factors of the corpus are, behind the words of `width` rows.
    #[inline(always)]
    pub(crate) fn corpus_factors(&self, width: usize) -> *const f32 {
        self.corpus.wrapping_add(self.depth * width).cast()
    }

    /// The specification: computes it, packed as [`Layout::SCALAR`] says.
    ///
    /// # Safety
    ///
    /// As [`Tile::run`].
    pub(crate) unsafe fn scalar_bytes(&self) {
        let (height, width) = Layout::SCALAR.shape;
        for row in 0..self.rows {
            for col in 0..self.cols {
                let mut sum = 0_i32;
                for index in 0..self.depth {
                    // SAFETY: the caller's promise on `queries` and `corpus`.
                    let (left, right) = unsafe {
                        (
                            self.queries.add(index * height + row).read(),
                            self.corpus.add(index * width + col).read(),
                        )
                    };
                    for (left, right) in left.to_ne_bytes().into_iter().zip(right.to_ne_bytes()) {
                        let product =
                            i32::from(left.cast_signed()) * i32::from(right.cast_signed());
                        sum = sum.wrapping_add(product);
                    }
                }
                // SAFETY: the caller's promise on the result and the trailers.
                unsafe {
                    let place = self.out.add(row * self.stride + col);
                    if !self.first {
                        sum = sum.wrapping_add(place.read().to_bits().cast_signed());
                    }
                    place.write(if self.last {
                        let (factor, offset) = self.query_trailer(height, row);
                        let factor = factor * self.corpus_factors(width).add(col).read();
                        let score = sum.wrapping_sub(offset) as f32 * factor;
                        if self.cosine {
                            score.clamp(-1.0, 1.0)
                        } else {
                            score
                        }
                    } else {
                        f32::from_bits(sum.cast_unsigned())
                    });
                }
            }
        }
    }
}
