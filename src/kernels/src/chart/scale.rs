//! Prices to pixels.

use super::overview::Extent;

/// The prices at the lower and the upper edge of a picture, and its height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) bottom: f64,
    pub(super) top: f64,
    height: f64,
    /// A power of two that brings prices where their span neither overflows nor underflows: nearly always 1.
    unit: f64,
    /// The upper price in that unit, and pixels of a price in it.
    top_units: f64,
    pixels: f64,
}

impl Scale {
    /// These prices at the edges; `bottom` is below `top`, both are finite.
    pub(super) fn fixed(bottom: f64, top: f64, height: f64) -> Self {
        // + 0.0: below an edge of -0.0 the sign of a pixel would be that of a zero among the prices, and which zero is the
        // lowest of several is open (`f64::min`). Below 0.0 both are at 0.0.
        let (bottom, top) = (bottom + 0.0, top + 0.0);
        let unit = match top - bottom {
            span if span.is_infinite() => 0.5,
            // So near to one another are small numbers alone.
            span if span < 1e-270 => f64::from_bits((1023 + 400) << 52), // 2^400
            _ => 1.0,
        };
        Self {
            bottom,
            top,
            height,
            unit,
            top_units: top * unit,
            pixels: height / (top * unit - bottom * unit),
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
        let y = (self.top_units - price * self.unit) * self.pixels;
        y.clamp(-self.height, 2.0 * self.height)
    }
}

#[cfg(test)]
mod tests {
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
    fn a_price_at_the_edge_is_at_no_negative_zero() {
        let positive = |x: f64| x.to_bits() == 0;
        for (bottom, top) in [(-1.0, -0.0), (-1.0, 0.0), (-0.0, 1.0), (f64::MIN, -0.0)] {
            let scale = Scale::fixed(bottom, top, 1.0);
            for price in [bottom, top, 0.0, -0.0] {
                let y = scale.y(price);
                assert!(y != 0.0 || positive(y), "{price} in {bottom}..{top}");
            }
            for edge in [scale.bottom, scale.top] {
                assert!(edge != 0.0 || positive(edge), "{bottom}..{top}");
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
