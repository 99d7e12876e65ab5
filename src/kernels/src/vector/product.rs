//! All dot products of two matrices' rows, block by block, for who takes them: a matrix of them, or a selection.
//!
//! The blocking is that of Goto and van de Geijn (2008), as BLIS has it. A group of queries is packed once, by all threads,
//! and stays in the last cache; a thread takes a chunk of the corpus, packs it, which stays in its second cache, and goes
//! over the group, a block of queries at a time, with tiles of the result that stay in registers. For cosines, rows are
//! scaled to unit length as they are packed, so that norms cost nothing afterwards and no square or product can overflow.

use std::ops::Range;

use super::aligned::Aligned;
use super::element::{Batch, Grid, Side, columns};
use super::pack::{DEPTH_BYTES, Panel};
use super::tiles::Tiles;
use crate::float::Sealed;
use crate::memory::{Rows, Target};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// Rows of queries, and of the corpus, that are multiplied at a time: a multiple of the rows and columns of every tile.
pub(super) const BLOCK: usize = 192;

/// A packed group of queries, about, at most.
const GROUP_BYTES: usize = 14 << 20;

/// A packed chunk of the corpus, about, at most.
const CHUNK_BYTES: usize = 768 << 10;

/// What the threads' own memory may take together.
const OWN_BYTES: usize = 32 << 20;

/// Depths that are packed at a time, where results can wait for more.
const DEPTHS: usize = 4;

/// Multiplications that a thread does between two looks at whether to stop, about: 5 ms for `f32` with AVX2, ten times as
/// long for `f64` with SSE2.
const PIECE: usize = 1 << 28;

/// Multiplications that a further thread must have to do to be worth making.
const THREAD: usize = 1 << 23;

/// Who takes the dot products.
pub(super) trait Sink<S>: Sync {
    /// Whether sums can wait, in the place they were given, for the products of further columns.
    const WAITS: bool;

    /// The place for the products of these rows of queries and of the corpus: where the first one is, and how many elements
    /// it is from one row to the next. `scratch` has room for a block.
    ///
    /// What is there must be the calling thread's alone until `take`.
    fn place(&self, rows: &Range<usize>, cols: &Range<usize>, scratch: &mut [S])
    -> (*mut S, usize);

    /// Takes complete products.
    fn take(&self, rows: &Range<usize>, cols: &Range<usize>, at: (*const S, usize));
}

/// The dot products to be made.
pub(super) struct Product<'a, E: Batch, K> {
    pub(super) level: Level,
    pub(super) queries: Rows<'a, E>,
    pub(super) corpus: Rows<'a, E>,
    /// Whether of rows of unit length.
    pub(super) cosine: bool,
    /// Whether the corpus is the queries, and what is left of the diagonal's blocks is not wanted.
    pub(super) symmetric: bool,
    pub(super) sink: &'a K,
}

/// What is packed at a time. Numbers of columns are of packed ones.
#[derive(Clone, Copy, Debug)]
struct Plan {
    grid: Grid,
    /// All columns.
    cols: usize,
    /// Columns that are summed at a time.
    depth: usize,
    /// Columns that are packed at a time.
    deep: usize,
    /// Queries that are packed at a time.
    group: usize,
    /// Rows of the corpus that are packed at a time.
    chunk: usize,
}

/// Packed columns: depth by depth; in each, tile by tile.
#[derive(Clone)]
struct Depths {
    columns: Range<usize>,
    depth: usize,
    trailer: usize,
}

/// Some packed columns.
struct Depth {
    columns: Range<usize>,
    /// Packed elements of a row before these.
    offset: usize,
    /// Packed elements of a row, with the trailer.
    step: usize,
}

impl Depths {
    fn iter(&self) -> impl Iterator<Item = Depth> + use<> {
        let Self {
            columns,
            depth,
            trailer,
        } = self.clone();
        columns
            .clone()
            .step_by(depth)
            .enumerate()
            .map(move |(index, start)| {
                let end = columns.end.min(start + depth);
                Depth {
                    columns: start..end,
                    offset: index * (depth + trailer),
                    step: end - start + trailer,
                }
            })
    }
}

/// Whether rows of so many elements can be packed in the memory that is promised, by those who cannot wait.
pub(super) fn fits<E: Batch>(level: Level, cols: usize) -> bool {
    let Grid { shape, group } = E::grid(level);
    cols.div_ceil(group)
        .saturating_mul(size_of::<E::Packed>() * shape.1)
        <= GROUP_BYTES
}

impl Plan {
    fn new<E: Batch, S, K: Sink<S>>(
        level: Level,
        queries: usize,
        corpus: usize,
        cols: usize,
    ) -> Self {
        let size = size_of::<E::Packed>();
        let grid = E::grid(level);
        let (height, width) = grid.shape;
        let cols = cols.div_ceil(grid.group);
        let depths = cols.div_ceil(DEPTH_BYTES / size);
        let depth = cols.div_ceil(depths);
        let deep = if K::WAITS {
            depth * DEPTHS.min(depths)
        } else {
            depth * depths
        };
        let fitting = |bytes: usize, unit: usize| (bytes / (deep * size) / unit * unit).max(unit);
        let (group, chunk) = if K::WAITS {
            (fitting(GROUP_BYTES, BLOCK), fitting(CHUNK_BYTES, BLOCK))
        } else {
            (fitting(GROUP_BYTES, height), fitting(CHUNK_BYTES, width))
        };
        Self {
            grid,
            cols,
            depth,
            deep,
            group: group.min(queries.next_multiple_of(height)),
            chunk: chunk.min(corpus.next_multiple_of(width)),
        }
    }

    /// Packed elements of a row, with all trailers.
    fn row<E: Batch>(&self) -> usize {
        self.deep + self.deep.div_ceil(self.depth) * E::TRAILER
    }
}

impl<E: Batch, K: Sink<E::Result>> Product<'_, E, K> {
    pub(super) fn compute(&self, team: &Team<'_>) -> Result<(), Interrupted> {
        let (queries, corpus) = (self.queries.rows(), self.corpus.rows());
        let plan = Plan::new::<E, _, K>(self.level, queries, corpus, self.queries.cols());
        let work = queries
            .saturating_mul(corpus)
            .saturating_mul(plan.cols * plan.grid.group);
        let own = (plan.chunk * plan.row::<E>() + BLOCK * BLOCK) * size_of::<E::Packed>();
        let team = team.at_most((1 + work / THREAD).min(OWN_BYTES / own));

        let mut packed = Aligned::new(plan.group * plan.row::<E>());
        let mut scales = vec![E::Scale::default(); plan.group];
        for first in (0..queries).step_by(plan.group) {
            let rows = first..queries.min(first + plan.group);
            for column in (0..plan.cols).step_by(plan.deep) {
                let depths = Depths {
                    columns: column..plan.cols.min(column + plan.deep),
                    depth: plan.depth,
                    trailer: E::TRAILER,
                };
                self.pack_group(&plan, &rows, &depths, (&mut scales, &mut packed), team)?;
                self.multiply(&plan, &rows, &depths, (&scales, &packed), team)?;
            }
        }
        Ok(())
    }

    /// Packs a group of queries; at its first columns finds its rows' scales.
    fn pack_group(
        &self,
        plan: &Plan,
        rows: &Range<usize>,
        depths: &Depths,
        (scales, packed): (&mut [E::Scale], &mut Aligned<E::Packed>),
        team: Team<'_>,
    ) -> Result<(), Interrupted> {
        const TOGETHER: usize = 16; // tiles that one thread packs at a time
        let height = plan.grid.shape.0;
        let padded = rows.len().next_multiple_of(height);
        let (scales, packed) = (Target::from(scales), Target::from(packed.as_mut()));
        assert!(rows.len() <= scales.cols() && padded * plan.row::<E>() <= packed.cols());
        team.for_each(padded.div_ceil(height * TOGETHER), &|piece| {
            let first = piece * height * TOGETHER;
            for start in (first..padded.min(first + height * TOGETHER)).step_by(height) {
                let end = rows.len().min(start + height);
                if depths.columns.start == 0 {
                    for row in start..end {
                        let scale =
                            E::scale(self.level, self.queries.row(rows.start + row), self.cosine);
                        // SAFETY: each row's scale is written by one piece.
                        unsafe { scales.at(0, row).write(scale) };
                    }
                }
                // SAFETY: those are this piece's alone, and written above or when the first columns were packed.
                let scales =
                    unsafe { std::slice::from_raw_parts(scales.at(0, start), end - start) };
                for depth in depths.iter() {
                    let place = depth.offset * padded + start * depth.step;
                    let size = height * depth.step;
                    assert!(place + size <= packed.cols());
                    let panel = Panel {
                        rows: self.queries,
                        first: rows.start + start,
                        scales,
                        columns: columns(&depth.columns, plan.grid.group, self.queries.cols()),
                        width: height,
                        side: Side::Queries,
                        // SAFETY: that is within the packed memory, which is initialized, and it is this piece's alone.
                        to: unsafe { std::slice::from_raw_parts_mut(packed.at(0, place), size) },
                    };
                    E::pack(self.level, panel);
                }
            }
        })
    }

    /// Multiplies a packed group of queries with the corpus.
    fn multiply(
        &self,
        plan: &Plan,
        rows: &Range<usize>,
        depths: &Depths,
        (scales, packed): (&[E::Scale], &Aligned<E::Packed>),
        team: Team<'_>,
    ) -> Result<(), Interrupted> {
        let corpus = self.corpus.rows();
        // Below the diagonal, all is mirrored.
        let from = if self.symmetric {
            rows.start / plan.chunk * plan.chunk
        } else {
            0
        };
        let chunks = (corpus - from).div_ceil(plan.chunk);
        let blocks = rows.len().div_ceil(BLOCK);
        // Blocks of queries that one piece takes: few enough to be stopped, and for each thread to have some pieces.
        let most = PIECE / (BLOCK * plan.chunk * depths.columns.len() * plan.grid.group);
        let wanted = (4 * team.threads().get()).div_ceil(chunks);
        let share = if team.threads().get() > 1 {
            most.min(blocks / wanted)
        } else {
            most
        };
        let share = share.clamp(1, blocks);
        let parts = blocks.div_ceil(share);
        let make = || Own {
            packed: Aligned::new(plan.chunk * plan.row::<E>()),
            scales: vec![E::Scale::default(); plan.chunk],
            scratch: if K::WAITS {
                Vec::new()
            } else {
                vec![E::Result::ZERO; BLOCK * BLOCK]
            },
            chunk: usize::MAX,
        };
        let group = Group {
            rows: rows.clone(),
            depths,
            scales,
            packed: packed.as_ref(),
        };
        team.for_each_with(chunks * parts, make, |own, piece| {
            let (chunk, part) = (piece / parts, piece % parts);
            let start = from + chunk * plan.chunk;
            let cols = start..corpus.min(start + plan.chunk);
            let first = rows.start + part * share * BLOCK;
            let part = first..rows.end.min(first + share * BLOCK);
            if self.symmetric && cols.end <= part.start {
                return;
            }
            if own.chunk != start {
                self.pack_chunk(plan, &cols, depths, own);
            }
            for first in part.clone().step_by(BLOCK) {
                let block = first..part.end.min(first + BLOCK);
                self.multiply_block(plan, &group, &block, &cols, own);
            }
        })
    }

    /// Packs a chunk of the corpus.
    fn pack_chunk(&self, plan: &Plan, rows: &Range<usize>, depths: &Depths, own: &mut Own<E>) {
        let width = plan.grid.shape.1;
        let padded = rows.len().next_multiple_of(width);
        for start in (0..padded).step_by(width) {
            let end = rows.len().min(start + width);
            for row in start..end {
                own.scales[row] =
                    E::scale(self.level, self.corpus.row(rows.start + row), self.cosine);
            }
            for depth in depths.iter() {
                let panel = Panel {
                    rows: self.corpus,
                    first: rows.start + start,
                    scales: &own.scales[start..end],
                    columns: columns(&depth.columns, plan.grid.group, self.corpus.cols()),
                    width,
                    side: Side::Corpus,
                    to: &mut own.packed.as_mut()[depth.offset * padded + start * depth.step..]
                        [..width * depth.step],
                };
                E::pack(self.level, panel);
            }
        }
        own.chunk = rows.start;
    }

    /// Multiplies a block of queries with a packed chunk of the corpus.
    fn multiply_block(
        &self,
        plan: &Plan,
        group: &Group<'_, E>,
        rows: &Range<usize>,
        chunk: &Range<usize>,
        own: &mut Own<E>,
    ) {
        let (height, width) = plan.grid.shape;
        let tall = group.rows.len().next_multiple_of(height);
        let wide = chunk.len().next_multiple_of(width);
        let start = if self.symmetric {
            chunk.start.max(rows.start)
        } else {
            chunk.start
        };
        for start in (start..chunk.end).step_by(BLOCK) {
            let cols = start..chunk.end.min(start + BLOCK);
            let (out, stride) = self.sink.place(rows, &cols, &mut own.scratch);
            for depth in group.depths.iter() {
                // Blocks and chunks start at multiples of BLOCK, which is one of `height` and `width`.
                let top = depth.offset * tall + (rows.start - group.rows.start) * depth.step;
                let left = depth.offset * wide + (cols.start - chunk.start) * depth.step;
                let tiles = Tiles {
                    depth: depth.columns.len(),
                    step: depth.step,
                    queries: &group.packed[top..],
                    corpus: &own.packed.as_ref()[left..],
                    out,
                    stride,
                    rows: rows.len(),
                    cols: cols.len(),
                    first: depth.columns.start == 0,
                    last: depth.columns.end == plan.cols,
                    cosine: self.cosine,
                };
                E::tiles(self.level, &tiles);
            }
            if group.depths.columns.end == plan.cols {
                self.sink.take(rows, &cols, (out, stride));
                if self.symmetric && cols.contains(&rows.start) {
                    let scales = &group.scales[rows.start - group.rows.start..][..rows.len()];
                    Self::ones(rows, scales, (out, stride));
                }
            }
        }
    }

    /// Writes ones on the diagonal, where a row has a direction, of the block that starts there.
    fn ones(rows: &Range<usize>, scales: &[E::Scale], (out, stride): (*mut E::Result, usize)) {
        for (row, scale) in (0..rows.len()).zip(scales) {
            if E::has_direction(*scale) {
                // SAFETY: the block on the diagonal is the calling thread's alone.
                unsafe { out.add(row * stride + row).write(E::Result::ONE) };
            }
        }
    }
}

/// A packed group of queries.
struct Group<'a, E: Batch> {
    rows: Range<usize>,
    depths: &'a Depths,
    scales: &'a [E::Scale],
    packed: &'a [E::Packed],
}

/// What a thread has for itself.
struct Own<E: Batch> {
    packed: Aligned<E::Packed>,
    scales: Vec<E::Scale>,
    scratch: Vec<E::Result>,
    /// The first row of the chunk that is packed.
    chunk: usize,
}
