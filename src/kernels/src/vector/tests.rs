//! Dot products and cosines against exact ones, at every level; matrices of them, of every type, in files of their own.

#![expect(
    clippy::float_cmp,
    reason = "what is exact by contract is compared exactly"
)]

mod bytes;
mod made;
mod matrix;
mod types;

use proptest::prelude::*;

use super::{Products, cosine_similarity, dot, norm, products};
use crate::Float;
use crate::memory::Source;
use crate::reduce::Accumulator;
use crate::simd::{self, Level};
use crate::testing::{LENGTHS, Placed, any, config, finite, moderate, vectors};

const ON: &dyn Fn() -> bool = &|| false;

/// The dot product, exact but for one rounding, of numbers whose products do not underflow.
fn exact_dot<T: Float>(a: &[T], b: &[T]) -> f64 {
    let mut total = Accumulator::new();
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a.to_f64(), b.to_f64());
        let product = a * b;
        total.add(product);
        total.add(a.mul_add(b, -product));
    }
    total.round().unwrap()
}

fn size_of_products<T: Float>(a: &[T], b: &[T]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a.to_f64() * b.to_f64()).abs())
        .sum()
}

fn check_dot<T: Float>(a: &[T], b: &[T]) {
    let exact = exact_dot(a, b);
    let room = 4.5e-15 * size_of_products(a, b);
    for level in simd::available() {
        let (left, right) = (
            Placed::new(a.iter().copied(), a.len() % 7),
            Placed::new(b.iter().copied(), a.len() % 5),
        );
        let found = dot(level, left.source(), right.source());
        assert!(
            (found - exact).abs() <= room,
            "{level}, {} elements: {found:e} {exact:e}",
            a.len()
        );
        let Products { ab, aa, bb } = products(level, left.source(), right.source());
        assert_eq!(ab.to_bits(), found.to_bits());
        assert_eq!(aa, dot(level, left.source(), left.source()));
        assert_eq!(bb, dot(level, right.source(), right.source()));
    }
}

fn pairs<S: Strategy>(
    numbers: S,
    longest: usize,
) -> impl Strategy<Value = (Vec<S::Value>, Vec<S::Value>)>
where
    S::Value: Clone,
{
    vectors((numbers, any_seed()), longest).prop_map(|pairs| {
        let a: Vec<_> = pairs.iter().map(|(x, _)| x.clone()).collect();
        let mut b: Vec<_> = pairs;
        b.sort_by_key(|(_, seed)| *seed);
        (a, b.into_iter().map(|(x, _)| x).collect())
    })
}

fn any_seed() -> impl Strategy<Value = u32> {
    proptest::num::u32::ANY
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|x| *x as f32).collect()
}

fn wave(count: usize, phase: f64) -> Vec<f64> {
    (0..count)
        .map(|i| (i as f64 * 0.73 + phase).sin())
        .collect()
}

#[test]
fn every_length() {
    for len in 0..=LENGTHS {
        let (a, b) = (wave(len, 0.0), wave(len, 1.0));
        check_dot(&a, &b);
        check_dot(&narrow(&a), &narrow(&b));
    }
}

#[test]
fn long_dots_stay_precise() {
    let len = if cfg!(miri) { 3000 } else { 1_000_000 };
    let (a, b) = (wave(len, 0.0), wave(len, 1.0));
    check_dot(&a, &b);
    let positive: Vec<f32> = a.iter().map(|x| x.abs() as f32).collect();
    check_dot(&positive, &positive);
    for level in simd::available() {
        let (source, exact) = (Source::from(&*positive), exact_dot(&positive, &positive));
        assert!(
            (dot(level, source, source) / exact - 1.0).abs() < 1e-15,
            "{level}"
        );
    }
}

#[test]
fn a_dot_of_infinities_is_one_or_nan() {
    for level in simd::available() {
        for len in [1, 5, 40, 2000] {
            let mut a = vec![1.0; len];
            a[len / 2] = f64::INFINITY;
            let ones = vec![1.0; len];
            let dot_with = |b: &[f64]| dot(level, Source::from(&*a), Source::from(b));
            assert_eq!(dot_with(&ones), f64::INFINITY, "{level}, {len} elements");
            assert!(dot_with(&vec![0.0; len]).is_nan());
        }
    }
}

#[test]
#[should_panic(expected = "same number of elements")]
fn a_dot_of_different_lengths_panics() {
    let _ = dot(
        Level::Scalar,
        Source::from([1.0, 2.0].as_slice()),
        Source::from([1.0].as_slice()),
    );
}

#[test]
#[should_panic(expected = "not available on this CPU")]
fn a_level_of_another_cpu_panics() {
    let other = if cfg!(target_arch = "aarch64") {
        Level::Sse2
    } else {
        Level::Neon
    };
    let _ = norm(other, Source::from([1.0].as_slice()));
}

fn cosine<T: Float>(level: Level, a: &[T], b: &[T]) -> f64 {
    cosine_similarity(level, Source::from(a), Source::from(b))
}

#[test]
fn cosines_of_any_size() {
    let one: Vec<f64> = wave(37, 0.2);
    let other: Vec<f64> = wave(37, 1.1);
    let expected =
        exact_dot(&one, &other) / (exact_dot(&one, &one).sqrt() * exact_dot(&other, &other).sqrt());
    let times = |x: &[f64], factor: f64| x.iter().map(|x| x * factor).collect::<Vec<_>>();
    for level in simd::available() {
        for exponent in [-1000, -600, -500, -400, 0, 400, 500, 600, 1000] {
            for against in [-1000, -300, 0, 520, 1020] {
                let a = times(&one, 2_f64.powi(exponent));
                let b = times(&other, 2_f64.powi(against));
                let found = cosine(level, &a, &b);
                assert!(
                    (found - expected).abs() < 1e-15,
                    "{level}: 2^{exponent}, 2^{against}: {found}"
                );
                assert!((cosine(level, &a, &a) - 1.0).abs() < 1e-15);
            }
        }
        // Subnormal numbers have few bits, but what they are they are exactly.
        let tiny = [3.0 * 5e-324, 4.0 * 5e-324];
        assert!((cosine(level, &tiny, &[1.0, 0.0]) - 0.6).abs() < 1e-15);
        assert!((norm(level, Source::from(&tiny[..])) - 5.0 * 5e-324).abs() == 0.0);
        let huge = [f64::MAX / 5.0 * 3.0, f64::MAX / 5.0 * 4.0];
        assert!((norm(level, Source::from(&huge[..])) / f64::MAX - 1.0).abs() < 1e-15);
        assert_eq!(
            norm(level, Source::from([f64::MAX; 4].as_slice())),
            f64::INFINITY
        );
        let tiny = [3e-45_f32, -3e-45];
        assert!((cosine(level, &tiny, &[1.0, -1.0]) - 1.0).abs() < 1e-15);
    }
}

#[test]
fn cosines_without_a_direction() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for level in simd::available() {
        assert_eq!(cosine::<f64>(level, &[], &[]), 0.0);
        assert_eq!(norm::<f32>(level, Source::from([].as_slice())), 0.0);
        assert_eq!(cosine(level, &[0.0, 0.0], &[1.0, 2.0]), 0.0);
        assert_eq!(cosine(level, &[0.0, 0.0], &[1e200, 2.0]), 0.0);
        assert_eq!(cosine(level, &[0.0_f32, 0.0], &[0.0, -0.0]), 0.0);
        for bad in [inf, -inf, nan] {
            for other in [[0.0, 0.0], [1.0, 1e300], [bad, 1.0], [1.0, bad]] {
                assert!(cosine(level, &[bad, 1.0], &other).is_nan());
                assert!(cosine(level, &other, &[bad, 1.0]).is_nan());
                let narrow = other.map(|x| x as f32);
                assert!(cosine(level, &[bad as f32, 1.0], &narrow).is_nan());
            }
        }
        assert!(norm(level, Source::from([nan, inf].as_slice())).is_nan());
        assert_eq!(norm(level, Source::from([1.0, -inf].as_slice())), inf);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn dots_are_within_their_bound((a, b) in pairs(moderate(), 700)) {
        check_dot(&a, &b);
        check_dot(&narrow(&a), &narrow(&b));
    }

    #[test]
    fn dots_of_any_f32_are_within_their_bound((a, b) in pairs(finite(), 300)) {
        check_dot(&narrow(&a.iter().map(|x| x.clamp(-3e38, 3e38)).collect::<Vec<_>>()), &narrow(&b.iter().map(|x| x.clamp(-3e38, 3e38)).collect::<Vec<_>>()));
    }

    #[test]
    fn levels_agree_on_cosines_of_anything((a, b) in pairs(any(), 60)) {
        let expected = cosine(Level::Scalar, &a, &b);
        let (narrow_a, narrow_b) = (narrow(&a), narrow(&b));
        let narrow = cosine(Level::Scalar, &narrow_a, &narrow_b);
        for level in simd::available() {
            let found = cosine(level, &a, &b);
            prop_assert!((found - expected).abs() < 1e-14 || (found.is_nan() && expected.is_nan()));
            prop_assert!(found.is_nan() || found.abs() <= 1.0);
            let found = cosine(level, &narrow_a, &narrow_b);
            prop_assert!((found - narrow).abs() < 1e-14 || (found.is_nan() && narrow.is_nan()));
        }
    }

    #[test]
    fn cosines_do_not_change_with_scale((a, b) in pairs(moderate(), 60), exponent in -800..800_i32) {
        let scaled: Vec<f64> = a.iter().map(|x| x * 2_f64.powi(exponent)).collect();
        for level in simd::available() {
            prop_assert!((cosine(level, &a, &b) - cosine(level, &scaled, &b)).abs() < 1e-14);
        }
    }

    #[test]
    fn pieces_merge((a, b) in pairs(moderate(), 500), at in 0.0..1.0) {
        let at = (a.len() as f64 * at) as usize;
        for level in simd::available() {
            let (a, b) = (Source::from(&*a), Source::from(&*b));
            let mut merged = products(level, a.range(0..at), b.range(0..at));
            merged.merge(products(level, a.range(at..a.len()), b.range(at..b.len())));
            let cosine = merged.cosine().unwrap_or_else(|| cosine_similarity(level, a, b));
            prop_assert!((cosine - cosine_similarity(level, a, b)).abs() < 1e-14);
        }
    }
}
