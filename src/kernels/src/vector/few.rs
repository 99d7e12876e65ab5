//! Cosines of a few vectors with many: one pass over the many, at the speed of memory.

use super::{
    Products, scaled,
    sums::{Against, ROWS},
};
use crate::Float;
use crate::arch::Kernel;
use crate::memory::{Rows, Source};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// What one thread takes at a time, of each of the streams that it reads.
const STREAM_BYTES: usize = 96 << 10;

/// What a further thread must have to do to be worth making.
const THREAD_BYTES: usize = 1 << 20;

/// Hands the cosine of each of `few` with each of `many` to `put`, with their row numbers.
pub(super) fn cosines<T: Float>(
    level: Level,
    few: Rows<'_, T>,
    many: Rows<'_, T>,
    put: impl Fn(usize, usize, f64) + Sync,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let row_bytes = (many.cols() * size_of::<T>()).max(1);
    // Rows taken at the same time lie this far apart: a CPU fetches several streams of memory faster than one.
    let apart = (STREAM_BYTES / row_bytes)
        .min(many.rows().div_ceil(ROWS))
        .max(1);
    let squares: Vec<f64> = (0..few.rows())
        .map(|row| square(level, few.row(row)))
        .collect();
    let team = team.at_most(1 + many.rows().saturating_mul(row_bytes) / THREAD_BYTES);
    team.for_each(many.rows().div_ceil(ROWS * apart), &|piece| {
        for step in 0..apart {
            let first = piece * ROWS * apart + step;
            if first >= many.rows() {
                break;
            }
            // At the end, the first row again and again.
            let place = |row| first + row * apart;
            let is_there = |row| place(row) < many.rows();
            let rows =
                std::array::from_fn(|row| many.row(if is_there(row) { place(row) } else { first }));
            let put = |row: usize, other: usize, aa: f64, ab: f64| {
                if is_there(row) {
                    let bb = squares[other];
                    let cosine = Products { ab, aa, bb }
                        .cosine()
                        .unwrap_or_else(|| scaled::cosine(few.row(other), rows[row]));
                    put(other, place(row), cosine);
                }
            };
            against(level, rows, few, put);
        }
    })
}

/// The dot product of a row with itself, as it comes out among others: so that the cosine of two rows is the same whichever
/// of them is the one of the few.
fn square<T: Float>(level: Level, row: Source<'_, T>) -> f64 {
    let (rows, others) = ([row; ROWS], [row]);
    Against { rows, others }.at(level)[0]
}

/// Hands the row number in `rows`, that in `few`, the row with itself and the row with that other one to `put`.
fn against<T: Float>(
    level: Level,
    rows: [Source<'_, T>; ROWS],
    few: Rows<'_, T>,
    put: impl Fn(usize, usize, f64, f64),
) {
    let mut other = 0;
    while other + 2 <= few.rows() {
        let others = [few.row(other), few.row(other + 1)];
        let sums = Against { rows, others }.at(level);
        for (row, sums) in sums.chunks_exact(3).enumerate() {
            put(row, other, sums[0], sums[1]);
            put(row, other + 1, sums[0], sums[2]);
        }
        other += 2;
    }
    if other < few.rows() {
        let others = [few.row(other)];
        let sums = Against { rows, others }.at(level);
        for (row, sums) in sums.chunks_exact(2).enumerate() {
            put(row, other, sums[0], sums[1]);
        }
    }
}
