//! Memory for packed rows: it starts at a cache line, and where it is large at a large page.

use std::mem::MaybeUninit;

use crate::room::with_room;

/// Memory that starts at a cache line: a register's worth that straddles two lines takes twice as long to load. Much memory
/// starts at a large page, and the system is asked for such pages: they are there sooner, and found sooner.
///
/// Nothing is in it at first: to fill it would take as long as to pack.
pub(super) struct Aligned<T> {
    memory: Vec<MaybeUninit<T>>,
    start: usize,
    len: usize,
}

const LINE: usize = 64;
const LARGE_PAGE: usize = 2 << 20;

impl<T: Copy + Default> Aligned<T> {
    pub(super) fn new(len: usize) -> Self {
        let size = size_of::<T>();
        let large = len * size >= LARGE_PAGE;
        let alignment = if large { LARGE_PAGE } else { LINE };
        let spare = alignment / size;
        let mut memory: Vec<MaybeUninit<T>> = with_room(len + spare);
        // SAFETY: there is room for as many, and they may be anything.
        unsafe { memory.set_len(len + spare) };
        // An allocator for tests may not say how far it is; then it is slower.
        let start = memory.as_ptr().align_offset(alignment).min(spare);
        if large {
            want_large_pages(&memory[start..][..len]);
        }
        Self { memory, start, len }
    }
}

/// Zeros, there: so it may be read from then on.
pub(super) fn zeros<T: Copy + Default>(place: &mut [MaybeUninit<T>]) -> &mut [T] {
    for element in &mut *place {
        element.write(T::default());
    }
    // SAFETY: all of it was written.
    unsafe { &mut *(std::ptr::from_mut(place) as *mut [T]) }
}

/// What was written there.
///
/// # Safety
///
/// All of it must have been written.
pub(super) unsafe fn written<T>(place: &[MaybeUninit<T>]) -> &[T] {
    // SAFETY: the caller's promise.
    unsafe { &*(std::ptr::from_ref(place) as *const [T]) }
}

/// Asks for large pages. Nothing depends on whether the system has them.
#[cfg(all(target_os = "linux", not(miri)))]
fn want_large_pages<T>(memory: &[T]) {
    use std::ffi::{c_int, c_void};
    const MADV_HUGEPAGE: c_int = 14;
    // SAFETY: the signature is that of madvise(2).
    unsafe extern "C" {
        fn madvise(start: *mut c_void, len: usize, advice: c_int) -> c_int;
    }
    let whole = size_of_val(memory) / LARGE_PAGE * LARGE_PAGE;
    if memory.as_ptr().addr().is_multiple_of(LARGE_PAGE) {
        // SAFETY: it changes no byte, and the range is within memory of ours.
        unsafe { madvise(memory.as_ptr().cast_mut().cast(), whole, MADV_HUGEPAGE) };
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn want_large_pages<T>(_memory: &[T]) {}

impl<T> AsRef<[MaybeUninit<T>]> for Aligned<T> {
    fn as_ref(&self) -> &[MaybeUninit<T>] {
        &self.memory[self.start..][..self.len]
    }
}

impl<T> AsMut<[MaybeUninit<T>]> for Aligned<T> {
    fn as_mut(&mut self) -> &mut [MaybeUninit<T>] {
        &mut self.memory[self.start..][..self.len]
    }
}
