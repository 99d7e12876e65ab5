//! Memory in proportion to what a call is given: where there is none left, the call ends, and the process goes on.
//!
//! Rust's collections abort the process where the allocator has nothing for them. What is made here asks first, and unwinds
//! with [`OutOfMemory`] as the payload; no panic is reported. All that is on the way is dropped, on whichever thread it is, and who called
//! the kernel catches it: the bindings make a `MemoryError` of it. What is small and does not grow with the input is allocated as
//! everywhere in Rust, and found in the [`reserve`] where there is nothing else; what is asked for here is not.

use std::alloc::{self, Layout};
use std::collections::{HashMap, TryReserveError};
use std::hash::{BuildHasher, Hash};
use std::panic;

use crate::reserve;

/// What a call unwinds with that there is no memory for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// Ends the call.
///
/// # Panics
///
/// Always, with [`OutOfMemory`].
#[cold]
pub fn out_of_memory() -> ! {
    panic::resume_unwind(Box::new(OutOfMemory)) // of no size: it needs no memory
}

/// What grows.
pub trait Grow {
    /// Makes room for so many more elements, or bytes of a string, and then some; nothing where there is room already.
    ///
    /// # Panics
    ///
    /// With [`OutOfMemory`] where there is none.
    fn room(&mut self, more: usize);
}

impl<T> Grow for Vec<T> {
    #[inline(always)]
    fn room(&mut self, more: usize) {
        if self.capacity() - self.len() < more {
            grow(self, more);
        }
    }
}

#[cold]
#[inline(never)]
fn grow<T>(vector: &mut Vec<T>, more: usize) {
    if vector.try_reserve(more).is_err() || reserve::holds(vector.as_ptr()) {
        out_of_memory();
    }
}

impl Grow for String {
    #[inline(always)]
    fn room(&mut self, more: usize) {
        if self.capacity() - self.len() < more
            && (self.try_reserve(more).is_err() || reserve::holds(self.as_ptr()))
        {
            out_of_memory();
        }
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> Grow for HashMap<K, V, S> {
    #[inline(always)]
    fn room(&mut self, more: usize) {
        if self.try_reserve(more).is_err() {
            out_of_memory();
        }
    }
}

/// An empty vector with room for exactly so many elements.
///
/// # Panics
///
/// With [`OutOfMemory`] where there is none.
#[inline]
#[must_use]
pub fn with_room<T>(count: usize) -> Vec<T> {
    let mut made = Vec::new();
    if made.try_reserve_exact(count).is_err() || reserve::holds(made.as_ptr()) {
        out_of_memory();
    }
    made
}

/// So many of the same.
///
/// # Panics
///
/// As [`with_room`].
#[inline]
#[must_use]
pub fn filled<T: Clone>(value: T, count: usize) -> Vec<T> {
    let mut made = with_room(count);
    made.resize(count, value);
    made
}

/// Numbers whose bits are all zero where they are zero.
///
/// # Safety
///
/// Memory of zeros alone must be a valid value of the type.
pub(crate) unsafe trait Zero: Copy {}

macro_rules! zero {
    ($($number:ty),*) => {
        // SAFETY: integers and floating-point numbers are zero there.
        $(unsafe impl Zero for $number {})*
    };
}
zero!(i8, i16, i32, u8, u16, u32, u64, f32, f64);

/// So many zeros, in memory that the system may bring along when it is first written.
///
/// # Panics
///
/// As [`with_room`].
#[expect(
    clippy::same_length_and_capacity,
    reason = "the layout is that of an array of as many"
)]
pub(crate) fn zeros<T: Zero>(count: usize) -> Vec<T> {
    let Ok(layout) = Layout::array::<T>(count) else {
        out_of_memory()
    };
    if layout.size() == 0 {
        return Vec::new();
    }
    // SAFETY: the layout has a size.
    let start = unsafe { alloc::alloc_zeroed(layout) }.cast::<T>();
    if start.is_null() {
        out_of_memory();
    }
    // SAFETY: allocated by the allocator of vectors for an array of as many, which zeros are.
    let made = unsafe { Vec::from_raw_parts(start, count, count) };
    if reserve::holds(made.as_ptr()) {
        out_of_memory();
    }
    made
}

/// What an iterator gives that knows how much that is.
///
/// # Panics
///
/// As [`with_room`].
#[inline]
#[must_use]
pub fn collected<T>(items: impl ExactSizeIterator<Item = T>) -> Vec<T> {
    let mut made = with_room(items.len());
    made.extend(items);
    made
}

/// What an iterator gives that does not know how much that is.
///
/// # Panics
///
/// As [`with_room`].
#[inline]
#[must_use]
pub fn gathered<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut made = with_room(items.size_hint().0);
    for item in items {
        made.room(1);
        made.push(item);
    }
    made
}

/// These characters.
///
/// # Panics
///
/// As [`with_room`].
#[inline]
#[must_use]
pub fn string(characters: impl Iterator<Item = char>) -> String {
    let mut made = String::new();
    made.room(characters.size_hint().0);
    for character in characters {
        made.room(character.len_utf8());
        made.push(character);
    }
    made
}

/// A string of its own.
///
/// # Panics
///
/// As [`with_room`].
#[must_use]
pub fn boxed(text: &str) -> Box<str> {
    let mut made = String::new();
    if made.try_reserve_exact(text.len()).is_err() || reserve::holds(made.as_ptr()) {
        out_of_memory();
    }
    made.push_str(text);
    made.into_boxed_str()
}

/// Sees to it that some small things can be made: where many are, there is an end of them too.
///
/// # Panics
///
/// With [`OutOfMemory`] where there is no room for many.
#[inline]
pub fn for_small_things() {
    const MANY: usize = 64 << 10;
    drop(with_room::<u8>(MANY));
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::hint::black_box;
    use std::num::NonZeroUsize;
    use std::panic::{self, AssertUnwindSafe};

    use super::*;
    use crate::threads::Team;

    /// More than there is of anything.
    const TOO_MANY: usize = isize::MAX as usize / 2;

    fn ends(work: impl FnOnce()) -> bool {
        let caught = panic::catch_unwind(AssertUnwindSafe(work));
        caught.is_err_and(|payload| payload.downcast_ref::<OutOfMemory>().is_some())
    }

    #[test]
    fn what_there_is_no_memory_for_unwinds() {
        assert!(ends(|| drop(with_room::<u8>(TOO_MANY))));
        assert!(ends(|| drop(with_room::<u64>(TOO_MANY)))); // more bytes than there are addresses
        assert!(ends(|| drop(filled(1_u8, TOO_MANY))));
        // Looked at, or the compiler leaves out memory that nobody does.
        assert!(ends(|| drop(black_box(zeros::<u8>(TOO_MANY)))));
        assert!(ends(|| drop(black_box(zeros::<u64>(TOO_MANY)))));
        assert!(ends(|| drop(collected((0..TOO_MANY).map(|_| 1_u8)))));
        assert!(ends(|| drop(gathered(std::iter::repeat_n(1_u8, TOO_MANY)))));
        assert!(ends(|| drop(string(std::iter::repeat_n('a', TOO_MANY)))));
        assert!(ends(|| vec![1_u8].room(TOO_MANY)));
        assert!(ends(|| String::from("a").room(TOO_MANY)));
        assert!(ends(|| HashMap::<u32, u32>::new().room(TOO_MANY)));
    }

    #[test]
    fn on_any_thread_of_a_team() {
        for threads in 1..4 {
            assert!(ends(|| {
                let team = Team::new(NonZeroUsize::new(threads).unwrap(), &|| false);
                let _ = team.for_each(20, &|piece| {
                    if piece == 7 {
                        out_of_memory();
                    }
                });
            }));
        }
    }

    #[test]
    fn what_there_is_memory_for_is_made() {
        assert_eq!(filled(7, 3), [7; 3]);
        assert_eq!(zeros::<f64>(3), [0.0; 3]);
        assert_eq!(zeros::<u8>(0), []);
        assert_eq!(collected([1, 2].iter()), [&1, &2]);
        assert_eq!(gathered((0..9).filter(|n| n % 4 == 0)), [0, 4, 8]);
        assert_eq!(string("aé😀".chars().rev()), "😀éa");
        assert_eq!(&*boxed("aé😀"), "aé😀");
        let mut grown = vec![1];
        grown.room(100);
        assert!(grown.capacity() > 100);
        for_small_things();
    }
}
