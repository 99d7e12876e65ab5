//! Large windows, patch by patch: the pixels in bins, by their value or by their rank, and a histogram that moves over them.

use super::histogram::Histograms;
use super::ordinal::Ordinal;
use super::pixel::Pixel;
use super::view::{Filter, Patch};
use crate::arch::{Arch, Kernel, Word};
use crate::room::Grow;
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// The least and the most rows and columns of a patch: about as many as the window has, so that what lies around it is not most
/// of the work. Bytes are not sorted, and need little memory.
const SIDES: [std::ops::RangeInclusive<usize>; 2] = [128..=512, 128..=512];
const SIDES_OF_BYTES: [std::ops::RangeInclusive<usize>; 2] = [512..=1024, 256..=512];

/// Memory of a thread's.
#[derive(Debug)]
struct Spare<K> {
    keys: Vec<K>,
    bins: Vec<u8>,
    ordinal: Ordinal<K>,
    histograms: Option<Histograms>,
    /// Of a row of medians: their bins, and their ranks in these.
    found: Vec<u8>,
    ranks: Vec<u32>,
}

/// Filters all images.
pub(super) fn filter<T: Pixel>(
    level: Level,
    filter: &Filter<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let sides = if T::Key::BITS == 8 {
        SIDES_OF_BYTES
    } else {
        SIDES
    };
    let side = |axis: usize| filter.window[axis].clamp(*sides[axis].start(), *sides[axis].end());
    let [rows, columns] = [0, 1].map(side);
    let across = filter.shape.width.div_ceil(columns);
    let down = filter.shape.height.div_ceil(rows);
    let make = || Spare::<T::Key> {
        keys: Vec::new(),
        bins: Vec::new(),
        ordinal: Ordinal::new(),
        histograms: None,
        found: crate::room::filled(0, columns),
        ranks: crate::room::filled(0, columns),
    };
    let pieces = filter.shape.images * across * down;
    team.for_each_asking(pieces, make, |spare, piece, ask| {
        let (image, within) = (piece / (across * down), piece % (across * down));
        let (row, column) = (within / across * rows, within % across * columns);
        Piece {
            level,
            filter,
            patch: Patch {
                image,
                row,
                column,
                rows: rows.min(filter.shape.height - row),
                columns: columns.min(filter.shape.width - column),
            },
            spare,
            ask,
        }
        .at(level);
    })
}

struct Piece<'a, T: Pixel> {
    level: Level,
    filter: &'a Filter<'a, T>,
    patch: Patch,
    spare: &'a mut Spare<T::Key>,
    ask: &'a dyn Fn() -> bool,
}

impl<T: Pixel> Kernel for Piece<'_, T> {
    type Output = ();

    fn scalar(self) {
        self.piece();
    }

    /// There are no registers in it: that the compiler finds the loops is what the level is for.
    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        self.piece();
    }
}

impl<T: Pixel> Piece<'_, T> {
    #[inline(always)]
    fn piece(self) {
        let Self {
            level,
            filter,
            patch,
            spare,
            ask,
        } = self;
        let [height, width] = filter.window;
        let (rows, columns) = (patch.rows + height - 1, patch.columns + width - 1);
        spare
            .keys
            .room((rows * columns).saturating_sub(spare.keys.len()));
        spare
            .bins
            .room((rows * columns).saturating_sub(spare.bins.len()));
        spare.keys.resize(rows * columns, T::Key::default());
        spare.bins.resize(rows * columns, 0);
        let from = filter.columns(patch, columns);
        for (row, keys) in spare.keys.chunks_exact_mut(columns).enumerate() {
            filter.take(patch, row, &from, keys);
        }
        // A byte is its own bin.
        let bytes = T::Key::BITS == 8;
        if bytes {
            for (bin, key) in spare.bins.iter_mut().zip(&spare.keys) {
                *bin = key.to_u64() as u8;
            }
        } else {
            spare.ordinal.sort(&spare.keys, columns, &mut spare.bins);
        }
        let histograms = match &mut spare.histograms {
            Some(histograms) if histograms.len() == columns => {
                histograms.clear();
                histograms
            }
            other => other.insert(Histograms::new(columns, filter.window)),
        };
        for line in spare.bins.chunks_exact(columns).take(height - 1) {
            histograms.change(level, line, None);
        }
        let rank = filter.rank();
        let found = &mut spare.found[..patch.columns];
        let ranks = &mut spare.ranks[..patch.columns];
        for row in 0..patch.rows {
            if ask() {
                return;
            }
            let line = |row: usize| &spare.bins[row * columns..][..columns];
            let old = row.checked_sub(1).map(line);
            histograms.change(level, line(row + height - 1), old);
            let results = filter.results(patch, row);
            if bytes {
                histograms.find(level, rank, found, None);
                for (column, bin) in found.iter().enumerate() {
                    let key = T::Key::from_u64(u64::from(*bin));
                    // SAFETY: the row of results has as many pixels as the patch has columns.
                    unsafe { results.add(column).write(T::from_key(key)) };
                }
            } else {
                histograms.find(level, rank, found, Some(ranks));
                for (column, (bin, rank)) in found.iter().zip(&*ranks).enumerate() {
                    let (bin, rank) = (usize::from(*bin), *rank as usize);
                    let key = spare.ordinal.find(bin, rank, [row, column], filter.window);
                    // SAFETY: the row of results has as many pixels as the patch has columns.
                    unsafe { results.add(column).write(T::from_key(key)) };
                }
            }
        }
    }
}
