//! The element types of the batch functions: what each is packed as, scaled with and summed by.

use std::ops::Range;

use super::bytes;
use super::compiled::CompiledBatch;
use super::pack::{self, FACTORS, Panel, Scale};
use super::tiles::{Floats, Strip, Tiles};
use super::{pack_bytes, scaled, sums, wide, widen};
use crate::Float;
use crate::arch::Kernel;
use crate::arch::bytes::{ByteKernel, LayoutOf, TRAILER};
use crate::memory::Source;
use crate::simd::{ByteUnit, Level};

/// A number of IEEE 754's binary16, as its bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Half(pub u16);

/// A bfloat16, as its bits: the upper half of an `f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Bfloat16(pub u16);

/// An element type of the batch functions: `f32`, `f64`, [`Half`], [`Bfloat16`] or `i8`.
///
/// Scores are `f64` for `f64`, and `f32` for the others.
pub trait Element: CompiledBatch {}

/// How packed elements lie.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Rows and columns of a tile.
    pub(super) shape: (usize, usize),
    /// Elements of a row that are packed into one.
    pub(super) group: usize,
}

/// Which of the two matrices is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The rows of a tile.
    Queries,
    /// The columns of a tile.
    Corpus,
}

/// How many rows of the larger side are taken at a time where the other one is small.
pub(super) use sums::ROWS;

/// What the batch functions do with an element type.
pub trait Batch: Copy + Default + Send + Sync + 'static {
    /// What scores are: `f64` for `f64`, `f32` for the others.
    type Result: Float;
    /// What is packed.
    type Packed: Copy + Default + Send + Sync + 'static;
    /// What a row is multiplied with.
    type Scale: Copy + Default + Send + Sync + 'static;
    /// Packed elements that follow those of a row.
    const TRAILER: usize;
    /// The longest rows that sums have room for.
    const LONGEST: usize;

    /// How elements are packed.
    fn grid(level: Level) -> Grid;

    /// What brings a row to unit length; or leaves it as it is, where no cosine is wanted.
    fn scale(level: Level, row: Source<'_, Self>, cosine: bool) -> Self::Scale;

    /// Whether a row has a direction.
    fn has_direction(scale: Self::Scale) -> bool;

    /// Packs rows for a tile.
    fn pack(level: Level, panel: Panel<'_, Self>);

    /// Into how many depths packed columns are split.
    fn depths(cols: usize) -> usize;

    /// Computes a strip.
    fn strip(level: Level, strip: Strip<'_, Self::Packed, Self::Result>);

    /// Hands to `put`, for each of some rows: its number, and its dot products with itself and with the two others.
    fn products(
        level: Level,
        rows: [Source<'_, Self>; ROWS],
        others: [Source<'_, Self>; 2],
        put: &mut dyn FnMut(usize, [f64; 3]),
    );

    /// The same with one other; the third number is 0.
    fn products_of_one(
        level: Level,
        rows: [Source<'_, Self>; ROWS],
        other: Source<'_, Self>,
        put: &mut dyn FnMut(usize, [f64; 3]),
    );

    /// The cosine of two rows where products say nothing: squares that left the range of `f64`, or zeros.
    fn far_cosine(a: Source<'_, Self>, b: Source<'_, Self>) -> f64;
}

macro_rules! float {
    ($float:ty) => {
        impl Element for $float {}

        impl Batch for $float {
            type Result = $float;
            type Packed = $float;
            type Scale = Scale<$float>;
            const TRAILER: usize = FACTORS;
            const LONGEST: usize = usize::MAX;

            fn grid(level: Level) -> Grid {
                let shape = super::tiles::Shape::<$float>::new().at(level);
                Grid { shape, group: 1 }
            }

            fn scale(level: Level, row: Source<'_, Self>, cosine: bool) -> Self::Scale {
                if cosine {
                    Scale::new(scaled::norm(level, row))
                } else {
                    Scale::ONE
                }
            }

            fn has_direction(scale: Self::Scale) -> bool {
                scale.has_direction()
            }

            fn pack(level: Level, panel: Panel<'_, Self>) {
                let rows = panel.rows;
                panel.floats(rows).at(level);
            }

            fn depths(cols: usize) -> usize {
                pack::depths(cols)
            }

            fn strip(level: Level, strip: Strip<'_, Self, Self>) {
                Floats(strip).at(level);
            }

            fn products(
                level: Level,
                rows: [Source<'_, Self>; ROWS],
                others: [Source<'_, Self>; 2],
                put: &mut dyn FnMut(usize, [f64; 3]),
            ) {
                let sums = sums::Against { rows, others }.at(level);
                for (row, sums) in sums.as_chunks::<3>().0.iter().enumerate() {
                    put(row, *sums);
                }
            }

            fn products_of_one(
                level: Level,
                rows: [Source<'_, Self>; ROWS],
                other: Source<'_, Self>,
                put: &mut dyn FnMut(usize, [f64; 3]),
            ) {
                let others = [other];
                let sums = sums::Against { rows, others }.at(level);
                for (row, [own, other]) in sums.as_chunks().0.iter().enumerate() {
                    put(row, [*own, *other, 0.0]);
                }
            }

            fn far_cosine(a: Source<'_, Self>, b: Source<'_, Self>) -> f64 {
                scaled::cosine(a, b)
            }
        }
    };
}
float!(f32);
float!(f64);

macro_rules! narrow {
    ($narrow:ty) => {
        impl Element for $narrow {}

        impl Batch for $narrow {
            type Result = f32;
            type Packed = f32;
            type Scale = Scale<f32>;
            const TRAILER: usize = FACTORS;
            const LONGEST: usize = usize::MAX;

            fn grid(level: Level) -> Grid {
                <f32 as Batch>::grid(level)
            }

            fn scale(level: Level, row: Source<'_, Self>, cosine: bool) -> Self::Scale {
                if !cosine {
                    return Scale::ONE;
                }
                if wide::is_direct(level) {
                    let square = sums::Dot { a: row, b: row }.at(level);
                    return Scale::new(scaled::Norm::plain(square.sqrt()));
                }
                let mut square = 0.0;
                widen::pieces(level, [row], |[piece]| {
                    square += sums::Dot { a: piece, b: piece }.at(level);
                });
                // No square of such numbers leaves the range of f64.
                Scale::new(scaled::Norm::plain(square.sqrt()))
            }

            fn has_direction(scale: Self::Scale) -> bool {
                scale.has_direction()
            }

            fn pack(level: Level, mut panel: Panel<'_, Self>) {
                widen::pack(level, &mut panel);
            }

            fn depths(cols: usize) -> usize {
                pack::depths(cols)
            }

            fn strip(level: Level, strip: Strip<'_, f32, f32>) {
                Floats(strip).at(level);
            }

            fn products(
                level: Level,
                rows: [Source<'_, Self>; ROWS],
                [one, other]: [Source<'_, Self>; 2],
                put: &mut dyn FnMut(usize, [f64; 3]),
            ) {
                if wide::is_direct(level) {
                    let others = [one, other];
                    let sums = sums::Against { rows, others }.at(level);
                    for (row, sums) in sums.as_chunks::<3>().0.iter().enumerate() {
                        put(row, *sums);
                    }
                    return;
                }
                let [a, b, c, d] = rows;
                let mut totals = [[0.0; 3]; ROWS];
                widen::pieces(
                    level,
                    [a, b, c, d, one, other],
                    |[a, b, c, d, one, other]| {
                        let (rows, others) = ([a, b, c, d], [one, other]);
                        let sums = sums::Against { rows, others }.at(level);
                        for (total, sums) in totals.iter_mut().zip(sums.as_chunks::<3>().0) {
                            for (total, sum) in total.iter_mut().zip(sums) {
                                *total += sum;
                            }
                        }
                    },
                );
                for (row, total) in totals.into_iter().enumerate() {
                    put(row, total);
                }
            }

            fn products_of_one(
                level: Level,
                rows: [Source<'_, Self>; ROWS],
                other: Source<'_, Self>,
                put: &mut dyn FnMut(usize, [f64; 3]),
            ) {
                if wide::is_direct(level) {
                    let others = [other];
                    let sums = sums::Against { rows, others }.at(level);
                    for (row, [own, other]) in sums.as_chunks().0.iter().enumerate() {
                        put(row, [*own, *other, 0.0]);
                    }
                    return;
                }
                let [a, b, c, d] = rows;
                let mut totals = [[0.0; 3]; ROWS];
                widen::pieces(level, [a, b, c, d, other], |[a, b, c, d, other]| {
                    let (rows, others) = ([a, b, c, d], [other]);
                    let sums = sums::Against { rows, others }.at(level);
                    for (total, [own, other]) in totals.iter_mut().zip(sums.as_chunks().0) {
                        total[0] += own;
                        total[1] += other;
                    }
                });
                for (row, total) in totals.into_iter().enumerate() {
                    put(row, total);
                }
            }

            fn far_cosine(a: Source<'_, Self>, b: Source<'_, Self>) -> f64 {
                let is_finite =
                    |row: Source<'_, Self>| row.iter().all(|x| widen::Narrow::widen(x).is_finite());
                if is_finite(a) && is_finite(b) {
                    0.0
                } else {
                    f64::NAN
                }
            }
        }
    };
}
narrow!(Half);
narrow!(Bfloat16);

impl Element for i8 {}

impl Batch for i8 {
    type Result = f32;
    type Packed = u32;
    type Scale = bytes::Scale;
    const TRAILER: usize = TRAILER;
    // The largest sum of products is 2^14 times as large.
    const LONGEST: usize = (1 << 17) - 1;

    fn grid(level: Level) -> Grid {
        let layout = LayoutOf.at(ByteUnit::of(level));
        Grid {
            shape: layout.shape,
            group: layout.group,
        }
    }

    fn scale(level: Level, row: Source<'_, Self>, cosine: bool) -> Self::Scale {
        bytes::Scale::of(ByteUnit::of(level), row, cosine)
    }

    fn has_direction(scale: Self::Scale) -> bool {
        scale.has_direction()
    }

    fn pack(level: Level, panel: Panel<'_, Self>) {
        let unit = ByteUnit::of(level);
        let layout = LayoutOf.at(unit);
        pack_bytes::Pack { panel, layout }.at(unit);
    }

    fn depths(cols: usize) -> usize {
        const WORDS: usize = 384; // of a packed row; sums are exact however many there are
        cols.div_ceil(WORDS)
    }

    fn strip(level: Level, strip: Strip<'_, u32, f32>) {
        let unit = ByteUnit::of(level);
        let height = LayoutOf.at(unit).shape.0;
        for (index, depth) in strip.depths.iter().enumerate() {
            let place = strip.chunk * depth.offset + strip.start * depth.step;
            let tiles = Tiles {
                depth: depth.columns.len(),
                step: depth.step,
                queries: &strip.queries[height * depth.offset..],
                corpus: &strip.corpus[place..],
                out: strip.out,
                stride: strip.stride,
                rows: strip.rows,
                cols: strip.cols,
                first: strip.first && index == 0,
                last: strip.last && depth.columns.end == strip.depths.columns.end,
                cosine: strip.cosine,
            };
            ByteKernel::at(&tiles, unit);
        }
    }

    fn products(
        level: Level,
        rows: [Source<'_, Self>; ROWS],
        others: [Source<'_, Self>; 2],
        put: &mut dyn FnMut(usize, [f64; 3]),
    ) {
        bytes::products(ByteUnit::of(level), rows, others, put);
    }

    fn products_of_one(
        level: Level,
        rows: [Source<'_, Self>; ROWS],
        other: Source<'_, Self>,
        put: &mut dyn FnMut(usize, [f64; 3]),
    ) {
        bytes::products(ByteUnit::of(level), rows, [other], put);
    }

    fn far_cosine(_a: Source<'_, Self>, _b: Source<'_, Self>) -> f64 {
        0.0 // one of them is zero
    }
}

/// A range of columns, in elements, of a range of packed ones.
pub(super) fn columns(packed: &Range<usize>, group: usize, cols: usize) -> Range<usize> {
    packed.start * group..cols.min(packed.end * group)
}
