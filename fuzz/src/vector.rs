//! Dot products, norms and cosines of two vectors, against exact ones.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::Float;
use hotkernels_kernels::reduce::Accumulator;
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::vector::{Products, cosine_similarity, dot, norm, products};

use crate::chance::Chance;
use crate::numbers::{Kind, length, numbers};
use crate::{Placed, same};

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let levels = Chance::of(u).levels();
    let kind = Kind::of(u)?;
    let single: bool = u.arbitrary()?;
    let len = length(u, 2500)?;
    let (mut a, mut b) = (numbers(u, len, kind)?, numbers(u, len, kind)?);
    if u.ratio(1, 8)? {
        b.clone_from(&a);
    }
    let skips = [u.int_in_range(0..=7)?, u.int_in_range(0..=7)?];
    let at = u.int_in_range(0..=len)?;
    if single {
        let narrow = |x: &[f64]| x.iter().map(|x| *x as f32).collect::<Vec<_>>();
        let (narrow_a, narrow_b) = (narrow(&a), narrow(&b));
        // What is no f32 any more became an infinity.
        if kind != Kind::Finite || narrow_a.iter().chain(&narrow_b).all(|x| x.is_finite()) {
            check(&levels, &narrow_a, &narrow_b, skips, at);
        }
    }
    a.truncate(len);
    check(&levels, &a, &b, skips, at);
    Ok(())
}

fn wide<T: Float>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

/// The dot product, exact but for one rounding and what of the products is below the smallest number.
pub fn exact_dot(a: &[f64], b: &[f64]) -> f64 {
    let mut total = Accumulator::new();
    for (a, b) in a.iter().zip(b) {
        let product = a * b;
        total.add(product);
        total.add(a.mul_add(*b, -product));
    }
    total.round().expect("finite numbers")
}

/// Numbers scaled by a power of two, the largest to [1, 2), and the power; nothing for zeros alone.
fn scaled(x: &[f64]) -> Option<(Vec<f64>, i32)> {
    let largest = x.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if largest == 0.0 {
        return None;
    }
    let bits = largest.to_bits();
    let exponent = match (bits >> 52) as i32 {
        0 => 11 - bits.leading_zeros() as i32 - 1022,
        normal => normal - 1023,
    };
    // In two steps: 2^1074 is no number.
    let (half, rest) = (-exponent / 2, -exponent - -exponent / 2);
    let scale = |x: &f64| x * 2_f64.powi(half) * 2_f64.powi(rest);
    Some((x.iter().map(scale).collect(), exponent))
}

/// The norm of finite numbers, its power of two apart.
fn exact_norm(x: &[f64]) -> Option<(f64, i32)> {
    let (x, exponent) = scaled(x)?;
    Some((exact_dot(&x, &x).sqrt(), exponent))
}

/// The cosine of the angle between two vectors of any numbers.
fn exact_cosine(a: &[f64], b: &[f64]) -> f64 {
    Direction::of(a, exact_dot).cosine(&Direction::of(b, exact_dot), exact_dot)
}

/// What a vector's cosines are made of.
#[derive(Clone, Debug)]
pub enum Direction {
    /// Not all of its numbers are finite.
    None,
    Zero,
    /// Its numbers, scaled, and their norm.
    Scaled(Vec<f64>, f64),
}

type Dot = fn(&[f64], &[f64]) -> f64;

impl Direction {
    pub fn of(x: &[f64], dot: Dot) -> Self {
        if !x.iter().all(|x| x.is_finite()) {
            return Self::None;
        }
        scaled(x).map_or(Self::Zero, |(x, _)| {
            let norm = dot(&x, &x).sqrt();
            Self::Scaled(x, norm)
        })
    }

    pub fn cosine(&self, other: &Self, dot: Dot) -> f64 {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => f64::NAN,
            (Self::Scaled(a, norm_a), Self::Scaled(b, norm_b)) => dot(a, b) / (norm_a * norm_b),
            _ => 0.0,
        }
    }
}

fn check<T: Float>(levels: &[Level], a: &[T], b: &[T], skips: [usize; 2], at: usize) {
    let (left, right) = (Placed::new(a, skips[0]), Placed::new(b, skips[1]));
    let (left, right) = (left.source(), right.source());
    let (a, b) = (wide(a), wide(b));
    let expected = exact_cosine(&a, &b);
    for &level in levels {
        let found = dot(level, left, right);
        check_dot(level, &a, &b, found);
        let all = products(level, left, right);
        assert!(same(all.ab, found), "{level}: products {all:?} {found}");
        assert!(same(all.aa, dot(level, left, left)), "{level}");
        assert!(same(all.bb, dot(level, right, right)), "{level}");
        check_norm(level, &a, norm(level, left));
        let cosine = cosine_similarity(level, left, right);
        let room = 1.001e-14; // of which the specification's own rounding is a thousandth
        let near = (cosine - expected).abs() <= room && cosine.abs() <= 1.0;
        assert!(
            near || (cosine.is_nan() && expected.is_nan()),
            "{level}: cosine {cosine} {expected}"
        );
        let mut merged: Products = products(level, left.range(0..at), right.range(0..at));
        let rest = at..a.len();
        merged.merge(products(level, left.range(rest.clone()), right.range(rest)));
        if let Some(cosine) = merged.cosine() {
            let near = (cosine - expected).abs() <= 1e-13 && cosine.abs() <= 1.0;
            assert!(
                near || cosine.is_nan() && expected.is_nan(),
                "{level}: merged {cosine} {expected}"
            );
        }
    }
}

fn check_dot(level: Level, a: &[f64], b: &[f64], found: f64) {
    let terms: Vec<f64> = a.iter().zip(b).map(|(a, b)| a * b).collect();
    if terms.iter().any(|term| term.is_nan()) {
        assert!(found.is_nan(), "{level}: {found} in the place of NaN");
    }
    let size: f64 = terms.iter().map(|term| term.abs()).sum();
    if size >= 1e300 {
        return; // an infinity or NaN may come of it, as in any plain loop
    }
    if !size.is_finite() {
        assert!(!found.is_finite(), "{level}: {found} of infinities");
        return;
    }
    let room = 4.5e-15 * size + (2 * a.len() + 2) as f64 * 5e-324;
    let exact = exact_dot(a, b);
    assert!(
        (found - exact).abs() <= room,
        "{level}, {} elements: {found:e} {exact:e} {room:e}",
        a.len()
    );
}

fn check_norm(level: Level, x: &[f64], found: f64) {
    if x.iter().any(|x| x.is_nan()) {
        assert!(found.is_nan(), "{level}: norm {found} with NaN");
    } else if x.iter().any(|x| x.is_infinite()) {
        assert_eq!(found, f64::INFINITY, "{level}: norm with an infinity");
    } else if let Some((expected, exponent)) = exact_norm(x) {
        if found.is_infinite() {
            // Only where the norm itself is past the range, or as near to its end as the error.
            let most = f64::MAX / 2_f64.powi(exponent.max(0)) * (1.0 - 3e-15);
            assert!(
                exponent > 0 && expected >= most,
                "{level}: norm overflows: {expected} * 2^{exponent}"
            );
            return;
        }
        assert!(found > 0.0, "{level}: norm of no zeros");
        let (half, rest) = (-exponent / 2, -exponent - -exponent / 2);
        let scaled = found * 2_f64.powi(half) * 2_f64.powi(rest);
        // The smallest numbers have few digits.
        let last = 2_f64.powi((-1074 - exponent).max(-1000));
        let room = 3.01e-15 * expected + last * f64::from(u8::from(exponent < -900));
        assert!(
            (scaled - expected).abs() <= room,
            "{level}: norm {scaled} {expected} * 2^{exponent}"
        );
    } else {
        assert_eq!(found, 0.0, "{level}: norm of zeros");
    }
}
