//! All dot products of two matrices' rows, block by block, for who takes them: a matrix of them, or a selection.
//!
//! The blocking is that of Goto and van de Geijn (2008), as BLIS has it. A group of queries is packed once, by all threads,
//! and stays in the last cache; a thread takes a chunk of the corpus, packs it, which stays in its second cache, and goes
//! over the group, the queries of one tile at a time, which stay in the first cache, with tiles of the result that stay in
//! registers. For cosines, rows are scaled near to unit length as they are packed, so that no square or product can
//! overflow, and results brought to it as they are written.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::aligned::{Aligned, written, zeros};
use super::element::{Batch, Grid, Side, columns};
use super::pack::Panel;
use super::tiles::{Depths, Strip, strip};
use crate::float::Sealed;
use crate::memory::{Rows, Target};
use crate::room::filled;
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// Queries that a thread takes at a time, and what there is a multiple of in all that is packed: a multiple of the rows and
/// columns of every tile.
const BLOCK: usize = 96;

/// A packed group of queries, about, at most.
const GROUP_BYTES: usize = 14 << 20;

/// A packed chunk of the corpus, about, at most.
const CHUNK_BYTES: usize = 1200 << 10;

/// What the threads' own memory may take together.
const OWN_BYTES: usize = 32 << 20;

/// What is packed of a row at a time, about, at most, where results can wait for more.
const DEEP_BYTES: usize = 6144;

/// Multiplications that a thread does between two looks at whether to stop, about: 5 ms for `f32` with AVX2, ten times as
/// long for `f64` with SSE2.
const PIECE: usize = 1 << 28;

/// Multiplications that a further thread must have to do to be worth making.
const THREAD: usize = 1 << 23;

/// Who takes the dot products.
pub(super) trait Sink<S>: Sync {
    /// Whether sums can wait, in the place they were given, for the products of further columns.
    const WAITS: bool;

    /// The place for the products of these rows of queries and of the corpus, at most a strip's: where the first one is, and
    /// how many elements it is from one row to the next. `scratch` has room for a strip.
    ///
    /// What is there must be the calling thread's alone until `take`.
    fn place(&self, rows: &Range<usize>, cols: &Range<usize>, scratch: &mut [S])
    -> (*mut S, usize);

    /// Takes complete products: those of a strip.
    fn take(&self, rows: &Range<usize>, cols: &Range<usize>, at: (*const S, usize));

    /// Hears that all strips of a block were taken, of rows from the first to the last and of columns likewise.
    fn finish(&self, rows: &Range<usize>, cols: &Range<usize>);
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
        let depths = E::depths(cols);
        let depth = cols.div_ceil(depths);
        let deep = if K::WAITS {
            depth * (DEEP_BYTES / size / depth).clamp(1, depths)
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

    /// Elements of a strip.
    fn strip<S>(&self) -> usize {
        self.grid.shape.0 * strip::<S>()
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
        let own =
            (plan.chunk * plan.row::<E>() + 2 * plan.strip::<E::Result>()) * size_of::<E::Packed>();
        let team = team.at_most((1 + work / THREAD).min(OWN_BYTES / own));

        let mut packed = Aligned::new(plan.group * plan.row::<E>());
        let mut scales = filled(E::Scale::default(), plan.group);
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
                    let place = start * depths.row() + height * depth.offset;
                    let size = height * depth.step;
                    assert!(place + size <= packed.cols());
                    let panel = Panel {
                        rows: self.queries,
                        first: rows.start + start,
                        scales,
                        columns: columns(&depth.columns, plan.grid.group, self.queries.cols()),
                        width: height,
                        side: Side::Queries,
                        // Zeros first, in a cache that is near: what is packed needs no promise that it is all written.
                        // SAFETY: that is within the memory to be packed, and it is this piece's alone.
                        to: zeros(unsafe {
                            std::slice::from_raw_parts_mut(packed.at(0, place), size)
                        }),
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
            scales: filled(E::Scale::default(), plan.chunk),
            scratch: if K::WAITS {
                Vec::new()
            } else {
                filled(E::Result::ZERO, plan.strip::<E::Result>())
            },
            sums: filled(E::Result::ZERO, plan.strip::<E::Result>()),
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
                    to: zeros(
                        &mut own.packed.as_mut()[depth.offset * padded + start * depth.step..]
                            [..width * depth.step],
                    ),
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
        let start = if self.symmetric {
            chunk.start.max(rows.start)
        } else {
            chunk.start
        };
        let row = group.depths.row();
        let wide = chunk.len().next_multiple_of(width);
        let last = group.depths.columns.end == plan.cols;
        for top in rows.clone().step_by(height) {
            let tile = top..rows.end.min(top + height);
            // Blocks and chunks start at multiples of BLOCK, which is one of `height` and `width`.
            let packed = (top - group.rows.start) * row;
            let after = packed + height * row;
            for left in (start..chunk.end).step_by(strip::<E::Result>()) {
                let cols = left..chunk.end.min(left + strip::<E::Result>());
                let (out, stride) = self.sink.place(&tile, &cols, &mut own.scratch);
                let next = if cols.end == chunk.end {
                    &group.packed[after..group.packed.len().min(after + height * row)]
                } else {
                    &[]
                };
                let strip = Strip {
                    depths: group.depths,
                    // SAFETY: both were packed, all of them.
                    queries: unsafe { written(&group.packed[packed..after]) },
                    // SAFETY: as above.
                    corpus: unsafe { written(&own.packed.as_ref()[..wide * row]) },
                    chunk: wide,
                    start: left - chunk.start,
                    next,
                    out,
                    stride,
                    rows: tile.len(),
                    cols: cols.len(),
                    first: group.depths.columns.start == 0,
                    last,
                    cosine: self.cosine,
                    sums: &mut own.sums,
                };
                E::strip(self.level, strip);
                if last {
                    self.sink.take(&tile, &cols, (out, stride));
                }
            }
        }
        if last {
            self.sink.finish(rows, &(start..chunk.end));
            if self.symmetric && chunk.contains(&rows.start) {
                let scales = &group.scales[rows.start - group.rows.start..][..rows.len()];
                Self::ones(rows, scales, self.sink.place(rows, rows, &mut own.scratch));
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
    packed: &'a [MaybeUninit<E::Packed>],
}

/// What a thread has for itself.
struct Own<E: Batch> {
    packed: Aligned<E::Packed>,
    scales: Vec<E::Scale>,
    scratch: Vec<E::Result>,
    sums: Vec<E::Result>,
    /// The first row of the chunk that is packed.
    chunk: usize,
}
