//! A sum of any number of floating-point numbers without any error: the small superaccumulator of Neal (2015).
//!
//! It is one integer of 2176 bits that counts the smallest subnormal, in 68 digits of 32 bits, each in 64 bits, so that
//! carries can wait. Only [`Accumulator::normalize`] brings digits back between 0 and 2^32.

use super::SumError;
use crate::Float;
use crate::memory::Source;

/// Digits: 2098 bits for the largest `f64`, 63 for the number of them, and no remainder to worry about.
const DIGITS: usize = 68;

/// Bits of a digit.
const BITS: u32 = 32;

/// Numbers that may be added before carries must move on: each adds less than 2^53 to a digit, which holds 2^63.
const PATIENCE: u32 = 1000;

/// An exact sum of `f64`, as large as you like.
#[derive(Clone, Debug)]
pub struct Accumulator {
    digits: [i64; DIGITS],
    /// Numbers that may be added before carries must move on.
    patience: u32,
    /// The infinities, and the NaN, that were added.
    infinities: f64,
    not_finite: f64,
}

impl Default for Accumulator {
    fn default() -> Self {
        Self::new()
    }
}

impl Accumulator {
    /// The sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            digits: [0; DIGITS],
            patience: PATIENCE,
            infinities: 0.0,
            not_finite: 0.0,
        }
    }

    /// Adds a number.
    #[inline]
    pub fn add(&mut self, x: f64) {
        if self.patience == 0 {
            self.normalize();
        }
        self.patience -= 1;
        let exponent = exponent(x);
        if exponent == NOT_FINITE {
            self.add_not_finite(x);
        } else {
            add_finite(&mut self.digits, x, exponent);
        }
    }

    /// Adds all elements.
    pub fn add_all<T: Float>(&mut self, x: Source<'_, T>) {
        if x.len() < LONG {
            for number in x.iter() {
                self.add(number.to_f64());
            }
        } else {
            for start in (0..x.len()).step_by(MANY) {
                self.add_many(x.range(start..x.len().min(start + MANY)));
            }
        }
    }

    /// Adds up to [`MANY`] elements by way of a table.
    fn add_many<T: Float>(&mut self, x: Source<'_, T>) {
        // Numbers alike go to the same place, each addition waiting for the last one's store; so they take turns.
        let mut even = Table::new();
        let mut odd = Table::new();
        let pairs = x.len() / 2;
        for pair in 0..pairs {
            even.add(x.read(2 * pair).to_f64());
            odd.add(x.read(2 * pair + 1).to_f64());
        }
        if !x.len().is_multiple_of(2) {
            odd.add(x.read(x.len() - 1).to_f64());
        }
        if even.has_not_finite() || odd.has_not_finite() {
            for number in x.iter().map(Float::to_f64) {
                if !number.is_finite() {
                    self.add_not_finite(number);
                }
            }
        }
        let mut digits = [0; DIGITS];
        even.add_to(&mut digits);
        odd.add_to(&mut digits);
        self.merge_digits(&mut digits);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.infinities += other.infinities;
        self.not_finite += other.not_finite;
        let mut digits = other.digits;
        self.merge_digits(&mut digits);
    }

    /// The sum, rounded once to the nearest `f64`, to the even one of two. Past the range of `f64` that is an infinity; 0 is
    /// 0.0 whatever was added; an infinity that was added gives itself, and NaN gives NaN.
    ///
    /// # Errors
    ///
    /// Infinities of both signs were added, with or without NaN, as in `math.fsum`.
    pub fn round(&self) -> Result<f64, SumError> {
        if self.infinities.is_nan() {
            return Err(SumError::OppositeInfinities);
        }
        if self.not_finite != 0.0 {
            return Ok(self.not_finite);
        }
        let mut sum = self.clone();
        sum.normalize();
        let negative = sum.digits[DIGITS - 1] < 0;
        if negative {
            for digit in &mut sum.digits {
                *digit = -*digit;
            }
            sum.normalize();
        }
        let magnitude = sum.round_magnitude();
        Ok(if negative { -magnitude } else { magnitude })
    }

    #[cold]
    fn add_not_finite(&mut self, x: f64) {
        if x.is_infinite() {
            self.infinities += x;
        }
        self.not_finite += x;
    }

    fn merge_digits(&mut self, digits: &mut [i64; DIGITS]) {
        normalize(digits);
        self.normalize();
        for (digit, other) in self.digits.iter_mut().zip(digits) {
            *digit += *other;
        }
        self.patience = PATIENCE - 1;
    }

    /// Moves all carries on.
    fn normalize(&mut self) {
        normalize(&mut self.digits);
        self.patience = PATIENCE;
    }

    /// Rounds a sum that is not negative and has its carries moved on.
    fn round_magnitude(&self) -> f64 {
        let Some(top) = self.digits.iter().rposition(|digit| *digit != 0) else {
            return 0.0;
        };
        let digit = |index: Option<usize>| index.map_or(0, |index| self.digits[index] as u128);
        // The upper digits; all that is below them only counts as something or nothing.
        let upper = digit(Some(top)) << (2 * BITS)
            | digit(top.checked_sub(1)) << BITS
            | digit(top.checked_sub(2));
        let below = self.digits[..top.saturating_sub(2)]
            .iter()
            .any(|digit| *digit != 0);
        // `upper` counts 2^(32 * (top - 2) - 1074).
        let size = u128::BITS - upper.leading_zeros();
        let lowest = 32 * top as i64 - 64;
        // How far the 53 bits that stay are above the smallest subnormal; subnormal numbers keep fewer bits.
        let shift = (lowest + i64::from(size) - 53).max(0);
        let dropped = (shift - lowest) as u32; // 11 bits or more, as `upper` has more than 64; its low bits below 0 are 0
        let mut mantissa = (upper >> dropped) as u64;
        let rest = upper & ((1 << dropped) - 1);
        let half = 1 << (dropped - 1);
        if rest > half || (rest == half && (below || mantissa & 1 == 1)) {
            mantissa += 1;
        }
        // The mantissa's leading bit, if it has one, adds the 1 by which the exponent field is above the shift; so does the
        // carry of a mantissa that was all ones.
        let exponent = shift as u64;
        if exponent >= 2046 {
            return f64::INFINITY;
        }
        f64::from_bits((exponent << 52) + mantissa)
    }
}

/// The exponent field of numbers that are not finite.
const NOT_FINITE: u32 = 0x7ff;

/// The exponent field.
#[inline(always)]
fn exponent(x: f64) -> u32 {
    (x.to_bits() >> 52) as u32 & NOT_FINITE
}

/// Adds a finite number with that exponent field. Any other number adds nonsense, but to these digits alone: no field
/// leads past the last digit but one.
#[inline(always)]
fn add_finite(digits: &mut [i64; DIGITS], x: f64, exponent: u32) {
    let bits = x.to_bits();
    let normal = u64::from(exponent != 0);
    let mantissa = bits & ((1 << 52) - 1) | normal << 52;
    let shift = exponent - normal as u32;
    let (index, shift) = ((shift / BITS) as usize, shift % BITS);
    let low = (mantissa << shift) & u64::from(u32::MAX);
    let high = mantissa >> (BITS - shift);
    // All ones for negative numbers: x ^ -1 - -1 is -x.
    let sign = bits.cast_signed() >> 63;
    digits[index] += (low.cast_signed() ^ sign) - sign;
    digits[index + 1] += (high.cast_signed() ^ sign) - sign;
}

/// Elements from which on a table is worth making.
const LONG: usize = 1 << 14;

/// Elements that a table is for at most.
const MANY: usize = 1 << 24;

/// Values of the sign and the exponent field together.
const KINDS: usize = 1 << 12;

/// Sums of mantissas, one for each sign and exponent field: the large superaccumulator of Neal (2015), with the mantissas'
/// halves summed apart instead of counted.
struct Table(Box<[[u64; 2]]>);

impl Table {
    fn new() -> Self {
        Self(vec![[0; 2]; KINDS].into_boxed_slice())
    }

    #[inline(always)]
    fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let normal = u64::from(exponent(x) != 0);
        let mantissa = bits & ((1 << 52) - 1) | normal << 52;
        let [low, high] = &mut self.0[(bits >> 52) as usize];
        *low += mantissa & u64::from(u32::MAX);
        *high += mantissa >> BITS;
    }

    fn has_not_finite(&self) -> bool {
        let kind = NOT_FINITE as usize;
        self.0[kind][1] != 0 || self.0[kind + KINDS / 2][1] != 0
    }

    /// Adds the sum of the finite numbers to that of the digits, each of which changes by less than 2^48.
    fn add_to(&self, digits: &mut [i64; DIGITS]) {
        for (kind, sums) in self.0.iter().enumerate() {
            let exponent = kind as u32 & NOT_FINITE;
            if *sums == [0, 0] || exponent == NOT_FINITE {
                continue;
            }
            let shift = exponent.saturating_sub(1);
            let (index, shift) = ((shift / BITS) as usize, shift % BITS);
            for (index, sum) in (index..).zip(sums) {
                let mut sum = u128::from(*sum) << shift;
                for digit in &mut digits[index..index + 3] {
                    let part = i64::from(sum as u32);
                    *digit += if kind < KINDS / 2 { part } else { -part };
                    sum >>= BITS;
                }
            }
        }
    }
}

/// Moves all carries on: each digit is then from 0 to 2^32 - 1, but for the last, which has the sign.
fn normalize(digits: &mut [i64; DIGITS]) {
    let mut carry = 0;
    let (last, others) = digits.split_last_mut().expect("there are digits");
    for digit in others {
        let sum = *digit + carry;
        *digit = sum & i64::from(u32::MAX);
        carry = sum >> BITS;
    }
    *last += carry;
}
