//! Elements of every type, made of numbers, and numbers to make them of.

use crate::vector::widen::Narrow as _;
use crate::vector::{Bfloat16, Element, Half};

/// A number as an element.
pub(super) trait Made: Element {
    fn made(number: f64) -> Self;
    fn number(self) -> f64;
}

impl Made for f32 {
    fn made(number: f64) -> Self {
        number as f32
    }
    fn number(self) -> f64 {
        f64::from(self)
    }
}

impl Made for f64 {
    fn made(number: f64) -> Self {
        number
    }
    fn number(self) -> f64 {
        self
    }
}

impl Made for Bfloat16 {
    fn made(number: f64) -> Self {
        Self(((number as f32).to_bits() >> 16) as u16)
    }
    fn number(self) -> f64 {
        f64::from(self.widen())
    }
}

impl Made for Half {
    fn made(number: f64) -> Self {
        // Cut to 11 bits; only normal numbers and zeros are made here.
        let bits = (number as f32).to_bits();
        let exponent = (bits >> 23 & 0xff).saturating_sub(112).min(30);
        let magnitude = if exponent == 0 {
            0
        } else {
            exponent << 10 | bits >> 13 & 0x3ff
        };
        Self((bits >> 16 & 0x8000 | magnitude) as u16)
    }
    fn number(self) -> f64 {
        f64::from(self.widen())
    }
}

impl Made for i8 {
    fn made(number: f64) -> Self {
        (number * 128.0) as i8
    }
    fn number(self) -> f64 {
        f64::from(self)
    }
}

/// Numbers between -1 and 1, the same each time (splitmix64).
pub(super) fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits >> 11) as f64 / 2_f64.powi(52) - 1.0
    };
    (0..count).map(next).collect()
}
