//! Sixteen counts and thirty-two: the groups of a histogram that is searched by comparing all of them with a rank.

use std::array::from_fn;
use std::fmt::Debug;

use super::Arch;

/// How many counts a group has.
pub(crate) const GROUP: usize = 16;

/// Bins of two neighbouring groups.
const PAIR: usize = 2 * GROUP;

/// Sixteen counts, in as many registers as they take. Arithmetic wraps around.
pub trait Counts<A>: Copy {
    /// What counts.
    type Count: Copy;
    /// Thirty-two of them.
    type Pair: Pair<A, Count = Self::Count>;

    /// `x`, sixteen times.
    fn splat(arch: A, x: Self::Count) -> Self;

    /// Loads sixteen.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned to more than one.
    unsafe fn load(arch: A, from: *const Self::Count) -> Self;

    /// Count by count, `self + b`.
    fn add(self, b: Self) -> Self;

    /// Count by count, `self - b`.
    fn sub(self, b: Self) -> Self;

    /// A bit for each count that is below that of `b`, the first one's the lowest.
    fn below(self, b: Self) -> u32;

    /// The count at `place` sixteen times, and sixteen times the next one. The last one has no next, and is not asked for.
    fn spread(self, place: usize) -> Self::Pair;
}

/// Two groups of counts, one after the other. Arithmetic wraps around.
pub trait Pair<A>: Copy {
    /// What counts, and what is as wide or narrower that loads come from.
    type Count: Copy;
    type Narrow: Copy;

    /// `x`, thirty-two times.
    fn splat(arch: A, x: Self::Count) -> Self;

    /// Loads thirty-two and widens them.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`, which need not be aligned to more than one.
    unsafe fn widen(arch: A, from: *const Self::Narrow) -> Self;

    /// Count by count, `self + b`.
    fn add(self, b: Self) -> Self;

    /// Count by count, `self - b`.
    fn sub(self, b: Self) -> Self;

    /// Count by count, `self - b`, or 0 where that is below 0.
    fn sub_or_zero(self, b: Self) -> Self;

    /// A bit for each count that is below that of `b`, the first one's the lowest.
    fn below(self, b: Self) -> u32;

    /// The counts.
    fn to_array(self) -> [Self::Count; 2 * GROUP];
}

/// What counts the pixels in a bin: of a window, and of one of its columns.
pub(crate) trait Count: Copy + Debug + Default + Send + Sync + 'static {
    /// What counts those of a column.
    type Narrow: Copy + Debug + Default + Send + Sync + 'static;
    /// A group of them.
    type Group<A: Arch>: Counts<A, Count = Self, Pair: Pair<A, Count = Self, Narrow = Self::Narrow>>;

    /// No pixels, in a column and in a window.
    const NARROW_ZERO: Self::Narrow;
    const ZERO: Self;

    /// The highest count of a column, and of a window.
    const HIGHEST: [usize; 2];

    /// The lowest bits of a number, and as a number again.
    fn from_usize(number: usize) -> Self;
    fn to_usize(self) -> usize;

    /// 0 or 1.
    fn narrow(one: bool) -> Self::Narrow;

    /// One more, one less, both of them wrapping around.
    fn more(self, by: Self) -> Self;
    fn less(self, by: Self) -> Self;
    fn more_narrow(count: Self::Narrow, by: Self::Narrow) -> Self::Narrow;
    fn less_narrow(count: Self::Narrow, by: Self::Narrow) -> Self::Narrow;

    /// `self - by`, or 0.
    fn less_or_zero(self, by: Self) -> Self;

    /// Whether it is lower.
    fn is_below(self, other: Self) -> bool;

    /// The same number.
    fn widen(narrow: Self::Narrow) -> Self;
}

macro_rules! count {
    ($($count:ty, $narrow:ty, $group:ty);*) => {$(
        impl Count for $count {
            type Narrow = $narrow;
            type Group<A: Arch> = $group;
            const NARROW_ZERO: $narrow = 0;
            const ZERO: Self = 0;
            const HIGHEST: [usize; 2] = [<$narrow>::MAX as usize, <$count>::MAX as usize];

            #[inline(always)]
            fn from_usize(number: usize) -> Self {
                number as Self
            }

            #[inline(always)]
            fn to_usize(self) -> usize {
                self as usize
            }

            #[inline(always)]
            fn narrow(one: bool) -> $narrow {
                one.into()
            }

            #[inline(always)]
            fn more(self, by: Self) -> Self {
                self.wrapping_add(by)
            }

            #[inline(always)]
            fn less(self, by: Self) -> Self {
                self.wrapping_sub(by)
            }

            #[inline(always)]
            fn more_narrow(count: $narrow, by: $narrow) -> $narrow {
                count.wrapping_add(by)
            }

            #[inline(always)]
            fn less_narrow(count: $narrow, by: $narrow) -> $narrow {
                count.wrapping_sub(by)
            }

            #[inline(always)]
            fn less_or_zero(self, by: Self) -> Self {
                self.saturating_sub(by)
            }

            #[inline(always)]
            fn is_below(self, other: Self) -> bool {
                self < other
            }

            #[inline(always)]
            fn widen(narrow: $narrow) -> Self {
                narrow.into()
            }
        }
    )*};
}
count!(u16, u8, A::Counts; u32, u32, Each<u32, GROUP>);

/// `N` counts without registers: the specification, and what counts more than registers are made for.
#[derive(Clone, Copy)]
pub(crate) struct Each<C, const N: usize>([C; N]);

impl<C: Count, const N: usize> Each<C, N> {
    #[inline(always)]
    fn with(self, b: Self, step: impl Fn(C, C) -> C) -> Self {
        Self(from_fn(|place| step(self.0[place], b.0[place])))
    }

    #[inline(always)]
    fn bits_below(self, b: Self) -> u32 {
        let mut bits = 0;
        for (place, (a, b)) in self.0.iter().zip(b.0).enumerate() {
            bits |= u32::from(a.is_below(b)) << place;
        }
        bits
    }
}

impl<A: Copy, C: Count> Counts<A> for Each<C, GROUP> {
    type Count = C;
    type Pair = Each<C, PAIR>;

    #[inline(always)]
    fn splat(_: A, x: C) -> Self {
        Self([x; GROUP])
    }

    #[inline(always)]
    unsafe fn load(_: A, from: *const C) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[C; GROUP]>().read() })
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.with(b, C::more)
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.with(b, C::less)
    }

    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        self.bits_below(b)
    }

    #[inline(always)]
    fn spread(self, place: usize) -> Self::Pair {
        let (first, second) = (self.0[place], self.0[place + 1]);
        Each(from_fn(|place| if place < GROUP { first } else { second }))
    }
}

impl<A: Copy, C: Count> Pair<A> for Each<C, PAIR> {
    type Count = C;
    type Narrow = C::Narrow;

    #[inline(always)]
    fn splat(_: A, x: C) -> Self {
        Self([x; PAIR])
    }

    #[inline(always)]
    unsafe fn widen(_: A, from: *const C::Narrow) -> Self {
        // SAFETY: the caller's promise.
        let narrow = unsafe { from.cast::<[C::Narrow; PAIR]>().read() };
        Self(narrow.map(C::widen))
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.with(b, C::more)
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.with(b, C::less)
    }

    #[inline(always)]
    fn sub_or_zero(self, b: Self) -> Self {
        self.with(b, C::less_or_zero)
    }

    #[inline(always)]
    fn below(self, b: Self) -> u32 {
        self.bits_below(b)
    }

    #[inline(always)]
    fn to_array(self) -> [C; 2 * GROUP] {
        self.0
    }
}

/// Two registers, or groups of them, as thirty-two counts: what an instruction set has whose registers hold no more than a
/// group. The functions are those of this file's traits, of one of the two.
#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
macro_rules! two_groups {
    ($pair:ident of $group:ident for $arch:ty) => {
        /// Two groups.
        #[derive(Clone, Copy)]
        pub(crate) struct $pair([$group; 2]);

        impl crate::arch::counts::Pair<$arch> for $pair {
            type Count = u16;
            type Narrow = u8;

            #[inline(always)]
            fn splat(arch: $arch, x: u16) -> Self {
                Self([Counts::splat(arch, x); 2])
            }

            #[inline(always)]
            unsafe fn widen(arch: $arch, from: *const u8) -> Self {
                // SAFETY: the caller's promise.
                unsafe {
                    Self([
                        $group::widen(arch, from),
                        $group::widen(arch, from.add(GROUP)),
                    ])
                }
            }

            #[inline(always)]
            fn add(self, b: Self) -> Self {
                Self([self.0[0].add(b.0[0]), self.0[1].add(b.0[1])])
            }

            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                Self([self.0[0].sub(b.0[0]), self.0[1].sub(b.0[1])])
            }

            #[inline(always)]
            fn sub_or_zero(self, b: Self) -> Self {
                Self([self.0[0].sub_or_zero(b.0[0]), self.0[1].sub_or_zero(b.0[1])])
            }

            #[inline(always)]
            fn below(self, b: Self) -> u32 {
                self.0[0].below(b.0[0]) | self.0[1].below(b.0[1]) << GROUP
            }

            #[inline(always)]
            fn to_array(self) -> [u16; 2 * GROUP] {
                let mut counts = [0; 2 * GROUP];
                // SAFETY: there is room for both.
                unsafe {
                    self.0[0].store(counts.as_mut_ptr());
                    self.0[1].store(counts.as_mut_ptr().add(GROUP));
                }
                counts
            }
        }
    };
}
#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
pub(crate) use two_groups;
