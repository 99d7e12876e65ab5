//! Signed integers of 32 bits that say where to load from: the lanes in which the fronts of diagonals of two strings move.

/// A register of `i32`. Sums stay within them.
pub trait Offsets<A>: Copy {
    /// How many lanes.
    const COUNT: usize;
    /// What the work on one register takes, in eighths of what a step of a wave front of [`Words`](super::Words) takes:
    /// as measured, to choose between the two.
    const COST: usize;

    /// `x` in each lane.
    fn splat(arch: A, x: i32) -> Self;

    /// Loads `COUNT` numbers.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned to more than one number.
    unsafe fn load(arch: A, from: *const i32) -> Self;

    /// Stores `COUNT` numbers.
    ///
    /// # Safety
    ///
    /// They must be writable at `to`, which need not be aligned to more than one number.
    unsafe fn store(self, to: *mut i32);

    /// Loads the four bytes at each lane's distance from `base`, in bytes.
    ///
    /// # Safety
    ///
    /// They must be readable; they need not be aligned.
    unsafe fn gather(self, base: *const u8) -> Self;

    /// Lane by lane, `self + b`.
    fn add(self, b: Self) -> Self;

    /// Lane by lane, the lesser one.
    fn min(self, b: Self) -> Self;

    /// Lane by lane, the greater one.
    fn max(self, b: Self) -> Self;

    /// Bit by bit, in one of them.
    fn xor(self, b: Self) -> Self;

    /// Lane by lane, half of a number that is not negative, rounded down.
    fn halve(self) -> Self;

    /// Lane by lane, how many bytes are 0 below the lowest one that is not.
    fn zero_bytes(self) -> Self;

    /// The lanes that are 0, as bits.
    fn zeros(self) -> u32;

    /// The lanes where `self < b`, as bits.
    fn below(self, b: Self) -> u32;
}

/// A register of one lane, without SIMD; also for the instruction sets that cannot load from several places at once.
#[derive(Clone, Copy)]
pub(crate) struct Offset(i32);

impl<A> Offsets<A> for Offset {
    const COUNT: usize = 1;
    const COST: usize = 3;

    #[inline(always)]
    fn splat(_: A, x: i32) -> Self {
        Self(x)
    }

    #[inline(always)]
    unsafe fn load(_: A, from: *const i32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller's promise.
        unsafe { to.write(self.0) }
    }

    #[inline(always)]
    unsafe fn gather(self, base: *const u8) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { base.offset(self.0 as isize).cast::<i32>().read_unaligned() }.to_le())
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(self.0 + b.0)
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self(self.0.min(b.0))
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self(self.0.max(b.0))
    }

    #[inline(always)]
    fn xor(self, b: Self) -> Self {
        Self(self.0 ^ b.0)
    }

    #[inline(always)]
    fn halve(self) -> Self {
        Self(self.0 >> 1)
    }

    #[inline(always)]
    fn zero_bytes(self) -> Self {
        Self((self.0.trailing_zeros() / 8) as i32)
    }

    #[inline(always)]
    fn zeros(self) -> u32 {
        u32::from(self.0 == 0)
    }

    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        u32::from(self.0 < b.0)
    }
}
