//! Vector registers of unsigned integers: the lanes in which bit-parallel kernels work on many strings at once.

use super::{Arch, Order};

/// The integers of a lane.
pub trait Word: Copy + Default + Ord + Send + Sync + 'static {
    /// A register of them.
    type Lanes<A: Arch>: Order<A, Word = Self>;
    /// One of them, without SIMD.
    type One: Order<(), Word = Self>;

    /// How many bits.
    const BITS: usize;

    /// The lowest bits of `bits`.
    fn from_u64(bits: u64) -> Self;

    /// The bits, with zeros above.
    fn to_u64(self) -> u64;
}

macro_rules! word {
    ($($word:ty, $lanes:ident),*) => {$(
        impl Word for $word {
            type Lanes<A: Arch> = A::$lanes;
            type One = One<Self>;
            const BITS: usize = <$word>::BITS as usize;

            #[inline(always)]
            #[allow(clippy::unnecessary_cast, reason = "u64 is one of them")]
            fn from_u64(bits: u64) -> Self {
                bits as Self
            }

            #[inline(always)]
            fn to_u64(self) -> u64 {
                u64::from(self)
            }
        }
    )*};
}

word!(u8, U8, u16, U16, u32, U32, u64, U64);

/// A register of unsigned integers. Arithmetic wraps around.
pub trait Lanes<A>: Copy {
    /// What a lane holds.
    type Word: Word;
    /// How many of them.
    const COUNT: usize;

    /// `x` in each lane.
    fn splat(arch: A, x: Self::Word) -> Self;

    /// Loads `COUNT` words.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned to more than one word.
    unsafe fn load(arch: A, from: *const Self::Word) -> Self;

    /// Stores `COUNT` words.
    ///
    /// # Safety
    ///
    /// They must be writable at `to`, which need not be aligned to more than one word.
    unsafe fn store(self, to: *mut Self::Word);

    /// Bit by bit, in both.
    fn and(self, b: Self) -> Self;

    /// Bit by bit, in either.
    fn or(self, b: Self) -> Self;

    /// Bit by bit, in one of them.
    fn xor(self, b: Self) -> Self;

    /// Bit by bit, in `self` and not in `b`.
    fn and_not(self, b: Self) -> Self;

    /// Lane by lane, `self + b`.
    fn add(self, b: Self) -> Self;

    /// Lane by lane, `self - b`.
    fn sub(self, b: Self) -> Self;

    /// Lane by lane, all bits where they are the same and none where not.
    fn equal(self, b: Self) -> Self;

    /// Lane by lane, the number of bits.
    fn count_ones(self) -> Self;

    /// Whether any bit is set in any lane.
    fn any(self) -> bool;
}

/// A register of one lane, without SIMD.
#[derive(Clone, Copy)]
pub struct One<W>(pub(super) W);

macro_rules! one {
    ($($word:ty),*) => {$(
        impl Lanes<()> for One<$word> {
            type Word = $word;
            const COUNT: usize = 1;

            #[inline(always)]
            fn splat((): (), x: $word) -> Self {
                Self(x)
            }

            #[inline(always)]
            unsafe fn load((): (), from: *const $word) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { from.read() })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $word) {
                // SAFETY: the caller's promise.
                unsafe { to.write(self.0) }
            }

            #[inline(always)]
            fn and(self, b: Self) -> Self {
                Self(self.0 & b.0)
            }

            #[inline(always)]
            fn or(self, b: Self) -> Self {
                Self(self.0 | b.0)
            }

            #[inline(always)]
            fn xor(self, b: Self) -> Self {
                Self(self.0 ^ b.0)
            }

            #[inline(always)]
            fn and_not(self, b: Self) -> Self {
                Self(self.0 & !b.0)
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                Self(self.0.wrapping_add(b.0))
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                Self(self.0.wrapping_sub(b.0))
            }

            #[inline(always)]
            fn equal(self, b: Self) -> Self {
                Self(if self.0 == b.0 { <$word>::MAX } else { 0 })
            }

            #[inline(always)]
            fn count_ones(self) -> Self {
                Self(<$word>::from_u64(self.0.count_ones().into()))
            }

            #[inline(always)]
            fn any(self) -> bool {
                self.0 != 0
            }
        }
    )*};
}

one!(u8, u16, u32, u64);
