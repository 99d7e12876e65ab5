//! Scores of a few vectors with many: one pass over the many, at the speed of memory.

use super::Products;
use super::element::{Element, ROWS};
use crate::memory::{Rows, Source};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// With no more rows than this on one side, packing costs more than it saves.
pub(super) const FEW: usize = 4;

/// What one thread takes at a time, of each of the streams that it reads.
const STREAM_BYTES: usize = 96 << 10;

/// What a further thread must have to do to be worth making.
const THREAD_BYTES: usize = 1 << 20;

/// Hands the cosine of each of `few` with each of `many` to `put`, with their row numbers; or the dot product, where no
/// cosine is wanted.
pub(super) fn scores<E: Element>(
    level: Level,
    few: Rows<'_, E>,
    many: Rows<'_, E>,
    cosine: bool,
    put: impl Fn(usize, usize, f64) + Sync,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let row_bytes = (many.cols() * size_of::<E>()).max(1);
    // Rows taken at the same time lie this far apart: a CPU fetches several streams of memory faster than one.
    let apart = (STREAM_BYTES / row_bytes)
        .min(many.rows().div_ceil(ROWS))
        .max(1);
    let squares: Vec<f64> = (0..few.rows())
        .map(|row| {
            if cosine {
                square(level, few.row(row))
            } else {
                0.0
            }
        })
        .collect();
    let team = team.at_most(1 + many.rows().saturating_mul(row_bytes) / THREAD_BYTES);
    team.for_each_asking(
        many.rows().div_ceil(ROWS * apart),
        || (),
        |(), piece, stop| {
            for step in 0..apart {
                let first = piece * ROWS * apart + step;
                // Many of the few with long rows take long.
                if first >= many.rows() || (few.rows() > FEW && stop()) {
                    break;
                }
                // At the end, the first row again and again.
                let place = |row| first + row * apart;
                let is_there = |row| place(row) < many.rows();
                let rows = std::array::from_fn(|row| {
                    many.row(if is_there(row) { place(row) } else { first })
                });
                let mut put = |row: usize, other: usize, aa: f64, ab: f64| {
                    if !is_there(row) {
                        return;
                    }
                    let score = if cosine {
                        let bb = squares[other];
                        Products { ab, aa, bb }
                            .cosine()
                            .unwrap_or_else(|| E::far_cosine(few.row(other), rows[row]))
                    } else {
                        ab
                    };
                    put(other, place(row), score);
                };
                against(level, rows, few, &mut put);
            }
        },
    )
}

/// The dot product of a row with itself, as it comes out among others: so that the cosine of two rows is the same whichever
/// of them is the one of the few.
fn square<E: Element>(level: Level, row: Source<'_, E>) -> f64 {
    let mut square = 0.0;
    E::products_of_one(level, [row; ROWS], row, &mut |_, [own, ..]| square = own);
    square
}

/// Hands the row number in `rows`, that in `few`, the row with itself and the row with that other one to `put`.
fn against<E: Element>(
    level: Level,
    rows: [Source<'_, E>; ROWS],
    few: Rows<'_, E>,
    put: &mut impl FnMut(usize, usize, f64, f64),
) {
    let mut other = 0;
    while other + 2 <= few.rows() {
        let others = [few.row(other), few.row(other + 1)];
        E::products(level, rows, others, &mut |row, [own, one, two]| {
            put(row, other, own, one);
            put(row, other + 1, own, two);
        });
        other += 2;
    }
    if other < few.rows() {
        E::products_of_one(level, rows, few.row(other), &mut |row, [own, one, _]| {
            put(row, other, own, one);
        });
    }
}
