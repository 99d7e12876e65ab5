//! Norms and cosines of vectors whose squares leave the range of `f64`: computed of vectors scaled by powers of two.

use super::{SAFE, dot};
use crate::Float;
use crate::memory::Source;
use crate::simd::Level;

/// A norm that may be outside the range of `f64`: `scaled / scale`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Norm {
    scaled: f64,
    /// A power of two.
    scale: f64,
}

impl Norm {
    /// One that is within the range.
    pub(super) fn plain(norm: f64) -> Self {
        Self {
            scaled: norm,
            scale: 1.0,
        }
    }

    /// The norm itself; an infinity where it is out of range.
    pub(super) fn value(self) -> f64 {
        self.scaled / self.scale
    }

    /// The norm of the vector whose elements are `factor`, a power of two, times as large, if `f64` has room for it.
    pub(super) fn times(self, factor: f64) -> f64 {
        // The factors one after the other: their product may be out of range.
        if (self.scale < 1.0) == (factor < 1.0) {
            self.scaled * (factor / self.scale)
        } else {
            self.scaled * factor / self.scale
        }
    }
}

/// The norm of a vector.
pub(super) fn norm<T: Float>(level: Level, a: Source<'_, T>) -> Norm {
    let square = dot(level, a, a);
    if SAFE.contains(&square) || square.is_nan() {
        return Norm {
            scaled: square.sqrt(),
            scale: 1.0,
        };
    }
    let peak = peak(a);
    if peak == 0.0 || !peak.is_finite() {
        return Norm {
            scaled: peak,
            scale: 1.0,
        };
    }
    let scale = scale(peak);
    Norm {
        scaled: sum_of_products(a, a, scale, scale).sqrt(),
        scale,
    }
}

/// The cosine of two vectors, whatever their elements.
pub(super) fn cosine<T: Float>(a: Source<'_, T>, b: Source<'_, T>) -> f64 {
    let (largest_a, largest_b) = (peak(a), peak(b));
    if !(largest_a.is_finite() && largest_b.is_finite()) {
        return f64::NAN;
    }
    if largest_a == 0.0 || largest_b == 0.0 {
        return 0.0;
    }
    let (of_a, of_b) = (scale(largest_a), scale(largest_b));
    let squares = sum_of_products(a, a, of_a, of_a) * sum_of_products(b, b, of_b, of_b);
    (sum_of_products(a, b, of_a, of_b) / squares.sqrt()).clamp(-1.0, 1.0)
}

/// The largest absolute value; NaN if there is one.
fn peak<T: Float>(a: Source<'_, T>) -> f64 {
    let mut peak = 0.0_f64;
    for value in a.iter() {
        let size = value.to_f64().abs();
        if size.is_nan() {
            return size;
        }
        peak = peak.max(size);
    }
    peak
}

/// The power of two that brings a positive number to between 1 and 2, or near to that where it is subnormal.
fn scale(peak: f64) -> f64 {
    let exponent = (peak.to_bits() >> 52).clamp(1, 2045);
    f64::from_bits((2046 - exponent) << 52)
}

/// The sum of the products of two vectors' elements, scaled, compensated.
fn sum_of_products<T: Float>(a: Source<'_, T>, b: Source<'_, T>, of_a: f64, of_b: f64) -> f64 {
    let (mut sum, mut error) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b.iter()) {
        let product = (a.to_f64() * of_a) * (b.to_f64() * of_b);
        let (total, rest) = super::sums::two_sum(sum, product);
        sum = total;
        error += rest;
    }
    sum + error
}
