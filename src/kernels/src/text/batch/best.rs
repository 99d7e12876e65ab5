//! For each query the nearest choice, in memory that does not grow with the pairs.

use std::sync::atomic::{AtomicU64, Ordering};

use super::cdist::split;
use super::choices::{Choices, Item, Spare};
use super::measure::Measure;
use super::queries::{Queries, Query};
use super::scores::{Asked, is_far, near};
use crate::room::{collected, filled, for_small_things};
use crate::simd::Level;
use crate::sync::Mutex;
use crate::threads::{Interrupted, Team};

/// Queries that are worked on together, and about how many symbols they have at most.
const GROUP: (usize, usize) = (64, 4096);

/// The nearest choice of a query's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best<S> {
    /// Its place among the choices; of several that are as near the first.
    pub index: usize,
    /// How near it is.
    pub score: S,
}

/// What is known of a query.
#[derive(Clone, Copy)]
struct Known<S> {
    best: Option<Best<S>>,
    /// What passes: the cutoff, or the best score so far.
    limit: S,
}

impl<S: Copy + PartialOrd> Known<S> {
    /// Takes a score that passes.
    #[inline]
    fn offer(&mut self, index: usize, score: S) {
        // As near as the best so far, or nearer, as it passes.
        if self
            .best
            .is_none_or(|best| score != best.score || index < best.index)
        {
            self.best = Some(Best { index, score });
            self.limit = score;
        }
    }
}

/// For each query the nearest choice that passes the cutoff, and of those the first; none for a query that is missing.
///
/// `done` counts pairs as they are done, or found to be too far without being looked at.
///
/// # Errors
///
/// The team was told to stop.
///
/// # Panics
///
/// The choices were laid out for another level.
pub fn best_match<M: Measure>(
    level: Level,
    measure: M,
    queries: &Queries,
    choices: &Choices,
    cutoff: Option<M::Score>,
    team: &Team<'_>,
    done: &AtomicU64,
) -> Result<Vec<Option<Best<M::Score>>>, Interrupted> {
    let nothing = Known {
        best: None,
        limit: cutoff.unwrap_or(M::ANY),
    };
    let groups = queries.groups(GROUP.0, GROUP.1);
    let ranges = split(choices.items(), groups.len(), team);
    let found = collected(groups.iter().map(|group| {
        for_small_things();
        Mutex::new(filled(nothing, group.len()))
    }));
    let work = |spare: &mut Spare, piece: usize, ask: &dyn Fn() -> bool| {
        let number = piece / ranges.len();
        let group = queries.of(groups[number]);
        let shared = &found[number];
        let mut known = shared
            .lock()
            .map_or_else(|_| Vec::new(), |known| known.clone());
        let search = Search {
            level,
            measure,
            queries,
            choices,
            group: &group,
            done,
        };
        if search
            .run(ranges[piece % ranges.len()], &mut known, spare, ask)
            .is_err()
        {
            return;
        }
        let Ok(mut shared) = shared.lock() else {
            return;
        };
        for (shared, known) in shared.iter_mut().zip(known) {
            if let Some(best) = known.best
                && !M::nearer(shared.limit, best.score)
            {
                shared.offer(best.index, best.score);
            }
        }
    };
    team.for_each_asking(groups.len() * ranges.len(), Spare::default, work)?;
    let mut all = filled(None, queries.len());
    for (group, known) in groups.iter().zip(found) {
        let known = known.into_inner().unwrap_or_default();
        for (&row, known) in group.iter().zip(known) {
            all[row as usize] = known.best;
        }
    }
    Ok(all)
}

/// The search for one group of queries.
struct Search<'a, M> {
    level: Level,
    measure: M,
    queries: &'a Queries,
    choices: &'a Choices,
    group: &'a [Query<'a>],
    done: &'a AtomicU64,
}

impl<M: Measure> Search<'_, M> {
    fn run(
        &self,
        items: &[Item],
        known: &mut [Known<M::Score>],
        spare: &mut Spare,
        ask: &dyn Fn() -> bool,
    ) -> Result<(), Interrupted> {
        let length = self
            .group
            .get(self.group.len() / 2)
            .map_or(0, |query| query.symbols.len());
        let mut limits = Vec::new();
        for item in nearest_first(items, length) {
            if ask() {
                return Err(Interrupted);
            }
            self.item(item, known, &mut limits, spare, ask)?;
            let pairs = self.group.len() * item.count;
            self.done.fetch_add(pairs as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    fn item(
        &self,
        item: &Item,
        known: &mut [Known<M::Score>],
        limits: &mut Vec<M::Score>,
        spare: &mut Spare,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Interrupted> {
        let places = self.choices.places(item);
        let [together, alone] = item.split(self.group);
        let near = near(self.measure, item, together, |number| known[number].limit);
        if !near.is_empty() {
            limits.clear();
            limits.extend(known[near.clone()].iter().map(|known| known.limit));
            let mut offer = |number: usize, scores: &[M::Score]| {
                let known = &mut known[near.start + number];
                for (&place, &score) in places.iter().zip(scores) {
                    if !M::nearer(known.limit, score) {
                        known.offer(place as usize, score);
                    }
                }
            };
            let asked = Asked {
                queries: &together[near.clone()],
                limits: Some(limits),
                each: &mut offer,
            };
            self.measure.scores(self.level, item, asked, spare);
        }
        for (query, known) in alone.iter().zip(known) {
            let bound = self.measure.bound(query.symbols.len(), item.lengths);
            if M::nearer(known.limit, bound) {
                continue;
            }
            for &place in places {
                let counts = [self.queries.counts(query.row), self.choices.counts(place)];
                let (query, choice) = (query.symbols, self.choices.symbols(place));
                let lengths = [query.len(), choice.len()];
                if is_far(self.measure, lengths, counts, known.limit) {
                    continue;
                }
                let score = self
                    .measure
                    .pair(self.level, query, choice, known.limit, stop)?;
                if !M::nearer(known.limit, score) {
                    known.offer(place as usize, score);
                }
                if stop() {
                    return Err(Interrupted);
                }
            }
        }
        Ok(())
    }
}

/// The items, those first whose strings are nearest to that length.
fn nearest_first(items: &[Item], length: usize) -> impl Iterator<Item = &Item> {
    let middle = items.partition_point(|item| item.lengths[1] < length);
    let (shorter, longer) = items.split_at(middle);
    let mut shorter = shorter.iter().rev().peekable();
    let mut longer = longer.iter().peekable();
    let apart = move |item: &Item| length.abs_diff(length.clamp(item.lengths[0], item.lengths[1]));
    std::iter::from_fn(move || match (shorter.peek(), longer.peek()) {
        (Some(a), Some(b)) if apart(a) < apart(b) => shorter.next(),
        (_, Some(_)) => longer.next(),
        _ => shorter.next(),
    })
}

/// Every order in which threads can find the nearest choice of one query.
#[cfg(all(test, loom))]
mod models {
    use std::num::NonZeroUsize;
    use std::sync::atomic::AtomicU64;

    use super::{Best, best_match};
    use crate::simd::Level;
    use crate::text::batch::{Choices, Distance, Order, Queries, Reader, Strings};
    use crate::text::{Text, Unit};
    use crate::threads::Team;

    fn strings(given: &[&str]) -> Strings {
        let (mut reader, mut strings) = (Reader::new(Unit::CodePoint), Strings::default());
        for text in given {
            reader.read(Some(Text::Utf8(text)), &mut strings);
        }
        strings
    }

    /// Choices of three widths of words, which threads look at apart.
    fn nearest(given: [&'static str; 3], best: Best<u32>) {
        let on = || false;
        loom::model(move || {
            let level = Level::Scalar;
            let measure = Distance::Levenshtein;
            let choices = strings(&given);
            let choices =
                Choices::new(level, measure, choices, Order::ByLength, &on).expect("not stopped");
            assert_eq!(choices.items().len(), 3, "nothing to do at once");
            let queries =
                Queries::new(strings(&["abcdefghijkl"]), &choices, &on).expect("not stopped");
            let (team, done) = (
                Team::new(NonZeroUsize::new(2).unwrap(), &on),
                AtomicU64::new(0),
            );
            let found = best_match(level, measure, &queries, &choices, None, &team, &done);
            assert_eq!((found, done.into_inner()), (Ok(vec![Some(best)]), 3));
        });
    }

    #[test]
    fn the_nearest_whoever_finds_it() {
        let far = ["abcd", "abcdefghijkx", "abcdefghijklmnopqrst"];
        nearest(far, Best { index: 1, score: 1 });
    }

    #[test]
    fn of_equally_near_ones_the_first_whoever_finds_it() {
        let (shorter, longer) = ("abcd", "abcdefghijklmnopqrst");
        let best = Best { index: 0, score: 8 };
        nearest([shorter, longer, "bcdxxxxxxxxx"], best);
        nearest([longer, shorter, "bcdxxxxxxxxx"], best);
    }
}
