//! Eight words of 64 bits: the lanes of a wave front, each of which hands bits on to the next.

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

/// Defines `Words` of several registers whose operations are one an operand, register by register.
macro_rules! word_by_word {
    ($and:expr, $or:expr, $xor:expr, $and_not:expr, $add:expr, $double:expr, $halve:expr, $top:expr) => {
        #[inline(always)]
        fn and(self, b: Self) -> Self {
            Self(std::array::from_fn(|part| $and(self.0[part], b.0[part])))
        }

        #[inline(always)]
        fn or(self, b: Self) -> Self {
            Self(std::array::from_fn(|part| $or(self.0[part], b.0[part])))
        }

        #[inline(always)]
        fn xor(self, b: Self) -> Self {
            Self(std::array::from_fn(|part| $xor(self.0[part], b.0[part])))
        }

        #[inline(always)]
        fn and_not(self, b: Self) -> Self {
            Self(std::array::from_fn(|part| $and_not(self.0[part], b.0[part])))
        }

        #[inline(always)]
        fn add(self, b: Self) -> Self {
            Self(std::array::from_fn(|part| $add(self.0[part], b.0[part])))
        }

        #[inline(always)]
        fn double(self) -> Self {
            Self(self.0.map(|part| $double(part)))
        }

        #[inline(always)]
        fn halve(self) -> Self {
            Self(self.0.map(|part| $halve(part)))
        }

        #[inline(always)]
        fn top(self) -> Self {
            Self(self.0.map(|part| $top(part)))
        }
    };
}
pub(crate) use word_by_word;

/// Without SIMD: the specification.
#[derive(Clone, Copy)]
pub(crate) struct Plain([u64; 8]);

impl Words<()> for Plain {
    #[inline(always)]
    fn new((): (), words: [u64; 8]) -> Self {
        Self(words)
    }

    word_by_word!(
        |a: u64, b: u64| a & b,
        |a: u64, b: u64| a | b,
        |a: u64, b: u64| a ^ b,
        |a: u64, b: u64| a & !b,
        u64::wrapping_add,
        |a: u64| a << 1,
        |a: u64| a >> 1,
        |a: u64| a >> 63
    );

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
