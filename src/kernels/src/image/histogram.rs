//! Large windows: histograms of columns, and of windows as sums of columns, so that the work does not grow with the window
//! (Huang, Yang and Tang 1979; Perreault and Hébert 2007).
//!
//! A window's histogram is that of the window to its left, with a column's added and another's taken away. Of its 256 bins
//! the sums of 16 each are kept up to date; these say among which 16 bins the median is, and only those are then brought up
//! to date, from wherever they were last looked at.

/// Bins of a histogram, and how many make a group.
pub(super) const BINS: usize = 256;
const GROUP: usize = 16;
const GROUPS: usize = BINS / GROUP;

/// What counts the pixels in a bin.
pub(super) trait Count: Copy + Default + Send {
    /// One more, one less, both of them wrapping around.
    fn more(self, by: Self) -> Self;
    fn less(self, by: Self) -> Self;
    fn get(self) -> usize;
    const ONE: Self;
}

macro_rules! counts {
    ($($count:ty),*) => {$(
        impl Count for $count {
            const ONE: Self = 1;

            #[inline(always)]
            fn more(self, by: Self) -> Self {
                self.wrapping_add(by)
            }

            #[inline(always)]
            fn less(self, by: Self) -> Self {
                self.wrapping_sub(by)
            }

            #[inline(always)]
            fn get(self) -> usize {
                self as usize
            }
        }
    )*};
}
counts!(u16, u32);

type Group<C> = [C; GROUP];

/// The histograms of the columns of a patch, and of the window that is looked at.
#[derive(Debug)]
pub(super) struct Histograms<C> {
    columns: usize,
    /// How many columns a window has.
    width: usize,
    /// Of each column, the sums of groups.
    coarse: Vec<Group<C>>,
    /// Group by group, of each column the bins.
    fine: Vec<Group<C>>,
    window_coarse: Group<C>,
    window_fine: [Group<C>; GROUPS],
    /// For each group, the window that its bins are those of.
    at: [usize; GROUPS],
}

/// The bin that a value of some rank is in, and its rank among the values of that bin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) bin: usize,
    pub(super) rank: usize,
}

impl<C: Count> Histograms<C> {
    /// Of empty columns.
    pub(super) fn new(columns: usize, width: usize) -> Self {
        let none = [C::default(); GROUP];
        Self {
            columns,
            width,
            coarse: crate::room::filled(none, columns),
            fine: crate::room::filled(none, columns * GROUPS),
            window_coarse: none,
            window_fine: [none; GROUPS],
            at: [0; GROUPS],
        }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Empties all columns.
    pub(super) fn clear(&mut self) {
        self.coarse.fill([C::default(); GROUP]);
        self.fine.fill([C::default(); GROUP]);
    }

    /// Adds a row: one value a column.
    #[inline(always)]
    pub(super) fn add(&mut self, row: &[u8]) {
        for (column, &bin) in row[..self.columns].iter().enumerate() {
            let (group, bin) = (usize::from(bin) / GROUP, usize::from(bin) % GROUP);
            let coarse = &mut self.coarse[column][group];
            *coarse = coarse.more(C::ONE);
            let fine = &mut self.fine[group * self.columns + column][bin];
            *fine = fine.more(C::ONE);
        }
    }

    /// Takes a row away.
    #[inline(always)]
    pub(super) fn remove(&mut self, row: &[u8]) {
        for (column, &bin) in row[..self.columns].iter().enumerate() {
            let (group, bin) = (usize::from(bin) / GROUP, usize::from(bin) % GROUP);
            let coarse = &mut self.coarse[column][group];
            *coarse = coarse.less(C::ONE);
            let fine = &mut self.fine[group * self.columns + column][bin];
            *fine = fine.less(C::ONE);
        }
    }

    /// Goes to the first window.
    #[inline(always)]
    pub(super) fn start(&mut self) {
        self.window_coarse = [C::default(); GROUP];
        for column in &self.coarse[..self.width] {
            add(&mut self.window_coarse, column);
        }
        // As far away as can be: to be counted anew.
        self.at = [usize::MAX; GROUPS];
    }

    /// Goes from the window before to the one that begins at a column.
    #[inline(always)]
    pub(super) fn step(&mut self, column: usize) {
        add(
            &mut self.window_coarse,
            &self.coarse[column + self.width - 1],
        );
        sub(&mut self.window_coarse, &self.coarse[column - 1]);
    }

    /// Finds a rank in the window that begins at `column`.
    #[inline(always)]
    pub(super) fn find(&mut self, column: usize, rank: usize) -> Found {
        let (group, rank) = search(&self.window_coarse, rank);
        let columns = &self.fine[group * self.columns..][..self.columns];
        let bins = &mut self.window_fine[group];
        let at = self.at[group];
        if at > column || 2 * (column - at) >= self.width {
            *bins = [C::default(); GROUP];
            for other in &columns[column..column + self.width] {
                add(bins, other);
            }
        } else {
            let (old, new) = (&columns[at..column], &columns[at + self.width..]);
            for (old, new) in old.iter().zip(new) {
                add(bins, new);
                sub(bins, old);
            }
        }
        self.at[group] = column;
        let (bin, rank) = search(bins, rank);
        Found {
            bin: group * GROUP + bin,
            rank,
        }
    }
}

#[inline(always)]
fn add<C: Count>(to: &mut Group<C>, other: &Group<C>) {
    for (count, other) in to.iter_mut().zip(other) {
        *count = count.more(*other);
    }
}

#[inline(always)]
fn sub<C: Count>(from: &mut Group<C>, other: &Group<C>) {
    for (count, other) in from.iter_mut().zip(other) {
        *count = count.less(*other);
    }
}

/// Where a rank is, and what is left of it there. All counts are looked at: a branch would be foreseen wrongly.
#[inline(always)]
fn search<C: Count>(counts: &Group<C>, rank: usize) -> (usize, usize) {
    let (mut place, mut before, mut sum) = (0, 0, 0);
    for count in counts {
        sum += count.get();
        let passed = sum <= rank;
        place += usize::from(passed);
        before = if passed { sum } else { before };
    }
    debug_assert!(place < GROUP);
    (place, rank - before)
}
