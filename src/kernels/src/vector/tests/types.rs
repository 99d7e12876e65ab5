//! The batch functions on every element type, and `top_k`, at every level.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::ON;
use super::made::{Made, numbers};
use crate::Float;
use crate::memory::{Rows, Source, Target};
use crate::simd::{self, Level};
use crate::testing::config;
use crate::threads::{Interrupted, Team};
use crate::vector::widen::Narrow;
use crate::vector::{Bfloat16, Half, Metric, cosine_matrix, cosine_similarity, top_k};

fn team(threads: usize) -> Team<'static> {
    Team::new(NonZeroUsize::new(threads).unwrap(), ON)
}

/// What IEEE 754 says a number of 16 bits is.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 0 { size } else { -size }
}

#[test]
fn every_number_of_16_bits_is_widened_exactly() {
    for bits in 0..=u16::MAX {
        let (found, expected) = (f64::from(Half(bits).widen()), half(bits));
        assert!(
            found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()),
            "{bits:x}: {found} {expected}"
        );
        assert_eq!(Bfloat16(bits).widen().to_bits() >> 16, u32::from(bits));
    }
    let all: Vec<Half> = (0..=u16::MAX).map(Half).collect();
    for level in simd::available() {
        let mut found = Vec::new();
        let row = Source::from(&*all);
        crate::vector::widen::pieces(level, [row], |[piece]| found.extend(piece.iter()));
        let same = |(found, half): (&f32, &Half)| {
            let expected = half.widen();
            found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan())
        };
        assert!(
            found.len() == all.len() && found.iter().zip(&all).all(same),
            "{level}"
        );
    }
}

/// All cosines of one type, at every level, against those of its numbers in `f64`.
fn check_cosines<E: Made>((rows, cols, depth): (usize, usize, usize), room: f64) {
    let make = |count, seed| -> Vec<E> { numbers(count, seed).into_iter().map(E::made).collect() };
    let (a, b) = (make(rows * depth, 3), make(cols * depth, 4));
    let wide = |x: &[E]| -> Vec<f64> { x.iter().map(|x| x.number()).collect() };
    let (wide_a, wide_b) = (wide(&a), wide(&b));
    let (left, right) = (
        Rows::from_slice(&a, rows, depth),
        Rows::from_slice(&b, cols, depth),
    );
    for level in simd::available() {
        let mut out = vec![E::Result::default(); rows * cols];
        let target = Target::from_slice(&mut out, rows, cols);
        cosine_matrix(level, left, Some(right), target, &team(2)).unwrap();
        for (place, found) in out.iter().enumerate() {
            let (row, col) = (place / cols, place % cols);
            let x = Rows::from_slice(&wide_a, rows, depth).row(row);
            let y = Rows::from_slice(&wide_b, cols, depth).row(col);
            let expected = cosine_similarity(Level::Scalar, x, y);
            let found = found.to_f64();
            assert!(
                (found - expected).abs() <= room,
                "{level} {row} {col}: {found} {expected}"
            );
        }
        let mut own = vec![E::Result::default(); rows * rows];
        let target = Target::from_slice(&mut own, rows, rows);
        cosine_matrix(level, left, None, target, &team(1)).unwrap();
        for row in 0..rows {
            for col in 0..rows {
                let (x, y) = (
                    own[row * rows + col].to_f64(),
                    own[col * rows + row].to_f64(),
                );
                assert_eq!(x.to_bits(), y.to_bits());
            }
            assert!(own[row * rows + row].to_f64() > 0.999 || depth < 3);
        }
    }
}

#[test]
fn cosines_of_narrow_types() {
    for shape in [
        (3, 40, 33),
        (20, 30, 50),
        (5, 9, 1030),
        (30, 2, 7),
        (17, 41, 401),
    ] {
        if cfg!(miri) && shape.0 * shape.1 * shape.2 > 5000 {
            continue;
        }
        check_cosines::<Half>(shape, 1e-6);
        check_cosines::<Bfloat16>(shape, 1e-6);
        check_cosines::<i8>(shape, 4e-7);
    }
}

type Found<S> = (Vec<i64>, Vec<S>);

fn best<E: Made>(
    level: Level,
    (queries, corpus): (Rows<'_, E>, Rows<'_, E>),
    k: usize,
    metric: Metric,
    threads: usize,
) -> Found<E::Result> {
    let rows = queries.rows();
    let mut indices = vec![-1; rows * k];
    let mut scores = vec![E::Result::default(); rows * k];
    let both = (
        Target::from_slice(&mut indices, rows, k),
        Target::from_slice(&mut scores, rows, k),
    );
    top_k(
        level,
        queries,
        corpus,
        metric,
        both.0,
        both.1,
        &team(threads),
    )
    .unwrap();
    (indices, scores)
}

/// The first of the sorted scores of a matrix.
fn sorted<S: Float>(matrix: &[S], cols: usize, k: usize) -> Found<S> {
    let mut found = (Vec::new(), Vec::new());
    for row in matrix.chunks_exact(cols) {
        let mut order: Vec<usize> = (0..cols).collect();
        let key = |index: &usize| {
            let score = row[*index].to_f64();
            (score.is_nan(), -score)
        };
        order.sort_by(|a, b| {
            key(a)
                .partial_cmp(&key(b))
                .unwrap_or_else(|| key(a).0.cmp(&key(b).0))
        });
        for index in order.into_iter().take(k) {
            found.0.push(index as i64);
            found.1.push(row[index]);
        }
    }
    found
}

fn check_best<E: Made>(a: &[E], b: &[E], (rows, cols, depth): (usize, usize, usize), k: usize) {
    let (left, right) = (
        Rows::from_slice(a, rows, depth),
        Rows::from_slice(b, cols, depth),
    );
    let bits = |found: Found<E::Result>| {
        let scores: Vec<_> = found
            .1
            .iter()
            .map(|score| score.to_f64().to_bits())
            .collect();
        (found.0, scores)
    };
    for level in simd::available() {
        let mut out = vec![E::Result::default(); rows * cols];
        let target = Target::from_slice(&mut out, rows, cols);
        cosine_matrix(level, left, Some(right), target, &team(1)).unwrap();
        let expected = bits(sorted(&out, cols, k));
        for threads in 1..4 {
            let found = bits(best(level, (left, right), k, Metric::Cosine, threads));
            assert_eq!(
                found, expected,
                "{level}, {threads} threads, {rows} x {cols} x {depth}"
            );
        }
    }
}

fn all<E: Made>(x: &[f64]) -> Vec<E> {
    x.iter().map(|x| E::made(*x)).collect()
}

#[test]
fn the_best_of_some_are_the_sorted_matrix() {
    for (rows, cols, depth, k) in [
        (1, 50, 9, 5),
        (7, 3, 4, 3),
        (20, 100, 10, 100),
        (200, 450, 30, 7),
        (6, 200, 900, 0),
    ] {
        if cfg!(miri) && rows * cols * depth > 10_000 {
            continue;
        }
        // Few different numbers: many scores are equal.
        let make = |count, seed| -> Vec<f64> {
            let some = numbers(count, seed).into_iter();
            some.map(|x| (x * 2.0).round() / 2.0).collect()
        };
        let (mut a, mut b) = (make(rows * depth, 5), make(cols * depth, 6));
        let shape = (rows, cols, depth);
        check_best::<i8>(&all(&a), &all(&b), shape, k);
        check_best::<Half>(&all(&a), &all(&b), shape, k);
        b[depth / 2] = f64::NAN;
        a[0] = f64::INFINITY;
        check_best::<f32>(&all(&a), &all(&b), shape, k);
        check_best::<f64>(&a, &b, shape, k);
        check_best::<Bfloat16>(&all(&a), &all(&b), shape, k);
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes an hour")]
fn rows_too_long_to_be_packed() {
    let (rows, cols, depth) = (5, 6, 300_000);
    let (a, b) = (numbers(rows * depth, 7), numbers(cols * depth, 8));
    let make = |x: &[f64]| -> Vec<i8> { x.iter().map(|x| i8::made(*x)).collect() };
    let (a, b) = (make(&a), make(&b));
    let (left, right) = (
        Rows::from_slice(&a, rows, depth),
        Rows::from_slice(&b, cols, depth),
    );
    let level = simd::detected();
    let (indices, scores) = best(level, (left, right), 6, Metric::Dot, 2);
    for (place, (index, score)) in indices.iter().zip(scores).enumerate() {
        let (x, y) = (left.row(place / 6), right.row(*index as usize));
        let exact: i64 = x
            .iter()
            .zip(y.iter())
            .map(|(x, y)| i64::from(x) * i64::from(y))
            .sum();
        assert_eq!(score as i64, exact as f32 as i64);
    }
    let wide: Vec<f32> = a.iter().map(|x| f32::from(*x)).collect();
    let left = Rows::from_slice(&wide, rows, depth);
    let (indices, _) = best(level, (left, left), 1, Metric::Cosine, 2);
    assert_eq!(indices, [0, 1, 2, 3, 4]);
}

#[test]
fn a_selection_stops_when_told_to() {
    let a = vec![1.0_f32; 40 * 50];
    let rows = Rows::from_slice(&a, 40, 50);
    let team = Team::alone(&|| true);
    for level in simd::available() {
        let (mut indices, mut scores) = (vec![0; 40 * 3], vec![0.0; 40 * 3]);
        let result = top_k(
            level,
            rows,
            rows,
            Metric::Dot,
            Target::from_slice(&mut indices, 40, 3),
            Target::from_slice(&mut scores, 40, 3),
            &team,
        );
        assert_eq!(result, Err(Interrupted));
    }
}

#[test]
#[should_panic(expected = "no more columns than the corpus has rows")]
fn more_than_there_are_panics() {
    let a = [1.0_f32; 4];
    let rows = Rows::from_slice(&a, 2, 2);
    let _ = best(Level::Scalar, (rows, rows), 3, Metric::Dot, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases.div_ceil(4), ..config() })]

    #[test]
    fn dot_products_of_whole_numbers_are_exact(
        a in proptest::collection::vec(-9_i8..10, 1..900), rows in 1..20_usize, k in 0..30_usize,
    ) {
        let rows = rows.min(a.len());
        let depth = a.len() / rows;
        let a = &a[..rows * depth];
        let k = k.min(rows);
        let wide: Vec<f32> = a.iter().map(|x| f32::from(*x)).collect();
        let exact: Vec<f32> = (0..rows * rows)
            .map(|place| {
                let (x, y) = (&a[place / rows * depth..][..depth], &a[place % rows * depth..][..depth]);
                x.iter().zip(y).map(|(x, y)| f32::from(*x) * f32::from(*y)).sum()
            })
            .collect();
        let expected = sorted(&exact, rows, k);
        for level in simd::available() {
            let narrow = Rows::from_slice(a, rows, depth);
            prop_assert_eq!(&best(level, (narrow, narrow), k, Metric::Dot, 1), &expected);
            let wide = Rows::from_slice(&wide, rows, depth);
            prop_assert_eq!(&best(level, (wide, wide), k, Metric::Dot, 1), &expected);
        }
    }
}
