//! Numbers that sums are made of: each as an `f64`, some as a register of those.

use super::element::{Bfloat16, Half};
use super::widen::Narrow;
use crate::Float;
use crate::arch::{self, Arch, MAX_LANES, Vector};
use crate::simd::Level;

/// A number that an `f64` holds exactly.
pub(super) trait Wide: Copy {
    /// The number as an `f64`.
    fn wide(self) -> f64;

    /// Loads as many numbers as a register of `f64` has lanes.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`.
    unsafe fn load<A: Arch>(arch: A, from: *const Self) -> A::F64;

    /// Loads the first `count` numbers of a register's worth, and 0 in the other lanes.
    ///
    /// # Safety
    ///
    /// `count` numbers must be readable at `from`, and be at most as many as there are lanes.
    unsafe fn load_first<A: Arch>(arch: A, from: *const Self, count: usize) -> A::F64;
}

impl<T: Float> Wide for T {
    #[inline(always)]
    fn wide(self) -> f64 {
        self.to_f64()
    }

    #[inline(always)]
    unsafe fn load<A: Arch>(arch: A, from: *const Self) -> A::F64 {
        // SAFETY: the caller's promise.
        unsafe { T::load_wide(arch, from) }
    }

    #[inline(always)]
    unsafe fn load_first<A: Arch>(arch: A, from: *const Self, count: usize) -> A::F64 {
        // SAFETY: the caller's promise.
        unsafe { arch::load_first(arch, from, count) }
    }
}

/// How many bytes ahead memory is asked for where rows are streamed: a CPU's own prefetchers start anew at each page, and
/// conversions leave it less room to run ahead. From 1 to 2 KiB on, one is as fast as the other. Rows that lie in a cache
/// already cost up to a tenth more for it.
pub(super) const AHEAD: usize = 2048;

/// Whether a level loads narrow numbers as `f64` at once. Else they are faster made `f32` first, many at a time: see
/// [`super::widen`].
pub(super) fn is_direct(level: Level) -> bool {
    matches!(level, Level::Avx2 | Level::Avx512)
}

/// The narrow types: what loads a register of them.
macro_rules! narrow {
    ($narrow:ty, $load:ident) => {
        impl Wide for $narrow {
            #[inline(always)]
            fn wide(self) -> f64 {
                self.widen().into()
            }

            #[inline(always)]
            unsafe fn load<A: Arch>(arch: A, from: *const Self) -> A::F64 {
                // SAFETY: the caller's promise.
                match unsafe { arch.$load(from.cast()) } {
                    Some(loaded) => loaded,
                    // SAFETY: the caller's promise.
                    None => unsafe { Self::load_first(arch, from, A::F64::LANES) },
                }
            }

            #[inline(always)]
            unsafe fn load_first<A: Arch>(arch: A, from: *const Self, count: usize) -> A::F64 {
                let mut numbers = [0.0; MAX_LANES];
                for (index, number) in numbers.iter_mut().enumerate().take(count) {
                    // SAFETY: the caller's promise.
                    *number = unsafe { from.add(index).read() }.widen();
                }
                // SAFETY: no register has more lanes than there are numbers.
                unsafe { f32::load(arch, numbers.as_ptr()) }
            }
        }
    };
}

narrow!(Half, load_halves);
narrow!(Bfloat16, load_bfloats);

#[cfg(test)]
mod tests {
    use super::{Bfloat16, Half, Narrow, Wide};
    use crate::arch::Kernel;
    use crate::memory::Source;
    use crate::simd;

    #[test]
    fn every_number_of_16_bits_is_summed_exactly() {
        const LEN: usize = 32; // a whole register's worth at every level, and no more than all registers'
        fn holds<N: Narrow + Wide + Default>(one: N, all: impl Iterator<Item = N>) {
            let mut row = [N::default(); LEN];
            let mut unit = row;
            unit[1] = one;
            for number in all {
                row[1] = number;
                for level in simd::available() {
                    let (a, b) = (Source::from(&row[..]), Source::from(&unit[..]));
                    let found = super::super::sums::Dot { a, b }.at(level);
                    let expected = f64::from(number.widen()) + 0.0; // a sum is never -0
                    assert!(
                        found.to_bits() == expected.to_bits()
                            || (found.is_nan() && expected.is_nan()),
                        "{level}: {found} {expected}"
                    );
                }
            }
        }
        holds(Half(0x3c00), (0..=u16::MAX).map(Half));
        holds(Bfloat16(0x3f80), (0..=u16::MAX).map(Bfloat16));
    }
}
