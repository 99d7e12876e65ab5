//! Sums: correctly rounded for floating-point numbers, exact for integers.

mod exact;
mod fast;
mod integer;
#[cfg(any(test, feature = "specification"))]
pub(crate) mod specification;
mod window;

use std::fmt;

use crate::Float;
use crate::memory::Source;
use crate::simd::Level;
use window::Window;

pub use exact::Accumulator;
pub use integer::{Integer, sum_int};

/// Why there is no sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SumError {
    /// Infinities of both signs were added: `math.fsum` raises `ValueError` there.
    OppositeInfinities,
    /// The caller asked to stop.
    Interrupted,
}

impl fmt::Display for SumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OppositeInfinities => "the sum of infinities of both signs is not defined",
            Self::Interrupted => "interrupted",
        })
    }
}

impl std::error::Error for SumError {}

/// The sum of all elements, rounded once: the nearest `f64`, or the even one of the two nearest.
///
/// It is what `math.fsum` gives, whatever the order, the level and the length, with one difference: what overflows on the
/// way does no harm, and an exact sum past the range of `f64` gives an infinity. Nothing sums to 0.0, and so does anything
/// whose exact sum is 0, as -0.0 alone. An infinity gives itself and NaN gives NaN.
///
/// Nearly all sums take one pass at the speed of memory: blocks of numbers that are not too far apart (some 30 binary orders
/// of magnitude; for `f32`, some 70) are summed without error (Rump, Ogita and Oishi 2008; Demmel and Nguyen 2015). Of others
/// vectors add up values and their rounding errors (Knuth's `TwoSum`; Ogita, Rump and Oishi 2005) with a strict bound on what
/// that misses, and if nothing within the bound changes the rounding, that is the answer. Else all is added again in an
/// [`Accumulator`]. `stop` is asked some ten thousand times a second.
///
/// # Errors
///
/// Infinities of both signs, or `stop` said true.
///
/// # Panics
///
/// This CPU lacks the level.
pub fn sum_f64(level: Level, x: Source<'_, f64>, stop: &dyn Fn() -> bool) -> Result<f64, SumError> {
    sum(level, x, stop)
}

/// The sum of all elements, exact and then rounded once to `f64`; for the rest as [`sum_f64`].
///
/// # Errors
///
/// Infinities of both signs, or `stop` said true.
///
/// # Panics
///
/// This CPU lacks the level.
pub fn sum_f32(level: Level, x: Source<'_, f32>, stop: &dyn Fn() -> bool) -> Result<f64, SumError> {
    sum(level, x, stop)
}

/// Elements between two looks at whether to stop: some 100 µs.
const PIECE: usize = 1 << 18;

/// With fewer elements than this the exact sum is no slower.
const SHORT: usize = 64;

fn sum<T: Float>(level: Level, x: Source<'_, T>, stop: &dyn Fn() -> bool) -> Result<f64, SumError> {
    if x.len() >= SHORT
        && let Some(sum) = certified(level, x, stop)?
    {
        return Ok(sum);
    }
    let mut total = Accumulator::new();
    for piece in pieces(x) {
        if stop() {
            return Err(SumError::Interrupted);
        }
        total.add_all(piece);
    }
    total.round()
}

/// The sum by the fast way, if that is certain; `None` if it is not.
fn certified<T: Float>(
    level: Level,
    x: Source<'_, T>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<f64>, SumError> {
    let mut total = Accumulator::new();
    let mut missed = 0.0;
    let mut window = Window::default();
    for piece in pieces(x) {
        if stop() {
            return Err(SumError::Interrupted);
        }
        for start in (0..piece.len()).step_by(window::BLOCK) {
            let block = piece.range(start..piece.len().min(start + window::BLOCK));
            if !window.add(level, block, &mut total) {
                missed += fast::add(level, block, &mut total);
            }
        }
    }
    if missed == 0.0 {
        return total.round().map(Some);
    }
    // The bounds of the pieces were added with rounding themselves.
    let missed = missed * (1.0 + 1e-9);
    let bound = |missed| {
        let mut total = total.clone();
        total.add(missed);
        total.round()
    };
    let (low, high) = (bound(-missed)?, bound(missed)?);
    Ok((low.to_bits() == high.to_bits()).then_some(high))
}

fn pieces<T: Copy>(x: Source<'_, T>) -> impl Iterator<Item = Source<'_, T>> {
    (0..x.len())
        .step_by(PIECE)
        .map(move |start| x.range(start..x.len().min(start + PIECE)))
}

#[cfg(test)]
mod tests;
