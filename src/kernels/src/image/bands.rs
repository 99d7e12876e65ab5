//! Small windows: the image in bands of tiles, a tile in each lane of a register, all through one program.
//!
//! Neighbouring lanes have neighbouring tiles. So that a pixel of each is one load, a row is kept as its columns in turn: first
//! every column that is a tile's first, then every second one, and so on. Where the image is narrower than the lanes are
//! many, several bands lie beside each other in the same registers.

use std::sync::Arc;

use super::pixel::Pixel;
use super::program::{Line, Program};
use super::view::{Filter, Patch};
use crate::arch::{Arch, Kernel, Lanes, Order, Word};
use crate::room::filled;
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// Columns of a patch, about; its rows with their borders stay near the core.
const WIDEST: usize = 1024;
/// Rows of a patch of bytes, and of any at least: the more there are, the fewer are taken twice.
const HIGH: usize = 128;
const LEAST: usize = 32;

/// How the images are cut.
#[derive(Debug)]
struct Plan {
    program: Arc<Program>,
    /// Tiles that a patch has in a row, and rows of them.
    tiles: usize,
    bands: usize,
    /// Patches across an image and down.
    across: usize,
    down: usize,
    /// Patches of one piece of work, and lanes from one to the next.
    group: usize,
    apart: usize,
    /// Keys of a row of all patches, for each column of a tile.
    length: usize,
    lanes: usize,
}

/// Memory of a thread's.
#[derive(Debug)]
struct Spare<K> {
    lines: Vec<Line>,
    row: Vec<K>,
    keys: Vec<K>,
    results: Vec<K>,
}

/// Filters all images with a program for tiles of that many rows and columns.
pub(super) fn filter<T: Pixel>(
    level: Level,
    filter: &Filter<'_, T>,
    tile: [usize; 2],
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let lanes = Count::<T>::lanes(level);
    let program = Program::get(filter.window, tile, lanes * size_of::<T::Key>());
    let plan = Plan::new(filter, program, lanes);
    let patches = filter.shape.images * plan.across * plan.down;
    let none = T::Key::default();
    let make = || Spare {
        lines: filled(Line::EMPTY, plan.program.lines()),
        row: filled(none, plan.apart * tile[1]),
        keys: filled(none, plan.keys()),
        results: filled(none, plan.bands * tile[0] * tile[1] * plan.results()),
    };
    team.for_each_with(patches.div_ceil(plan.group), make, |spare, piece| {
        let first = piece * plan.group;
        Piece {
            plan: &plan,
            filter,
            patches: first..(first + plan.group).min(patches),
            spare,
        }
        .at(level);
    })
}

impl Plan {
    fn new<T: Pixel>(filter: &Filter<'_, T>, program: Arc<Program>, lanes: usize) -> Self {
        let ([tile_rows, tile_columns], window) = (program.tile(), filter.window);
        let [height, width] = [filter.shape.height, filter.shape.width];
        let across = width.div_ceil(WIDEST);
        let mut tiles = width.div_ceil(across).div_ceil(tile_columns);
        if across > 1 {
            tiles = tiles.next_multiple_of(lanes);
        }
        let across = width.div_ceil(tiles * tile_columns);
        let rows = (HIGH / size_of::<T::Key>()).max(LEAST).max(window[0]);
        let bands = rows.min(height).div_ceil(tile_rows);
        let beyond = (tile_columns + window[1] - 2) / tile_columns;
        let apart = tiles + beyond;
        let group = if tiles < lanes {
            (lanes - tiles) / apart + 1
        } else {
            1
        };
        let length = ((group - 1) * apart + tiles).next_multiple_of(lanes) + beyond;
        Self {
            program,
            tiles,
            bands,
            across,
            down: height.div_ceil(bands * tile_rows),
            group,
            apart,
            length: length.max(group * apart),
            lanes,
        }
    }

    /// Keys of a piece.
    fn keys(&self) -> usize {
        let [tile_rows, tile_columns] = self.program.tile();
        let rows = self.program.inputs().iter().map(|[row, _]| row + 1).max();
        ((self.bands - 1) * tile_rows + rows.unwrap_or(0)) * tile_columns * self.length
    }

    /// Results of a row for each column of a tile.
    fn results(&self) -> usize {
        self.length.next_multiple_of(self.lanes)
    }

    /// The patch of that number.
    fn patch<T: Pixel>(&self, filter: &Filter<'_, T>, number: usize) -> Patch {
        let [tile_rows, tile_columns] = self.program.tile();
        let (rows, columns) = (self.bands * tile_rows, self.tiles * tile_columns);
        let (image, within) = (
            number / (self.across * self.down),
            number % (self.across * self.down),
        );
        let (row, column) = (within / self.across * rows, within % self.across * columns);
        Patch {
            image,
            row,
            column,
            rows: rows.min(filter.shape.height - row),
            columns: columns.min(filter.shape.width - column),
        }
    }
}

/// How many lanes a register has for a type of pixel.
struct Count<T>(std::marker::PhantomData<T>);

impl<T: Pixel> Count<T> {
    fn lanes(level: Level) -> usize {
        Self(std::marker::PhantomData).at(level)
    }
}

impl<T: Pixel> Kernel for Count<T> {
    type Output = usize;

    fn scalar(self) -> usize {
        1
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) -> usize {
        <T::Key as Word>::Lanes::<A>::COUNT
    }
}

/// Some patches, side by side.
struct Piece<'a, T: Pixel> {
    plan: &'a Plan,
    filter: &'a Filter<'a, T>,
    patches: std::ops::Range<usize>,
    spare: &'a mut Spare<T::Key>,
}

impl<T: Pixel> Kernel for Piece<'_, T> {
    type Output = ();

    fn scalar(self) {
        self.piece::<(), <T::Key as Word>::One>(());
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        self.piece::<A, <T::Key as Word>::Lanes<A>>(arch);
    }
}

impl<T: Pixel> Piece<'_, T> {
    #[inline(always)]
    fn piece<A: Copy, L: Order<A, Word = T::Key>>(self, arch: A) {
        assert_eq!(self.plan.lanes, L::COUNT);
        match self.plan.program.tile()[1] {
            1 => self.tiles::<A, L, 1>(arch),
            2 => self.tiles::<A, L, 2>(arch),
            4 => self.tiles::<A, L, 4>(arch),
            8 => self.tiles::<A, L, 8>(arch),
            other => unreachable!("tiles of {other} columns"),
        }
    }

    /// Tiles of `N` columns.
    #[inline(always)]
    fn tiles<A: Copy, L: Order<A, Word = T::Key>, const N: usize>(self, arch: A) {
        let Self {
            plan,
            filter,
            patches,
            spare,
        } = self;
        let program = &*plan.program;
        let tile_rows = program.tile()[0];
        let (row_length, result_length) = (N * plan.length, plan.results());
        let mut highest = 0;
        for (number, index) in patches.clone().enumerate() {
            let patch = plan.patch(filter, index);
            highest = highest.max(patch.rows);
            let columns = filter.columns(patch, plan.apart * N);
            for row in 0..patch.rows + filter.window[0] - 1 {
                filter.take(patch, row, &columns, &mut spare.row);
                let to = &mut spare.keys[row * row_length..][..row_length];
                apart::<_, N>(&spare.row, to, plan.length, number * plan.apart);
            }
        }
        let mut inputs = Vec::with_capacity(program.inputs().len());
        for &[row, column] in program.inputs() {
            inputs.push(row * row_length + column % N * plan.length + column / N);
        }
        let mut outputs = Vec::with_capacity(program.outputs().len());
        for &[row, column] in program.outputs() {
            outputs.push((row * N + column) * result_length);
        }
        let used = (patches.len() - 1) * plan.apart + plan.tiles;
        for band in 0..highest.div_ceil(tile_rows) {
            let keys = &spare.keys[band * tile_rows * row_length..];
            let results = &mut spare.results[band * tile_rows * N * result_length..];
            for lane in (0..used).step_by(L::COUNT) {
                // What the furthest input and output reach.
                assert!(
                    inputs
                        .iter()
                        .all(|from| from + lane + L::COUNT <= keys.len())
                );
                assert!(
                    outputs
                        .iter()
                        .all(|to| to + lane + L::COUNT <= results.len())
                );
                // SAFETY: as just seen.
                unsafe {
                    program.run::<A, L>(
                        arch,
                        &mut spare.lines,
                        keys.as_ptr().add(lane),
                        &inputs,
                        results.as_mut_ptr().add(lane),
                        &outputs,
                    );
                }
            }
        }
        for (number, index) in patches.enumerate() {
            let patch = plan.patch(filter, index);
            for row in 0..patch.rows {
                let from = &spare.results[row * N * result_length + number * plan.apart..];
                together::<T, N>(
                    from,
                    result_length,
                    filter.results(patch, row),
                    patch.columns,
                );
            }
        }
    }
}

/// Takes a row of keys apart: each `N`th goes to the same list, from `at` on.
#[inline(always)]
fn apart<K: Word, const N: usize>(row: &[K], to: &mut [K], length: usize, at: usize) {
    let count = row.len() / N;
    assert!(at + count <= length && N * length <= to.len());
    let from = row.as_ptr();
    for column in 0..N {
        // SAFETY: the list of this column lies within `to`, and has room for `count` keys from `at` on; the row has `N` times
        // as many.
        unsafe {
            let to = to.as_mut_ptr().add(column * length + at);
            match K::BITS * N {
                16 => u16::apart(from.cast(), to, count, column * K::BITS),
                32 => u32::apart(from.cast(), to, count, column * K::BITS),
                64 => u64::apart(from.cast(), to, count, column * K::BITS),
                _ => {
                    for index in 0..count {
                        to.add(index).write(from.add(index * N + column).read());
                    }
                }
            }
        }
    }
}

/// Puts `count` results together from `N` lists.
#[inline(always)]
fn together<T: Pixel, const N: usize>(from: &[T::Key], length: usize, to: *mut T, count: usize) {
    assert!((N - 1) * length + count.div_ceil(N) <= from.len());
    let whole = count / N;
    let lists = from.as_ptr();
    // SAFETY: the row of the image has `count` pixels, and the lists have as many keys.
    unsafe {
        // A pixel that is its own key, as many as make a word.
        match (T::SAME, T::Key::BITS * N) {
            (true, 16) => u16::together::<_, N>(lists, length, to.cast(), whole),
            (true, 32) => u32::together::<_, N>(lists, length, to.cast(), whole),
            (true, 64) => u64::together::<_, N>(lists, length, to.cast(), whole),
            _ => {
                for index in 0..whole {
                    for column in 0..N {
                        let key = lists.add(column * length + index).read();
                        to.add(index * N + column).write(T::from_key(key));
                    }
                }
            }
        }
        for column in 0..count % N {
            let key = lists.add(column * length + whole).read();
            to.add(whole * N + column).write(T::from_key(key));
        }
    }
}

/// Words of several keys: shifts of whole words are what compilers know to do in registers.
trait Keys: Sized {
    /// Takes the key at some bit of each of `count` words.
    ///
    /// # Safety
    ///
    /// So many words must be readable, and so many keys writable; the words need not be aligned.
    unsafe fn apart<K: Word>(from: *const Self, to: *mut K, count: usize, shift: usize);

    /// Makes `count` words of the keys of `N` lists.
    ///
    /// # Safety
    ///
    /// So many words must be writable, which need not be aligned, and so many keys readable in each list.
    unsafe fn together<K: Word, const N: usize>(
        from: *const K,
        length: usize,
        to: *mut Self,
        count: usize,
    );
}

macro_rules! keys {
    ($($word:ty),*) => {$(
        impl Keys for $word {
            #[inline(always)]
            #[allow(clippy::cast_lossless, reason = "u64 is one of the words")]
            unsafe fn apart<K: Word>(from: *const Self, to: *mut K, count: usize, shift: usize) {
                for index in 0..count {
                    // SAFETY: the caller's promise.
                    unsafe {
                        let word = Self::from_le(from.add(index).read_unaligned());
                        to.add(index).write(K::from_u64((word >> shift) as u64));
                    }
                }
            }

            #[inline(always)]
            unsafe fn together<K: Word, const N: usize>(
                from: *const K,
                length: usize,
                to: *mut Self,
                count: usize,
            ) {
                for index in 0..count {
                    let mut word = 0;
                    for column in 0..N {
                        // SAFETY: the caller's promise.
                        let key = unsafe { from.add(column * length + index).read() };
                        word |= (key.to_u64() as Self) << (column * K::BITS);
                    }
                    // SAFETY: the caller's promise.
                    unsafe { to.add(index).write_unaligned(word.to_le()) };
                }
            }
        }
    )*};
}
keys!(u16, u32, u64);
