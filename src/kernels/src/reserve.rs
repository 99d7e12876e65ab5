//! An allocator that keeps something for small things, for when there is no memory left.
//!
//! What grows with the input is asked for in a way that may be refused ([`crate::room`]). Everything else, the exception that a
//! refusal unwinds with, a thread's handle, a boxed closure, the vector of a few pointers, is made as everywhere in Rust: where the
//! allocator has nothing, the process is aborted. [`Reserve`] gives such things one of its own slots then. What ends that way is
//! dropped in the unwinding, and its slots are free again. C++ run times do the same for the exceptions that they throw.

use std::alloc::System;
use std::cell::UnsafeCell;
#[cfg(not(all(test, loom)))]
use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

use crate::sync::atomic::{AtomicU64, Ordering};

/// The largest thing that is given a slot, and the strictest alignment, in bytes.
pub const LARGEST: usize = 4 << 10;

/// Words of slots, one slot a bit.
const WORDS: usize = 4;

/// How many things there is a slot for at a time.
pub const SLOTS: usize = WORDS * u64::BITS as usize;

/// Which slots are taken.
#[derive(Debug)]
struct Taken([AtomicU64; WORDS]);

impl Taken {
    /// A slot that nobody else has, until it is released.
    fn claim(&self) -> Option<usize> {
        for (number, word) in self.0.iter().enumerate() {
            let mut taken = word.load(Ordering::Relaxed);
            while taken != u64::MAX {
                let free = taken.trailing_ones();
                // Acquire: what the one before did with the slot is over.
                let before = word.fetch_or(1 << free, Ordering::Acquire);
                if before & (1 << free) == 0 {
                    return Some(number * u64::BITS as usize + free as usize);
                }
                taken = before;
            }
        }
        None
    }

    /// The slot is free again.
    fn release(&self, slot: usize) {
        let (word, bit) = (slot / u64::BITS as usize, slot % u64::BITS as usize);
        self.0[word % WORDS].fetch_and(!(1 << bit), Ordering::Release);
    }
}

/// The slots themselves: pages of zeros that the system brings along when one is first used.
#[repr(C, align(4096))]
struct Slots(UnsafeCell<[[u8; LARGEST]; SLOTS]>);

// SAFETY: each slot is written by the one who has claimed it.
unsafe impl Sync for Slots {}

#[cfg(not(all(test, loom)))] // whose atomics can't be made before the program runs
static TAKEN: Taken = Taken([const { AtomicU64::new(0) }; WORDS]);
static MEMORY: Slots = Slots(UnsafeCell::new([[0; LARGEST]; SLOTS]));

/// The slot that starts there, or has the address in it.
#[inline(always)]
fn slot_of(address: *const u8) -> Option<usize> {
    let slot = address.addr().wrapping_sub(MEMORY.0.get().addr()) / LARGEST;
    (slot < SLOTS).then_some(slot)
}

/// Whether this was made of the reserve: what grows should not be.
#[inline]
#[must_use]
pub fn holds<T>(start: *const T) -> bool {
    slot_of(start.cast()).is_some()
}

/// The allocator `A`, and behind it the reserve that all of them share. For `#[global_allocator]`; what was allocated by one has to be
/// given back to one with the same `A`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reserve<A = System>(pub A);

#[cfg(not(all(test, loom)))]
impl<A> Reserve<A> {
    /// A slot, where it is large enough; null where it is not or none is free.
    #[cold]
    fn slot(layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST || layout.align() > LARGEST {
            return ptr::null_mut();
        }
        TAKEN.claim().map_or(ptr::null_mut(), |slot| {
            MEMORY.0.get().cast::<u8>().wrapping_add(slot * LARGEST)
        })
    }
}

// SAFETY: what `A` gives is what `A` takes back: `slot_of` tells the two apart, as no allocator gives out memory of a static. A slot
// is claimed by one at a time, as large as what it is given for, and aligned to its own size. Nothing here unwinds.
#[cfg(not(all(test, loom)))]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Reserve<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        let given = unsafe { self.0.alloc(layout) };
        if given.is_null() {
            return Self::slot(layout);
        }
        given
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        let given = unsafe { self.0.alloc_zeroed(layout) };
        if !given.is_null() {
            return given;
        }
        let slot = Self::slot(layout);
        if !slot.is_null() {
            // SAFETY: a slot is at least as large.
            unsafe { slot.write_bytes(0, layout.size()) };
        }
        slot
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        match slot_of(start) {
            Some(slot) => TAKEN.release(slot),
            // SAFETY: as the caller says, and not one of ours.
            None => unsafe { self.0.dealloc(start, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !holds(start) {
            // SAFETY: as the caller says.
            let given = unsafe { self.0.realloc(start, layout, size) };
            if !given.is_null() {
                return given;
            }
        } else if size <= LARGEST {
            return start; // in its slot
        }
        // SAFETY: the caller says that this size is one of a layout.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !moved.is_null() {
            // SAFETY: two allocations, both at least as large.
            unsafe { ptr::copy_nonoverlapping(start, moved, layout.size().min(size)) };
            // SAFETY: as the caller says.
            unsafe { self.dealloc(start, layout) };
        }
        moved
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::thread;

    use super::*;

    /// An allocator that never has anything, and takes nothing back.
    struct Nothing;

    // SAFETY: null is what an allocator says that has none.
    unsafe impl GlobalAlloc for Nothing {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            ptr::null_mut()
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
            panic!("what was never given");
        }
    }

    const EMPTY: Reserve<Nothing> = Reserve(Nothing);
    const SMALL: Layout = Layout::new::<[u64; 9]>();

    /// The reserve is one for all: one test at a time.
    fn alone() -> MutexGuard<'static, ()> {
        static ONE: Mutex<()> = Mutex::new(());
        ONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[test]
    fn each_slot_is_given_once_and_again_when_it_is_back() {
        let _alone = alone();
        for _ in 0..3 {
            // SAFETY: the layout has a size.
            let given: Vec<_> = (0..SLOTS).map(|_| unsafe { EMPTY.alloc(SMALL) }).collect();
            assert!(
                given
                    .iter()
                    .all(|start| holds(*start) && start.is_aligned_to_largest())
            );
            assert_eq!(given.iter().collect::<HashSet<_>>().len(), SLOTS);
            // SAFETY: as above.
            assert!(unsafe { EMPTY.alloc(SMALL) }.is_null());
            for (number, start) in given.iter().enumerate() {
                // SAFETY: nobody else has it, and it is as large.
                unsafe { start.write_bytes(number as u8, SMALL.size()) };
            }
            for (number, start) in given.into_iter().enumerate() {
                // SAFETY: it was written above.
                assert_eq!(unsafe { *start.add(SMALL.size() - 1) }, number as u8);
                // SAFETY: allocated with the same layout.
                unsafe { EMPTY.dealloc(start, SMALL) };
            }
        }
    }

    trait Aligned {
        fn is_aligned_to_largest(&self) -> bool;
    }

    impl Aligned for *mut u8 {
        fn is_aligned_to_largest(&self) -> bool {
            self.addr().is_multiple_of(LARGEST)
        }
    }

    #[test]
    fn what_is_large_or_aligned_to_more_is_not_given() {
        let _alone = alone();
        for layout in [[LARGEST + 1, 1], [1, 2 * LARGEST], [1 << 30, 8]] {
            let layout = Layout::from_size_align(layout[0], layout[1]).unwrap();
            // SAFETY: the layout has a size.
            assert!(unsafe { EMPTY.alloc(layout) }.is_null());
        }
    }

    #[test]
    fn zeros_are_zeros_whoever_had_the_slot_before() {
        let _alone = alone();
        for _ in 0..2 {
            // SAFETY: the layout has a size; nobody else has what it gives.
            unsafe {
                let start = EMPTY.alloc_zeroed(SMALL);
                let bytes = std::slice::from_raw_parts(start, SMALL.size());
                assert!(bytes.iter().all(|&byte| byte == 0));
                start.write_bytes(7, SMALL.size());
                EMPTY.dealloc(start, SMALL);
            }
        }
    }

    #[test]
    fn what_grows_keeps_what_it_had() {
        let _alone = alone();
        // SAFETY: each size is one of a layout, each start the last one that was given.
        unsafe {
            let start = EMPTY.alloc(SMALL);
            start.write_bytes(7, SMALL.size());
            let grown = EMPTY.realloc(start, SMALL, LARGEST);
            assert_eq!(grown, start);
            let whole = Layout::from_size_align(LARGEST, SMALL.align()).unwrap();
            assert!(EMPTY.realloc(grown, whole, LARGEST + 1).is_null()); // which leaves it as it was
            assert_eq!(*grown.add(SMALL.size() - 1), 7);
            // To an allocator that has memory: out of the slot.
            let moved = Reserve(System).realloc(grown, whole, 2 * LARGEST);
            assert!(!holds(moved) && !moved.is_null());
            assert_eq!(*moved.add(SMALL.size() - 1), 7);
            let all = Layout::from_size_align(2 * LARGEST, SMALL.align()).unwrap();
            Reserve(System).dealloc(moved, all);
            let again = EMPTY.alloc(SMALL);
            assert_eq!(again, start, "its slot came back");
            EMPTY.dealloc(again, SMALL);
        }
    }

    #[test]
    fn addresses_around_it_are_not_in_it() {
        let start = MEMORY.0.get().cast::<u8>();
        let end = start.wrapping_add(SLOTS * LARGEST);
        assert!(holds(start) && holds(end.wrapping_sub(1)));
        assert!(!holds(start.wrapping_sub(1)) && !holds(end));
        assert!(!holds::<u8>(ptr::null()) && !holds(&raw const TAKEN));
    }

    #[test]
    fn threads_never_have_the_same_slot() {
        let _alone = alone();
        thread::scope(|scope| {
            for number in 0..4_u8 {
                scope.spawn(move || {
                    for _ in 0..2_000 {
                        // SAFETY: as above.
                        unsafe {
                            let start = EMPTY.alloc(SMALL);
                            start.write_bytes(number, SMALL.size());
                            thread::yield_now();
                            let bytes = std::slice::from_raw_parts(start, SMALL.size());
                            assert!(bytes.iter().all(|&byte| byte == number));
                            EMPTY.dealloc(start, SMALL);
                        }
                    }
                });
            }
        });
    }
}

/// Every order in which threads can take slots and give them back.
#[cfg(all(test, loom))]
mod models {
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    /// A slot that was given back is seen as its last owner left it, and none has two owners.
    #[test]
    fn a_slot_has_one_owner_at_a_time() {
        loom::model(|| {
            let full = u64::MAX << 1; // but for one slot
            let taken = Taken(std::array::from_fn(|word| {
                AtomicU64::new(if word == 0 { full } else { u64::MAX })
            }));
            let shared = Arc::new((taken, UnsafeCell::new(0)));
            let work = |shared: &(Taken, UnsafeCell<usize>)| {
                let (taken, slot) = shared;
                if taken.claim().is_some() {
                    // SAFETY: loom has looked whether another thread is there.
                    slot.with_mut(|owners| unsafe { *owners += 1 });
                    taken.release(0);
                }
            };
            let other = Arc::clone(&shared);
            let thread = thread::spawn(move || work(&other));
            work(&shared);
            thread.join().unwrap();
            assert_eq!(shared.0.claim(), Some(0));
            assert_eq!(shared.0.claim(), None);
        });
    }

    #[test]
    fn two_threads_have_two_slots() {
        loom::model(|| {
            let free = u64::MAX << 2;
            let taken = Taken(std::array::from_fn(|word| {
                AtomicU64::new(if word == 1 { free } else { u64::MAX })
            }));
            let taken = Arc::new(taken);
            let other = Arc::clone(&taken);
            let thread = thread::spawn(move || other.claim());
            let slots = [taken.claim().unwrap(), thread.join().unwrap().unwrap()];
            assert_ne!(slots[0], slots[1]);
            assert!(slots.iter().all(|slot| (64..66).contains(slot)));
        });
    }
}
