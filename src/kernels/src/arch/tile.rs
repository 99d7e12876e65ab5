//! The innermost kernel of the cosine matrix: one tile of it, held in registers (Goto and van de Geijn 2008; BLIS, Van Zee
//! and van de Geijn 2015).

use super::{Arch, Vector};
use crate::Float;

/// A tile of the matrix that is the product of packed rows of queries and packed rows of the corpus.
///
/// Packed means: the k-th elements of all rows of the tile next to each other, then the (k + 1)-th, and zeros where the
/// matrix ends before the tile does.
pub struct Tile<T> {
    /// Elements of each row.
    pub depth: usize,
    /// The packed rows of queries: `depth` times as many elements as the tile has rows.
    pub queries: *const T,
    /// The packed rows of the corpus: `depth` times as many elements as the tile has columns.
    pub corpus: *const T,
    /// Where the tile's first element is in the result.
    pub out: *mut T,
    /// Elements from one row of the result to the next.
    pub stride: usize,
    /// How many rows and columns of the tile lie within the result.
    pub rows: usize,
    /// See `rows`.
    pub cols: usize,
    /// Whether the result is written for the first time; else the product is added to it.
    pub first: bool,
    /// Whether the result is complete then: it is kept within [-1, 1].
    pub last: bool,
}

/// More elements than any tile has.
const MAX_TILE: usize = 12 * 32;

impl<T: Float> Tile<T> {
    /// The specification: computes it, packed for tiles of `height` rows and `width` columns.
    ///
    /// # Safety
    ///
    /// As [`Tile::run`].
    pub unsafe fn scalar(&self, height: usize, width: usize) {
        for row in 0..self.rows {
            for col in 0..self.cols {
                let mut sum = T::ZERO;
                for index in 0..self.depth {
                    // SAFETY: the caller's promise on `queries` and `corpus`.
                    let (left, right) = unsafe {
                        (
                            self.queries.add(index * height + row).read(),
                            self.corpus.add(index * width + col).read(),
                        )
                    };
                    sum = sum.plus(left.times(right));
                }
                // SAFETY: the caller's promise on the result.
                unsafe {
                    let place = self.out.add(row * self.stride + col);
                    if !self.first {
                        sum = place.read().plus(sum);
                    }
                    place.write(if self.last { sum.within_one() } else { sum });
                }
            }
        }
    }

    /// Computes it, with vectors of `V`, as `ROWS` rows of `VECTORS` vectors.
    ///
    /// Each element is the chain of multiply-adds over the depth, in order, and at most one further addition, whatever
    /// the tile: results do not depend on where tiles begin and end.
    ///
    /// # Safety
    ///
    /// `queries` and `corpus` must be readable, packed for tiles of this shape; the part of the result that `rows` and
    /// `cols` say must be readable and writable, and nobody else may be reading or writing it.
    #[inline(always)]
    pub unsafe fn run<A: Arch, V, const ROWS: usize, const VECTORS: usize>(&self, arch: A)
    where
        V: Vector<A, Element = T>,
    {
        debug_assert!(ROWS * VECTORS * V::LANES <= MAX_TILE);
        let whole = self.rows == ROWS && self.cols == VECTORS * V::LANES;
        if whole {
            for row in 0..ROWS {
                let start = self.out.wrapping_add(row * self.stride);
                arch.prefetch(start);
                arch.prefetch(start.wrapping_add(VECTORS * V::LANES - 1));
            }
        }
        let mut sums = [[V::splat(arch, T::ZERO); VECTORS]; ROWS];
        let (mut queries, mut corpus) = (self.queries, self.corpus);
        for _ in 0..self.depth {
            let mut right = [V::splat(arch, T::ZERO); VECTORS];
            for (index, vector) in right.iter_mut().enumerate() {
                // SAFETY: the caller's promise on `corpus`.
                *vector = unsafe { V::load(arch, corpus.add(index * V::LANES)) };
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the caller's promise on `queries`.
                let left = V::splat(arch, unsafe { queries.add(row).read() });
                for (sum, right) in sums.iter_mut().zip(right) {
                    *sum = left.mul_add(right, *sum);
                }
            }
            // SAFETY: the packed rows go on, or end, there.
            unsafe {
                queries = queries.add(ROWS);
                corpus = corpus.add(VECTORS * V::LANES);
            }
        }
        if whole {
            // SAFETY: the caller's promise on the result: the whole tile lies within it.
            unsafe { self.put::<A, V, ROWS, VECTORS>(arch, &sums, self.out, self.stride) };
        } else {
            let mut buffer = [T::ZERO; MAX_TILE];
            // SAFETY: the buffer has room for the tile; of the result, only what is within is touched.
            unsafe {
                self.copy::<true>(&mut buffer, VECTORS * V::LANES);
                let width = VECTORS * V::LANES;
                self.put::<A, V, ROWS, VECTORS>(arch, &sums, buffer.as_mut_ptr(), width);
                self.copy::<false>(&mut buffer, VECTORS * V::LANES);
            }
        }
    }

    /// Stores or adds the sums.
    ///
    /// # Safety
    ///
    /// A whole tile must be readable and writable at `out`.
    #[inline(always)]
    unsafe fn put<A: Arch, V, const ROWS: usize, const VECTORS: usize>(
        &self,
        arch: A,
        sums: &[[V; VECTORS]; ROWS],
        out: *mut T,
        stride: usize,
    ) where
        V: Vector<A, Element = T>,
    {
        let one = V::splat(arch, T::ONE);
        for (row, sums) in sums.iter().enumerate() {
            for (index, sum) in sums.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe {
                    let place = out.add(row * stride + index * V::LANES);
                    let mut sum = *sum;
                    if !self.first {
                        sum = V::load(arch, place).add(sum);
                    }
                    if self.last {
                        sum = sum.clamp(one);
                    }
                    sum.store(place);
                }
            }
        }
    }

    /// Copies what lies within the result into a buffer of `width` columns, or back.
    ///
    /// # Safety
    ///
    /// The part of the result that `rows` and `cols` say must be readable and writable.
    #[inline(always)]
    unsafe fn copy<const INTO_BUFFER: bool>(&self, buffer: &mut [T; MAX_TILE], width: usize) {
        for row in 0..self.rows {
            for col in 0..self.cols {
                // SAFETY: the caller's promise.
                unsafe {
                    let place = self.out.add(row * self.stride + col);
                    let copy = &mut buffer[row * width + col];
                    if !INTO_BUFFER {
                        place.write(*copy);
                    } else if !self.first {
                        *copy = place.read();
                    }
                }
            }
        }
    }
}
