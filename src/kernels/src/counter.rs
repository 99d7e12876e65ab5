//! A counter that any number of threads may increment without losing one.

use std::sync::atomic::{AtomicU64, Ordering};

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
    pub const fn new() -> Self {
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
