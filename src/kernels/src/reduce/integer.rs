//! Exact sums of integers.

use super::SumError;
use crate::arch::{Arch, Kernel};
use crate::memory::Source;
use crate::simd::Level;

/// `i8` to `i64` and `u8` to `u64`.
pub trait Integer: private::Sealed + Copy + Send + Sync + 'static {}

mod private {
    use super::{Level, Source};

    pub trait Sealed: Into<i128> + Copy {
        /// The sum of all elements. Compiled here for each type: a generic function would be by every crate that calls it.
        fn total(level: Level, x: Source<'_, Self>) -> i128;

        /// Adds some of these, of which there are at most [`SOME`](super::SOME), at an address.
        ///
        /// # Safety
        ///
        /// `count` of them must be readable there.
        unsafe fn sum(from: *const Self, count: usize) -> i128;
    }
}

/// The sum of all elements, exact: fewer than 2^63 of 64 bits fit `i128`.
///
/// `stop` is asked some ten thousand times a second.
///
/// # Errors
///
/// `stop` said true.
///
/// # Panics
///
/// This CPU lacks the level.
pub fn sum_int<T: Integer>(
    level: Level,
    x: Source<'_, T>,
    stop: &dyn Fn() -> bool,
) -> Result<i128, SumError> {
    let mut total = 0;
    for piece in super::pieces(x) {
        if stop() {
            return Err(SumError::Interrupted);
        }
        total += T::total(level, piece);
    }
    Ok(total)
}

/// Elements that are summed in a type with as many spare bits.
const SOME: usize = 1 << 12;

/// Elements to sum.
struct Sum<'a, T>(Source<'a, T>);

impl<T: Integer> Kernel for Sum<'_, T> {
    type Output = i128;

    fn scalar(self) -> i128 {
        self.0.iter().map(Into::into).sum()
    }

    /// Plain loops, which the compiler makes vectors of.
    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> i128 {
        let mut total = 0;
        let (from, len) = (self.0.as_ptr(), self.0.len());
        let mut start = 0;
        while start < len {
            let count = SOME.min(len - start);
            // SAFETY: `start + count` is at most `len`.
            total += unsafe { T::sum(from.add(start), count) };
            start += count;
        }
        total
    }
}

/// Types whose sums fit a wider one.
macro_rules! narrow {
    ($($integer:ty: $sum:ty),*) => {$(
        impl Integer for $integer {}

        impl private::Sealed for $integer {
            fn total(level: Level, x: Source<'_, Self>) -> i128 {
                Sum(x).at(level)
            }

            #[inline(always)]
            unsafe fn sum(from: *const Self, count: usize) -> i128 {
                let mut sum: $sum = 0;
                for index in 0..count {
                    // SAFETY: the caller's promise.
                    sum += <$sum>::from(unsafe { from.add(index).read() });
                }
                sum.into()
            }
        }
    )*};
}
narrow!(i8: i32, u8: u32, i16: i32, u16: u32, i32: i64, u32: u64);

/// Types of 64 bits: the upper and the lower halves are summed apart.
macro_rules! wide {
    ($($integer:ty: $flip:expr),*) => {$(
        impl Integer for $integer {}

        impl private::Sealed for $integer {
            fn total(level: Level, x: Source<'_, Self>) -> i128 {
                Sum(x).at(level)
            }

            #[inline(always)]
            unsafe fn sum(from: *const Self, count: usize) -> i128 {
                let (mut upper, mut lower) = (0_u64, 0_u64);
                for index in 0..count {
                    // SAFETY: the caller's promise.
                    let bits = unsafe { from.add(index).cast::<u64>().read() } ^ $flip;
                    upper += bits >> 32;
                    lower += bits & u64::from(u32::MAX);
                }
                (i128::from(upper) << 32) + i128::from(lower) - i128::from($flip) * count as i128
            }
        }
    )*};
}
// The sign bit flipped, an i64 counts from 0: shifts of unsigned numbers are what every instruction set has.
wide!(i64: 1_u64 << 63, u64: 0_u64);
