//! Packed rows against packed rows: a strip of the result, tile by tile.
//!
//! Of floating-point numbers, as few columns are summed at a time as keep the packed queries in the first cache and the sums
//! exact; what was summed waits in a strip of its own, which stays in that cache too. The result is written once, when it is
//! complete.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::pack::FACTORS;
use crate::Float;
use crate::arch::bytes::{ByteKernel, Dots, Layout};
use crate::arch::{Arch, Kernel, MAX_LANES, Tile, Vector};

/// Columns of a strip, at most: a multiple of those of every tile. With the packed queries its sums stay in the first cache.
pub(super) const fn strip<S>() -> usize {
    768 / size_of::<S>()
}

/// The rows and columns of a tile of floating-point numbers.
pub(super) struct Shape<T>(PhantomData<T>);

impl<T> Shape<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Float> Kernel for Shape<T> {
    type Output = (usize, usize);

    fn scalar(self) -> (usize, usize) {
        SCALAR
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> (usize, usize) {
        T::shape::<A>()
    }
}

/// That of the specification.
const SCALAR: (usize, usize) = (4, 4);

/// Packed columns: depth by depth.
#[derive(Clone, Debug)]
pub(super) struct Depths {
    pub(super) columns: Range<usize>,
    /// How many are summed at a time.
    pub(super) depth: usize,
    /// Packed elements of a row that follow those.
    pub(super) trailer: usize,
}

/// Some packed columns.
#[derive(Debug)]
pub(super) struct Depth {
    pub(super) columns: Range<usize>,
    /// Packed elements of a row before these.
    pub(super) offset: usize,
    /// Packed elements of a row, with the trailer.
    pub(super) step: usize,
}

impl Depths {
    /// Those of this number, if there are so many.
    #[inline(always)]
    pub(super) fn get(&self, index: usize) -> Option<Depth> {
        let start = self.columns.start + index * self.depth;
        if start >= self.columns.end {
            return None;
        }
        let end = self.columns.end.min(start + self.depth);
        Some(Depth {
            columns: start..end,
            offset: index * (self.depth + self.trailer),
            step: end - start + self.trailer,
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Depth> {
        (0..).map_while(|index| self.get(index))
    }

    /// Packed elements of a row, of all depths.
    pub(super) fn row(&self) -> usize {
        let columns = self.columns.len();
        columns + columns.div_ceil(self.depth) * self.trailer
    }
}

/// A strip of the result: the queries of one tile with some rows of the corpus, for the columns that are packed.
pub struct Strip<'a, P, S> {
    pub(super) depths: &'a Depths,
    /// The packed queries: depth by depth.
    pub(super) queries: &'a [P],
    /// The packed chunk of the corpus: depth by depth, and in each tile by tile.
    pub(super) corpus: &'a [P],
    /// Packed rows of the chunk.
    pub(super) chunk: usize,
    /// Packed rows of the chunk before the strip's first.
    pub(super) start: usize,
    /// The packed queries that come after these, to be asked for in the meantime.
    pub(super) next: &'a [MaybeUninit<P>],
    /// Where the strip's first element is in the result, which the maker of this has for itself, all of the strip.
    pub(super) out: *mut S,
    pub(super) stride: usize,
    pub(super) rows: usize,
    /// At most [`strip`].
    pub(super) cols: usize,
    /// Whether these are the first columns; else the products are added to the result.
    pub(super) first: bool,
    /// Whether the result is complete then.
    pub(super) last: bool,
    pub(super) cosine: bool,
    /// Room for the strip's tiles.
    pub(super) sums: &'a mut [S],
}

impl<T: Float> Strip<'_, T, T> {
    /// Hands each tile of each depth to `compute`, and then the packed factors to `complete`.
    #[inline(always)]
    fn tiles(&mut self, (height, width): (usize, usize), compute: impl Fn(&Tile<T, T>)) {
        assert!(self.rows <= height && self.cols.next_multiple_of(width) <= strip::<T>());
        assert!(self.sums.len() >= height * self.cols.next_multiple_of(width));
        let sums = self.sums.as_mut_ptr();
        let (mut index, mut asked) = (0, 0);
        while let Some(depth) = self.depths.get(index) {
            let queries = &self.queries[height * depth.offset..][..height * depth.step];
            let is_last = depth.columns.end == self.depths.columns.end;
            let mut left = 0;
            while left < self.cols {
                let corpus = self.corpus_of(&depth, left, width);
                // The result is asked for when it is about to be written.
                let (ahead, apart) = if is_last || asked >= self.next.len() {
                    (self.out.wrapping_add(left).cast_const(), self.stride)
                } else {
                    (self.next.as_ptr().cast::<T>().wrapping_add(asked), width)
                };
                asked += height * width;
                compute(&Tile {
                    depth: depth.columns.len(),
                    queries: queries.as_ptr(),
                    corpus: corpus.as_ptr(),
                    out: sums.wrapping_add(left * height),
                    stride: width,
                    ahead,
                    apart,
                    rows: height,
                    cols: width,
                    first: index == 0,
                    last: false,
                    cosine: false,
                });
                left += width;
            }
            index += 1;
        }
    }

    /// The packed rows of the corpus for the tile at `left`, with their trailers.
    #[inline(always)]
    fn corpus_of(&self, depth: &Depth, left: usize, width: usize) -> &[T] {
        let place = self.chunk * depth.offset + (self.start + left) * depth.step;
        &self.corpus[place..][..width * depth.step]
    }

    /// The last depth, behind whose packed elements the factors are.
    #[inline(always)]
    fn last_depth(&self) -> Option<Depth> {
        self.depths
            .get(self.depths.columns.len().div_ceil(self.depths.depth) - 1)
    }

    /// The factors of a row of queries.
    #[inline(always)]
    fn query_factors(&self, depth: &Depth, height: usize, row: usize) -> [T; FACTORS] {
        let trailer = &self.queries[height * (depth.offset + depth.columns.len())..];
        let mut factors = [T::ZERO; FACTORS];
        for (index, factor) in factors.iter_mut().enumerate() {
            *factor = trailer[index * height + row];
        }
        factors
    }
}

/// A strip of floating-point numbers, to be computed.
pub(super) struct Floats<'a, T>(pub(super) Strip<'a, T, T>);

impl<T: Float> Kernel for Floats<'_, T> {
    type Output = ();

    fn scalar(self) {
        let Self(mut strip) = self;
        let (height, width) = SCALAR;
        // SAFETY: the packed rows are there in full; the sums are the strip's alone.
        strip.tiles(SCALAR, |tile| unsafe { tile.scalar(height, width) });
        let Some(depth) = strip.last_depth() else {
            return;
        };
        for row in 0..strip.rows {
            let query = strip.query_factors(&depth, height, row);
            for col in 0..strip.cols {
                let (left, lane) = (col / width * width, col % width);
                let mut sum = strip.sums[left * height + row * width + lane];
                // SAFETY: the maker's promise on the result.
                unsafe {
                    let place = strip.out.add(row * strip.stride + col);
                    if !strip.first {
                        sum = place.read().plus(sum);
                    }
                    if strip.last && strip.cosine {
                        let trailer =
                            &strip.corpus_of(&depth, left, width)[width * depth.columns.len()..];
                        let factor = |index: usize| trailer[index * width + lane];
                        let [high, low] = query;
                        let crossed = high.times(factor(1)).plus(low.times(factor(0)));
                        let rest = low.times(factor(1)).plus(crossed);
                        let corrected = sum.times(rest);
                        sum = sum
                            .times(high.times(factor(0)))
                            .plus(corrected)
                            .within_one();
                    }
                    place.write(sum);
                }
            }
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        let Self(mut strip) = self;
        let (height, width) = T::shape::<A>();
        // SAFETY: as in `scalar`.
        strip.tiles((height, width), |tile| unsafe { T::tile(arch, tile) });
        let Some(depth) = strip.last_depth() else {
            return;
        };
        let lanes = T::Vector::<A>::LANES;
        let scaled = strip.last && strip.cosine;
        for row in 0..strip.rows {
            let query = strip.query_factors(&depth, height, row);
            let mut left = 0;
            while left < strip.cols {
                let trailer =
                    strip.corpus_of(&depth, left, width)[width * depth.columns.len()..].as_ptr();
                let sums = strip.sums[left * height + row * width..][..width].as_ptr();
                let place = strip.out.wrapping_add(row * strip.stride + left);
                let there = width.min(strip.cols - left);
                let mut lane = 0;
                while lane < there {
                    // SAFETY: sums and factors are there for whole tiles; of the result, what lies within is touched.
                    unsafe {
                        let place = place.add(lane);
                        let mut sum = T::Vector::<A>::load(arch, sums.add(lane));
                        let whole = there - lane >= lanes;
                        if !strip.first {
                            sum = waiting::<A, T>(arch, place, lanes.min(there - lane)).add(sum);
                        }
                        if scaled {
                            sum = unit_length::<A, T>(arch, sum, query, trailer.add(lane), width);
                        }
                        if whole {
                            sum.store(place);
                        } else {
                            put_first::<A, T>(sum, place, there - lane);
                        }
                    }
                    lane += lanes;
                }
                left += width;
            }
        }
    }
}

/// Loads a register's worth of the result, or the first `count` of it.
///
/// # Safety
///
/// As many must be readable.
#[inline(always)]
unsafe fn waiting<A: Arch, T: Float>(arch: A, place: *const T, count: usize) -> T::Vector<A> {
    // SAFETY: the caller's promise; a buffer is larger than a register.
    unsafe {
        if count == T::Vector::<A>::LANES {
            return T::Vector::<A>::load(arch, place);
        }
        let mut numbers = [T::ZERO; MAX_LANES];
        for (index, number) in numbers.iter_mut().enumerate().take(count) {
            *number = place.add(index).read();
        }
        T::Vector::<A>::load(arch, numbers.as_ptr())
    }
}

/// Stores the first `count` numbers of a register.
///
/// # Safety
///
/// As many must be writable.
#[inline(always)]
unsafe fn put_first<A: Arch, T: Float>(sum: T::Vector<A>, place: *mut T, count: usize) {
    for (index, number) in crate::arch::lanes(sum).into_iter().enumerate().take(count) {
        // SAFETY: the caller's promise.
        unsafe { place.add(index).write(number) };
    }
}

/// Cosines from sums: what rows lack of unit length is in factors of which the higher digits alone are multiplied exactly,
/// and what remains is a correction, so that hardly more than one rounding is added to that of the sums.
///
/// # Safety
///
/// The factors of the corpus must be readable, `width` elements from one kind to the next.
#[inline(always)]
unsafe fn unit_length<A: Arch, T: Float>(
    arch: A,
    sum: T::Vector<A>,
    [high, low]: [T; FACTORS],
    corpus: *const T,
    width: usize,
) -> T::Vector<A> {
    let splat = |x| T::Vector::<A>::splat(arch, x);
    let zero = splat(T::ZERO);
    // SAFETY: the caller's promise.
    let (corpus_high, corpus_low) = unsafe {
        (
            T::Vector::<A>::load(arch, corpus),
            T::Vector::<A>::load(arch, corpus.add(width)),
        )
    };
    let (high, low) = (splat(high), splat(low));
    let top = high.mul_add(corpus_high, zero);
    // Each product rounded by itself: the cosine is the same whichever of the two rows is the query.
    let crossed = high.mul_add(corpus_low, zero);
    let crossed = crossed.add(low.mul_add(corpus_high, zero));
    let rest = low.mul_add(corpus_low, crossed);
    let cosine = sum.mul_add(top, sum.mul_add(rest, zero));
    cosine.clamp(splat(T::ONE))
}

/// The tiles of a block of bytes, for one range of columns of the factors.
pub(super) struct Tiles<'a, P, S> {
    /// Packed elements of each row, without the trailer.
    pub(super) depth: usize,
    /// Packed elements of each row, with the trailer.
    pub(super) step: usize,
    pub(super) queries: &'a [P],
    pub(super) corpus: &'a [P],
    /// Where the block's first element is in the result, which the maker of this has for itself, all of the block.
    pub(super) out: *mut S,
    pub(super) stride: usize,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) first: bool,
    pub(super) last: bool,
    pub(super) cosine: bool,
}

impl<P, S> Tiles<'_, P, S> {
    /// The tile whose first element is so far from the block's.
    #[inline(always)]
    fn tile(&self, (height, width): (usize, usize), top: usize, left: usize) -> Tile<P, S> {
        let out = self.out.wrapping_add(top * self.stride + left);
        Tile {
            depth: self.depth,
            queries: self.queries[top * self.step..][..height * self.step].as_ptr(),
            corpus: self.corpus[left * self.step..][..width * self.step].as_ptr(),
            out,
            stride: self.stride,
            ahead: out,
            apart: self.stride,
            rows: height.min(self.rows - top),
            cols: width.min(self.cols - left),
            first: self.first,
            last: self.last,
            cosine: self.cosine,
        }
    }
}

impl ByteKernel for &Tiles<'_, u32, f32> {
    type Output = ();

    fn scalar(self) {
        let shape = Layout::SCALAR.shape;
        for left in (0..self.cols).step_by(shape.1) {
            for top in (0..self.rows).step_by(shape.0) {
                // SAFETY: the packed rows are there in full; the block is this one's alone.
                unsafe { self.tile(shape, top, left).scalar_bytes() };
            }
        }
    }

    #[inline(always)]
    fn run<D: Dots>(self, dots: D) {
        let shape = D::LAYOUT.shape;
        for left in (0..self.cols).step_by(shape.1) {
            for top in (0..self.rows).step_by(shape.0) {
                // SAFETY: as above.
                unsafe { dots.tile(&self.tile(shape, top, left)) };
            }
        }
    }
}
