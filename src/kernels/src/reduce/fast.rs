//! Sums of blocks of numbers far apart, by vectors: values and rounding errors, and a strict bound on the rounding of those.

use super::Accumulator;
use crate::Float;
use crate::arch::{self, Arch, Kernel, Vector};
use crate::memory::Source;
use crate::simd::Level;

/// Registers of sums: enough that additions need not wait for one another. Each has a quarter of the block, as a CPU
/// fetches several streams of memory faster than one.
const REGISTERS: usize = 4;

/// Adds the elements of a block to `total`, but for an error that is at most the number returned. That grows with the block.
///
/// A block with numbers that are not finite, or so large that something overflows on the way, is added without error.
pub(super) fn add<T: Float>(level: Level, block: Source<'_, T>, total: &mut Accumulator) -> f64 {
    let Sums {
        values,
        errors,
        size_of_errors,
        depth,
    } = BlockSum(block).at(level);
    let size: f64 = size_of_errors.iter().sum();
    if !(size.is_finite() && values.iter().chain(&errors).all(|sum| sum.is_finite())) {
        total.add_all(block);
        return 0.0;
    }
    for sum in values.into_iter().chain(errors) {
        if sum != 0.0 {
            total.add(sum);
        }
    }
    // Each of the sums of errors is a tree of additions of that depth at most (Higham 2002, 4.2), each with a relative
    // error of at most u = 2^-53; so is their size. Where it is so small that this underflows, additions are exact.
    if size > 0.0 {
        size * (f64::from(depth + 16) * (f64::EPSILON / 2.0)) + f64::from_bits(1)
    } else {
        0.0
    }
}

/// A block to sum.
struct BlockSum<'a, T>(Source<'a, T>);

/// Numbers whose sum is that of a block, nearly.
struct Sums {
    /// Sums of the elements, lane by lane.
    values: [f64; arch::MAX_LANES],
    /// Sums of the rounding errors of those.
    errors: [f64; arch::MAX_LANES],
    /// Sums of the absolute values of the rounding errors.
    size_of_errors: [f64; arch::MAX_LANES],
    /// Additions of one element of `errors`, one after the other, at most.
    depth: u32,
}

impl<T: Float> Kernel for BlockSum<'_, T> {
    type Output = Sums;

    /// One addition after the other.
    fn scalar(self) -> Sums {
        let (mut value, mut error, mut size) = (0.0_f64, 0.0_f64, 0.0_f64);
        for x in self.0.iter() {
            let x = x.to_f64();
            let sum = value + x;
            let part = sum - value;
            let rest = (value - (sum - part)) + (x - part);
            value = sum;
            error += rest;
            size += rest.abs();
        }
        let first = |sum| std::array::from_fn(|lane| if lane == 0 { sum } else { 0.0 });
        Sums {
            values: first(value),
            errors: first(error),
            size_of_errors: first(size),
            depth: self.0.len() as u32,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> Sums {
        let (from, len) = (self.0.as_ptr(), self.0.len());
        let lanes = A::F64::LANES;
        let zero = A::F64::splat(arch, 0.0);
        let mut sums = [Lanes::<A> {
            value: zero,
            error: zero,
            size: zero,
        }; REGISTERS];
        let quarter = len / (REGISTERS * lanes) * lanes;
        for index in (0..quarter).step_by(lanes) {
            for (register, sum) in sums.iter_mut().enumerate() {
                // SAFETY: there are `quarter` elements for each register, a multiple of `lanes`.
                sum.add(unsafe { T::load_wide(arch, from.add(register * quarter + index)) });
            }
        }
        let mut index = REGISTERS * quarter;
        let [mut sum, others @ ..] = sums;
        while len - index >= lanes {
            // SAFETY: there are as many elements from `index` on.
            sum.add(unsafe { T::load_wide(arch, from.add(index)) });
            index += lanes;
        }
        if index < len {
            // SAFETY: as many elements are left from `index` on.
            sum.add(unsafe { arch::load_first(arch, from.add(index), len - index) });
        }
        for other in others {
            sum.add(other.value);
            sum.error = sum.error.add(other.error);
            sum.size = sum.size.add(other.size);
        }
        Sums {
            values: arch::lanes(sum.value),
            errors: arch::lanes(sum.error),
            size_of_errors: arch::lanes(sum.size),
            depth: (quarter / lanes) as u32 + 3 * REGISTERS as u32,
        }
    }
}

/// A register of sums, and what was lost in making them.
#[derive(Clone, Copy)]
struct Lanes<A: Arch> {
    value: A::F64,
    error: A::F64,
    size: A::F64,
}

impl<A: Arch> Lanes<A> {
    #[inline(always)]
    fn add(&mut self, x: A::F64) {
        let (value, error) = arch::two_sum(self.value, x);
        self.value = value;
        self.error = self.error.add(error);
        self.size = self.size.add(error.abs());
    }
}
