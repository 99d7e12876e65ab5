//! Windows larger than the image: each pixel counts as often as the window comes upon it, beyond the borders too.
//!
//! What lies beyond the border is not looked at pixel by pixel: a window of any size takes as long as another. The pixels of
//! the image are sorted once; a row of windows counts each column's pixels in bins, as often as the rows occur; a window
//! adds the columns that come in and takes away the ones that go.

use std::ops::Range;

use super::border::Mode;
use super::histogram::BINS;
use super::ordinal::Ordinal;
use super::pixel::Pixel;
use super::view::{Filter, Patch};
use crate::arch::{Arch, Kernel, Word};
use crate::room::filled;
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// Bins of one column, or of a window.
type Bins = [u64; BINS];

/// Filters all images.
pub(super) fn filter<T: Pixel>(
    level: Level,
    filter: &Filter<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let shape = filter.shape;
    let whole = Patch {
        image: 0,
        row: 0,
        column: 0,
        rows: shape.height,
        columns: shape.width,
    };
    let mut keys = filled(T::Key::default(), shape.height * shape.width);
    let mut bins = filled(0, keys.len());
    let mut ordinal = Ordinal::new();
    for image in 0..shape.images {
        let patch = Patch { image, ..whole };
        for (row, keys) in keys.chunks_exact_mut(shape.width).enumerate() {
            filter.take_inside(patch, row, keys);
        }
        ordinal.sort(&keys, shape.width, &mut bins);
        let make = || filled([0; BINS], shape.width);
        team.for_each_asking(shape.height, make, |columns, row, ask| {
            Row {
                filter,
                patch,
                at: row,
                bins: &bins,
                ordinal: &ordinal,
                columns,
                ask,
            }
            .at(level);
        })?;
    }
    Ok(())
}

struct Row<'a, T: Pixel> {
    filter: &'a Filter<'a, T>,
    patch: Patch,
    /// Which row of the image.
    at: usize,
    bins: &'a [u8],
    ordinal: &'a Ordinal<T::Key>,
    columns: &'a mut [Bins],
    ask: &'a dyn Fn() -> bool,
}

impl<T: Pixel> Kernel for Row<'_, T> {
    type Output = ();

    fn scalar(self) {
        self.row();
    }

    /// There are no registers in it: that the compiler finds the loops is what the level is for.
    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        self.row();
    }
}

impl<T: Pixel> Row<'_, T> {
    #[inline(always)]
    fn row(self) {
        let Self {
            filter,
            patch,
            at: row,
            bins,
            ordinal,
            columns,
            ask,
        } = self;
        let [height, width] = [patch.rows, patch.columns];
        let mode = filter.mode;
        let along = |axis: usize, at: usize| {
            let first = at as i64 - filter.before()[axis];
            first..first + filter.window[axis] as i64
        };
        let mut rows = filled(0, height);
        let above = occurrences(mode, along(0, row), &mut rows);
        columns.fill([0; BINS]);
        for (line, &times) in bins.chunks_exact(width).zip(&rows) {
            if times > 0 {
                for (column, &bin) in columns.iter_mut().zip(line) {
                    column[usize::from(bin)] += times;
                }
            }
        }
        // What comes from beyond the border in `Mode::Constant`: all of the rows there, and these columns of the others.
        let seen: u64 = rows.iter().sum();
        let mut times = filled(0, width);
        let mut outside = occurrences(mode, along(1, 0), &mut times);
        let mut window: Bins = [0; BINS];
        for (column, &times) in columns.iter().zip(&times) {
            for (sum, count) in window.iter_mut().zip(column) {
                *sum += times * count;
            }
        }
        let rank = (filter.window[0] as u64 * filter.window[1] as u64) / 2;
        let results = filter.results(patch, row);
        for column in 0..width {
            if column % 256 == 0 && ask() {
                return;
            }
            if column > 0 {
                let Range { start, end } = along(1, column);
                match mode.source(end - 1, width) {
                    Some(new) => {
                        times[new] += 1;
                        for (sum, count) in window.iter_mut().zip(&columns[new]) {
                            *sum += count;
                        }
                    }
                    None => outside += 1,
                }
                match mode.source(start - 1, width) {
                    Some(old) => {
                        times[old] -= 1;
                        for (sum, count) in window.iter_mut().zip(&columns[old]) {
                            *sum -= count;
                        }
                    }
                    None => outside -= 1,
                }
            }
            let constant = above * filter.window[1] as u64 + seen * outside;
            let key = median(&window, rank, (filter.outside, constant), |bin, rank| {
                ordinal.find_weighted(bin, rank, &rows, &times)
            });
            // SAFETY: the row of results has as many pixels as the patch has columns.
            unsafe { results.add(column).write(T::from_key(key)) };
        }
    }
}

/// The key of a rank among the pixels in bins and a constant that occurs so many times. `find` gives the key of a rank within
/// a bin.
#[inline(always)]
fn median<K: Word>(
    window: &Bins,
    rank: u64,
    (constant, times): (K, u64),
    find: impl Fn(usize, u64) -> K,
) -> K {
    let at = |rank: u64| {
        let mut before = 0;
        for (bin, count) in window.iter().enumerate() {
            if rank < before + count {
                return find(bin, rank - before);
            }
            before += count;
        }
        K::from_u64(u64::MAX)
    };
    let inside: u64 = window.iter().sum();
    // Among all, the rank's pixel is the constant, if that stands between the pixel of the same rank inside, and the one of
    // the rank without all constants.
    let upper = if rank < inside {
        at(rank)
    } else {
        K::from_u64(u64::MAX)
    };
    if times == 0 || upper <= constant {
        return upper;
    }
    match rank.checked_sub(times) {
        Some(rank) => at(rank).max(constant),
        None => constant,
    }
}

/// Counts how often each place of a line occurs in a stretch of it and what lies beyond; returns how often none does.
fn occurrences(mode: Mode, stretch: Range<i64>, times: &mut [u64]) -> u64 {
    let len = times.len() as i64;
    let Range { mut start, mut end } = stretch;
    let mut none = 0;
    times.fill(0);
    if matches!(mode, Mode::Constant | Mode::Nearest) {
        let before = (end.min(0) - start).max(0) as u64;
        let after = (end - start.max(len)).max(0) as u64;
        if mode == Mode::Constant {
            none = before + after;
        } else {
            times[0] += before;
            times[times.len() - 1] += after;
        }
        (start, end) = (start.max(0), end.min(len));
    } else {
        let period = match mode {
            Mode::Reflect => 2 * len,
            Mode::Mirror => (2 * len - 2).max(1),
            _ => len,
        };
        let whole = (end - start) / period;
        for index in 0..period {
            if let Some(place) = mode.source(index, times.len()) {
                times[place] += whole as u64;
            }
        }
        start += whole * period;
    }
    for index in start..end {
        if let Some(place) = mode.source(index, times.len()) {
            times[place] += 1;
        }
    }
    none
}

#[cfg(test)]
mod tests {
    use super::{Mode, occurrences};

    #[test]
    fn occurrences_are_those_that_are_counted() {
        let modes = [
            Mode::Reflect,
            Mode::Constant,
            Mode::Nearest,
            Mode::Mirror,
            Mode::Wrap,
        ];
        for mode in modes {
            for len in 1..6_usize {
                for start in -20..20_i64 {
                    for end in start + 1..start + 40 {
                        let (mut expected, mut none) = (vec![0; len], 0);
                        for index in start..end {
                            match mode.source(index, len) {
                                Some(place) => expected[place] += 1,
                                None => none += 1,
                            }
                        }
                        let mut found = vec![9; len];
                        assert_eq!(occurrences(mode, start..end, &mut found), none);
                        assert_eq!(found, expected, "{mode:?} {len} {start}..{end}");
                    }
                }
            }
        }
    }
}
