//! The window of 3 by 3: neighbouring pixels in the lanes of a register, each column sorted once for the three windows that it
//! is in.
//!
//! Of three sorted columns the median is that of three: of the largest low one, the median of the middle ones, and the smallest
//! high one.

use super::pixel::Pixel;
use super::view::{Filter, Patch};
use crate::arch::{Arch, Kernel, Order, Word};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// The window that this is for.
pub(super) const WINDOW: [usize; 2] = [3, 3];

/// Rows and columns of a patch: what is done for its border is little, and its rows stay in the innermost cache.
const HIGH: usize = 128;
const WIDE: usize = 2048;

/// More lanes than any register has.
const MOST: usize = 64;

/// Keys of a row in memory: of a patch with its border, up to a whole register's, and one more.
const LENGTH: usize = WIDE + 2 * MOST;

/// Memory of a thread's: three rows, their columns sorted, a row of results.
#[derive(Debug)]
struct Spare<K> {
    rows: [Vec<K>; 3],
    sorted: [Vec<K>; 3],
    results: Vec<K>,
}

/// Filters all images.
pub(super) fn filter<T: Pixel>(
    level: Level,
    filter: &Filter<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    assert_eq!(filter.window, WINDOW);
    let across = filter.shape.width.div_ceil(WIDE);
    let down = filter.shape.height.div_ceil(HIGH);
    let row = || vec![T::Key::default(); LENGTH];
    let make = || Spare {
        rows: [row(), row(), row()],
        sorted: [row(), row(), row()],
        results: row(),
    };
    let pieces = filter.shape.images * across * down;
    team.for_each_with(pieces, make, |spare, piece| {
        let (image, within) = (piece / (across * down), piece % (across * down));
        let (row, column) = (within / across * HIGH, within % across * WIDE);
        Piece {
            filter,
            patch: Patch {
                image,
                row,
                column,
                rows: HIGH.min(filter.shape.height - row),
                columns: WIDE.min(filter.shape.width - column),
            },
            spare,
        }
        .at(level);
    })
}

struct Piece<'a, T: Pixel> {
    filter: &'a Filter<'a, T>,
    patch: Patch,
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
        let Self {
            filter,
            patch,
            spare,
        } = self;
        let Spare {
            rows,
            sorted,
            results,
        } = spare;
        let reach = patch.columns + 2;
        let columns = filter.columns(patch, reach);
        for row in 0..patch.rows + 2 {
            filter.take(patch, row, &columns, &mut rows[row % 3][..reach]);
            if row < 2 {
                continue;
            }
            sort::<A, L>(arch, rows, sorted, reach);
            medians::<A, L>(arch, sorted, results, patch.columns);
            let to = filter.results(patch, row - 2);
            for (index, key) in results[..patch.columns].iter().enumerate() {
                // SAFETY: the row of results has as many pixels as the patch has columns.
                unsafe { to.add(index).write(T::from_key(*key)) };
            }
        }
    }
}

/// Sorts `count` columns of three rows, in whatever order these are.
#[inline(always)]
fn sort<A: Copy, L: Order<A>>(
    arch: A,
    rows: &[Vec<L::Word>; 3],
    sorted: &mut [Vec<L::Word>; 3],
    count: usize,
) {
    let [a, b, c] = rows;
    let [low, middle, high] = sorted;
    for at in (0..count).step_by(L::COUNT) {
        let (first, second) = (load::<A, L>(arch, a, at), load::<A, L>(arch, b, at));
        let [lower, upper] = first.order(second);
        let [lowest, rest] = lower.order(load(arch, c, at));
        let [mid, highest] = rest.order(upper);
        store(lowest, low, at);
        store(mid, middle, at);
        store(highest, high, at);
    }
}

/// The medians of `count` windows, each of three sorted columns.
#[inline(always)]
fn medians<A: Copy, L: Order<A>>(
    arch: A,
    sorted: &[Vec<L::Word>; 3],
    results: &mut [L::Word],
    count: usize,
) {
    let [low, middle, high] = sorted;
    for at in (0..count).step_by(L::COUNT) {
        let lows = load::<A, L>(arch, low, at).upper(load(arch, low, at + 1));
        let lows = lows.upper(load(arch, low, at + 2));
        let highs = load::<A, L>(arch, high, at).lower(load(arch, high, at + 1));
        let highs = highs.lower(load(arch, high, at + 2));
        let middles = of_three::<A, L>(
            load(arch, middle, at),
            load(arch, middle, at + 1),
            load(arch, middle, at + 2),
        );
        store(of_three(lows, middles, highs), results, at);
    }
}

/// Lane by lane, the median of three.
#[inline(always)]
fn of_three<A, L: Order<A>>(a: L, b: L, c: L) -> L {
    let [lower, upper] = a.order(b);
    lower.upper(upper.lower(c))
}

#[inline(always)]
fn load<A: Copy, L: Order<A>>(arch: A, row: &[L::Word], at: usize) -> L {
    let row = &row[at..at + L::COUNT];
    // SAFETY: the slice has as many words.
    unsafe { L::load(arch, row.as_ptr()) }
}

#[inline(always)]
fn store<A, L: Order<A>>(register: L, row: &mut [L::Word], at: usize) {
    let row = &mut row[at..at + L::COUNT];
    // SAFETY: the slice has as many words.
    unsafe { register.store(row.as_mut_ptr()) };
}
