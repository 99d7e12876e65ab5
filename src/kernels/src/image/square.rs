//! The windows of 3 by 3 and 5 by 5: neighbouring pixels in the lanes of a register, their columns sorted, and the median found
//! among these by a network of minima and maxima that is compiled.
//!
//! Pixels that are their own keys are loaded from the image, row by row, and results stored where they belong; others are
//! taken as keys first, and so are rows that are shorter than a register. An image that is larger than the caches is as much
//! work to load and store as it is to filter: while one row is done the next one is asked for.

use super::pixel::Pixel;
use super::view::{Filter, Patch};
use crate::arch::{Arch, Kernel, Order, Word, prefetch};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// Rows of a patch: what is done for its border is little.
const HIGH: usize = 128;

/// The fewest columns of a patch of an image that has more.
const NARROW: usize = 1024;

/// More lanes than any register has.
const MOST: usize = 64;

/// A network for windows of `N` by `N`, `N` odd.
pub(super) trait Square<const N: usize> {
    /// Whether sorted columns are kept for all windows that they are in.
    const KEPT: bool;
    /// Bytes of a row of a patch.
    const WIDE: usize;

    /// Sorts the pixels of a column.
    fn sort<A, L: Order<A>>(column: [L; N]) -> [L; N];

    /// The median of a window: of the lowest pixels of its columns, of the second lowest, and so on.
    fn median<A, L: Order<A>>(sorted: [[L; N]; N]) -> L;
}

/// Room for a column of a patch with its borders, and a register more.
const EDGE: usize = HIGH + 2 * MOST;

/// Memory of a thread's: as many rows as a window has, their columns sorted, a row of results; a row of what stands beyond the
/// border, and some columns.
#[derive(Debug)]
struct Spare<K, const N: usize> {
    rows: [Vec<K>; N],
    sorted: [Vec<K>; N],
    results: Vec<K>,
    outside: Vec<K>,
    edge: Vec<K>,
}

/// Filters all images.
pub(super) fn filter<T: Pixel, S: Square<N>, const N: usize>(
    level: Level,
    filter: &Filter<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    assert_eq!(filter.window, [N; 2]);
    let wide = (S::WIDE / size_of::<T::Key>()).max(NARROW);
    let across = filter.shape.width.div_ceil(wide);
    let down = filter.shape.height.div_ceil(HIGH);
    let length = (wide.min(filter.shape.width) + N - 1 + MOST).max(EDGE);
    let row = |key: T::Key| crate::room::filled(key, length);
    let rows = || [(); N].map(|()| row(T::Key::default()));
    let make = || Spare {
        rows: rows(),
        sorted: rows(),
        results: row(T::Key::default()),
        outside: row(filter.outside),
        edge: crate::room::filled(T::Key::default(), (N / 2 + N - 1) * EDGE),
    };
    let pieces = filter.shape.images * across * down;
    team.for_each_with(pieces, make, |spare, piece| {
        let (image, within) = (piece / (across * down), piece % (across * down));
        let (row, column) = (within / across * HIGH, within % across * wide);
        Piece {
            filter,
            patch: Patch {
                image,
                row,
                column,
                rows: HIGH.min(filter.shape.height - row),
                columns: wide.min(filter.shape.width - column),
            },
            spare,
            network: std::marker::PhantomData::<S>,
        }
        .at(level);
    })
}

struct Piece<'a, T: Pixel, S, const N: usize> {
    filter: &'a Filter<'a, T>,
    patch: Patch,
    spare: &'a mut Spare<T::Key, N>,
    network: std::marker::PhantomData<S>,
}

impl<T: Pixel, S: Square<N>, const N: usize> Kernel for Piece<'_, T, S, N> {
    type Output = ();

    fn scalar(self) {
        self.piece::<(), <T::Key as Word>::One>(());
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        self.piece::<A, <T::Key as Word>::Lanes<A>>(arch);
    }
}

impl<T: Pixel, S: Square<N>, const N: usize> Piece<'_, T, S, N> {
    #[inline(always)]
    fn piece<A: Copy, L: Order<A, Word = T::Key>>(self, arch: A) {
        // A register of windows lies between the borders.
        if T::SAME && self.patch.columns >= L::COUNT + N - 1 {
            self.in_place::<A, L>(arch);
        } else {
            self.taken::<A, L>(arch);
        }
    }

    /// By way of rows of keys.
    #[inline(always)]
    fn taken<A: Copy, L: Order<A, Word = T::Key>>(self, arch: A) {
        let Self {
            filter,
            patch,
            spare,
            ..
        } = self;
        let Spare {
            rows,
            sorted,
            results,
            ..
        } = spare;
        let reach = patch.columns + N - 1;
        assert!(
            rows.iter()
                .chain(&*sorted)
                .chain([&*results])
                .all(|row| reach + MOST <= row.len())
        );
        let columns = filter.columns(patch, reach);
        for row in 0..patch.rows + N - 1 {
            filter.take(patch, row, &columns, &mut rows[row % N][..reach]);
            if row < N - 1 {
                continue;
            }
            let from = rows.each_ref().map(Vec::as_ptr);
            let to = results.as_mut_ptr();
            // SAFETY: all rows are that long, and a register more.
            unsafe {
                if S::KEPT {
                    let kept = sorted.each_mut().map(Vec::as_mut_ptr);
                    let steps = Steps::over(reach);
                    sort::<A, L, S, N>(arch, from, kept, steps, from[0]);
                    let (kept, steps) =
                        (kept.map(<*mut _>::cast_const), Steps::over(patch.columns));
                    medians::<A, L, S, N>(arch, kept, to, steps, to);
                } else {
                    let steps = Steps::over(patch.columns);
                    windows::<A, L, S, N>(arch, from, to, steps, [from[0], to]);
                }
            }
            let to = filter.results(patch, row + 1 - N);
            for (index, key) in results[..patch.columns].iter().enumerate() {
                // SAFETY: the row of results has as many pixels as the patch has columns.
                unsafe { to.add(index).write(T::from_key(*key)) };
            }
        }
    }

    /// From row to row of the image.
    #[inline(always)]
    fn in_place<A: Copy, L: Order<A, Word = T::Key>>(mut self, arch: A) {
        let (patch, filter) = (self.patch, self.filter);
        let [height, width] = [filter.shape.height, filter.shape.width];
        let before = N / 2;
        // The columns of the patch whose windows lie between the borders, and where the first of these begins.
        let first = before.saturating_sub(patch.column);
        let last = (width - before).min(patch.column + patch.columns) - patch.column;
        let start = patch.column + first - before;
        let (count, reach) = (last - first, last - first + N - 1);
        let Spare {
            sorted, outside, ..
        } = &mut *self.spare;
        assert!(count >= L::COUNT && reach <= outside.len());
        assert!(sorted.iter().all(|row| reach <= row.len()));
        // A row of pixels: they are their own keys.
        let pixels = |row: usize| {
            let line = filter
                .mode
                .source((patch.row + row) as i64 - before as i64, height);
            line.map_or(outside.as_ptr(), |line| {
                let start = (patch.image * height + line) * width + start;
                filter.source.range(start..start + reach).as_ptr().cast()
            })
        };
        for row in 0..patch.rows {
            let from: [_; N] = std::array::from_fn(|number| pixels(row + number));
            let to = filter.results(patch, row).cast::<T::Key>();
            let next = pixels(row + N);
            let next_to = to.wrapping_add(if row + 1 < patch.rows { width } else { 0 });
            // SAFETY: the rows are that long, and have at least a register of windows; so many of the results are the patch's.
            unsafe {
                let to = to.add(first);
                if S::KEPT {
                    let kept = sorted.each_mut().map(Vec::as_mut_ptr);
                    sort::<A, L, S, N>(arch, from, kept, Steps::within(reach), next);
                    let kept = kept.map(<*mut _>::cast_const);
                    let steps = Steps::aligned(count, to, L::COUNT);
                    medians::<A, L, S, N>(arch, kept, to, steps, next_to);
                } else {
                    let steps = Steps::aligned(count, to, L::COUNT);
                    windows::<A, L, S, N>(arch, from, to, steps, [next, next_to]);
                }
            }
        }
        self.edge::<A, L>(arch, 0..first);
        self.edge::<A, L>(arch, last..patch.columns);
    }

    /// Columns of the patch whose windows reach beyond the border: their pixels are taken column by column, and neighbours in a
    /// column are in the lanes.
    #[inline(always)]
    fn edge<A: Copy, L: Order<A, Word = T::Key>>(&mut self, arch: A, at: std::ops::Range<usize>) {
        if at.is_empty() {
            return;
        }
        let (patch, filter) = (self.patch, self.filter);
        let [height, width] = [filter.shape.height, filter.shape.width];
        let (before, reach) = ((N / 2) as i64, patch.rows + N - 1);
        let Spare { edge, results, .. } = &mut *self.spare;
        let count = at.len() + N - 1;
        assert!(count * EDGE <= edge.len() && reach + MOST <= EDGE && EDGE <= results.len());
        let first = (patch.column + at.start) as i64 - before;
        let columns: Vec<_> = (first..first + count as i64)
            .map(|column| filter.mode.source(column, width))
            .collect();
        for row in 0..reach {
            let line = filter
                .mode
                .source((patch.row + row) as i64 - before, height);
            let pixels = line.map(|line| {
                let start = (patch.image * height + line) * width;
                filter.source.range(start..start + width).as_ptr()
            });
            for (column, keys) in columns.iter().zip(edge.chunks_exact_mut(EDGE)) {
                keys[row] = match (pixels, column) {
                    // SAFETY: the row has as many pixels as the image has columns, and the column is one of them.
                    (Some(pixels), Some(column)) => unsafe { pixels.add(*column).read() }.key(),
                    _ => filter.outside,
                };
            }
        }
        for (number, column) in at.enumerate() {
            // SAFETY: each column is that long, and a register more, and so are the results.
            unsafe {
                let from = std::array::from_fn(|right| edge.as_ptr().add((number + right) * EDGE));
                let to = results.as_mut_ptr();
                windows::<A, L, S, N>(arch, from, to, Steps::over(patch.rows), [from[0], to]);
            }
            for (row, key) in results[..patch.rows].iter().enumerate() {
                // SAFETY: the patch has this column.
                unsafe {
                    filter
                        .results(patch, row)
                        .add(column)
                        .write(T::from_key(*key));
                }
            }
        }
    }
}

/// The places where registers begin that cover a row.
#[derive(Clone, Copy)]
struct Steps {
    count: usize,
    /// Whether no register may reach beyond the row.
    within: bool,
    /// Lanes of the first register that the second one leaves alone, if that is less than all.
    first: usize,
}

impl Steps {
    /// As many registers as it takes, the last one beyond the row if need be.
    fn over(count: usize) -> Self {
        Self {
            count,
            within: false,
            first: usize::MAX,
        }
    }

    /// For a row of a register or more: the last one is put where the row ends.
    fn within(count: usize) -> Self {
        Self {
            count,
            within: true,
            first: usize::MAX,
        }
    }

    /// The same for results that go to `to`: all registers but the first and the last are stored to whole cache lines, or parts
    /// of one, which takes half the time.
    fn aligned<K>(count: usize, to: *const K, lanes: usize) -> Self {
        Self {
            first: lanes - to.addr() / size_of::<K>() % lanes,
            ..Self::within(count)
        }
    }

    /// The place after `at`, where lanes are left.
    #[inline(always)]
    fn next(self, at: usize, lanes: usize) -> Option<usize> {
        let next = if at == 0 {
            lanes.min(self.first)
        } else {
            at + lanes
        };
        if at + lanes >= self.count {
            None
        } else if self.within {
            Some(next.min(self.count - lanes))
        } else {
            Some(next)
        }
    }
}

/// Sorts columns of `N` rows, in whatever order these are.
///
/// # Safety
///
/// The rows must be readable, and writable those that they go to, where the steps' registers are.
#[inline(always)]
unsafe fn sort<A: Copy, L: Order<A>, S: Square<N>, const N: usize>(
    arch: A,
    rows: [*const L::Word; N],
    sorted: [*mut L::Word; N],
    steps: Steps,
    next: *const L::Word,
) {
    let mut place = Some(0);
    while let Some(at) = place {
        prefetch(next.wrapping_add(at));
        // SAFETY: the caller's promise.
        unsafe {
            let mut column = [L::load(arch, rows[0].add(at)); N];
            for row in 1..N {
                column[row] = L::load(arch, rows[row].add(at));
            }
            let column = S::sort(column);
            for row in 0..N {
                column[row].store(sorted[row].add(at));
            }
        }
        place = steps.next(at, L::COUNT);
    }
}

/// The medians of windows of sorted columns.
///
/// # Safety
///
/// The rows must be readable where the steps' registers are, and up to `N` - 1 further on, and the results writable.
#[inline(always)]
unsafe fn medians<A: Copy, L: Order<A>, S: Square<N>, const N: usize>(
    arch: A,
    sorted: [*const L::Word; N],
    results: *mut L::Word,
    steps: Steps,
    next: *const L::Word,
) {
    let mut place = Some(0);
    while let Some(at) = place {
        prefetch(next.wrapping_add(at));
        // SAFETY: the caller's promise.
        unsafe {
            let window = window::<A, L, N>(arch, sorted, at);
            S::median(window).store(results.add(at));
        }
        place = steps.next(at, L::COUNT);
    }
}

/// The medians of windows of columns that are not sorted yet.
///
/// # Safety
///
/// As [`medians`].
#[expect(
    clippy::needless_range_loop,
    reason = "an iterator over registers is not always inlined, and then compiled without the instruction set"
)]
#[inline(always)]
unsafe fn windows<A: Copy, L: Order<A>, S: Square<N>, const N: usize>(
    arch: A,
    rows: [*const L::Word; N],
    results: *mut L::Word,
    steps: Steps,
    next: [*const L::Word; 2],
) {
    let mut place = Some(0);
    while let Some(at) = place {
        prefetch(next[0].wrapping_add(at));
        prefetch(next[1].wrapping_add(at));
        // SAFETY: the caller's promise.
        unsafe {
            let mut window = window::<A, L, N>(arch, rows, at);
            for right in 0..N {
                let mut column = [window[0][right]; N];
                for row in 1..N {
                    column[row] = window[row][right];
                }
                let column = S::sort(column);
                for row in 0..N {
                    window[row][right] = column[row];
                }
            }
            S::median(window).store(results.add(at));
        }
        place = steps.next(at, L::COUNT);
    }
}

/// Of each row, the registers from `N` neighbouring places on.
///
/// # Safety
///
/// They must be readable.
#[expect(clippy::needless_range_loop, reason = "as above")]
#[inline(always)]
unsafe fn window<A: Copy, L: Order<A>, const N: usize>(
    arch: A,
    rows: [*const L::Word; N],
    at: usize,
) -> [[L; N]; N] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut window = [[L::load(arch, rows[0].add(at)); N]; N];
        for row in 0..N {
            for right in 0..N {
                window[row][right] = L::load(arch, rows[row].add(at + right));
            }
        }
        window
    }
}
