//! Every query against every choice.

use std::sync::atomic::{AtomicU64, Ordering};

use super::choices::{Choices, Item, Spare, in_lanes};
use super::measure::Measure;
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

/// The cutoff and what stands for what is beyond it.
#[derive(Clone, Copy, Debug)]
struct Limit<S> {
    cutoff: S,
    beyond: S,
}

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
    let cutoff = cutoff.map(|cutoff| Limit {
        cutoff,
        beyond: M::beyond(cutoff),
    });
    let ranges = split(choices.items(), groups.len(), team);
    let work = |spare: &mut Spare, piece: usize, ask: &dyn Fn() -> bool| {
        let group = queries.of(groups[piece / ranges.len()]);
        for item in ranges[piece % ranges.len()] {
            if ask() {
                return;
            }
            let write = |row: usize, places: &[u32], scores: &[M::Score]| {
                // SAFETY: the choices' places are columns and the query's is a row, which the assertion has seen; this
                // piece alone has both.
                unsafe { write(out, row, places, item.is_run, scores, cutoff, M::nearer) };
            };
            if fill(
                level, measure, choices, item, &group, cutoff, spare, ask, write,
            )
            .is_err()
            {
                return;
            }
            done.fetch_add((group.len() * item.count) as u64, Ordering::Relaxed);
        }
    };
    team.for_each_asking(groups.len() * ranges.len(), Spare::default, work)
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

/// Hands on the scores of an item's strings and each query of the group.
#[expect(clippy::too_many_arguments, reason = "each is one thing")]
fn fill<M: Measure>(
    level: Level,
    measure: M,
    choices: &Choices,
    item: &Item,
    group: &[Query<'_>],
    limit: Option<Limit<M::Score>>,
    spare: &mut Spare,
    stop: &dyn Fn() -> bool,
    mut write: impl FnMut(usize, &[u32], &[M::Score]),
) -> Result<(), Interrupted> {
    let places = choices.places(item);
    let (mut near, mut alone) = (Vec::new(), Vec::new());
    for &query in group {
        let bound = measure.bound(query.symbols.len(), item.lengths);
        match limit {
            Some(limit) if M::nearer(limit.cutoff, bound) => {
                write(query.row, places, &vec![limit.beyond; places.len()]);
            }
            _ if in_lanes(item, &query) => near.push(query),
            _ => alone.push(query),
        }
    }
    if !near.is_empty() {
        let mut each = |number: usize, scores: &[M::Score]| write(near[number].row, places, scores);
        measure.scores(level, item, &near, None, spare, &mut each);
    }
    let cutoff = limit.map_or(M::ANY, |limit| limit.cutoff);
    for query in alone {
        for place in places {
            let score =
                measure.pair(level, query.symbols, choices.symbols(*place), cutoff, stop)?;
            write(query.row, std::slice::from_ref(place), &[score]);
            if stop() {
                return Err(Interrupted);
            }
        }
    }
    Ok(())
}

/// Writes scores to their places in a row, which are a run of places or not.
///
/// # Safety
///
/// The row and the places must be in the matrix, and nobody else be writing there.
#[inline(always)]
unsafe fn write<S: Copy, T: Cell<S>>(
    out: &Target<'_, T>,
    row: usize,
    places: &[u32],
    is_run: bool,
    scores: &[S],
    limit: Option<Limit<S>>,
    nearer: impl Fn(S, S) -> bool,
) {
    let each = |score: S| match limit {
        Some(limit) if nearer(limit.cutoff, score) => T::of(limit.beyond),
        _ => T::of(score),
    };
    match places {
        [first, ..] if is_run => {
            let start = out.at(row, *first as usize);
            for (offset, &score) in scores.iter().enumerate() {
                // SAFETY: the caller's promise; the places are one after the other.
                unsafe { start.add(offset).write(each(score)) };
            }
        }
        _ => {
            for (&place, &score) in places.iter().zip(scores) {
                // SAFETY: the caller's promise.
                unsafe { out.at(row, place as usize).write(each(score)) };
            }
        }
    }
}
