//! Matrices of cosines against cosines one by one, at every level and with some threads.

use std::cell::Cell;
use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::{ON, narrow, wave};
use crate::Float;
use crate::memory::{Rows, Target};
use crate::simd::{self, Level};
use crate::testing::{Placed, config, moderate, vectors};
use crate::threads::{Interrupted, Team};
use crate::vector::element::{Batch, Element};
use crate::vector::{cosine_matrix, cosine_similarity};

/// A matrix computed with some threads, in memory that is larger than the result, whose rest must stay as it is.
fn matrix<T: Float + Batch<Result = T> + Element>(
    level: Level,
    queries: Rows<'_, T>,
    corpus: Option<Rows<'_, T>>,
    threads: usize,
) -> Vec<T> {
    const GAP: usize = 3;
    let (rows, cols) = (queries.rows(), corpus.unwrap_or(queries).rows());
    let stride = cols + GAP;
    let mark = T::from_f64(7.5);
    let mut memory = vec![mark; rows * stride];
    // SAFETY: the memory has these rows.
    let out = unsafe { Target::new(memory.as_mut_ptr(), rows, cols, stride) };
    let team = Team::new(NonZeroUsize::new(threads).unwrap(), ON);
    cosine_matrix(level, queries, corpus, out, &team).unwrap();
    let mut result = Vec::new();
    for row in memory.chunks_exact(stride) {
        let (row, gap) = row.split_at(cols);
        result.extend_from_slice(row);
        assert!(gap.iter().all(|x| *x == mark));
    }
    result
}

/// Checks a matrix, at every level and with one thread to four, against cosines one by one.
fn check_matrix<T: Float + Batch<Result = T> + Element>(
    queries: &[T],
    corpus: &[T],
    (rows, cols, depth): (usize, usize, usize),
    room: f64,
) {
    let (left, right) = (
        Placed::new(queries.iter().copied(), depth % 5),
        Placed::new(corpus.iter().copied(), rows % 5),
    );
    // SAFETY: the numbers are there, row after row.
    let (left, right) = unsafe {
        (
            Rows::new(left.source().as_ptr(), rows, depth, depth as isize),
            Rows::new(right.source().as_ptr(), cols, depth, depth as isize),
        )
    };
    let compare = |found: &[T], corpus: Rows<'_, T>, level| {
        // All of a small matrix, some of a large one.
        for place in (0..found.len()).step_by((found.len() / 1000) | 1) {
            let (row, col) = (place / corpus.rows(), place % corpus.rows());
            let expected = cosine_similarity(Level::Scalar, left.row(row), corpus.row(col));
            let found = found[place].to_f64();
            assert!(
                (found - expected).abs() <= room || (found.is_nan() && expected.is_nan()),
                "{level}, {rows} x {} x {depth} at {row}, {col}: {found} {expected}",
                corpus.rows()
            );
        }
    };
    let bits = |numbers: &[T]| {
        let bits = numbers.iter().map(|x| x.to_f64().to_bits());
        bits.collect::<Vec<_>>()
    };
    for level in simd::available() {
        if cfg!(debug_assertions) && level == Level::Scalar && rows * cols * depth > 1 << 24 {
            continue; // takes minutes without optimization
        }
        let one = matrix(level, left, Some(right), 1);
        compare(&one, right, level);
        let own = matrix(level, left, None, 1);
        compare(&own, left, level);
        for row in 0..rows {
            for col in 0..rows {
                let (x, y) = (own[row * rows + col], own[col * rows + row]);
                assert_eq!(x.to_f64().to_bits(), y.to_f64().to_bits(), "symmetric");
            }
            let diagonal = own[row * rows + row].to_f64();
            assert!(diagonal == 1.0 || diagonal == 0.0 || diagonal.is_nan());
        }
        for threads in 2..5 {
            assert_eq!(bits(&matrix(level, left, Some(right), threads)), bits(&one));
            assert_eq!(bits(&matrix(level, left, None, threads)), bits(&own));
        }
    }
}

#[test]
fn matrices_of_every_shape() {
    let sizes: &[usize] = if cfg!(miri) {
        &[0, 1, 5, 33]
    } else {
        &[0, 1, 3, 4, 5, 7, 12, 17, 33, 50]
    };
    for &rows in sizes {
        for &cols in sizes {
            for depth in [0, 1, 5, 40] {
                let (a, b) = (wave(rows * depth, 0.0), wave(cols * depth, 0.5));
                check_matrix(&narrow(&a), &narrow(&b), (rows, cols, depth), 5e-6);
                check_matrix(&a, &b, (rows, cols, depth), 1e-14);
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes an hour")]
fn matrices_of_several_blocks() {
    for (rows, cols, depth) in [
        (200, 450, 400),
        (193, 385, 769),
        (450, 7, 1000),
        (6, 2000, 193),
        (9, 12, 30_000), // rows longer than a chunk
    ] {
        let (a, b) = (wave(rows * depth, 0.0), wave(cols * depth, 0.5));
        check_matrix(&narrow(&a), &narrow(&b), (rows, cols, depth), 2e-5);
        check_matrix(&a, &b, (rows, cols, depth), 5e-14);
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes an hour")]
fn matrices_of_several_chunks() {
    // A chunk of these rows has 192 or fewer; the result is symmetric across chunks.
    let (rows, depth) = (800, 6200);
    let a = narrow(&wave(rows * depth, 0.0));
    let rows = Rows::from_slice(&a, rows, depth);
    let level = simd::detected();
    let own = matrix(level, rows, None, 2);
    let mut both = matrix(level, rows, Some(rows), 3);
    for row in 0..rows.rows() {
        both[row * rows.rows() + row] = 1.0;
    }
    assert_eq!(own, both);
}

#[test]
fn rows_at_the_limits_and_without_a_direction() {
    let (rows, depth) = (20, 21);
    let mut a = wave(rows * depth, 0.0);
    for (row, factor) in [2_f64.powi(-1040), 1e-300, 1e-150, 1e150, 1e300, 1.6e308]
        .into_iter()
        .enumerate()
    {
        a[row * depth..][..depth]
            .iter_mut()
            .for_each(|x| *x *= factor);
    }
    a[6 * depth..7 * depth].fill(0.0);
    a[7 * depth] = f64::NAN;
    a[8 * depth + 3] = f64::INFINITY;
    a[9 * depth + 20] = f64::NEG_INFINITY;
    check_matrix(&a, &a, (rows, rows, depth), 1e-14);
    check_matrix(&a[..2 * depth], &a, (2, rows, depth), 1e-15);
    let mut a = narrow(&wave(rows * depth, 0.0));
    for (row, factor) in [1e-44, 1e-38, 1e-20, 1e20, 1e38, 3e38]
        .into_iter()
        .enumerate()
    {
        a[row * depth..][..depth]
            .iter_mut()
            .for_each(|x| *x *= factor);
    }
    a[6 * depth..7 * depth].fill(0.0);
    a[7 * depth] = f32::NAN;
    a[8 * depth + 3] = f32::INFINITY;
    check_matrix(&a, &a, (rows, rows, depth), 5e-6);
    check_matrix(&a[..depth], &a, (1, rows, depth), 1e-7);
}

#[test]
fn rows_may_be_anywhere() {
    let (rows, depth) = (11, 9);
    let data = wave(rows * 2 * depth, 0.3);
    let step = 2 * depth as isize;
    // SAFETY: every other stretch of the data, from the last to the first; and one row again and again.
    let (back, same) = unsafe {
        let last = data.as_ptr().add((rows - 1) * 2 * depth);
        (
            Rows::new(last, rows, depth, -step),
            Rows::new(last, rows, depth, 0),
        )
    };
    let copy = |rows: Rows<'_, f64>| {
        (0..rows.rows())
            .flat_map(|row| rows.row(row).iter())
            .collect::<Vec<_>>()
    };
    for level in simd::available() {
        for odd in [back, same] {
            let plain = copy(odd);
            let plain = Rows::from_slice(&plain, rows, depth);
            assert_eq!(
                matrix(level, odd, Some(back), 1),
                matrix(level, plain, Some(back), 1)
            );
            assert_eq!(matrix(level, odd, None, 2), matrix(level, plain, None, 1));
        }
    }
}

#[test]
fn a_matrix_stops_when_told_to() {
    let a = wave(40 * 50, 0.0);
    let mut out = vec![0.0; 40 * 40];
    for level in simd::available() {
        for (few, after) in [(2, 0), (40, 0), (40, 1)] {
            let asked = Cell::new(0);
            let stop = || asked.replace(asked.get() + 1) >= after;
            let team = Team::new(NonZeroUsize::new(2).unwrap(), &stop);
            let result = cosine_matrix(
                level,
                Rows::from_slice(&a[..few * 50], few, 50),
                Some(Rows::from_slice(&a, 40, 50)),
                Target::from_slice(&mut out[..few * 40], few, 40),
                &team,
            );
            assert_eq!(result, Err(Interrupted), "{level}");
        }
    }
}

#[test]
#[should_panic(expected = "a row for each query")]
fn a_result_of_another_shape_panics() {
    let a = [1.0; 4];
    let rows = Rows::from_slice(&a, 2, 2);
    let _ = cosine_matrix(
        Level::Scalar,
        rows,
        None,
        Target::from_slice(&mut [0.0; 2], 1, 2),
        &Team::alone(ON),
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn matrices_are_their_cosines(numbers in vectors(moderate(), 1500), rows in 1..40_usize, cols in 1..40_usize) {
        let depth = numbers.len() / (rows + cols);
        let (a, b) = numbers.split_at(rows * depth);
        let b = &b[..cols * depth];
        check_matrix(a, b, (rows, cols, depth), 1e-14);
        check_matrix(&narrow(a), &narrow(b), (rows, cols, depth), 5e-6);
    }
}
