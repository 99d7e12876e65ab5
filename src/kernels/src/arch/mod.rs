//! What a kernel may ask of an instruction set: a few operations on vector registers, written once for each set.
//!
//! A kernel is a [`Kernel`]: a struct of its arguments and a generic `run`, which [`Kernel::at`] compiles for each level in
//! a function with the level's target features and calls for the level asked for. For that, `run` and all that it calls
//! with vectors must be `#[inline(always)]`: a function that is not inlined is compiled without the features.
//!
//! An [`Arch`] value is the proof that the CPU has the instructions: only `Kernel::at` makes one, after it has looked.
//! Vectors are made with such a value alone, so their arithmetic is safe; only their loads and stores are not.

#[cfg(all(target_arch = "aarch64", not(miri)))]
mod aarch64;
pub(crate) mod bytes;
mod counts;
mod lanes;
mod offsets;
mod order;
pub(crate) mod tile;
mod words;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86_64;

pub(crate) use counts::{Count, Counts, Each, GROUP, Pair};
pub(crate) use lanes::{Lanes, Word};
pub(crate) use offsets::{Offset, Offsets};
pub(crate) use order::Order;
pub(crate) use tile::Tile;
pub(crate) use words::{Plain, Words};

use crate::Float;
use crate::simd::Level;

/// An instruction set that this CPU has.
pub trait Arch: Copy + Send + Sync + 'static {
    /// A register of `f32`.
    type F32: Vector<Self, Element = f32>;
    /// A register of `f64`.
    type F64: Doubles<Self>;
    /// Eight words of 64 bits.
    type Words: Words<Self>;
    /// Sixteen counts of 16 bits.
    type Counts: Counts<Self, Count = u16, Pair: Pair<Self, Count = u16, Narrow = u8>>;
    /// A register of places to load from.
    type Offsets: Offsets<Self>;
    /// Registers of integers.
    type U8: Order<Self, Word = u8>;
    type U16: Order<Self, Word = u16>;
    type U32: Order<Self, Word = u32>;
    type U64: Order<Self, Word = u64>;
    /// Rows and columns of the tile that `tile_f32` computes, and of `tile_f64`'s.
    const TILE_F32: (usize, usize);
    const TILE_F64: (usize, usize);
    /// See [`tile::Sums::AHEAD`].
    const AHEAD: usize = 0;
    /// How many numbers `widen_halves` widens; 0 where the instruction set has nothing for that.
    const HALVES: usize = 0;

    /// Runs a tile of the cosine matrix.
    ///
    /// # Safety
    ///
    /// As [`Tile::run`].
    unsafe fn tile_f32(self, tile: &Tile<f32, f32>);

    /// Runs a tile of the cosine matrix.
    ///
    /// # Safety
    ///
    /// As [`Tile::run`].
    unsafe fn tile_f64(self, tile: &Tile<f64, f64>);

    /// Loads 4 numbers of each of 4 rows, multiplies each row by its two factors, and stores the columns: 4 numbers each,
    /// `step` elements from one to the next.
    ///
    /// # Safety
    ///
    /// What is loaded must be readable, and what is stored writable; neither need be aligned to more than one number.
    unsafe fn transpose_f32(
        self,
        from: [*const f32; 4],
        factors: &[[f32; 2]; 4],
        to: *mut f32,
        step: usize,
    );

    /// The same for 2 numbers of each of 4 rows: 2 columns of 4.
    ///
    /// # Safety
    ///
    /// As [`Arch::transpose_f32`].
    unsafe fn transpose_f64(
        self,
        from: [*const f64; 4],
        factors: &[[f64; 2]; 4],
        to: *mut f64,
        step: usize,
    );

    /// Widens `HALVES` numbers of binary16.
    ///
    /// # Safety
    ///
    /// As many must be readable at `from` and writable at `to`; neither need be aligned to more than one number.
    #[inline(always)]
    unsafe fn widen_halves(self, _from: *const u16, _to: *mut f32) {}

    /// Loads as many numbers of binary16 as a register of `f64` has lanes, widened; `None` where `HALVES` is 0.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned to more than one number.
    #[inline(always)]
    unsafe fn load_halves(self, _from: *const u16) -> Option<Self::F64> {
        None
    }

    /// The same with bfloat16.
    ///
    /// # Safety
    ///
    /// As [`Arch::load_halves`].
    #[inline(always)]
    unsafe fn load_bfloats(self, _from: *const u16) -> Option<Self::F64> {
        None
    }

    /// Asks for the memory there to be brought near; any address will do.
    #[inline(always)]
    fn prefetch<T>(self, _address: *const T) {}

    /// The same, but no nearer than the second cache.
    #[inline(always)]
    fn prefetch_later<T>(self, _address: *const T) {}
}

/// A vector register.
pub trait Vector<A>: Copy {
    /// What a lane holds.
    type Element: Float;
    /// How many of them.
    const LANES: usize;

    /// `x` in each lane.
    fn splat(arch: A, x: Self::Element) -> Self;

    /// Loads `LANES` numbers.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned to more than one number.
    unsafe fn load(arch: A, from: *const Self::Element) -> Self;

    /// Stores `LANES` numbers.
    ///
    /// # Safety
    ///
    /// They must be writable at `to`, which need not be aligned to more than one number.
    unsafe fn store(self, to: *mut Self::Element);

    /// Lane by lane, `self + b`.
    fn add(self, b: Self) -> Self;

    /// Lane by lane, `self - b`.
    fn sub(self, b: Self) -> Self;

    /// Lane by lane, `self * b + c`; rounded once where the instruction set has a fused multiply-add, else twice.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// Lane by lane, the absolute value.
    fn abs(self) -> Self;

    /// Lane by lane, the larger one; either one where one is NaN.
    fn max(self, b: Self) -> Self;

    /// Lane by lane, the smaller one; either one where one is NaN.
    fn min(self, b: Self) -> Self;

    /// Lane by lane, what is between -`bound` and `bound`, and the nearer of these for what is not. NaN stays NaN.
    fn clamp(self, bound: Self) -> Self;
}

/// A vector register of `f64`.
pub trait Doubles<A>: Vector<A, Element = f64> {
    /// Loads `LANES` numbers of `f32`, widened.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned to more than one number.
    unsafe fn load_f32(arch: A, from: *const f32) -> Self;

    /// The sum of the lanes, pairwise.
    fn sum(self) -> f64;

    /// Lane by lane, `self` where it is less than `b`, else `b`: so `b` where either is NaN.
    fn lesser(self, b: Self) -> Self;

    /// Lane by lane, `self` where it is greater than `b`, else `b`: so `b` where either is NaN.
    fn greater(self, b: Self) -> Self;
}

/// More lanes than any vector register has.
pub(crate) const MAX_LANES: usize = 16;

/// Loads the first `count` numbers of a register's worth, widened, and 0 in the other lanes.
///
/// # Safety
///
/// `count` numbers must be readable at `from`, and be at most as many as there are lanes.
#[inline(always)]
pub(crate) unsafe fn load_first<A: Arch, T: Float>(
    arch: A,
    from: *const T,
    count: usize,
) -> A::F64 {
    debug_assert!(count <= A::F64::LANES);
    let mut numbers = [T::default(); MAX_LANES];
    for (index, number) in numbers.iter_mut().enumerate().take(count) {
        // SAFETY: the caller's promise.
        *number = unsafe { from.add(index).read() };
    }
    // SAFETY: no register has more lanes than there are numbers.
    unsafe { T::load_wide(arch, numbers.as_ptr()) }
}

/// The lanes, and 0 behind the last.
#[inline(always)]
pub(crate) fn lanes<A, V: Vector<A>>(vector: V) -> [V::Element; MAX_LANES] {
    let mut numbers = [V::Element::default(); MAX_LANES];
    // SAFETY: no register has more lanes than there are numbers.
    unsafe { vector.store(numbers.as_mut_ptr()) };
    numbers
}

/// The sum a + b as its rounded value and the rounding error, exactly, unless a step overflows: then the error is not
/// finite (Knuth, The Art of Computer Programming 2, 4.2.2, theorem B).
#[inline(always)]
pub(crate) fn two_sum<A, V: Vector<A>>(a: V, b: V) -> (V, V) {
    let sum = a.add(b);
    let part = sum.sub(a);
    (sum, a.sub(sum.sub(part)).add(b.sub(part)))
}

/// A kernel: its arguments, and what to do with them.
pub(crate) trait Kernel: Sized {
    /// What it gives.
    type Output;

    /// The specification, without SIMD.
    fn scalar(self) -> Self::Output;

    /// The same with an instruction set's registers. It must be `#[inline(always)]`.
    fn run<A: Arch>(self, arch: A) -> Self::Output;

    /// Runs it at a level.
    ///
    /// # Panics
    ///
    /// This CPU lacks the level.
    #[inline]
    fn at(self, level: Level) -> Self::Output {
        assert!(
            level.is_available(),
            "the SIMD level {level} is not available on this CPU"
        );
        // SAFETY: the level's instructions are there.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        return unsafe {
            match level {
                Level::Sse2 => x86_64::sse2::call(self),
                Level::Avx2 => x86_64::avx2::call(self),
                Level::Avx512 => x86_64::avx512::call(self),
                Level::Scalar | Level::Neon => self.scalar(),
            }
        };
        // SAFETY: the level's instructions are there.
        #[cfg(all(target_arch = "aarch64", not(miri)))]
        return unsafe {
            match level {
                Level::Neon => aarch64::neon::call(self),
                Level::Scalar | Level::Sse2 | Level::Avx2 | Level::Avx512 => self.scalar(),
            }
        };
        #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
        self.scalar()
    }
}

/// Asks for the memory there to be brought near, on CPUs of which every one can be asked; any address will do.
#[inline(always)]
pub(crate) fn prefetch<T>(address: *const T) {
    // SAFETY: every x86-64 CPU has it, and a prefetch of any address is sound.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}
