//! The floating-point types that the vector kernels take, and what generic code needs of them.

use crate::arch::{Arch, Doubles, Tile, Vector};
use crate::vector::Compiled;

/// `f32` or `f64`.
pub trait Float:
    private::Sealed + Compiled + Copy + Default + PartialOrd + Send + Sync + 'static
{
    /// The number in the wider type, exactly.
    fn to_f64(self) -> f64;
    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
}

mod private {
    use super::{Arch, Tile, Vector};

    /// What the kernels need and nobody else may rely on.
    pub trait Sealed: Sized {
        /// One vector register of these.
        type Vector<A: Arch>: Vector<A, Element = Self>;
        const ZERO: Self;
        const ONE: Self;
        /// A power of two by which the smallest numbers become normal ones with room below them, and that leaves numbers
        /// below its inverse finite.
        const ENLARGE: Self;
        /// A power of two by which the sum of squares of any number of the largest numbers stays far from overflow.
        const REDUCE: Self;

        /// Bits of a mantissa, the leading one included; or more.
        const DIGITS: i32 = f64::MANTISSA_DIGITS as i32;
        /// The smallest number above 0 is 2 to this; or more.
        const LOWEST: i32 = -1074;

        /// Loads as many numbers as a vector of `f64` has lanes, widened.
        ///
        /// # Safety
        ///
        /// They must be readable at `from`, which need not be aligned to more than one number.
        unsafe fn load_wide<A: Arch>(arch: A, from: *const Self) -> A::F64;

        /// `self + b`.
        fn plus(self, b: Self) -> Self;

        /// `self * b`.
        fn times(self, b: Self) -> Self;

        /// What is between -1 and 1, and the nearer of these for what is not. NaN stays NaN.
        fn within_one(self) -> Self;

        /// Columns that `transpose` takes of each row: 16 bytes.
        const COLUMNS: usize;

        /// [`Arch::transpose_f32`] or [`Arch::transpose_f64`].
        ///
        /// # Safety
        ///
        /// As there.
        unsafe fn transpose<A: Arch>(
            arch: A,
            from: [*const Self; 4],
            factors: &[[Self; 2]; 4],
            to: *mut Self,
            step: usize,
        );

        /// Rows and columns of the tile kernel's tile.
        fn shape<A: Arch>() -> (usize, usize);

        /// Runs the tile kernel in the shape that fits the instruction set's registers.
        ///
        /// # Safety
        ///
        /// As [`Tile::run`].
        unsafe fn tile<A: Arch>(arch: A, tile: &Tile<Self, Self>);
    }
}

pub(crate) use private::Sealed;

impl Float for f32 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Float for f64 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl Sealed for f32 {
    type Vector<A: Arch> = A::F32;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const ENLARGE: Self = f32::from_bits((127 + 100) << 23); // 2^100
    const REDUCE: Self = f32::from_bits((127 - 64) << 23); // 2^-64
    const DIGITS: i32 = f32::MANTISSA_DIGITS as i32;
    const LOWEST: i32 = -149;

    #[inline(always)]
    unsafe fn load_wide<A: Arch>(arch: A, from: *const Self) -> A::F64 {
        // SAFETY: the caller's promise.
        unsafe { A::F64::load_f32(arch, from) }
    }

    #[inline(always)]
    fn plus(self, b: Self) -> Self {
        self + b
    }

    #[inline(always)]
    fn times(self, b: Self) -> Self {
        self * b
    }

    #[inline(always)]
    fn within_one(self) -> Self {
        self.clamp(-1.0, 1.0)
    }

    const COLUMNS: usize = 4;

    #[inline(always)]
    unsafe fn transpose<A: Arch>(
        arch: A,
        from: [*const Self; 4],
        factors: &[[Self; 2]; 4],
        to: *mut Self,
        step: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { arch.transpose_f32(from, factors, to, step) }
    }

    #[inline(always)]
    fn shape<A: Arch>() -> (usize, usize) {
        A::TILE_F32
    }

    #[inline(always)]
    unsafe fn tile<A: Arch>(arch: A, tile: &Tile<Self, Self>) {
        // SAFETY: the caller's promise.
        unsafe { arch.tile_f32(tile) }
    }
}

impl Sealed for f64 {
    type Vector<A: Arch> = A::F64;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const ENLARGE: Self = f64::from_bits((1023 + 600) << 52); // 2^600
    const REDUCE: Self = f64::from_bits((1023 - 600) << 52); // 2^-600

    #[inline(always)]
    unsafe fn load_wide<A: Arch>(arch: A, from: *const Self) -> A::F64 {
        // SAFETY: the caller's promise.
        unsafe { A::F64::load(arch, from) }
    }

    #[inline(always)]
    fn plus(self, b: Self) -> Self {
        self + b
    }

    #[inline(always)]
    fn times(self, b: Self) -> Self {
        self * b
    }

    #[inline(always)]
    fn within_one(self) -> Self {
        self.clamp(-1.0, 1.0)
    }

    const COLUMNS: usize = 2;

    #[inline(always)]
    unsafe fn transpose<A: Arch>(
        arch: A,
        from: [*const Self; 4],
        factors: &[[Self; 2]; 4],
        to: *mut Self,
        step: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { arch.transpose_f64(from, factors, to, step) }
    }

    #[inline(always)]
    fn shape<A: Arch>() -> (usize, usize) {
        A::TILE_F64
    }

    #[inline(always)]
    unsafe fn tile<A: Arch>(arch: A, tile: &Tile<Self, Self>) {
        // SAFETY: the caller's promise.
        unsafe { arch.tile_f64(tile) }
    }
}
