//! Sums of blocks without any error, for numbers that are not too far apart: nearly all there are.
//!
//! Numbers below 2^top that are multiples of 2^lowest are integers of a known size. As many `f32` as a block has are summed in
//! `f64` exactly where that leaves room. `f64` are split in two first: the upper part is the number rounded to a multiple of a
//! power of two, by adding and taking off a large constant, the lower part is the rest; both are exact, and so are the
//! sums of either (Rump, Ogita and Oishi 2008; Demmel and Nguyen 2015). What decides it is looked at in the same pass, so a
//! block is read twice only where the guess of `top` was wrong.

use super::Accumulator;
use crate::Float;
use crate::arch::{self, Arch, Kernel, Vector};
use crate::memory::Source;
use crate::simd::Level;

/// Elements of a block. More leave less room for numbers that are far apart.
pub(super) const BLOCK: usize = 1 << 12;

/// Registers of sums: enough that additions need not wait for one another. Each has its part of the block, as a CPU fetches
/// several streams of memory faster than one.
const REGISTERS: usize = 4;

/// Blocks that are left to other ways after one that did not fit.
const PAUSE: u32 = 15;

/// What is known of the next block from the ones before.
#[derive(Default)]
pub(super) struct Window {
    /// Numbers are expected to be below 2 to this.
    top: Option<i32>,
    /// Blocks that are not looked at.
    pause: u32,
}

impl Window {
    /// Adds the elements of a block without error, if that can be done here; else adds nothing.
    pub(super) fn add<T: Float>(
        &mut self,
        level: Level,
        block: Source<'_, T>,
        total: &mut Accumulator,
    ) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        let fits = self.sums(level, block);
        if let Some(sums) = &fits {
            for sum in sums.high.iter().chain(&sums.low) {
                if *sum != 0.0 {
                    total.add(*sum);
                }
            }
        } else {
            self.pause = PAUSE;
        }
        fits.is_some()
    }

    fn sums<T: Float>(&mut self, level: Level, block: Source<'_, T>) -> Option<Sums> {
        debug_assert!(block.len() <= BLOCK);
        if T::DIGITS <= NARROW {
            let sums = Plain(block).at(level);
            self.top = Some(top(sums.largest));
            let lowest = sums.lowest(level, block);
            if top(sums.largest) + sums.depth - lowest <= 53 {
                return sums.finite();
            }
        }
        let guess = self.top.unwrap_or_else(|| {
            let largest = (0..block.len().min(16))
                .map(|index| block.read(index).to_f64().abs())
                .fold(0.0, f64::max);
            top(largest) + 4
        });
        let mut sums = Split { block, top: guess }.at(level);
        let lowest = sums.lowest(level, block);
        let true_top = top(sums.largest);
        // One more: numbers alike are then within the guess.
        self.top = Some(true_top + 1);
        let fits = |top: i32, depth: i32| top + depth <= 1022 && top + 2 * depth - lowest <= 106;
        if true_top > guess || !fits(guess, sums.depth) {
            if !fits(true_top, sums.depth) {
                return None;
            }
            let top = true_top;
            sums = Split { block, top }.at(level);
            // Other threads may write the block meanwhile; then it is nobody's sum, but it is looked at all the same.
            if self::top(sums.largest) > true_top {
                return None;
            }
        }
        sums.finite()
    }
}

/// Types of so few bits that a block's sum may fit `f64` without more.
const NARROW: i32 = 24;

/// Sums of a block, lane by lane, and what tells whether they are exact.
struct Sums {
    high: [f64; arch::MAX_LANES],
    low: [f64; arch::MAX_LANES],
    /// The largest absolute value; NaN does not count.
    largest: f64,
    /// The smallest absolute value, 0 too.
    smallest: f64,
    /// A lane has the sum of at most 2 to this many elements.
    depth: i32,
}

impl Sums {
    /// All elements are multiples of 2 to this.
    fn lowest<T: Float>(&self, level: Level, block: Source<'_, T>) -> i32 {
        let smallest = if self.smallest == 0.0 {
            Smallest(block).at(level)
        } else {
            self.smallest
        };
        (top(smallest) - T::DIGITS).max(T::LOWEST)
    }

    /// Nothing but finite numbers leaves all sums finite.
    fn finite(self) -> Option<Self> {
        let mut finite = self.largest.is_finite();
        for (high, low) in self.high.iter().zip(&self.low) {
            finite &= high.is_finite() && low.is_finite();
        }
        finite.then_some(self)
    }
}

/// A finite x, not negative, is below 2 to this, and a positive one is at least half of that unless it is subnormal.
fn top(x: f64) -> i32 {
    (x.to_bits() >> 52).max(1) as i32 - 1022
}

/// 2 to the power of an exponent that normal numbers have; else something of no use.
fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent.clamp(-1022, 1023) + 1023) as u64) << 52)
}

/// The binary logarithm of how many elements of a block a lane sums at most.
fn depth(lanes: usize) -> i32 {
    (BLOCK / lanes).ilog2().cast_signed()
}

/// Each element as it is, widened.
struct Plain<'a, T>(Source<'a, T>);

/// Each element as the nearest multiple of a power of two and what is left of it, for elements below 2^top.
struct Split<'a, T> {
    block: Source<'a, T>,
    top: i32,
}

/// The smallest absolute value but 0; an infinity or NaN if there is none.
struct Smallest<'a, T>(Source<'a, T>);

impl<T: Float> Kernel for Plain<'_, T> {
    type Output = Sums;

    fn scalar(self) -> Sums {
        let mut sums = Sums::empty(1);
        for x in self.0.iter().map(Float::to_f64) {
            sums.high[0] += x;
            sums.look_at(x);
        }
        sums
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> Sums {
        let (from, len) = (self.0.as_ptr(), self.0.len());
        let (lanes, narrow) = (A::F64::LANES, T::Vector::<A>::LANES);
        let zero = A::F64::splat(arch, 0.0);
        let (mut first, mut second) = ([zero; REGISTERS], [zero; REGISTERS]);
        let mut largest = T::Vector::<A>::splat(arch, T::ZERO);
        let mut smallest = T::Vector::<A>::splat(arch, T::from_f64(f64::INFINITY));
        let part = if narrow == 2 * lanes {
            len / (REGISTERS * narrow) * narrow
        } else {
            0
        };
        let mut index = 0;
        while index < part {
            let mut sizes = [largest; REGISTERS];
            for register in 0..REGISTERS {
                // SAFETY: there are `part` elements for each register, a multiple of `narrow`, which is twice `lanes`.
                unsafe {
                    let from = from.add(register * part + index);
                    sizes[register] = T::Vector::<A>::load(arch, from).abs();
                    first[register] = first[register].add(T::load_wide(arch, from));
                    second[register] = second[register].add(T::load_wide(arch, from.add(lanes)));
                }
            }
            let [a, b, c, d] = sizes;
            largest = largest.max(a.max(b).max(c.max(d)));
            smallest = smallest.min(a.min(b).min(c.min(d)));
            index += narrow;
        }
        let mut sums = Sums::empty(lanes);
        sums.look_at_lanes::<A, T::Vector<A>>(largest, smallest);
        let mut sum = pairwise::<A>(first).add(pairwise::<A>(second));
        let mut index = REGISTERS * part;
        while index < len {
            let count = lanes.min(len - index);
            // SAFETY: as many elements are left from `index` on.
            unsafe {
                sum = sum.add(arch::load_first(arch, from.add(index), count));
                for index in index..index + count {
                    sums.look_at(from.add(index).read().to_f64());
                }
            }
            index += count;
        }
        sums.high = arch::lanes(sum);
        sums
    }
}

impl<T: Float> Kernel for Split<'_, T> {
    type Output = Sums;

    fn scalar(self) -> Sums {
        let mut sums = Sums::empty(1);
        let anchor = 1.5 * power(self.top + sums.depth);
        for x in self.block.iter().map(Float::to_f64) {
            let high = (x + anchor) - anchor;
            sums.high[0] += high;
            sums.low[0] += x - high;
            sums.look_at(x);
        }
        sums
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> Sums {
        let (from, len) = (self.block.as_ptr(), self.block.len());
        let lanes = A::F64::LANES;
        let mut sums = Sums::empty(lanes);
        let anchor = A::F64::splat(arch, 1.5 * power(self.top + sums.depth));
        let zero = A::F64::splat(arch, 0.0);
        let (mut high, mut low) = ([zero; REGISTERS], [zero; REGISTERS]);
        let (mut largest, mut smallest) = (zero, A::F64::splat(arch, f64::INFINITY));
        let part = len / (REGISTERS * lanes) * lanes;
        let mut index = 0;
        while index < part {
            let mut sizes = [zero; REGISTERS];
            for register in 0..REGISTERS {
                // SAFETY: there are `part` elements for each register, a multiple of `lanes`.
                let x = unsafe { T::load_wide(arch, from.add(register * part + index)) };
                let upper = x.add(anchor).sub(anchor);
                high[register] = high[register].add(upper);
                low[register] = low[register].add(x.sub(upper));
                sizes[register] = x.abs();
            }
            let [a, b, c, d] = sizes;
            largest = largest.max(a.max(b).max(c.max(d)));
            smallest = smallest.min(a.min(b).min(c.min(d)));
            index += lanes;
        }
        sums.look_at_lanes::<A, A::F64>(largest, smallest);
        let (mut high, mut low) = (pairwise::<A>(high), pairwise::<A>(low));
        let mut index = REGISTERS * part;
        while index < len {
            let count = lanes.min(len - index);
            // SAFETY: as many elements are left from `index` on.
            unsafe {
                let x = arch::load_first(arch, from.add(index), count);
                let upper = x.add(anchor).sub(anchor);
                high = high.add(upper);
                low = low.add(x.sub(upper));
                for index in index..index + count {
                    sums.look_at(from.add(index).read().to_f64());
                }
            }
            index += count;
        }
        sums.high = arch::lanes(high);
        sums.low = arch::lanes(low);
        sums
    }
}

impl<T: Float> Kernel for Smallest<'_, T> {
    type Output = f64;

    fn scalar(self) -> f64 {
        let sizes = self.0.iter().map(|x| x.to_f64().abs());
        sizes.filter(|x| *x != 0.0).fold(f64::INFINITY, f64::min)
    }

    /// A plain loop over integers, which the compiler makes vectors of: sizes are in the order of their bits, and 0 less 1
    /// is the largest.
    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> f64 {
        let mut smallest = f64::INFINITY.to_bits() - 1;
        for index in 0..self.0.len() {
            // SAFETY: within the block.
            let x = unsafe { self.0.as_ptr().add(index).read() };
            smallest = smallest.min(x.to_f64().abs().to_bits().wrapping_sub(1));
        }
        f64::from_bits(smallest + 1)
    }
}

impl Sums {
    #[inline(always)]
    fn empty(lanes: usize) -> Self {
        Self {
            high: [0.0; arch::MAX_LANES],
            low: [0.0; arch::MAX_LANES],
            largest: 0.0,
            smallest: f64::INFINITY,
            depth: depth(lanes),
        }
    }

    #[inline(always)]
    fn look_at(&mut self, x: f64) {
        self.largest = self.largest.max(x.abs());
        self.smallest = self.smallest.min(x.abs());
    }

    #[inline(always)]
    fn look_at_lanes<A: Arch, V: Vector<A>>(&mut self, largest: V, smallest: V) {
        let (largest, smallest) = (arch::lanes(largest), arch::lanes(smallest));
        for lane in 0..V::LANES {
            self.largest = self.largest.max(largest[lane].to_f64());
            self.smallest = self.smallest.min(smallest[lane].to_f64());
        }
    }
}

/// The sum of all registers; exact, as a lane has room for all of their elements.
#[inline(always)]
fn pairwise<A: Arch>([a, b, c, d]: [A::F64; REGISTERS]) -> A::F64 {
    a.add(b).add(c.add(d))
}
