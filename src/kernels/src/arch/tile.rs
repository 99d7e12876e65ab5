//! The innermost kernel of the batch functions: one tile of all dot products, held in registers (Goto and van de Geijn 2008;
//! BLIS, Van Zee and van de Geijn 2015).

use super::{Arch, Vector};
use crate::Float;
use crate::float::Sealed;

/// A tile of the matrix that is the product of packed rows of queries and packed rows of the corpus.
///
/// Packed means: the k-th elements of all rows of the tile next to each other, then the (k + 1)-th, and zeros where the
/// matrix ends before the tile does. For bytes, which are packed some to a word, a trailer follows: see [`super::bytes`].
pub struct Tile<P, S> {
    /// Packed elements of each row.
    pub depth: usize,
    /// The packed rows of queries: `depth` times as many elements as the tile has rows.
    pub queries: *const P,
    /// The packed rows of the corpus: `depth` times as many elements as the tile has columns.
    pub corpus: *const P,
    /// Where the tile's first element is in the result.
    pub out: *mut S,
    /// Elements from one row of the result to the next.
    pub stride: usize,
    /// What will be wanted after the tile: two places, for each of its rows, are asked for while it is computed, the first
    /// here, the second at the end of a row of the tile. Any address will do.
    pub ahead: *const S,
    /// Elements from what is asked for with one row to what is asked for with the next.
    pub apart: usize,
    /// How many rows and columns of the tile lie within the result.
    pub rows: usize,
    /// See `rows`.
    pub cols: usize,
    /// Whether the result is written for the first time; else the product is added to it.
    pub first: bool,
    /// Whether the result is complete then.
    pub last: bool,
    /// Whether a complete result is kept within [-1, 1].
    pub cosine: bool,
}

/// More elements than any tile has.
pub(super) const MAX_TILE: usize = 12 * 32;

/// Steps of the depth between two rows that are asked for.
const STEPS: usize = 4;

/// A register of sums, one for each of some columns of a tile.
pub trait Sums<A>: Copy {
    /// What is packed.
    type Packed: Copy;
    /// What the result holds.
    type Score: Float;
    /// How many sums.
    const LANES: usize;
    /// How many steps of the depth ahead the packed corpus is asked for; 0 where the CPU knows by itself.
    const AHEAD: usize;

    /// Zeros.
    fn zero(arch: A) -> Self;

    /// Loads `LANES` packed elements.
    ///
    /// # Safety
    ///
    /// They must be readable at `from`.
    unsafe fn load(arch: A, from: *const Self::Packed) -> Self;

    /// A packed element in each lane.
    fn splat(arch: A, x: Self::Packed) -> Self;

    /// The products of a packed query and packed rows of the corpus, added to the sums.
    fn add_products(self, query: Self, corpus: Self) -> Self;

    /// Asks for the memory there to be brought near; any address will do.
    fn prefetch(arch: A, address: *const u8);

    /// Asks for the memory there to be brought less near, where it does not take the place of what is wanted at once.
    #[inline(always)]
    fn prefetch_later(arch: A, address: *const u8) {
        Self::prefetch(arch, address);
    }

    /// The sums, added to those that wait in the result.
    ///
    /// # Safety
    ///
    /// `LANES` of them must be readable at `place`.
    unsafe fn add_waiting(self, arch: A, place: *const Self::Score) -> Self;

    /// Stores the sums of the row and the columns from `at` on; completes them before, if the tile says so, or leaves that to
    /// `complete`.
    ///
    /// # Safety
    ///
    /// `LANES` scores must be writable at `place`, and `tile` be as in [`Tile::run`], of the rows and columns of `shape`.
    unsafe fn put(
        self,
        arch: A,
        tile: &Tile<Self::Packed, Self::Score>,
        shape: (usize, usize),
        at: (usize, usize),
        place: *mut Self::Score,
    );

    /// Completes a whole tile of sums that were stored as they were, if the tile says so. Apart from `put`, whose loop must
    /// stay so small that it is unrolled, or the sums would be in memory and not in registers while they are made.
    ///
    /// # Safety
    ///
    /// A whole tile must be readable and writable at `out`; the rest as in [`Sums::put`].
    #[inline(always)]
    unsafe fn complete(
        _arch: A,
        _tile: &Tile<Self::Packed, Self::Score>,
        _shape: (usize, usize),
        _out: *mut Self::Score,
        _stride: usize,
    ) {
    }
}

impl<A: Arch, V: Vector<A>> Sums<A> for V {
    type Packed = V::Element;
    type Score = V::Element;
    const LANES: usize = <V as Vector<A>>::LANES;
    const AHEAD: usize = A::AHEAD;

    #[inline(always)]
    fn zero(arch: A) -> Self {
        <V as Vector<A>>::splat(arch, V::Element::ZERO)
    }

    #[inline(always)]
    unsafe fn load(arch: A, from: *const Self::Packed) -> Self {
        // SAFETY: the caller's promise.
        unsafe { <V as Vector<A>>::load(arch, from) }
    }

    #[inline(always)]
    fn splat(arch: A, x: Self::Packed) -> Self {
        <V as Vector<A>>::splat(arch, x)
    }

    #[inline(always)]
    fn add_products(self, query: Self, corpus: Self) -> Self {
        query.mul_add(corpus, self)
    }

    #[inline(always)]
    fn prefetch(arch: A, address: *const u8) {
        arch.prefetch(address);
    }

    #[inline(always)]
    fn prefetch_later(arch: A, address: *const u8) {
        arch.prefetch_later(address);
    }

    #[inline(always)]
    unsafe fn add_waiting(self, arch: A, place: *const Self::Score) -> Self {
        // SAFETY: the caller's promise.
        unsafe { <V as Vector<A>>::load(arch, place) }.add(self)
    }

    #[inline(always)]
    unsafe fn put(
        self,
        _arch: A,
        _tile: &Tile<Self::Packed, Self::Score>,
        _shape: (usize, usize),
        _at: (usize, usize),
        place: *mut Self::Score,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self.store(place) };
    }
}

impl<T: Float> Tile<T, T> {
    /// The specification: sums, packed for tiles of `height` rows and `width` columns. `last` and `cosine` do not count:
    /// whoever has the sums completes them.
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
                    place.write(sum);
                }
            }
        }
    }
}

/// One step of the depth: the products of a packed element of each row with those of each column, added to the sums.
///
/// # Safety
///
/// Such elements must be readable at `queries` and `corpus`, which then go on to the next ones.
#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "through iterators, the compiler leaves sums in memory"
)]
unsafe fn step<A: Copy, V: Sums<A>, const ROWS: usize, const VECTORS: usize>(
    arch: A,
    sums: &mut [[V; VECTORS]; ROWS],
    queries: &mut *const V::Packed,
    corpus: &mut *const V::Packed,
) {
    let width = VECTORS * V::LANES;
    if V::AHEAD > 0 {
        V::prefetch(arch, queries.wrapping_add(V::AHEAD * ROWS).cast());
        for index in 0..VECTORS {
            let place = corpus.wrapping_add(V::AHEAD * width + index * V::LANES);
            V::prefetch(arch, place.cast());
        }
    }
    let mut right = [V::zero(arch); VECTORS];
    for index in 0..VECTORS {
        // SAFETY: the caller's promise on `corpus`.
        right[index] = unsafe { V::load(arch, corpus.add(index * V::LANES)) };
    }
    for row in 0..ROWS {
        // SAFETY: the caller's promise on `queries`.
        let left = V::splat(arch, unsafe { queries.add(row).read() });
        for index in 0..VECTORS {
            sums[row][index] = sums[row][index].add_products(left, right[index]);
        }
    }
    // SAFETY: the packed rows go on, or end, there.
    unsafe {
        *queries = queries.add(ROWS);
        *corpus = corpus.add(width);
    }
}

impl<P: Copy, S: Float> Tile<P, S> {
    /// Computes it, with registers of `V`, as `ROWS` rows of `VECTORS` registers.
    ///
    /// Each element is the chain of multiply-adds over the depth, in order, and at most one further addition, whatever
    /// the tile: results do not depend on where tiles begin and end.
    ///
    /// # Safety
    ///
    /// `queries` and `corpus` must be readable, packed for tiles of this shape; the part of the result that `rows` and
    /// `cols` say must be readable and writable, and nobody else may be reading or writing it.
    #[inline(always)]
    pub unsafe fn run<A: Copy, V, const ROWS: usize, const VECTORS: usize>(&self, arch: A)
    where
        V: Sums<A, Packed = P, Score = S>,
    {
        debug_assert!(ROWS * VECTORS * V::LANES <= MAX_TILE);
        let width = VECTORS * V::LANES;
        let whole = self.rows == ROWS && self.cols == width;
        let mut sums = [[V::zero(arch); VECTORS]; ROWS];
        let (mut queries, mut corpus) = (self.queries, self.corpus);
        // What is wanted later is asked for row by row: all of it at once would take all of the first cache's ways to the
        // others, and the packed rows would have to wait. The number of steps between is fixed, as a loop that ends after
        // another number of steps each time has its end guessed wrong.
        let mut ahead = self.ahead;
        let (mut left, mut row) = (self.depth, 0);
        while left >= STEPS {
            V::prefetch_later(arch, ahead.cast());
            V::prefetch_later(arch, ahead.wrapping_add(width - 1).cast());
            row += 1;
            ahead = ahead.wrapping_add(if row < ROWS { self.apart } else { 0 });
            for _ in 0..STEPS {
                // SAFETY: the caller's promise; as many steps are left.
                unsafe { step::<A, V, ROWS, VECTORS>(arch, &mut sums, &mut queries, &mut corpus) };
            }
            left -= STEPS;
        }
        for _ in 0..left {
            // SAFETY: as above.
            unsafe { step::<A, V, ROWS, VECTORS>(arch, &mut sums, &mut queries, &mut corpus) };
        }
        if whole {
            // SAFETY: the whole tile lies within the result, by the caller's promise.
            unsafe { self.put_all::<A, V, ROWS, VECTORS>(arch, sums, self.out, self.stride) };
        } else {
            let mut buffer = [S::ZERO; MAX_TILE];
            // SAFETY: the buffer has room for the tile; of the result, only what is within is touched.
            unsafe {
                self.copy::<true>(&mut buffer, width);
                self.put_all::<A, V, ROWS, VECTORS>(arch, sums, buffer.as_mut_ptr(), width);
                self.copy::<false>(&mut buffer, width);
            }
        }
    }

    /// Stores or adds the sums.
    ///
    /// # Safety
    ///
    /// A whole tile must be readable and writable at `out`; the rest as in [`Tile::run`].
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "as above")]
    unsafe fn put_all<A: Copy, V, const ROWS: usize, const VECTORS: usize>(
        &self,
        arch: A,
        mut sums: [[V; VECTORS]; ROWS],
        out: *mut S,
        stride: usize,
    ) where
        V: Sums<A, Packed = P, Score = S>,
    {
        let shape = (ROWS, VECTORS * V::LANES);
        if !self.first {
            for row in 0..ROWS {
                for index in 0..VECTORS {
                    let place = out.wrapping_add(row * stride + index * V::LANES);
                    // SAFETY: the caller's promise.
                    sums[row][index] = unsafe { sums[row][index].add_waiting(arch, place) };
                }
            }
        }
        for row in 0..ROWS {
            for index in 0..VECTORS {
                let (sum, col) = (sums[row][index], index * V::LANES);
                // SAFETY: the caller's promise.
                unsafe { sum.put(arch, self, shape, (row, col), out.add(row * stride + col)) };
            }
        }
        // SAFETY: the caller's promise.
        unsafe { V::complete(arch, self, shape, out, stride) };
    }

    /// Copies what lies within the result into a buffer of `width` columns, or back.
    ///
    /// # Safety
    ///
    /// The part of the result that `rows` and `cols` say must be readable and writable.
    #[inline(always)]
    unsafe fn copy<const INTO_BUFFER: bool>(&self, buffer: &mut [S; MAX_TILE], width: usize) {
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
