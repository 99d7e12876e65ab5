//! What the tests of several modules share: how many cases, and where numbers lie.

use proptest::collection::vec;
use proptest::num::f64::{INFINITE, NEGATIVE, NORMAL, POSITIVE, QUIET_NAN, SUBNORMAL, ZERO};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::memory::Source;

/// Few cases under miri, which takes a thousand times as long; else as many as `PROPTEST_CASES` says, or 256.
pub(crate) fn config() -> Config {
    let default = Config::default();
    Config {
        cases: if cfg!(miri) { 3 } else { default.cases },
        failure_persistence: None,
        ..default
    }
}

/// The longest vectors that are tested with every number of elements.
pub(crate) const LENGTHS: usize = if cfg!(miri) { 40 } else { 300 };

/// Numbers whose sums and products stay far from the limits of `f64`, and from those of `f32` where they are rounded to it.
pub(crate) fn moderate() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1.0..1.0,
        2 => (-1.0..1.0, -9..9).prop_map(|(x, exponent)| x * 2_f64.powi(exponent)),
        1 => Just(0.0),
    ]
}

/// Any finite numbers.
pub(crate) fn finite() -> impl Strategy<Value = f64> {
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

/// Any numbers, and more infinities and NaN than numbers have.
pub(crate) fn any() -> impl Strategy<Value = f64> {
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO | INFINITE | QUIET_NAN
}

/// Vectors of any length up to a limit.
pub(crate) fn vectors<S: Strategy>(
    numbers: S,
    longest: usize,
) -> impl Strategy<Value = Vec<S::Value>>
where
    S::Value: Clone,
{
    vec(numbers, 0..=longest)
}

/// Numbers in memory that ends with the last of them, so that valgrind sees what is read past it, and that starts at every
/// distance from a cache line in turn.
pub(crate) struct Placed<T> {
    memory: Box<[T]>,
    skip: usize,
}

impl<T: Copy + Default> Placed<T> {
    pub(crate) fn new(numbers: impl ExactSizeIterator<Item = T>, skip: usize) -> Self {
        let memory = std::iter::repeat_n(T::default(), skip)
            .chain(numbers)
            .collect();
        Self { memory, skip }
    }

    pub(crate) fn source(&self) -> Source<'_, T> {
        Source::from(&self.memory[self.skip..])
    }
}
