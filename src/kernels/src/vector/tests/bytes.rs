//! What sums bytes, by every unit that can, against sums of whole numbers.

use super::made::{Made as _, numbers};
use crate::arch::bytes::{ByteKernel, LayoutOf, TRAILER};
use crate::memory::{Rows, Source};
use crate::simd::ByteUnit;
use crate::vector::bytes;
use crate::vector::element::Side;
use crate::vector::pack::Panel;
use crate::vector::pack_bytes::Pack;
use crate::vector::tiles::Tiles;

/// The dot products of some rows of bytes, through packed tiles, in two parts of their columns.
fn packed(unit: ByteUnit, left: Rows<'_, i8>, right: Rows<'_, i8>, split: usize) -> Vec<f32> {
    let layout = LayoutOf.at(unit);
    let (height, width) = layout.shape;
    let mut out = vec![7.0; left.rows() * right.rows()];
    let cols = left.cols();
    let split = split / layout.group * layout.group;
    let pack = |rows: Rows<'_, i8>, tile: usize, columns: std::ops::Range<usize>, side| {
        let step = columns.len().div_ceil(layout.group) + TRAILER;
        let mut packed = vec![0; rows.rows().next_multiple_of(tile) * step];
        let all: Vec<_> = (0..rows.rows())
            .map(|row| bytes::Scale::of(unit, rows.row(row), false))
            .collect();
        for first in (0..rows.rows()).step_by(tile) {
            let panel = Panel {
                rows,
                first,
                scales: &all[first..rows.rows().min(first + tile)],
                columns: columns.clone(),
                width: tile,
                side,
                to: &mut packed[first * step..][..tile * step],
            };
            Pack { panel, layout }.at(unit);
        }
        (packed, step)
    };
    for columns in [0..split, split..cols] {
        if columns.is_empty() {
            continue;
        }
        let (queries, step) = pack(left, height, columns.clone(), Side::Queries);
        let (corpus, _) = pack(right, width, columns.clone(), Side::Corpus);
        let tiles = Tiles {
            depth: step - TRAILER,
            step,
            queries: &queries,
            corpus: &corpus,
            out: out.as_mut_ptr(),
            stride: right.rows(),
            rows: left.rows(),
            cols: right.rows(),
            first: columns.start == 0,
            last: columns.end == cols,
            cosine: false,
        };
        ByteKernel::at(&tiles, unit);
    }
    out
}

#[test]
fn every_unit_sums_bytes_exactly() {
    for unit in ByteUnit::available() {
        assert!(unit.is_available() && !unit.name().is_empty());
        for (rows, cols, depth, split) in [
            (1, 1, 1, 0),
            (5, 33, 7, 4),
            (13, 17, 66, 8),
            (30, 70, 301, 100),
            (12, 32, 64, 0),
        ] {
            for kind in 0..3 {
                let make = |count: usize, seed| -> Vec<i8> {
                    match kind {
                        0 => numbers(count, seed).into_iter().map(i8::made).collect(),
                        1 => vec![-128; count],
                        _ => (0..count)
                            .map(|index| if index % 2 == 0 { 127 } else { -128 })
                            .collect(),
                    }
                };
                let (a, b) = (make(rows * depth, 1), make(cols * depth, 2));
                let found = packed(
                    unit,
                    Rows::from_slice(&a, rows, depth),
                    Rows::from_slice(&b, cols, depth),
                    split,
                );
                for row in 0..rows {
                    for col in 0..cols {
                        let (x, y) = (&a[row * depth..][..depth], &b[col * depth..][..depth]);
                        let exact: i64 = x
                            .iter()
                            .zip(y)
                            .map(|(x, y)| i64::from(*x) * i64::from(*y))
                            .sum();
                        assert_eq!(
                            found[row * cols + col] as i64,
                            i64::from(exact as f32 as i32),
                            "{unit:?} {depth}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_unit_sums_rows_of_bytes_exactly() {
    let exact = |a: &[i8], b: &[i8]| -> i64 {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
    };
    for unit in ByteUnit::available() {
        // Shorter than any register, with and without a rest, and longer than what 32 bits have room for.
        for len in [1, 7, 15, 16, 64, 65, 200, 768, 300_000] {
            let mut rows: [Vec<i8>; 6] = std::array::from_fn(|seed| {
                numbers(len, seed as u64)
                    .into_iter()
                    .map(i8::made)
                    .collect()
            });
            rows[1].fill(-128);
            rows[4].fill(-128);
            let [a, b, c, d, one, other] = rows.each_ref().map(|row| Source::from(&row[..]));
            let found = bytes::Against {
                rows: [a, b, c, d],
                others: [one, other],
            }
            .at(unit);
            let single = bytes::Against {
                rows: [a, b, c, d],
                others: [other],
            }
            .at(unit);
            for row in 0..4 {
                let expected = [row, 4, 5].map(|other| exact(&rows[row], &rows[other]));
                assert_eq!(found.products[row], expected, "{unit:?} {len}");
                let expected = [expected[0], expected[2], 0];
                assert_eq!(single.products[row], expected, "{unit:?} {len}");
                let total: i64 = rows[row].iter().map(|x| i64::from(*x)).sum();
                let offset = if LayoutOf.at(unit).offset {
                    128 * total
                } else {
                    0
                };
                assert_eq!(found.offsets[row], offset as i32, "{unit:?} {len}");
            }
        }
    }
}
