//! Every query against every choice.

use std::sync::atomic::{AtomicU64, Ordering};

use super::choices::{Choices, Item, Spare};
use super::measure::Measure;
use super::queries::Queries;
use super::scores::{Asked, is_far, near};
use crate::arch::{Arch, Kernel};
use crate::memory::Target;
use crate::room::collected;
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// Queries that are worked on together, and about how many symbols they have at most. Each writes a row of its own: more
/// of them than a CPU follows streams cost more than reading the blocks once more.
const GROUP: (usize, usize) = (16, 4096);

/// Pieces for each thread, at least, so that none is left without work for long.
pub(super) const PIECES: usize = 8;

/// Bytes that come into the cache together.
const LINE: usize = 64;

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
    let cutoff = cutoff.unwrap_or(M::ANY);
    let ranges = split(choices.items(), groups.len(), team);
    let work = |spare: &mut Spare, piece: usize, ask: &dyn Fn() -> bool| {
        let group = queries.of(groups[piece / ranges.len()]);
        for item in ranges[piece % ranges.len()] {
            if ask() {
                return;
            }
            // SAFETY: the choices' places are columns, which the assertion has seen; this piece alone has them in the rows
            // of its group.
            let strip =
                unsafe { Strip::<M, T>::new(out, choices.places(item), item.is_run, cutoff) };
            let [together, alone] = item.split(&group);
            let near = near(measure, item, together, |_| cutoff);
            for query in together[..near.start].iter().chain(&together[near.end..]) {
                strip.fill(query.row);
            }
            if !near.is_empty() {
                let queries = &together[near];
                let mut write = |number: usize, scores: &[M::Score]| {
                    let (strip, row) = (&strip, queries[number].row);
                    Write { strip, row, scores }.at(level);
                };
                let asked = Asked {
                    queries,
                    limits: None,
                    each: &mut write,
                };
                measure.scores(level, item, asked, spare);
            }
            for query in alone {
                let bound = measure.bound(query.symbols.len(), item.lengths);
                if M::nearer(cutoff, bound) {
                    strip.fill(query.row);
                    continue;
                }
                for (number, &place) in strip.places.iter().enumerate() {
                    let symbols = choices.symbols(place);
                    let lengths = [query.symbols.len(), symbols.len()];
                    let counts = [queries.counts(query.row), choices.counts(place)];
                    if is_far(measure, lengths, counts, cutoff) {
                        strip.write_one(query.row, number, M::beyond(cutoff));
                        continue;
                    }
                    let score = measure.pair(level, query.symbols, symbols, cutoff, ask);
                    let Ok(score) = score else { return };
                    strip.write_one(query.row, number, score);
                    if ask() {
                        return;
                    }
                }
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
    collected(items.chunks(items.len().div_ceil(ranges).max(1)))
}

/// The columns of an item's strings.
struct Strip<'a, M: Measure, T> {
    out: &'a Target<'a, T>,
    places: &'a [u32],
    is_run: bool,
    cutoff: M::Score,
}

impl<'a, M: Measure, T: Cell<M::Score>> Strip<'a, M, T> {
    /// `is_run`: whether the places are one after the other.
    ///
    /// # Safety
    ///
    /// The places must be columns of the matrix, and nobody else read or write them in a row that is written here.
    unsafe fn new(
        out: &'a Target<'a, T>,
        places: &'a [u32],
        is_run: bool,
        cutoff: M::Score,
    ) -> Self {
        Self {
            out,
            places,
            is_run,
            cutoff,
        }
    }

    /// What stands in the matrix for a score.
    #[inline(always)]
    fn cell(&self, score: M::Score) -> T {
        let beyond = M::beyond(self.cutoff);
        T::of(if M::nearer(self.cutoff, score) {
            beyond
        } else {
            score
        })
    }

    /// Writes a row of scores that do not pass.
    fn fill(&self, row: usize) {
        assert!(row < self.out.rows());
        for &place in self.places {
            // SAFETY: the row is there, and the place as `new` was promised.
            unsafe {
                self.out
                    .at(row, place as usize)
                    .write(T::of(M::beyond(self.cutoff)));
            }
        }
    }

    /// Writes the score of one of the places.
    fn write_one(&self, row: usize, number: usize, score: M::Score) {
        assert!(row < self.out.rows());
        let column = self.places[number] as usize;
        // SAFETY: as in `fill`.
        unsafe { self.out.at(row, column).write(self.cell(score)) };
    }
}

/// Writes a row of scores, of which there may be more than places.
struct Write<'a, M: Measure, T> {
    strip: &'a Strip<'a, M, T>,
    row: usize,
    scores: &'a [M::Score],
}

impl<M: Measure, T: Cell<M::Score>> Kernel for Write<'_, M, T> {
    type Output = ();

    fn scalar(self) {
        self.write(|_| ());
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        // The compiler finds the registers for it.
        self.write(|address| arch.prefetch(address));
    }
}

impl<M: Measure, T: Cell<M::Score>> Write<'_, M, T> {
    /// `prefetch` is called with what comes next.
    #[inline(always)]
    fn write(self, prefetch: impl Fn(*const T)) {
        let Strip { out, places, .. } = *self.strip;
        assert!(self.row < out.rows());
        let scores = &self.scores[..places.len()];
        match places {
            [first, ..] if self.strip.is_run => {
                let start = out.at(self.row, *first as usize);
                for (offset, &score) in scores.iter().enumerate() {
                    // SAFETY: as in `Strip::fill`; the places are one after the other.
                    unsafe { start.add(offset).write(self.strip.cell(score)) };
                }
                // The columns behind these, which the next item has: rows are far from each other in memory.
                for offset in (0..places.len()).step_by(LINE / size_of::<T>()) {
                    prefetch(start.wrapping_add(places.len() + offset));
                }
            }
            _ => {
                for (&place, &score) in places.iter().zip(scores) {
                    let cell = out.at(self.row, place as usize);
                    // SAFETY: as in `Strip::fill`.
                    unsafe { cell.write(self.strip.cell(score)) };
                }
            }
        }
    }
}
