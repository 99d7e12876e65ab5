//! The cosine matrix: a blocked matrix product of rows of unit length, packed for the tile kernel.
//!
//! The blocking is that of Goto and van de Geijn (2008), as BLIS has it: a chunk of the corpus is packed once, by all
//! threads, and stays in the last cache; a thread takes a block of queries, packs it, which stays in its second cache, and
//! goes over the chunk with tiles of the result that stay in registers. Rows are scaled to unit length as they are packed,
//! so that norms cost nothing afterwards and no square or product can overflow.

use std::ops::Range;

use super::few;
use super::pack::{Panel, Scale};
use crate::Float;
use crate::arch::{Arch, Kernel, Tile};
use crate::memory::{Rows, Target};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// With no more rows than this on one side, packing costs more than it saves.
const FEW: usize = 4;

/// Rows of queries that a thread packs at a time: a multiple of the rows and of the columns of every tile.
const BLOCK: usize = 192;

/// Columns that are summed before the sum is added to the result, at most: bytes of one packed row.
const DEPTH_BYTES: usize = 1536;

/// Depths that a chunk of the corpus holds at most.
const DEPTHS: usize = 16;

/// A packed chunk of the corpus, at most.
const CHUNK_BYTES: usize = 12 << 20;

/// Rows of queries whose scales are held at a time.
const QUERIES: usize = BLOCK << 10;

/// Multiplications that a thread does between two looks at whether to stop, about: 5 ms for `f32` with AVX2, ten times as
/// long for `f64` with SSE2.
const PIECE: usize = 1 << 28;

/// Multiplications that a further thread must have to do to be worth making.
const THREAD: usize = 1 << 23;

/// More threads than this would take more memory than promised.
const THREADS: usize = 64;

/// [`cosine_matrix`](super::cosine_matrix), for any type.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a target is the one way to its memory, as &mut is"
)]
pub(super) fn cosine_matrix<T: Float>(
    level: Level,
    queries: Rows<'_, T>,
    corpus: Option<Rows<'_, T>>,
    out: Target<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let symmetric = corpus.is_none();
    let corpus = corpus.unwrap_or(queries);
    assert_eq!(
        queries.cols(),
        corpus.cols(),
        "queries and corpus must have rows of one length"
    );
    assert_eq!(
        (out.rows(), out.cols()),
        (queries.rows(), corpus.rows()),
        "the result has a row for each query and a column for each row of the corpus"
    );
    let put = |row, col, cosine| {
        let same = symmetric && row == col && cosine > 0.0;
        let cosine = T::from_f64(if same { 1.0 } else { cosine });
        // SAFETY: each element is put once, by one thread, and lies within the result by the shapes above.
        unsafe { out.at(row, col).write(cosine) };
    };
    let no_columns = queries.cols() == 0;
    if queries.rows() <= FEW || no_columns {
        few::cosines(level, queries, corpus, put, team)
    } else if corpus.rows() <= FEW {
        let put = |row, col, cosine| put(col, row, cosine);
        few::cosines(level, corpus, queries, put, team)
    } else {
        Product {
            level,
            queries,
            corpus,
            out: &out,
            symmetric,
            shape: Shape::<T>(std::marker::PhantomData).at(level),
        }
        .compute(*team)
    }
}

/// The rows and columns of a tile.
struct Shape<T>(std::marker::PhantomData<T>);

impl<T: Float> Kernel for Shape<T> {
    type Output = (usize, usize);

    fn scalar(self) -> (usize, usize) {
        (4, 4)
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> (usize, usize) {
        T::shape::<A>()
    }
}

/// A matrix product to be made.
struct Product<'a, T> {
    level: Level,
    queries: Rows<'a, T>,
    corpus: Rows<'a, T>,
    out: &'a Target<'a, T>,
    symmetric: bool,
    shape: (usize, usize),
}

/// A part of the corpus that is packed: some of its rows, some of their columns.
struct Chunk {
    rows: Range<usize>,
    /// Columns summed at a time.
    depth: usize,
    columns: Range<usize>,
}

impl Chunk {
    /// The ranges of columns that are summed at a time, each with where its packed elements start, for `width` rows.
    fn depths(&self, width: usize) -> impl Iterator<Item = (Range<usize>, usize)> + use<'_> {
        self.columns.clone().step_by(self.depth).map(move |start| {
            let end = self.columns.end.min(start + self.depth);
            (start..end, (start - self.columns.start) * width)
        })
    }
}

impl<T: Float> Product<'_, T> {
    fn compute(&self, team: Team<'_>) -> Result<(), Interrupted> {
        let (queries, corpus, cols) = (self.queries.rows(), self.corpus.rows(), self.corpus.cols());
        let work = queries.saturating_mul(corpus).saturating_mul(cols);
        let team = team.at_most((1 + work / THREAD).min(THREADS));

        let depths = cols.div_ceil(DEPTH_BYTES / size_of::<T>());
        let depth = cols.div_ceil(depths);
        let deep = depth * DEPTHS.min(depths);
        let room = CHUNK_BYTES / (deep * size_of::<T>()) / BLOCK * BLOCK;
        let chunk_rows = room.max(BLOCK).min(corpus.next_multiple_of(self.shape.1));

        let mut packed = Aligned::new(chunk_rows.next_multiple_of(self.shape.1) * deep);
        let mut corpus_scales = vec![Scale::ZERO; chunk_rows];
        let mut query_scales = vec![Scale::ZERO; QUERIES.min(queries)];
        for first in (0..queries).step_by(QUERIES) {
            let query_rows = first..queries.min(first + QUERIES);
            self.scale(&query_rows, &mut query_scales, team)?;
            for start in (0..corpus).step_by(chunk_rows) {
                let rows = start..corpus.min(start + chunk_rows);
                if self.symmetric && rows.end <= query_rows.start {
                    continue; // below the diagonal: mirrored
                }
                for column in (0..cols).step_by(deep) {
                    let chunk = Chunk {
                        rows: rows.clone(),
                        depth,
                        columns: column..cols.min(column + deep),
                    };
                    self.pack(&chunk, &mut corpus_scales, &mut packed, team)?;
                    self.multiply(&query_rows, &query_scales, &chunk, &packed, team)?;
                }
            }
        }
        Ok(())
    }

    /// The scales of these queries.
    fn scale(
        &self,
        rows: &Range<usize>,
        scales: &mut [Scale<T>],
        team: Team<'_>,
    ) -> Result<(), Interrupted> {
        let scales = Target::from(scales);
        team.for_each(rows.len().div_ceil(BLOCK), &|piece| {
            let start = piece * BLOCK;
            for row in start..rows.len().min(start + BLOCK) {
                let scale = Scale::of(self.level, self.queries, rows.start + row);
                // SAFETY: each row's scale is written by one piece.
                unsafe { scales.at(0, row).write(scale) };
            }
        })
    }

    /// Packs a chunk of the corpus, and at its first columns finds its rows' scales.
    fn pack(
        &self,
        chunk: &Chunk,
        scales: &mut [Scale<T>],
        packed: &mut Aligned<T>,
        team: Team<'_>,
    ) -> Result<(), Interrupted> {
        let width = self.shape.1;
        let rows = &chunk.rows;
        let padded = rows.len().next_multiple_of(width);
        let (scales, packed) = (Target::from(scales), Target::from(packed.as_mut()));
        assert!(padded * chunk.columns.len() <= packed.cols() && rows.len() <= scales.cols());
        team.for_each(rows.len().div_ceil(width), &|piece| {
            let start = piece * width;
            let end = rows.len().min(start + width);
            if chunk.columns.start == 0 {
                for row in start..end {
                    let scale = Scale::of(self.level, self.corpus, rows.start + row);
                    // SAFETY: each row's scale is written by one piece.
                    unsafe { scales.at(0, row).write(scale) };
                }
            }
            // SAFETY: those are this piece's alone, and written above or when the chunk's first columns were packed.
            let scales = unsafe { std::slice::from_raw_parts(scales.at(0, start), end - start) };
            for (columns, offset) in chunk.depths(padded) {
                let place = offset + start * columns.len();
                let size = width * columns.len();
                assert!(place + size <= packed.cols());
                Panel {
                    rows: self.corpus,
                    first: rows.start + start,
                    scales,
                    columns,
                    width,
                    // SAFETY: that is within the chunk's memory, which is initialized, and it is this piece's alone.
                    to: unsafe { std::slice::from_raw_parts_mut(packed.at(0, place), size) },
                }
                .at(self.level);
            }
        })
    }

    /// Multiplies these queries with a packed chunk.
    fn multiply(
        &self,
        rows: &Range<usize>,
        scales: &[Scale<T>],
        chunk: &Chunk,
        packed: &Aligned<T>,
        team: Team<'_>,
    ) -> Result<(), Interrupted> {
        let blocks = rows.len().div_ceil(BLOCK);
        // Columns of the result that one piece computes: few enough to be stopped, and for each thread to have some pieces,
        // enough to be worth packing the queries for.
        let wanted = (4 * team.threads().get()).div_ceil(blocks);
        let share = chunk.rows.len().div_ceil(wanted);
        let most = PIECE / (BLOCK * chunk.columns.len());
        let wide = if team.threads().get() > 1 {
            most.min(share)
        } else {
            most
        };
        let wide = wide.next_multiple_of(BLOCK).max(BLOCK);
        let groups = chunk.rows.len().div_ceil(wide);
        let make = || Aligned::new(BLOCK * chunk.depth);
        team.for_each_with(blocks * groups, make, |own, piece| {
            let (block, group) = (piece / groups, piece % groups);
            let first = rows.start + block * BLOCK;
            let block = Block {
                rows: first..rows.end.min(first + BLOCK),
                scales: &scales[first - rows.start..],
                cols: {
                    let start = chunk.rows.start + group * wide;
                    let end = chunk.rows.end.min(start + wide);
                    // What is left of the block on the diagonal is mirrored.
                    (if self.symmetric {
                        start.max(first)
                    } else {
                        start
                    })..end
                },
            };
            if !block.cols.is_empty() {
                self.multiply_block(&block, chunk, packed, own);
            }
        })
    }

    fn multiply_block(
        &self,
        block: &Block<'_, T>,
        chunk: &Chunk,
        packed: &Aligned<T>,
        own: &mut Aligned<T>,
    ) {
        let (height, width) = self.shape;
        let padded = chunk.rows.len().next_multiple_of(width);
        for (columns, offset) in chunk.depths(padded) {
            let depth = columns.len();
            for start in (0..block.rows.len()).step_by(height) {
                Panel {
                    rows: self.queries,
                    first: block.rows.start + start,
                    scales: &block.scales[start..block.rows.len().min(start + height)],
                    columns: columns.clone(),
                    width: height,
                    to: &mut own.as_mut()[start * depth..][..height * depth],
                }
                .at(self.level);
            }
            // Blocks and chunks start at multiples of BLOCK, which is one of `width`.
            let skipped = (block.cols.start - chunk.rows.start) * depth;
            Tiles {
                depth,
                queries: own.as_ref(),
                corpus: &packed.as_ref()[offset + skipped..],
                out: self.out,
                rows: block.rows.clone(),
                cols: block.cols.clone(),
                shape: self.shape,
                first: columns.start == 0,
                last: columns.end == self.corpus.cols(),
            }
            .at(self.level);
        }
        if self.symmetric && chunk.columns.end == self.corpus.cols() {
            self.mirror(block);
        }
    }

    /// Writes the other half of a symmetric result, and the diagonal.
    fn mirror(&self, block: &Block<'_, T>) {
        const STEP: usize = 16; // rows and columns at a time that stay in the first cache
        if block.cols.contains(&block.rows.start) {
            for (row, scale) in block.rows.clone().zip(block.scales) {
                if scale.has_direction() {
                    // SAFETY: the block on the diagonal is this piece's alone.
                    unsafe { self.out.at(row, row).write(T::ONE) };
                }
            }
        }
        // The block on the diagonal is computed whole: the products commute.
        let right = block.cols.start.max(block.rows.end)..block.cols.end;
        for left in right.clone().step_by(STEP) {
            for top in block.rows.clone().step_by(STEP) {
                for col in left..right.end.min(left + STEP) {
                    for row in top..block.rows.end.min(top + STEP) {
                        // SAFETY: both are this piece's alone: one it computed, one is that one's mirror image.
                        unsafe { self.out.at(col, row).write(self.out.at(row, col).read()) };
                    }
                }
            }
        }
    }
}

/// A block of the result: a thread's piece of work.
struct Block<'a, T> {
    rows: Range<usize>,
    /// From the first row's on.
    scales: &'a [Scale<T>],
    cols: Range<usize>,
}

/// The tiles of a block, for one range of columns of the factors.
struct Tiles<'a, T> {
    depth: usize,
    queries: &'a [T],
    corpus: &'a [T],
    out: &'a Target<'a, T>,
    rows: Range<usize>,
    cols: Range<usize>,
    shape: (usize, usize),
    first: bool,
    last: bool,
}

impl<T: Float> Tiles<'_, T> {
    /// The tile whose first element is so far from the block's.
    #[inline(always)]
    fn tile(&self, top: usize, left: usize) -> Tile<T> {
        let (height, width) = self.shape;
        Tile {
            depth: self.depth,
            queries: self.queries[top * self.depth..][..height * self.depth].as_ptr(),
            corpus: self.corpus[left * self.depth..][..width * self.depth].as_ptr(),
            out: self.out.at(self.rows.start + top, self.cols.start + left),
            stride: self.out.stride(),
            rows: height.min(self.rows.len() - top),
            cols: width.min(self.cols.len() - left),
            first: self.first,
            last: self.last,
        }
    }
}

impl<T: Float> Kernel for Tiles<'_, T> {
    type Output = ();

    fn scalar(self) {
        let (height, width) = self.shape;
        for left in (0..self.cols.len()).step_by(width) {
            for top in (0..self.rows.len()).step_by(height) {
                // SAFETY: the packed rows are there in full; this piece has the result's block for itself.
                unsafe { self.tile(top, left).scalar(height, width) };
            }
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        let (height, width) = T::shape::<A>();
        assert_eq!((height, width), self.shape);
        for left in (0..self.cols.len()).step_by(width) {
            for top in (0..self.rows.len()).step_by(height) {
                // SAFETY: as in `scalar`.
                unsafe { T::tile(arch, &self.tile(top, left)) };
            }
        }
    }
}

/// Zeros that start at a cache line: a register's worth that straddles two lines takes twice as long to load.
struct Aligned<T> {
    memory: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Float> Aligned<T> {
    fn new(len: usize) -> Self {
        const LINE: usize = 64;
        let spare = LINE / size_of::<T>();
        let memory = vec![T::ZERO; len + spare];
        // An allocator for tests may not say how far a line is; then it is slower.
        let start = memory.as_ptr().align_offset(LINE).min(spare);
        Self { memory, start, len }
    }
}

impl<T> AsRef<[T]> for Aligned<T> {
    fn as_ref(&self) -> &[T] {
        &self.memory[self.start..][..self.len]
    }
}

impl<T> AsMut<[T]> for Aligned<T> {
    fn as_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..][..self.len]
    }
}
