//! Pixels as unsigned integers in the same order, which all kernels of this family work on.

use crate::arch::Word;

/// Of these types alone: their sizes and bits are relied on.
pub trait Sealed {}

/// What a pixel may be: `u8`, `u16`, `f32` or `f64`.
pub trait Pixel: Sealed + Copy + Send + Sync + 'static {
    /// Integers of the pixel's size.
    type Key: Word;

    /// Whether a pixel is its own key, bit by bit.
    const SAME: bool;

    /// The integer that stands for the pixel. -0.0 comes before 0.0, and NaN after all numbers.
    fn key(self) -> Self::Key;

    /// The pixel that the integer stands for; a NaN is the one without sign and payload.
    fn from_key(key: Self::Key) -> Self;
}

macro_rules! integer {
    ($($pixel:ty),*) => {$(
        impl Sealed for $pixel {}

        impl Pixel for $pixel {
            type Key = Self;
            const SAME: bool = true;

            #[inline(always)]
            fn key(self) -> Self {
                self
            }

            #[inline(always)]
            fn from_key(key: Self) -> Self {
                key
            }
        }
    )*};
}
integer!(u8, u16);

macro_rules! float {
    ($($float:ty, $key:ty, $signed:ty);*) => {$(
        impl Sealed for $float {}

        impl Pixel for $float {
            type Key = $key;
            const SAME: bool = false;

            /// Negative numbers grow with their bits turned, positive ones above them with the sign bit set.
            #[inline(always)]
            fn key(self) -> $key {
                const SIGN: $key = 1 << (<$key>::BITS - 1);
                let bits = self.to_bits();
                let all_if_negative = (bits.cast_signed() >> (<$key>::BITS - 1)).cast_unsigned();
                let key = bits ^ (all_if_negative | SIGN);
                if self.is_nan() {
                    <$float>::NAN.to_bits() | SIGN
                } else {
                    key
                }
            }

            #[inline(always)]
            fn from_key(key: $key) -> Self {
                const SIGN: $key = 1 << (<$key>::BITS - 1);
                let all_if_positive = (key.cast_signed() >> (<$key>::BITS - 1)).cast_unsigned();
                Self::from_bits(key ^ (!all_if_positive | SIGN))
            }
        }
    )*};
}
float!(f32, u32, i32; f64, u64, i64);

#[cfg(test)]
mod tests {
    use super::Pixel;

    #[test]
    fn keys_are_in_the_order_of_the_numbers_and_give_them_back() {
        let ordered = [
            f64::NEG_INFINITY,
            f64::MIN,
            -1.0,
            -f64::MIN_POSITIVE,
            -5e-324,
            -0.0,
            0.0,
            5e-324,
            f64::MIN_POSITIVE,
            1.0,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        assert!(ordered.is_sorted_by(|a, b| a.key() < b.key()));
        for number in ordered {
            assert_eq!(f64::from_key(number.key()).to_bits(), number.to_bits());
        }
        let narrow = ordered.map(|number| number as f32);
        assert!(narrow.is_sorted_by(|a, b| a.key() <= b.key()));
        for number in narrow {
            assert_eq!(f32::from_key(number.key()).to_bits(), number.to_bits());
        }
    }

    #[test]
    fn every_nan_is_the_same() {
        for nan in [f64::NAN, -f64::NAN, f64::from_bits(0x7FF0_0000_0000_0001)] {
            assert_eq!(nan.key(), f64::NAN.key());
        }
        for nan in [f32::NAN, -f32::NAN, f32::from_bits(0x7F80_0001)] {
            assert_eq!(nan.key(), f32::NAN.key());
        }
    }
}
