//! Eight words of 64 bits: the lanes of a wave front, each of which hands bits on to the next.

use std::array::from_fn;

/// Eight words, in as many registers as they take.
pub trait Words<A>: Copy {
    /// Takes the words as they are.
    fn new(arch: A, words: [u64; 8]) -> Self;

    /// Bit by bit, in both.
    fn and(self, b: Self) -> Self;

    /// Bit by bit, in either.
    fn or(self, b: Self) -> Self;

    /// Bit by bit, in one of them.
    fn xor(self, b: Self) -> Self;

    /// Bit by bit, in `self` and not in `b`.
    fn and_not(self, b: Self) -> Self;

    /// Word by word, the sum, wrapping around.
    fn add(self, b: Self) -> Self;

    /// Word by word, each bit one place higher.
    fn double(self) -> Self;

    /// Word by word, each bit one place lower.
    fn halve(self) -> Self;

    /// Word by word, the highest bit alone, as the lowest.
    fn top(self) -> Self;

    /// Each word one lane up; `word` in the first, and the last gone.
    fn push(self, arch: A, word: u64) -> Self;

    /// The word in the last lane.
    fn last(self) -> u64;
}

/// What is done register by register, with the intrinsics of an instruction set; `and_not` negates its first operand.
#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
macro_rules! word_by_word {
    ($and:ident, $or:ident, $xor:ident, $and_not:ident, $add:ident, $shift_right:ident) => {
        crate::arch::words::word_by_word!(binary and, a b, $and(a, b));
        crate::arch::words::word_by_word!(binary or, a b, $or(a, b));
        crate::arch::words::word_by_word!(binary xor, a b, $xor(a, b));
        crate::arch::words::word_by_word!(binary and_not, a b, $and_not(b, a));
        crate::arch::words::word_by_word!(binary add, a b, $add(a, b));
        crate::arch::words::word_by_word!(unary double, a, $add(a, a));
        crate::arch::words::word_by_word!(unary halve, a, $shift_right::<1>(a));
        crate::arch::words::word_by_word!(unary top, a, $shift_right::<63>(a));
    };
    (binary $name:ident, $a:ident $b:ident, $call:expr) => {
        #[inline(always)]
        fn $name(self, b: Self) -> Self {
            Self(std::array::from_fn(|part| {
                let ($a, $b) = (self.0[part], b.0[part]);
                // SAFETY: the CPU has the instruction set, as the registers have been made with its token.
                unsafe { $call }
            }))
        }
    };
    (unary $name:ident, $a:ident, $call:expr) => {
        #[inline(always)]
        fn $name(self) -> Self {
            // SAFETY: the CPU has the instruction set, as the registers have been made with its token.
            Self(self.0.map(|$a| unsafe { $call }))
        }
    };
}
#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
pub(crate) use word_by_word;

/// Without SIMD: the specification.
#[derive(Clone, Copy)]
pub(crate) struct Plain([u64; 8]);

impl Words<()> for Plain {
    #[inline(always)]
    fn new((): (), words: [u64; 8]) -> Self {
        Self(words)
    }

    #[inline(always)]
    fn and(self, b: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] & b.0[lane]))
    }

    #[inline(always)]
    fn or(self, b: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] | b.0[lane]))
    }

    #[inline(always)]
    fn xor(self, b: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] ^ b.0[lane]))
    }

    #[inline(always)]
    fn and_not(self, b: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] & !b.0[lane]))
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].wrapping_add(b.0[lane])))
    }

    #[inline(always)]
    fn double(self) -> Self {
        Self(self.0.map(|a| a << 1))
    }

    #[inline(always)]
    fn halve(self) -> Self {
        Self(self.0.map(|a| a >> 1))
    }

    #[inline(always)]
    fn top(self) -> Self {
        Self(self.0.map(|a| a >> 63))
    }

    #[inline(always)]
    fn push(self, (): (), word: u64) -> Self {
        let [a, b, c, d, e, f, g, _] = self.0;
        Self([word, a, b, c, d, e, f, g])
    }

    #[inline(always)]
    fn last(self) -> u64 {
        self.0[7]
    }
}
