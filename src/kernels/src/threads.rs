//! Work split over threads that last for one call, and can be stopped by the thread that made it.

use std::fmt;
use std::num::NonZeroUsize;
use std::panic;

use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::thread;

/// The cores that this process may use (affinity masks and, on Linux, cgroup quotas counted in); 1 where that is not known.
#[must_use]
pub fn available() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// The caller asked to stop, and the work is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// How many threads may work, and whom to ask whether to go on.
///
/// There is no pool: each call makes its threads and joins them, so that a process that forks between two calls has
/// nothing to lose. Making one costs some 20 µs; a kernel asks for fewer when its work is small.
#[derive(Clone, Copy)]
pub struct Team<'a> {
    threads: NonZeroUsize,
    stop: &'a dyn Fn() -> bool,
}

impl fmt::Debug for Team<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Team({} threads)", self.threads)
    }
}

impl<'a> Team<'a> {
    /// A team of `threads`, the calling one among them. `stop` is asked before each piece of work that the calling thread
    /// does, some milliseconds apart at most, and on no other thread; it should be quick. Once it says true, all stop
    /// after the pieces they are at.
    #[must_use]
    pub fn new(threads: NonZeroUsize, stop: &'a dyn Fn() -> bool) -> Self {
        Self { threads, stop }
    }

    /// The calling thread alone.
    #[must_use]
    pub fn alone(stop: &'a dyn Fn() -> bool) -> Self {
        Self::new(NonZeroUsize::MIN, stop)
    }

    /// The number of threads, the calling one among them.
    #[must_use]
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// The same team with at most `threads` threads.
    #[must_use]
    pub fn at_most(self, threads: usize) -> Self {
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        Self {
            threads: self.threads.min(threads),
            ..self
        }
    }

    /// Does `work` for each of 0, 1, … `pieces - 1`, each once, in any order, on any thread.
    ///
    /// # Errors
    ///
    /// `Interrupted` if the team was told to stop; some pieces are then not done.
    ///
    /// # Panics
    ///
    /// With what `work` panics with, on whichever thread, after the others have stopped.
    pub fn for_each(
        &self,
        pieces: usize,
        work: &(dyn Fn(usize) + Sync),
    ) -> Result<(), Interrupted> {
        self.for_each_with(pieces, || (), |(), piece| work(piece))
    }

    /// As [`Team::for_each`], with something of its own for each thread that does any work, made on that thread.
    ///
    /// # Errors
    ///
    /// As [`Team::for_each`].
    ///
    /// # Panics
    ///
    /// As [`Team::for_each`].
    pub fn for_each_with<S>(
        &self,
        pieces: usize,
        make: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize) + Sync,
    ) -> Result<(), Interrupted> {
        self.for_each_asking(pieces, make, |own, piece, _| work(own, piece))
    }

    /// As [`Team::for_each_with`], for pieces that may take long: each is handed a function to ask whether to stop, every
    /// millisecond or so, which is `stop` on the calling thread and says what that said on the others. A piece that is
    /// told to stop may return at once.
    ///
    /// # Errors
    ///
    /// As [`Team::for_each`].
    ///
    /// # Panics
    ///
    /// As [`Team::for_each`].
    pub fn for_each_asking<S>(
        &self,
        pieces: usize,
        make: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize, &dyn Fn() -> bool) + Sync,
    ) -> Result<(), Interrupted> {
        let shared = Shared {
            pieces,
            next: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        };
        let helper = || {
            shared.run(&make, &work, &|| false);
        };
        thread::scope(|scope| {
            let mut helpers = Vec::new();
            for _ in 1..self.threads.get().min(pieces) {
                let builder = thread::Builder::new().name("hotkernels".to_owned());
                match builder.spawn_scoped(scope, helper) {
                    Ok(handle) => helpers.push(handle),
                    // The system has no more threads to give: those there are do the work.
                    Err(_) => break,
                }
            }
            shared.run(&make, &work, self.stop);
            for helper in helpers {
                if let Err(payload) = helper.join() {
                    panic::resume_unwind(payload);
                }
            }
        });
        if shared.stopped.into_inner() {
            Err(Interrupted)
        } else {
            Ok(())
        }
    }
}

/// What the threads of one call share.
struct Shared {
    pieces: usize,
    next: AtomicUsize,
    stopped: AtomicBool,
}

impl Shared {
    /// Does pieces until there are none left, or this thread or another stops.
    fn run<S>(
        &self,
        make: &impl Fn() -> S,
        work: &impl Fn(&mut S, usize, &dyn Fn() -> bool),
        stop: &dyn Fn() -> bool,
    ) {
        let panicking = StopOnPanic(&self.stopped);
        let ask = || {
            if !self.stopped.load(Ordering::Relaxed) && stop() {
                self.stopped.store(true, Ordering::Relaxed);
            }
            self.stopped.load(Ordering::Relaxed)
        };
        let mut own = None;
        loop {
            // Relaxed: the pieces themselves are synchronized by making and joining the threads.
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            if piece >= self.pieces || ask() {
                break;
            }
            work(own.get_or_insert_with(make), piece, &ask);
        }
        drop(panicking);
    }
}

/// Stops the other threads when this one panics.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::num::NonZeroUsize;
    use std::panic::{self, AssertUnwindSafe};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::{Interrupted, Team, available};

    fn team(threads: usize, stop: &dyn Fn() -> bool) -> Team<'_> {
        Team::new(NonZeroUsize::new(threads).unwrap(), stop)
    }

    #[test]
    fn there_is_a_core() {
        assert!(available() >= 1);
    }

    #[test]
    fn each_piece_is_done_once() {
        for threads in 1..5 {
            for pieces in [0, 1, 2, 3, 100] {
                let done: Vec<_> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
                let result = team(threads, &|| false).for_each(pieces, &|piece| {
                    done[piece].fetch_add(1, Ordering::Relaxed);
                });
                assert_eq!(result, Ok(()));
                assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn only_the_calling_thread_is_asked_and_all_stop() {
        let caller = thread::current().id();
        for threads in 1..5 {
            let (asked, done) = (Cell::new(0), AtomicUsize::new(0));
            let stop = || {
                assert_eq!(thread::current().id(), caller);
                asked.set(asked.get() + 1);
                true
            };
            let result = team(threads, &stop).for_each(1 << 20, &|_| {
                done.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            });
            assert_eq!((result, asked.get()), (Err(Interrupted), 1));
            assert!(done.into_inner() < 1 << 20);
        }
    }

    #[test]
    fn a_piece_may_ask_on_any_thread() {
        for threads in 1..5 {
            let asked = Cell::new(0);
            let stop = || {
                asked.set(asked.get() + 1);
                asked.get() > 10
            };
            // Each piece is endless until it is told to stop.
            let result = team(threads, &stop).for_each_asking(
                threads,
                || (),
                |(), _, ask| {
                    while !ask() {
                        thread::yield_now();
                    }
                },
            );
            assert_eq!((result, asked.get()), (Err(Interrupted), 11));
        }
    }

    #[test]
    fn each_thread_has_its_own() {
        let made = AtomicUsize::new(0);
        let make = || made.fetch_add(1, Ordering::Relaxed);
        team(4, &|| false)
            .for_each_with(100, make, |own, _| assert!(*own < 4))
            .unwrap();
        assert!((1..=4).contains(&made.into_inner()));
    }

    #[test]
    fn a_panic_comes_out_as_it_was() {
        for threads in 1..5 {
            let payload = panic::catch_unwind(AssertUnwindSafe(|| {
                let _ = team(threads, &|| false).for_each(50, &|piece| {
                    assert_ne!(piece, 7, "seven");
                });
            }))
            .unwrap_err();
            assert!(payload.downcast_ref::<String>().unwrap().contains("seven"));
        }
    }
}

/// Every order in which the threads of a team can come to their pieces, their stops and their end.
#[cfg(all(test, loom))]
mod models {
    use std::cell::Cell;
    use std::num::NonZeroUsize;

    use loom::cell::UnsafeCell;
    use loom::thread;

    use super::{Interrupted, Team};

    fn team(threads: usize, stop: &dyn Fn() -> bool) -> Team<'_> {
        Team::new(NonZeroUsize::new(threads).unwrap(), stop)
    }

    /// A number that a thread may write while no other does; loom ends the model where two are not ordered.
    struct Slot(UnsafeCell<usize>);

    // SAFETY: loom sees every access.
    unsafe impl Sync for Slot {}

    impl Slot {
        fn add(&self) {
            // SAFETY: loom has looked whether another thread is there.
            self.0.with_mut(|number| unsafe { *number += 1 });
        }

        fn get(&self) -> usize {
            // SAFETY: as above.
            self.0.with(|number| unsafe { *number })
        }
    }

    fn slots(count: usize) -> Vec<Slot> {
        (0..count).map(|_| Slot(UnsafeCell::new(0))).collect()
    }

    /// What a piece writes, whichever thread does it, the caller reads after the call without more ado.
    fn pieces(threads: usize, pieces: usize) {
        loom::model(move || {
            let done = slots(pieces);
            let result = team(threads, &|| false).for_each(pieces, &|piece| done[piece].add());
            assert_eq!(result, Ok(()));
            assert!(done.iter().all(|slot| slot.get() == 1));
        });
    }

    #[test]
    fn two_threads_do_each_piece_once() {
        pieces(2, 4);
    }

    #[test]
    fn three_threads_do_each_piece_once() {
        pieces(3, 3);
    }

    #[test]
    fn more_threads_than_pieces() {
        pieces(3, 1);
    }

    #[test]
    fn what_was_stopped_says_so_and_no_piece_is_done_twice() {
        for asked_before in 0..3 {
            loom::model(move || {
                let (caller, asked, done) = (thread::current().id(), Cell::new(0), slots(3));
                let stop = || {
                    assert_eq!(thread::current().id(), caller);
                    asked.set(asked.get() + 1);
                    asked.get() > asked_before
                };
                let result = team(2, &stop).for_each(3, &|piece| done[piece].add());
                assert!(done.iter().all(|slot| slot.get() <= 1));
                // The other thread may have done all before the caller was asked so often.
                if asked.get() > asked_before {
                    assert_eq!((result, asked.get()), (Err(Interrupted), asked_before + 1));
                } else {
                    assert_eq!(result, Ok(()));
                    assert!(done.iter().all(|slot| slot.get() == 1));
                }
            });
        }
    }

    #[test]
    fn endless_pieces_end_when_the_caller_is_told_to_stop() {
        loom::model(|| {
            let asked = Cell::new(0);
            let stop = || {
                asked.set(asked.get() + 1);
                asked.get() > 2
            };
            let result = team(2, &stop).for_each_asking(
                2,
                || (),
                |(), _, ask| {
                    while !ask() {
                        thread::yield_now();
                    }
                },
            );
            assert_eq!(result, Err(Interrupted));
        });
    }

    #[test]
    fn each_thread_has_its_own() {
        loom::model(|| {
            let made = loom::sync::atomic::AtomicUsize::new(0);
            let make = || {
                (
                    thread::current().id(),
                    made.fetch_add(1, super::Ordering::Relaxed),
                )
            };
            team(2, &|| false)
                .for_each_with(3, make, |(maker, _), _| {
                    assert_eq!(*maker, thread::current().id())
                })
                .unwrap();
            assert!((1..=2).contains(&made.into_inner()));
        });
    }
}
