//! Large windows, patch by patch: the pixels in bins, by their value or by their rank, and a histogram that moves over them.

use super::histogram::{Count, Histograms};
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
struct Spare<K, C> {
    keys: Vec<K>,
    bins: Vec<u8>,
    ordinal: Ordinal<K>,
    histograms: Option<Histograms<C>>,
}

/// Filters all images.
pub(super) fn filter<T: Pixel>(
    level: Level,
    filter: &Filter<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    if u16::try_from(filter.window[0] * filter.window[1]).is_ok() {
        counted::<T, u16>(level, filter, team)
    } else {
        counted::<T, u32>(level, filter, team)
    }
}

fn counted<T: Pixel, C: Count>(
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
    let make = || Spare::<T::Key, C> {
        keys: Vec::new(),
        bins: Vec::new(),
        ordinal: Ordinal::new(),
        histograms: None,
    };
    let pieces = filter.shape.images * across * down;
    team.for_each_asking(pieces, make, |spare, piece, ask| {
        let (image, within) = (piece / (across * down), piece % (across * down));
        let (row, column) = (within / across * rows, within % across * columns);
        Piece {
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

struct Piece<'a, T: Pixel, C> {
    filter: &'a Filter<'a, T>,
    patch: Patch,
    spare: &'a mut Spare<T::Key, C>,
    ask: &'a dyn Fn() -> bool,
}

impl<T: Pixel, C: Count> Kernel for Piece<'_, T, C> {
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

impl<T: Pixel, C: Count> Piece<'_, T, C> {
    #[inline(always)]
    fn piece(self) {
        let Self {
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
            Some(histograms) if histograms.columns() == columns => {
                histograms.clear();
                histograms
            }
            other => other.insert(Histograms::new(columns, width)),
        };
        let mut lines = spare.bins.chunks_exact(columns);
        for line in lines.by_ref().take(height - 1) {
            histograms.add(line);
        }
        let rank = filter.rank();
        for row in 0..patch.rows {
            if ask() {
                return;
            }
            histograms.add(&spare.bins[(row + height - 1) * columns..][..columns]);
            histograms.start();
            let results = filter.results(patch, row);
            for column in 0..patch.columns {
                if column > 0 {
                    histograms.step(column);
                }
                let found = histograms.find(column, rank);
                let key = if bytes {
                    T::Key::from_u64(found.bin as u64)
                } else {
                    spare
                        .ordinal
                        .find(found.bin, found.rank, [row, column], filter.window)
                };
                // SAFETY: the row of results has as many pixels as the patch has columns.
                unsafe { results.add(column).write(T::from_key(key)) };
            }
            histograms.remove(&spare.bins[row * columns..][..columns]);
        }
    }
}
