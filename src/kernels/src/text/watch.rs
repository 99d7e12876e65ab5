//! Being stopped in the middle of an iterator.

use std::cell::Cell;

use crate::threads::Interrupted;

/// Items between two looks at whether to stop: a millisecond or so.
const LOOK: usize = 1 << 15;

/// Work on one thing after the other that can be told to stop: all its iterators end then, and what came out is not the result.
pub(super) struct Watch<'a> {
    stop: &'a dyn Fn() -> bool,
    seen: Cell<usize>,
    stopped: Cell<bool>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            stop,
            seen: Cell::new(0),
            stopped: Cell::new(false),
        }
    }

    /// Whether to go on, asked before each item.
    #[inline(always)]
    pub(super) fn goes_on(&self) -> bool {
        let seen = self.seen.get().wrapping_add(1);
        self.seen.set(seen);
        if seen.is_multiple_of(LOOK) && !self.stopped.get() {
            self.stopped.set((self.stop)());
        }
        !self.stopped.get()
    }

    /// The items, until it is stopped.
    #[inline(always)]
    pub(super) fn over<T>(&self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        items.take_while(|_| self.goes_on())
    }

    /// Does work that asks by itself whether to stop; `None` where it was stopped.
    pub(super) fn done<T>(
        &self,
        work: impl FnOnce(&dyn Fn() -> bool) -> Result<T, Interrupted>,
    ) -> Option<T> {
        if self.stopped.get() {
            return None;
        }
        let done = work(self.stop).ok();
        self.stopped.set(done.is_none());
        done
    }

    /// What came of the items, if it was all of them.
    #[inline(always)]
    pub(super) fn whole<T>(&self, result: T) -> Result<T, Interrupted> {
        if self.stopped.get() {
            Err(Interrupted)
        } else {
            Ok(result)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_stopped_is_whole() {
        let watch = Watch::new(&|| false);
        let count = watch.over(0..3 * LOOK).count();
        assert_eq!(watch.whole(count), Ok(3 * LOOK));
    }

    #[test]
    fn what_is_stopped_ends_at_once_and_so_do_the_next_iterators() {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() == 2
        };
        let watch = Watch::new(&stop);
        assert_eq!(watch.over(0..).count(), 2 * LOOK - 1);
        assert_eq!(watch.over(0..).count(), 0);
        assert_eq!(asked.get(), 2, "nor is it asked again");
        assert_eq!(watch.whole(()), Err(Interrupted));
    }

    #[test]
    fn work_that_was_stopped_stops_it() {
        let watch = Watch::new(&|| false);
        assert_eq!(watch.done(|stop| Ok(stop())), Some(false));
        assert_eq!(watch.whole(7), Ok(7));
        assert_eq!(watch.done(|_| Err::<(), _>(Interrupted)), None);
        assert_eq!(watch.done(|_| Ok(())), None, "nor is more begun");
        assert_eq!(watch.over(0..).count(), 0);
        assert_eq!(watch.whole(7), Err(Interrupted));
    }
}
