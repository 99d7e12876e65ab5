//! Large windows: histograms of columns, and of windows as sums of columns, so that the work does not grow with the window
//! (Huang, Yang and Tang 1979; Perreault and Hébert 2007).
//!
//! Of 256 bins 16 each are a group. A histogram has, for each group, how many values are in the groups before it, and for
//! each bin, how many are in the bins of its group before it: where a rank lies is then one comparison of all groups, and one
//! of all bins of a group. A window's groups are those of the window to its left, with a column's added and another's taken
//! away. Of its bins only those of two neighbouring groups are kept up to date, for as long as the medians are in these: a
//! median that goes back and forth between two groups costs nothing. Those of two others are brought up to date when they are
//! wanted, from wherever they were last looked at.

use crate::arch::{Arch, Count, Counts, Each, GROUP, Kernel, Pair};
use crate::simd::Level;

/// Bins of a histogram.
pub(super) const BINS: usize = 256;

/// Pairs of neighbouring groups.
const PAIRS: usize = BINS / GROUP - 1;

/// The histograms of the columns of a patch, with counts that the windows do not exceed.
#[derive(Debug)]
pub(super) enum Histograms {
    /// Up to 255 rows, and 65,535 pixels.
    Narrow(Columns<u16>),
    Wide(Columns<u32>),
}

impl Histograms {
    /// Of `count` columns without rows, for a window.
    pub(super) fn new(count: usize, window: [usize; 2]) -> Self {
        let [column, all] = u16::HIGHEST;
        if window[0] <= column && window[0] * window[1] <= all {
            Self::Narrow(Columns::new(count, window[1]))
        } else {
            Self::Wide(Columns::new(count, window[1]))
        }
    }

    /// How many columns.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Narrow(columns) => columns.each.len(),
            Self::Wide(columns) => columns.each.len(),
        }
    }

    /// Takes all rows away.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Narrow(columns) => columns.each.fill(Column::EMPTY),
            Self::Wide(columns) => columns.each.fill(Column::EMPTY),
        }
    }

    /// Adds a row, a bin for each column, and takes another away.
    pub(super) fn change(&mut self, level: Level, new: &[u8], old: Option<&[u8]>) {
        match self {
            Self::Narrow(columns) => Change { columns, new, old }.at(level),
            Self::Wide(columns) => Change { columns, new, old }.at(level),
        }
    }

    /// Finds the values of some rank in as many windows as `bins` has room for, from the first on: their bins, and their ranks
    /// among the values of the bin where these are asked for.
    pub(super) fn find(
        &self,
        level: Level,
        rank: usize,
        bins: &mut [u8],
        ranks: Option<&mut [u32]>,
    ) {
        match (self, ranks) {
            (Self::Narrow(columns), None) => columns.find::<false>(level, rank, bins, &mut []),
            (Self::Narrow(columns), Some(ranks)) => columns.find::<true>(level, rank, bins, ranks),
            (Self::Wide(columns), None) => columns.find::<false>(level, rank, bins, &mut []),
            (Self::Wide(columns), Some(ranks)) => columns.find::<true>(level, rank, bins, ranks),
        }
    }
}

/// Columns with counts of one size.
#[derive(Debug)]
pub(super) struct Columns<C: Count> {
    each: Vec<Column<C>>,
    /// How many a window has.
    width: usize,
    steps: Box<Steps<C>>,
}

/// The histogram of a column.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
struct Column<C: Count> {
    groups: [C; GROUP],
    bins: [C::Narrow; BINS],
}

/// What a value adds to the histogram of its column. None of its registers lies in two cache lines.
#[derive(Debug)]
#[repr(C, align(64))]
struct Steps<C: Count> {
    /// For each group that it may be in, to the groups.
    groups: [[C; GROUP]; GROUP],
    /// To the bins of its group: sixteen of these, from as many on as there are bins behind its own.
    bins: [C::Narrow; 2 * GROUP],
}

impl<C: Count> Columns<C> {
    fn new(count: usize, width: usize) -> Self {
        let mut steps = Box::new(Steps {
            groups: [[C::default(); GROUP]; GROUP],
            bins: [C::Narrow::default(); 2 * GROUP],
        });
        for (place, step) in steps.bins.iter_mut().enumerate() {
            *step = C::narrow(place >= GROUP);
        }
        for (group, steps) in steps.groups.iter_mut().enumerate() {
            for (place, step) in steps.iter_mut().enumerate() {
                *step = C::from_usize(usize::from(place > group));
            }
        }
        Self {
            each: crate::room::filled(Column::EMPTY, count),
            width,
            steps,
        }
    }

    fn find<const RANKS: bool>(
        &self,
        level: Level,
        rank: usize,
        bins: &mut [u8],
        ranks: &mut [u32],
    ) {
        Find::<C, RANKS> {
            columns: &self.each,
            width: self.width,
            rank,
            bins,
            ranks,
        }
        .at(level);
    }
}

impl<C: Count> Column<C> {
    const EMPTY: Self = Self {
        groups: [C::ZERO; GROUP],
        bins: [C::NARROW_ZERO; BINS],
    };

    /// The counts of the bins of a value's group, and what the value adds to them.
    #[inline(always)]
    fn bins<'a>(
        &'a mut self,
        steps: &'a Steps<C>,
        bin: u8,
    ) -> (&'a mut [C::Narrow; GROUP], &'a [C::Narrow; GROUP]) {
        let first = usize::from(bin) / GROUP * GROUP;
        let behind = GROUP - 1 - usize::from(bin) % GROUP;
        (
            self.bins[first..].first_chunk_mut().expect("a group"),
            steps.bins[behind..].first_chunk().expect("as many steps"),
        )
    }

    /// Adds a value.
    #[inline(always)]
    fn add(&mut self, steps: &Steps<C>, bin: u8) {
        let more = steps.groups[usize::from(bin) / GROUP];
        let mut groups = self.groups;
        for (count, more) in groups.iter_mut().zip(more) {
            *count = count.more(more);
        }
        self.groups = groups;
        let (counts, more) = self.bins(steps, bin);
        // In copies, so that the compiler need not ask whether the one is part of the other.
        let (mut bins, more) = (*counts, *more);
        for (count, more) in bins.iter_mut().zip(more) {
            *count = C::more_narrow(*count, more);
        }
        *counts = bins;
    }

    /// Adds a value and takes another away.
    #[inline(always)]
    fn replace(&mut self, steps: &Steps<C>, new: u8, old: u8) {
        let more = steps.groups[usize::from(new) / GROUP];
        let less = steps.groups[usize::from(old) / GROUP];
        let mut groups = self.groups;
        for (count, (more, less)) in groups.iter_mut().zip(more.into_iter().zip(less)) {
            *count = count.more(more).less(less);
        }
        self.groups = groups;
        let (counts, more) = self.bins(steps, new);
        let (mut bins, more) = (*counts, *more);
        for (count, more) in bins.iter_mut().zip(more) {
            *count = C::more_narrow(*count, more);
        }
        *counts = bins;
        let (counts, less) = self.bins(steps, old);
        let (mut bins, less) = (*counts, *less);
        for (count, less) in bins.iter_mut().zip(less) {
            *count = C::less_narrow(*count, less);
        }
        *counts = bins;
    }
}

/// A row more, and maybe another less.
struct Change<'a, C: Count> {
    columns: &'a mut Columns<C>,
    new: &'a [u8],
    old: Option<&'a [u8]>,
}

impl<C: Count> Kernel for Change<'_, C> {
    type Output = ();

    fn scalar(self) {
        self.change();
    }

    /// There are no registers in it: that the compiler finds the loops is what the level is for.
    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        self.change();
    }
}

impl<C: Count> Change<'_, C> {
    #[inline(always)]
    fn change(self) {
        let Columns {
            each: columns,
            steps,
            ..
        } = self.columns;
        let steps = &**steps;
        assert_eq!(columns.len(), self.new.len());
        let Some(old) = self.old else {
            for (column, &new) in columns.iter_mut().zip(self.new) {
                column.add(steps, new);
            }
            return;
        };
        assert_eq!(columns.len(), old.len());
        for ((column, &new), &old) in columns.iter_mut().zip(self.new).zip(old) {
            column.replace(steps, new, old);
        }
    }
}

/// A rank in all windows of a row.
struct Find<'a, C: Count, const RANKS: bool> {
    columns: &'a [Column<C>],
    width: usize,
    rank: usize,
    bins: &'a mut [u8],
    ranks: &'a mut [u32],
}

impl<C: Count, const RANKS: bool> Kernel for Find<'_, C, RANKS> {
    type Output = ();

    fn scalar(self) {
        self.find::<(), Each<C, GROUP>>(());
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        self.find::<A, C::Group<A>>(arch);
    }
}

impl<C: Count, const RANKS: bool> Find<'_, C, RANKS> {
    #[inline(always)]
    fn find<A, G>(self, arch: A)
    where
        A: Copy,
        G: Counts<A, Count = C, Pair: Pair<A, Count = C, Narrow = C::Narrow>>,
    {
        let Self {
            columns,
            width,
            rank,
            bins,
            ranks,
        } = self;
        assert!(width > 0 && bins.len() + width - 1 <= columns.len());
        assert!(!RANKS || ranks.len() == bins.len());
        if bins.is_empty() {
            return;
        }
        let columns = columns.as_ptr();
        // What lies at or below the rank is below this.
        let above = C::from_usize(rank + 1);
        let (above, above_pair) = (G::splat(arch, above), G::Pair::splat(arch, above));
        let none = G::Pair::splat(arch, C::from_usize(0));
        let mut groups = G::splat(arch, C::from_usize(0));
        for column in 0..width {
            // SAFETY: there are as many columns.
            groups = groups.add(unsafe { load(arch, columns.add(column)) });
        }
        // Of each pair of groups, the counts in the window that begins at some column: not one that comes before any other.
        let mut kept = [none; PAIRS];
        let mut starts = [usize::MAX; PAIRS];
        let (mut at, mut pair) = (0, 0);
        loop {
            let group = ones(groups.below(above)) - 1;
            // With the group that the medians come from.
            pair = if group < pair {
                group
            } else {
                group.saturating_sub(1)
            }
            .min(PAIRS - 1);
            let mut counts = kept[pair];
            let start = starts[pair];
            // SAFETY: the window that begins at `at` lies within the columns, and so do those that begin before it.
            unsafe {
                if start > at || 2 * (at - start) >= width {
                    counts = none;
                    for column in at..at + width {
                        counts =
                            counts.add(widen::<A, _, G::Pair>(arch, columns.add(column), pair));
                    }
                } else {
                    for column in start..at {
                        let (old, new) = (columns.add(column), columns.add(column + width));
                        counts = counts
                            .add(widen::<A, _, G::Pair>(arch, new, pair))
                            .sub(widen::<A, _, G::Pair>(arch, old, pair));
                    }
                }
            }
            // As long as the rank lies in these two groups: not before the first one, and before the one that comes next.
            let looked_at = (0b101 << pair) & 0xFFFF;
            let inside = 1 << pair;
            // SAFETY: the window lies within the columns, or ends with them.
            let (mut old, mut new) = unsafe { (columns.add(at), columns.add(at + width)) };
            loop {
                let limits = above_pair.sub_or_zero(groups.spread(pair));
                let place = ones(counts.below(limits)) - 1;
                // SAFETY: there is room for all windows up to here.
                unsafe {
                    *bins.get_unchecked_mut(at) = (pair * GROUP + place) as u8;
                    if RANKS {
                        let rank = limits.sub(counts).to_array()[place].to_usize() - 1;
                        *ranks.get_unchecked_mut(at) = rank as u32;
                    }
                }
                if at + 1 == bins.len() {
                    return;
                }
                // SAFETY: the next window lies within the columns too.
                groups = unsafe { groups.add(load(arch, new)).sub(load(arch, old)) };
                at += 1;
                if groups.below(above) & looked_at != inside {
                    break;
                }
                // SAFETY: as above; the next columns are there, or where the columns end.
                unsafe {
                    counts = counts
                        .add(widen::<A, _, G::Pair>(arch, new, pair))
                        .sub(widen::<A, _, G::Pair>(arch, old, pair));
                    (old, new) = (old.add(1), new.add(1));
                }
            }
            kept[pair] = counts;
            starts[pair] = at - 1;
        }
    }
}

/// How many counts are below: they grow from one to the next, so that the bits that are set are the lowest.
#[inline(always)]
fn ones(bits: u32) -> usize {
    (!u64::from(bits)).trailing_zeros() as usize
}

/// The groups of a column.
///
/// # Safety
///
/// It must be there.
#[inline(always)]
unsafe fn load<A: Copy, C: Count, G: Counts<A, Count = C>>(arch: A, column: *const Column<C>) -> G {
    // SAFETY: the caller's promise.
    unsafe { G::load(arch, (&raw const (*column).groups).cast()) }
}

/// The bins of two groups of a column.
///
/// # Safety
///
/// The column must be there, and the pair be one of `PAIRS`.
#[inline(always)]
unsafe fn widen<A: Copy, C: Count, P: Pair<A, Count = C, Narrow = C::Narrow>>(
    arch: A,
    column: *const Column<C>,
    pair: usize,
) -> P {
    // SAFETY: the caller's promise: the last pair ends with the bins.
    unsafe {
        P::widen(
            arch,
            (&raw const (*column).bins)
                .cast::<C::Narrow>()
                .add(pair * GROUP),
        )
    }
}
