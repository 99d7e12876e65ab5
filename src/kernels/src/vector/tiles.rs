//! Packed rows against packed rows: the tiles of a block of the result.

use std::marker::PhantomData;

use crate::Float;
use crate::arch::bytes::{ByteKernel, Dots, Layout};
use crate::arch::{Arch, Kernel, Tile};

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
        (4, 4)
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> (usize, usize) {
        T::shape::<A>()
    }
}

/// The tiles of a block, for one range of columns of the factors.
pub struct Tiles<'a, P, S> {
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
        Tile {
            depth: self.depth,
            queries: self.queries[top * self.step..][..height * self.step].as_ptr(),
            corpus: self.corpus[left * self.step..][..width * self.step].as_ptr(),
            out: self.out.wrapping_add(top * self.stride + left),
            stride: self.stride,
            rows: height.min(self.rows - top),
            cols: width.min(self.cols - left),
            first: self.first,
            last: self.last,
            cosine: self.cosine,
        }
    }
}

impl<T: Float> Kernel for &Tiles<'_, T, T> {
    type Output = ();

    fn scalar(self) {
        let (height, width) = (4, 4);
        for left in (0..self.cols).step_by(width) {
            for top in (0..self.rows).step_by(height) {
                // SAFETY: the packed rows are there in full; the block is this one's alone.
                unsafe { self.tile((height, width), top, left).scalar(height, width) };
            }
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        let shape = T::shape::<A>();
        for left in (0..self.cols).step_by(shape.1) {
            for top in (0..self.rows).step_by(shape.0) {
                // SAFETY: as in `scalar`.
                unsafe { T::tile(arch, &self.tile(shape, top, left)) };
            }
        }
    }
}

impl ByteKernel for &Tiles<'_, u32, f32> {
    type Output = ();

    fn scalar(self) {
        let shape = Layout::SCALAR.shape;
        for left in (0..self.cols).step_by(shape.1) {
            for top in (0..self.rows).step_by(shape.0) {
                // SAFETY: as above.
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
