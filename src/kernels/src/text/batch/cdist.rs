//! Every query against every choice.

use std::sync::atomic::{AtomicU64, Ordering};

use super::choices::{Choices, Item, Spare, in_lanes};
use super::measure::{Measure, Sealed};
use super::queries::{Queries, Query};
use crate::memory::Target;
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// Queries that are worked on together, and about how many symbols they have at most. Each writes a row of its own: more
/// of them than a CPU follows streams cost more than reading the blocks once more.
const GROUP: (usize, usize) = (16, 4096);

/// Pieces for each thread, at least, so that none is left without work for long.
pub(super) const PIECES: usize = 8;

/// A number that a matrix of scores may hold.
pub trait Cell<Score>: Copy + Send + Sync + 'static {
    /// The score in this type, rounded where it is a fraction.
    fn of(score: Score) -> Self;
}

macro_rules! cells {
    ($score:ty: $($cell:ty),*) => {$(
        impl Cell<$score> for $cell {
            #[inline(always)]
            #[allow(clippy::cast_lossless, clippy::unnecessary_cast, reason = "all types alike")]
            fn of(score: $score) -> Self {
                score as Self
            }
        }
    )*};
}
cells!(u32: u8, u16, u32, i32, i64, f32, f64);
cells!(f64: f32, f64);

/// Writes the score of each query and each choice: the former's are rows. What does not pass the cutoff is
/// [`super::measure::Sealed::beyond`] it; where either string is missing, `missing` stands.
///
/// `done` counts pairs as they are done.
///
/// # Errors
///
/// The team was told to stop; the matrix is then filled in part.
///
/// # Panics
///
/// The choices were laid out for another level, or the matrix has another shape.
#[expect(clippy::too_many_arguments, reason = "each is one thing")]
pub fn cdist<M: Measure, T: Cell<M::Score>>(
    level: Level,
    measure: M,
    queries: &Queries,
    choices: &Choices,
    cutoff: Option<M::Score>,
    missing: T,
    out: &Target<'_, T>,
    team: &Team<'_>,
    done: &AtomicU64,
) -> Result<(), Interrupted> {
    assert_eq!((out.rows(), out.cols()), (queries.len(), choices.len()));
    fill_missing(queries, choices, missing, out);
    let groups = queries.groups(GROUP.0, GROUP.1);
    let ranges = split(choices.items(), groups.len(), team);
    let work = |memory: &mut (Spare, M::Memory<T>), piece: usize, ask: &dyn Fn() -> bool| {
        let group = queries.of(groups[piece / ranges.len()]);
        for item in ranges[piece % ranges.len()] {
            if ask() {
                return;
            }
            // SAFETY: the choices' places are columns and the queries' are rows, which the assertion has seen; this piece
            // alone has both.
            let cells = unsafe { Cells::new(out, choices.places(item), item.is_run) };
            if fill(
                level, measure, choices, item, &group, cutoff, memory, ask, &cells,
            )
            .is_err()
            {
                return;
            }
            done.fetch_add((group.len() * item.count) as u64, Ordering::Relaxed);
        }
    };
    team.for_each_asking(groups.len() * ranges.len(), Default::default, work)
}

/// Where a string is missing.
fn fill_missing<T: Copy>(queries: &Queries, choices: &Choices, missing: T, out: &Target<'_, T>) {
    for &row in queries.missing() {
        for column in 0..out.cols() {
            // SAFETY: a cell of the matrix, and no other thread is there yet.
            unsafe { out.at(row, column).write(missing) };
        }
    }
    for row in 0..out.rows() {
        for &column in choices.missing() {
            // SAFETY: as above.
            unsafe { out.at(row, column).write(missing) };
        }
    }
}

/// The items in ranges: one, unless there are so few groups of queries that the threads would wait for each other.
pub(super) fn split<'a>(items: &'a [Item], groups: usize, team: &Team<'_>) -> Vec<&'a [Item]> {
    let wanted = if team.threads().get() == 1 {
        1
    } else {
        PIECES * team.threads().get()
    };
    let ranges = wanted.div_ceil(groups.max(1)).max(1);
    items.chunks(items.len().div_ceil(ranges).max(1)).collect()
}

/// Writes the scores of an item's strings and each query of the group.
#[expect(clippy::too_many_arguments, reason = "each is one thing")]
fn fill<M: Measure, T: Cell<M::Score>>(
    level: Level,
    measure: M,
    choices: &Choices,
    item: &Item,
    group: &[Query<'_>],
    cutoff: Option<M::Score>,
    (spare, memory): &mut (Spare, M::Memory<T>),
    stop: &dyn Fn() -> bool,
    cells: &Cells<'_, T>,
) -> Result<(), Interrupted> {
    let places = choices.places(item);
    let (mut near, mut alone) = (Vec::new(), Vec::new());
    for &query in group {
        let bound = measure.bound(query.symbols.len(), item.lengths);
        match cutoff {
            Some(cutoff) if M::nearer(cutoff, bound) => {
                cells.put(query.row, &vec![T::of(M::beyond(cutoff)); item.count]);
            }
            _ if in_lanes(item, &query) => near.push(query),
            _ => alone.push(query),
        }
    }
    if !near.is_empty() {
        measure.write(level, item, &near, cutoff, (spare, memory), cells);
    }
    for query in alone {
        for (number, &place) in places.iter().enumerate() {
            let choice = choices.symbols(place);
            let limit = cutoff.unwrap_or(M::ANY);
            let score = measure.pair(level, query.symbols, choice, limit, stop)?;
            cells.put_one(query.row, number, told::<M, T>(score, cutoff));
            if stop() {
                return Err(Interrupted);
            }
        }
    }
    Ok(())
}

/// Cells of a matrix: of any of its rows those of an item's strings.
pub struct Cells<'a, T> {
    out: &'a Target<'a, T>,
    places: &'a [u32],
    is_run: bool,
}

impl<'a, T: Copy> Cells<'a, T> {
    /// Those of the strings at some places, which are a run of places or not.
    ///
    /// # Safety
    ///
    /// The places must be columns of the matrix. Nobody else may write there, in the rows that are asked for, and these must
    /// be rows of the matrix.
    unsafe fn new(out: &'a Target<'a, T>, places: &'a [u32], is_run: bool) -> Self {
        Self {
            out,
            places,
            is_run,
        }
    }

    /// Writes a row's cells.
    #[inline]
    pub(super) fn put(&self, row: usize, cells: &[T]) {
        match self.places {
            [first, ..] if self.is_run => {
                let first = self.out.at(row, *first as usize);
                let count = cells.len().min(self.places.len());
                // SAFETY: the promise to `new`; the places are one after the other.
                unsafe { first.copy_from_nonoverlapping(cells.as_ptr(), count) };
            }
            _ => {
                for (&place, &cell) in self.places.iter().zip(cells) {
                    // SAFETY: the promise to `new`.
                    unsafe { self.out.at(row, place as usize).write(cell) };
                }
            }
        }
    }

    /// Writes a cell of a row, by its number.
    fn put_one(&self, row: usize, number: usize, cell: T) {
        // SAFETY: the promise to `new`.
        unsafe { self.out.at(row, self.places[number] as usize).write(cell) };
    }
}

/// The score, or what stands for it where it does not pass the cutoff.
#[inline(always)]
pub(super) fn told<M: Sealed, T: Cell<M::Score>>(score: M::Score, cutoff: Option<M::Score>) -> T {
    match cutoff {
        Some(cutoff) if M::nearer(cutoff, score) => T::of(M::beyond(cutoff)),
        _ => T::of(score),
    }
}
