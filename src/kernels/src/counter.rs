//! A counter that any number of threads may increment without losing one.

use crate::sync::atomic::{AtomicU64, Ordering};

/// A counter from 0 up, exact under any number of threads, without a lock.
///
/// It has a cache line pair of its own (CPUs fetch lines in pairs), so that threads that increment it do not slow down
/// threads that use what happens to lie next to it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter at 0.
    #[must_use]
    #[cfg(not(all(test, loom)))]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// The same in a model, where atomics are made at run time.
    #[cfg(all(test, loom))]
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds 1 and returns the new value, which no other call returns. Past `u64::MAX`, centuries away, it starts again at 0.
    pub fn increment(&self) -> u64 {
        // Relaxed: the count is exact under any ordering, and it guards no other memory.
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// The number of increments so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::Counter;

    #[test]
    fn loses_nothing_and_repeats_nothing() {
        const THREADS: usize = 4;
        const EACH: usize = if cfg!(miri) { 50 } else { 20_000 };
        let counter = Counter::new();
        let seen = thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS)
                .map(|_| scope.spawn(|| (0..EACH).map(|_| counter.increment()).collect::<Vec<_>>()))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect::<HashSet<_>>()
        });
        assert_eq!(counter.get(), (THREADS * EACH) as u64);
        assert_eq!(seen, (1..=counter.get()).collect());
    }
}

/// Every order in which threads can increment it.
#[cfg(all(test, loom))]
mod models {
    use std::collections::HashSet;
    use std::sync::Arc;

    use loom::thread;

    use super::Counter;

    fn increments(each: &'static [usize]) {
        loom::model(move || {
            let counter = Arc::new(Counter::new());
            let workers: Vec<_> = each
                .iter()
                .map(|&count| {
                    let counter = Arc::clone(&counter);
                    thread::spawn(move || {
                        let mine: Vec<_> = (0..count).map(|_| counter.increment()).collect();
                        assert!(mine.is_sorted() && mine.last() <= Some(&counter.get()));
                        mine
                    })
                })
                .collect();
            let seen: HashSet<_> = workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect();
            let total = each.iter().sum::<usize>() as u64;
            assert_eq!(counter.get(), total);
            assert_eq!(seen, (1..=total).collect());
        });
    }

    #[test]
    fn two_threads_lose_nothing_and_repeat_nothing() {
        increments(&[3, 3]);
    }

    #[test]
    fn three_threads_lose_nothing_and_repeat_nothing() {
        increments(&[1, 1, 1]);
    }
}
