//! Prices to pixels.

use super::overview::Extent;

/// The prices at the lower and the upper edge of a picture, and its height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) bottom: f64,
    pub(super) top: f64,
    height: f64,
    /// A half where the span of prices is more than an `f64` holds, else 1.
    shrink: f64,
    /// The span, times that.
    span: f64,
}

impl Scale {
    /// These prices at the edges; `bottom` is below `top`, both are finite.
    pub(super) fn fixed(bottom: f64, top: f64, height: f64) -> Self {
        let shrink = if (top - bottom).is_finite() { 1.0 } else { 0.5 };
        Self {
            bottom,
            top,
            height,
            shrink,
            span: top * shrink - bottom * shrink,
        }
    }

    /// All of the extent, with `padding` of the height free above and below it. One price alone is in the middle of one
    /// per cent around it; nothing is between 0 and 1.
    pub(super) fn fitting(extent: Extent, padding: f64, height: f64) -> Self {
        if extent.is_empty() {
            return Self::fixed(0.0, 1.0, height);
        }
        let Extent { low, high } = extent;
        // Lows above highs are as they came: the lines between them are drawn all the same.
        let (low, high) = if low > high { (high, low) } else { (low, high) };
        let beside = if low < high {
            let share = padding / (1.0 - 2.0 * padding);
            // Of both ends apart, so that nothing overflows before it must.
            high * share - low * share
        } else {
            let percent = low.abs() * 0.005;
            if low - percent < low { percent } else { 0.5 }
        };
        Self::fixed(
            (low - beside).max(f64::MIN),
            (high + beside).min(f64::MAX),
            height,
        )
    }

    /// Pixels from the upper edge down. Prices far outside end one height beyond the edge: painters take no larger numbers.
    #[inline]
    pub(super) fn y(&self, price: f64) -> f64 {
        let share = (self.top * self.shrink - price * self.shrink) / self.span;
        (share * self.height).clamp(-self.height, 2.0 * self.height)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "the numbers are exact in binary")]

    use super::{Extent, Scale};

    #[test]
    fn prices_grow_upwards_and_pixels_downwards() {
        let scale = Scale::fixed(100.0, 200.0, 50.0);
        assert_eq!(
            (scale.y(200.0), scale.y(100.0), scale.y(150.0)),
            (0.0, 50.0, 25.0)
        );
    }

    #[test]
    fn padding_is_a_share_of_the_height() {
        let (low, high) = (10.0, 20.0);
        let scale = Scale::fitting(Extent { low, high }, 0.25, 100.0);
        assert_eq!((scale.bottom, scale.top), (5.0, 25.0));
        assert_eq!((scale.y(20.0), scale.y(10.0)), (25.0, 75.0));
    }

    #[test]
    fn one_price_is_in_the_middle() {
        for price in [0.0, 1e-300, 1.0, -3.0, 5e-324, 1e300] {
            let extent = Extent {
                low: price,
                high: price,
            };
            let scale = Scale::fitting(extent, 0.05, 100.0);
            assert!(scale.bottom < price && price < scale.top);
            assert!((scale.y(price) - 50.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_largest_and_the_smallest_spans_have_pixels() {
        for (low, high) in [(f64::MIN, f64::MAX), (0.0, 5e-324), (-1e308, 1e308)] {
            for padding in [0.0, 0.05, 0.49] {
                let scale = Scale::fitting(Extent { low, high }, padding, 100.0);
                let (top, bottom) = (scale.y(high), scale.y(low));
                assert!(
                    0.0 <= top && top < bottom && bottom <= 100.0,
                    "{top} {bottom}"
                );
            }
        }
    }

    #[test]
    fn what_is_far_outside_ends_one_height_beyond_the_edge() {
        let scale = Scale::fixed(0.0, 1.0, 10.0);
        assert_eq!(
            (scale.y(f64::MAX), scale.y(f64::MIN), scale.y(1.5)),
            (-10.0, 20.0, -5.0)
        );
    }
}
