//! The windows of 3 by 3 and 5 by 5: neighbouring pixels in the lanes of a register, their columns sorted, and the median found
//! among these by a network of minima and maxima that is compiled.
//!
//! Pixels that are their own keys are loaded from the image, row by row, and results stored where they belong; others are
//! taken as keys first, and so are rows that are shorter than a register. An image that is larger than the caches is as much
//! work to load and store as it is to filter: while one row is done the next one is asked for.

use super::pixel::Pixel;
use super::view::{Filter, Patch};
use crate::arch::{Arch, Kernel, Lanes, Order, Word, prefetch};
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

/// Memory of a thread's: as many rows as a window has, their columns sorted, a row of results; a row of what stands beyond the
/// border.
#[derive(Debug)]
struct Spare<K, const N: usize> {
    rows: [Vec<K>; N],
    sorted: [Vec<K>; N],
    results: Vec<K>,
    outside: Vec<K>,
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
    let length = wide.min(filter.shape.width) + N - 1 + MOST;
    let row = |key: T::Key| vec![key; length];
    let rows = || [(); N].map(|()| row(T::Key::default()));
    let make = || Spare {
        rows: rows(),
        sorted: rows(),
        results: row(T::Key::default()),
        outside: row(filter.outside),
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
            let from = rows.each_ref().map(|row| row.as_ptr());
            let to = results.as_mut_ptr();
            // SAFETY: all rows are that long, and a register more.
            unsafe {
                if S::KEPT {
                    let kept = sorted.each_mut().map(|row| row.as_mut_ptr());
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
    fn in_place<A: Copy, L: Order<A, Word = T::Key>>(self, arch: A) {
        let Self {
            filter,
            patch,
            spare,
            ..
        } = self;
        let Spare {
            sorted, outside, ..
        } = spare;
        let [height, width] = [filter.shape.height, filter.shape.width];
        let before = N / 2;
        // The columns that windows reach, from the first one on, and those of them that are in the image.
        let reach = patch.columns + N - 1;
        let first = before.saturating_sub(patch.column);
        let start = patch.column + first - before;
        let inside = (patch.column + patch.columns + before).min(width) - start;
        let last = first + inside;
        assert!(inside >= L::COUNT && inside <= outside.len());
        assert!(sorted.iter().all(|row| reach + MOST <= row.len()));
        let source = |line: usize| {
            let line = (patch.image * height + line) * width;
            filter.source.range(line..line + width)
        };
        // The pixels of a column beyond the border, sorted.
        let beyond = |lines: &[Option<usize>; N], column: usize| {
            let column = (patch.column + column) as i64 - before as i64;
            let column = filter.mode.source(column, width);
            let keys = lines.map(|line| {
                let place = line.zip(column);
                place.map_or(filter.outside, |(line, column)| {
                    source(line).read(column).key()
                })
            });
            // SAFETY: one key is there to be loaded.
            S::sort(keys.map(|key| unsafe { <T::Key as Word>::One::load((), &raw const key) }))
        };
        for row in 0..patch.rows {
            let line = |number: usize| {
                let line = (patch.row + row + number) as i64 - before as i64;
                filter.mode.source(line, height)
            };
            let lines: [_; N] = std::array::from_fn(line);
            let pointer = |line: Option<usize>| {
                line.map_or(outside.as_ptr(), |line| {
                    source(line).range(start..start + inside).as_ptr().cast()
                })
            };
            let from = lines.map(pointer);
            let to = filter.results(patch, row).cast::<T::Key>();
            let next = pointer(line(N));
            let next_to = to.wrapping_add(if row + 1 < patch.rows { width } else { 0 });
            // SAFETY: each row of the image has the columns inside, and these are at least a register; the patch's are too; the
            // rows that are kept are that long, and a register more. Pixels are their own keys.
            unsafe {
                if S::KEPT {
                    let kept = sorted.each_mut().map(|row| row.as_mut_ptr());
                    let steps = Steps::within(inside);
                    sort::<A, L, S, N>(arch, from, kept.map(|row| row.add(first)), steps, next);
                    for column in (0..first).chain(last..reach) {
                        for (row, key) in kept.iter().zip(beyond(&lines, column)) {
                            key.store(row.add(column));
                        }
                    }
                    let kept = kept.map(<*mut _>::cast_const);
                    let steps = Steps::within(patch.columns);
                    medians::<A, L, S, N>(arch, kept, to, steps, next_to);
                } else {
                    let steps = Steps::within(inside + 1 - N);
                    windows::<A, L, S, N>(arch, from, to.add(first), steps, [next, next_to]);
                    // The windows that reach beyond the border.
                    for column in (0..first).chain(last + 1 - N..patch.columns) {
                        let sorted: [_; N] =
                            std::array::from_fn(|right| beyond(&lines, column + right));
                        let ranks = std::array::from_fn(|rank| sorted.map(|column| column[rank]));
                        S::median(ranks).store(to.add(column));
                    }
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
}

impl Steps {
    fn over(count: usize) -> Self {
        Self {
            count,
            within: false,
        }
    }

    fn within(count: usize) -> Self {
        Self {
            count,
            within: true,
        }
    }

    /// The place after `at`, where lanes are left; the last register is put where the row ends, some lanes twice.
    #[inline(always)]
    fn next(self, at: usize, lanes: usize) -> Option<usize> {
        let next = at + lanes;
        if next >= self.count {
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
