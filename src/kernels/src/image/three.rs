//! The median of 3 by 3.

use super::square::Square;
use crate::arch::Order;

/// Of three sorted columns the median is that of three: of the largest low one, the median of the middle ones, and the smallest
/// high one.
pub(super) struct Three;

impl Square<3> for Three {
    /// Sorting three columns for each window takes as long as loading them sorted.
    const KEPT: bool = false;
    const WIDE: usize = 8192;

    #[inline(always)]
    fn sort<A, L: Order<A>>(column: [L; 3]) -> [L; 3] {
        let [a, b, c] = column;
        let [lower, upper] = a.order(b);
        let [low, rest] = lower.order(c);
        let [middle, high] = rest.order(upper);
        [low, middle, high]
    }

    #[inline(always)]
    fn median<A, L: Order<A>>(sorted: [[L; 3]; 3]) -> L {
        let [low, middle, high] = sorted;
        let low = low[0].upper(low[1]).upper(low[2]);
        let high = high[0].lower(high[1]).lower(high[2]);
        of_three(low, of_three(middle[0], middle[1], middle[2]), high)
    }
}

/// Lane by lane, the median of three.
#[inline(always)]
pub(super) fn of_three<A, L: Order<A>>(a: L, b: L, c: L) -> L {
    let [lower, upper] = a.order(b);
    lower.upper(upper.lower(c))
}
