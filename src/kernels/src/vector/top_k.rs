//! The best rows of the corpus for each query: scores are made a block at a time and looked at while they are in the cache.
//!
//! Each query's best are a binary heap with the worst of them at its root (Williams 1964), in the memory of the results. A
//! block's scores are compared with the roots, many at a time, and those that may be better go into the heaps; once some
//! thousand rows were seen, few do.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::PoisonError;

use super::element::Element;
use super::few;
use super::product::{Product, Sink, fits};
use crate::Float;
use crate::arch::{Arch, Kernel};
use crate::memory::{Rows, Target};
use crate::room::collected;
use crate::simd::Level;
use crate::sync::Mutex;
use crate::sync::atomic::{self, AtomicU64};
use crate::threads::{Interrupted, Team};

/// What a score is; the largest are the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Metric {
    /// The cosine of the angle between two rows.
    Cosine,
    /// Their dot product.
    Dot,
}

/// Queries whose best are found at a time: what is known of each takes memory.
const QUERIES: usize = 192 << 10;

/// [`top_k`](super::top_k), for any type.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a target is the one way to its memory, as &mut is"
)]
pub(super) fn top_k<E: Element>(
    level: Level,
    queries: Rows<'_, E>,
    corpus: Rows<'_, E>,
    metric: Metric,
    indices: Target<'_, i64>,
    scores: Target<'_, E::Result>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    assert_eq!(
        queries.cols(),
        corpus.cols(),
        "queries and corpus must have rows of one length"
    );
    let shape = (indices.rows(), indices.cols());
    assert_eq!(
        shape,
        (scores.rows(), scores.cols()),
        "two results of one shape"
    );
    assert!(
        shape.0 == queries.rows() && shape.1 <= corpus.rows(),
        "the results have a row for each query, and no more columns than the corpus has rows"
    );
    if shape.1 == 0 {
        return Ok(());
    }
    let cosine = metric == Metric::Cosine;
    for first in (0..queries.rows()).step_by(QUERIES) {
        let some = queries.range(first..queries.rows().min(first + QUERIES));
        let best = Best {
            level,
            first,
            indices: &indices,
            scores: &scores,
            states: collected((0..some.rows()).map(|_| State::new())),
        };
        let long = some.cols() > E::LONGEST || !fits::<E>(level, some.cols());
        if some.rows() <= few::FEW || corpus.rows() <= few::FEW || some.cols() == 0 || long {
            let put = |query, row, score| best.put(query, row, E::Result::from_f64(score));
            few::scores(level, some, corpus, cosine, put, team)?;
        } else {
            Product {
                level,
                queries: some,
                corpus,
                cosine,
                symmetric: false,
                sink: &best,
            }
            .compute(team)?;
        }
        team.for_each(some.rows().div_ceil(64), &|piece| {
            for query in piece * 64..some.rows().min(piece * 64 + 64) {
                best.sort(query);
            }
        })?;
    }
    Ok(())
}

/// The best of some queries.
struct Best<'a, S> {
    level: Level,
    /// The first query's row in the results.
    first: usize,
    indices: &'a Target<'a, i64>,
    scores: &'a Target<'a, S>,
    states: Vec<State>,
}

/// What is known of one query's best.
struct State {
    /// How many there are; who holds it has the query's rows of the results.
    count: Mutex<usize>,
    /// The bits of a score that others must reach, as an `f64`; NaN while every score may count. It only grows.
    bar: AtomicU64,
}

impl State {
    fn new() -> Self {
        Self {
            count: Mutex::new(0),
            bar: AtomicU64::new(f64::NAN.to_bits()),
        }
    }

    fn bar(&self) -> f64 {
        // Relaxed: an older bar is lower, and the heap decides.
        f64::from_bits(self.bar.load(atomic::Ordering::Relaxed))
    }
}

/// The order of two scores with their rows: the better one first. NaN comes after all, and of equals the lower row is the
/// better one.
fn order<S: Float>((a, row_a): (S, i64), (b, row_b): (S, i64)) -> Ordering {
    let (a, b) = (a.to_f64(), b.to_f64());
    match b.partial_cmp(&a) {
        Some(Ordering::Equal) => row_a.cmp(&row_b),
        Some(order) => order,
        None => a.is_nan().cmp(&b.is_nan()).then(row_a.cmp(&row_b)),
    }
}

impl<S: Float> Best<'_, S> {
    /// The score and the row at a place of a query's heap.
    fn read(&self, query: usize, place: usize) -> (S, i64) {
        let row = self.first + query;
        // SAFETY: the caller holds the query's lock; `at` is within the results.
        unsafe {
            (
                self.scores.at(row, place).read(),
                self.indices.at(row, place).read(),
            )
        }
    }

    fn write(&self, query: usize, place: usize, (score, index): (S, i64)) {
        let row = self.first + query;
        // SAFETY: as above.
        unsafe {
            self.scores.at(row, place).write(score);
            self.indices.at(row, place).write(index);
        }
    }

    /// Takes one score.
    fn put(&self, query: usize, row: usize, score: S) {
        let state = &self.states[query];
        let below = score.to_f64() < state.bar(); // not so where one of them is NaN
        if !below {
            let mut count = state.count.lock().unwrap_or_else(PoisonError::into_inner);
            self.insert(query, &mut count, (score, row as i64));
        }
    }

    /// Puts a score into a query's heap, if it belongs there; the caller holds its lock.
    fn insert(&self, query: usize, count: &mut usize, new: (S, i64)) {
        let k = self.indices.cols();
        if *count < k {
            let mut place = *count;
            *count += 1;
            while place > 0 {
                let parent = self.read(query, (place - 1) / 2);
                if order(parent, new) == Ordering::Greater {
                    break;
                }
                self.write(query, place, parent);
                place = (place - 1) / 2;
            }
            self.write(query, place, new);
        } else if order(new, self.read(query, 0)) == Ordering::Less {
            self.sink(query, k, new);
        } else {
            return;
        }
        if *count == k {
            let (worst, _) = self.read(query, 0);
            let bar = worst.to_f64().to_bits();
            self.states[query].bar.store(bar, atomic::Ordering::Relaxed);
        }
    }

    /// Puts `new` at the root of a query's first `count`, and lets it sink to its place.
    fn sink(&self, query: usize, count: usize, new: (S, i64)) {
        let mut place = 0;
        loop {
            let mut child = 2 * place + 1;
            if child >= count {
                break;
            }
            let mut below = self.read(query, child);
            if child + 1 < count {
                let other = self.read(query, child + 1);
                if order(other, below) == Ordering::Greater {
                    (child, below) = (child + 1, other);
                }
            }
            if order(new, below) == Ordering::Greater {
                break;
            }
            self.write(query, place, below);
            place = child;
        }
        self.write(query, place, new);
    }

    /// Sorts a query's heap, the best first.
    fn sort(&self, query: usize) {
        let count = *self.states[query]
            .count
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for end in (1..count).rev() {
            let (worst, last) = (self.read(query, 0), self.read(query, end));
            self.sink(query, end, last);
            self.write(query, end, worst);
        }
    }
}

impl<S: Float> Sink<S> for Best<'_, S> {
    const WAITS: bool = false;

    fn place(
        &self,
        _rows: &Range<usize>,
        cols: &Range<usize>,
        scratch: &mut [S],
    ) -> (*mut S, usize) {
        (scratch.as_mut_ptr(), cols.len())
    }

    fn finish(&self, _rows: &Range<usize>, _cols: &Range<usize>) {}

    fn take(&self, rows: &Range<usize>, cols: &Range<usize>, (from, stride): (*const S, usize)) {
        for row in 0..rows.len() {
            // SAFETY: the scratch memory's rows, which are this thread's own and complete.
            let scores = unsafe { std::slice::from_raw_parts(from.add(row * stride), cols.len()) };
            let query = rows.start + row;
            Look {
                best: self,
                query,
                first: cols.start,
                scores,
            }
            .at(self.level);
        }
    }
}

/// Looks for scores that may be among the best.
struct Look<'a, S> {
    best: &'a Best<'a, S>,
    query: usize,
    /// The row of the first score.
    first: usize,
    scores: &'a [S],
}

impl<S: Float> Look<'_, S> {
    #[inline(always)]
    fn look(self) {
        const SOME: usize = 32;
        let mut start = 0;
        while start < self.scores.len() {
            let some = &self.scores[start..self.scores.len().min(start + SOME)];
            let bar = S::from_f64(self.best.states[self.query].bar());
            let mut reached = false;
            for score in some {
                let below = *score < bar;
                reached |= !below;
            }
            if reached {
                self.insert(start, some);
            }
            start += SOME;
        }
    }

    #[inline(never)]
    fn insert(&self, start: usize, some: &[S]) {
        for (index, score) in some.iter().enumerate() {
            self.best
                .put(self.query, self.first + start + index, *score);
        }
    }
}

impl<S: Float> Kernel for Look<'_, S> {
    type Output = ();

    fn scalar(self) {
        self.look();
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) {
        self.look();
    }
}

/// Every order in which threads can offer scores to a query.
#[cfg(all(test, loom))]
mod models {
    use std::sync::Arc;

    use loom::thread;

    use super::{Best, State, order};
    use crate::memory::Target;
    use crate::simd::Level;

    /// Scores are offered by threads, one row of `offered` each; the results must be what sorting gives.
    fn offers(offered: &'static [&'static [f64]], k: usize) {
        loom::model(move || {
            let (mut indices, mut scores) = (vec![-1_i64; k], vec![f64::NAN; k]);
            // The threads are joined below; loom's have no scopes.
            let indices_target: &'static Target<'static, i64> =
                // SAFETY: `indices` is not touched before the threads are joined, and stays where it is.
                Box::leak(Box::new(unsafe { Target::new(indices.as_mut_ptr(), 1, k, k) }));
            let scores_target: &'static Target<'static, f64> =
                // SAFETY: as above.
                Box::leak(Box::new(unsafe { Target::new(scores.as_mut_ptr(), 1, k, k) }));
            let best = Arc::new(Best {
                level: Level::Scalar,
                first: 0,
                indices: indices_target,
                scores: scores_target,
                states: vec![State::new()],
            });
            let mut first = 0;
            let workers: Vec<_> = offered
                .iter()
                .map(|mine| {
                    let (best, from) = (Arc::clone(&best), first);
                    first += mine.len();
                    thread::spawn(move || {
                        for (row, &score) in mine.iter().enumerate() {
                            best.put(0, from + row, score);
                        }
                    })
                })
                .collect();
            for worker in workers {
                worker.join().unwrap();
            }
            best.sort(0);
            let mut all: Vec<_> = offered.concat().into_iter().zip(0_i64..).collect();
            all.sort_by(|a, b| order(*a, *b));
            all.truncate(k);
            let found: Vec<_> = scores
                .iter()
                .copied()
                .zip(indices.iter().copied())
                .collect();
            assert!(
                found.iter().zip(&all).all(|(a, b)| order(*a, *b).is_eq()),
                "{found:?}, not {all:?}"
            );
        });
    }

    #[test]
    fn two_threads_fill_a_heap() {
        offers(&[&[0.5, 0.9], &[0.7]], 2);
    }

    #[test]
    fn two_threads_raise_the_bar() {
        offers(&[&[0.5, 0.9], &[0.7, 0.4]], 1);
    }

    #[test]
    fn equal_scores_and_nan_keep_their_order() {
        offers(&[&[0.5, f64::NAN], &[0.5]], 2);
    }

    #[test]
    fn three_threads_offer_one_each() {
        offers(&[&[0.1], &[0.3], &[0.2]], 2);
    }
}
