//! Vector registers whose lanes are put in order: what networks of minima and maxima are made of.

use super::lanes::{Lanes, One};

/// A register of unsigned integers that can be compared.
pub trait Order<A>: Lanes<A> {
    /// Lane by lane, the smaller one.
    fn lower(self, b: Self) -> Self;

    /// Lane by lane, the larger one.
    fn upper(self, b: Self) -> Self;

    /// Lane by lane, the smaller and the larger one.
    fn order(self, b: Self) -> [Self; 2];
}

macro_rules! one {
    ($($word:ty),*) => {$(
        impl Order<()> for One<$word> {
            #[inline(always)]
            fn lower(self, b: Self) -> Self {
                Self(self.0.min(b.0))
            }

            #[inline(always)]
            fn upper(self, b: Self) -> Self {
                Self(self.0.max(b.0))
            }

            #[inline(always)]
            fn order(self, b: Self) -> [Self; 2] {
                [self.lower(b), self.upper(b)]
            }
        }
    )*};
}

one!(u8, u16, u32, u64);
