//! The median of 5 by 5.

use super::square::Square;
use super::three::of_three;
use crate::arch::Order;

/// Of five sorted columns the rows are sorted too, each as far as it may have the median: then no value is above the one to
/// its right or the one below it. With `i` and `j` counted from 0, the one in row i and column j has (i + 1)(j + 1) - 1 others
/// at or below it and (5 - i)(5 - j) - 1 at or above it; where either is more than 12 it cannot be the median, nor need it be.
/// Thirteen are left, in three diagonals of 4, 5 and 4 from the lower left to the upper right:
///
/// ```text
///  .  .  .  l  m
///  .  .  l  m  u
///  .  l  m  u  .
///  l  m  u  .  .
///  m  u  .  .  .
/// ```
///
/// Each l has two m at or above it, and so k of them have at least k + 1; likewise each u has two m at or below it. In each
/// diagonal's own order, that puts seven others at or above all l but the largest, and the two smallest m; and at or below
/// all u but the smallest, and the two largest m. Three are left, five below them and five above.
pub(super) struct Five;

impl Square<5> for Five {
    const KEPT: bool = true;
    const WIDE: usize = 2048;

    /// Nine comparisons, the fewest there are (Knuth, The Art of Computer Programming 3, 5.3.4).
    #[inline(always)]
    fn sort<A, L: Order<A>>(column: [L; 5]) -> [L; 5] {
        let [a, b, c, d, e] = column;
        let [a, b] = a.order(b);
        let [d, e] = d.order(e);
        let [c, e] = c.order(e);
        let [c, d] = c.order(d);
        let [b, e] = b.order(e);
        let [a, d] = a.order(d);
        let [a, c] = a.order(c);
        let [b, d] = b.order(d);
        let [b, c] = b.order(c);
        [a, b, c, d, e]
    }

    #[inline(always)]
    fn median<A, L: Order<A>>(sorted: [[L; 5]; 5]) -> L {
        let [first, second, third, fourth, fifth] = sorted;
        let [l0, m0] = highest_two(first);
        let [l1, m1, u0] = highest_three(second);
        let [l2, m2, u1] = middle_three(third);
        let [l3, m3, u2] = lowest_three(fourth);
        let [m4, u3] = lowest_two(fifth);
        let low = l0.upper(l1).upper(l2.upper(l3));
        let high = u0.lower(u1).lower(u2.lower(u3));
        let [a, b] = m0.order(m1);
        let [c, d] = m3.order(m4);
        let middle = of_three(a.upper(c), b.lower(d), m2);
        of_three(low, middle, high)
    }
}

/// The two highest of five, in order.
#[inline(always)]
fn highest_two<A, L: Order<A>>(row: [L; 5]) -> [L; 2] {
    let ([a0, a1], [b0, b1], c) = pairs(row);
    let [rest, high] = a1.order(b1);
    let second = rest.upper(a0.upper(b0));
    let [rest, high] = high.order(c);
    [second.upper(rest), high]
}

/// The two lowest.
#[inline(always)]
fn lowest_two<A, L: Order<A>>(row: [L; 5]) -> [L; 2] {
    let ([a0, a1], [b0, b1], c) = pairs(row);
    let [low, rest] = a0.order(b0);
    let second = rest.lower(a1.lower(b1));
    let [low, rest] = low.order(c);
    [low, second.lower(rest)]
}

/// The three highest.
#[inline(always)]
fn highest_three<A, L: Order<A>>(row: [L; 5]) -> [L; 3] {
    let ([a0, a1], [b0, b1], c) = pairs(row);
    let [rest, high] = a1.order(b1);
    let [third, second] = rest.order(a0.upper(b0));
    let [rest, high] = high.order(c);
    let [rest, second] = second.order(rest);
    [third.upper(rest), second, high]
}

/// The three lowest.
#[inline(always)]
fn lowest_three<A, L: Order<A>>(row: [L; 5]) -> [L; 3] {
    let ([a0, a1], [b0, b1], c) = pairs(row);
    let [low, rest] = a0.order(b0);
    let [second, third] = rest.order(a1.lower(b1));
    let [low, rest] = low.order(c);
    let [second, rest] = second.order(rest);
    [low, second, third.lower(rest)]
}

/// All but the lowest and the highest.
#[inline(always)]
fn middle_three<A, L: Order<A>>(row: [L; 5]) -> [L; 3] {
    let ([a0, a1], [b0, b1], c) = pairs(row);
    let [lowest, a] = a0.order(b0);
    let [b, highest] = a1.order(b1);
    let [low, high] = a.order(b);
    let c = c.upper(lowest).lower(highest);
    let [low, c] = low.order(c);
    let [middle, high] = c.order(high);
    [low, middle, high]
}

/// Two pairs in order, and the one that is left.
#[inline(always)]
fn pairs<A, L: Order<A>>(row: [L; 5]) -> ([L; 2], [L; 2], L) {
    let [a, b, c, d, e] = row;
    (a.order(b), c.order(d), e)
}
