//! Views of vectors and matrices whose memory other threads may write while a kernel reads it: never Rust slices.
//!
//! A Python buffer has no lock. That another thread writes it while a kernel reads it is a race that the caller answers
//! for: the numbers that come out are then unspecified. What a kernel answers for is that nothing worse happens, so it
//! never takes a length, an index or a condition for memory safety from an element that it reads a second time.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// A vector to read: elements one after the other.
pub struct Source<'a, T> {
    start: *const T,
    len: usize,
    memory: PhantomData<&'a T>,
}

/// A matrix to read: each row without gaps, rows any distance apart.
pub struct Rows<'a, T> {
    start: *const T,
    count: usize,
    cols: usize,
    stride: isize,
    memory: PhantomData<&'a T>,
}

/// A matrix to write, which nobody else reads or writes: each row without gaps, rows apart and in order.
pub struct Target<'a, T> {
    start: *mut T,
    rows: usize,
    cols: usize,
    stride: usize,
    memory: PhantomData<&'a mut T>,
}

// SAFETY: these read plain numbers, from memory that outlives them; see the module's words on races.
unsafe impl<T: Sync> Send for Source<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Source<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Send for Rows<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Rows<'_, T> {}
// SAFETY: it is the one way to its memory, as `&mut [T]` is.
unsafe impl<T: Send> Send for Target<'_, T> {}
// SAFETY: a shared reference gives out pointers alone, and who writes through them answers for where.
unsafe impl<T: Send> Sync for Target<'_, T> {}

impl<T> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Source<'_, T> {}

impl<T> Clone for Rows<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Rows<'_, T> {}

impl<T> fmt::Debug for Source<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} elements)", self.len)
    }
}

impl<T> fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({} x {})", self.count, self.cols)
    }
}

impl<T> fmt::Debug for Target<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({} x {})", self.rows, self.cols)
    }
}

impl<'a, T: Copy> Source<'a, T> {
    /// The `len` elements from `start` on.
    ///
    /// # Safety
    ///
    /// For as long as `'a`, `start` must be aligned, and `len` elements must be readable there, whose every bit pattern is
    /// a `T`. Other threads may write them. `len` 0 takes any `start`.
    #[inline]
    #[must_use]
    pub const unsafe fn new(start: *const T, len: usize) -> Self {
        Self {
            start,
            len,
            memory: PhantomData,
        }
    }

    /// The number of elements.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the first element is.
    #[inline]
    #[must_use]
    pub const fn as_ptr(&self) -> *const T {
        self.start
    }

    /// The element at `index`, loaded once.
    ///
    /// # Panics
    ///
    /// There is no such element.
    #[inline]
    #[must_use]
    pub fn read(&self, index: usize) -> T {
        assert!(
            index < self.len,
            "index {index} is past the end of {self:?}"
        );
        // Volatile: what is done with the number may rely on it not being loaded again.
        // SAFETY: the element is one of those that `new` was promised.
        unsafe { self.start.add(index).read_volatile() }
    }

    /// The elements at `range`.
    ///
    /// # Panics
    ///
    /// They are not all there.
    #[inline]
    #[must_use]
    pub fn range(&self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.len,
            "{range:?} is not within {self:?}"
        );
        Self {
            // Wrapping: an empty source may have any start.
            start: self.start.wrapping_add(range.start),
            len: range.end - range.start,
            memory: PhantomData,
        }
    }

    /// The elements, each loaded once when it is come to.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = T> + use<'a, T> {
        (0..self.len).map(move |index| self.read(index))
    }
}

impl<'a, T: Copy> From<&'a [T]> for Source<'a, T> {
    #[inline]
    fn from(slice: &'a [T]) -> Self {
        // SAFETY: a slice is such memory.
        unsafe { Self::new(slice.as_ptr(), slice.len()) }
    }
}

impl<'a, T: Copy> Rows<'a, T> {
    /// `rows` rows of `cols` elements, the first at `start`, each next one `stride` elements further (or before, where it
    /// is negative).
    ///
    /// # Safety
    ///
    /// Each row must be what [`Source::new`] asks for, and the way from the first to the last must not leave the address
    /// space.
    #[inline]
    #[must_use]
    pub const unsafe fn new(start: *const T, rows: usize, cols: usize, stride: isize) -> Self {
        Self {
            start,
            count: rows,
            cols,
            stride,
            memory: PhantomData,
        }
    }

    /// A matrix that lies in a slice, row after row.
    ///
    /// # Panics
    ///
    /// The slice does not have `rows * cols` elements.
    #[must_use]
    pub fn from_slice(slice: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(Some(slice.len()), rows.checked_mul(cols));
        // SAFETY: the slice has these rows; a slice's length fits an isize.
        unsafe { Self::new(slice.as_ptr(), rows, cols, cols as isize) }
    }

    /// The number of rows.
    #[inline]
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.count
    }

    /// The number of elements in a row.
    #[inline]
    #[must_use]
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// The rows at `range`.
    ///
    /// # Panics
    ///
    /// They are not all there.
    #[inline]
    #[must_use]
    pub fn range(&self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.count,
            "{range:?} is not within {self:?}"
        );
        let offset = (range.start as isize).wrapping_mul(self.stride);
        Self {
            // Wrapping: rows of no elements may be anywhere.
            start: self.start.wrapping_offset(offset),
            count: range.end - range.start,
            ..*self
        }
    }

    /// A row.
    ///
    /// # Panics
    ///
    /// There is no such row.
    #[inline]
    #[must_use]
    pub fn row(&self, row: usize) -> Source<'a, T> {
        assert!(row < self.count, "row {row} is past the end of {self:?}");
        let offset = (row as isize).wrapping_mul(self.stride);
        // SAFETY: the row is one of those that `new` was promised. Wrapping, as rows of no elements may be anywhere.
        unsafe { Source::new(self.start.wrapping_offset(offset), self.cols) }
    }
}

impl<'a, T: Copy> Target<'a, T> {
    /// `rows` rows of `cols` elements, the first at `start`, each next one `stride` elements further.
    ///
    /// # Safety
    ///
    /// For as long as `'a`, `start` must be aligned, each row must be writable memory that nothing else reads
    /// or writes, and `stride` at least `cols` unless there are fewer than two rows. No rows or no columns take any
    /// `start`.
    #[inline]
    #[must_use]
    pub const unsafe fn new(start: *mut T, rows: usize, cols: usize, stride: usize) -> Self {
        Self {
            start,
            rows,
            cols,
            stride,
            memory: PhantomData,
        }
    }

    /// A matrix that lies in a slice, row after row.
    ///
    /// # Panics
    ///
    /// The slice does not have `rows * cols` elements.
    #[must_use]
    pub fn from_slice(slice: &'a mut [T], rows: usize, cols: usize) -> Self {
        assert_eq!(Some(slice.len()), rows.checked_mul(cols));
        // SAFETY: the slice has these rows, and is borrowed for writing.
        unsafe { Self::new(slice.as_mut_ptr(), rows, cols, cols) }
    }

    /// The number of rows.
    #[inline]
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of elements in a row.
    #[inline]
    #[must_use]
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// Elements from one row to the next.
    #[inline]
    pub(crate) const fn stride(&self) -> usize {
        self.stride
    }

    /// Writes an element.
    ///
    /// # Panics
    ///
    /// There is no such element.
    #[inline]
    pub fn write(&mut self, row: usize, col: usize, value: T) {
        assert!(
            row < self.rows && col < self.cols,
            "({row}, {col}) is not within {self:?}"
        );
        // SAFETY: it is one of the elements that `new` was promised, and nobody else has the matrix meanwhile.
        unsafe { self.at(row, col).write(value) };
    }

    /// Where an element is. It may be read and written there by who makes sure that no other thread does.
    #[inline]
    pub(crate) fn at(&self, row: usize, col: usize) -> *mut T {
        debug_assert!(row < self.rows && col < self.cols);
        self.start.wrapping_add(row * self.stride + col)
    }
}

impl<'a, T: Copy> From<&'a mut [T]> for Target<'a, T> {
    /// One row.
    #[inline]
    fn from(slice: &'a mut [T]) -> Self {
        let cols = slice.len();
        Self::from_slice(slice, 1, cols)
    }
}

#[cfg(test)]
mod tests {
    use super::{Rows, Source, Target};

    #[test]
    fn a_range_of_a_source_is_its_elements() {
        let source = Source::from([1, 2, 3, 4].as_slice());
        assert_eq!(source.range(1..3).iter().collect::<Vec<_>>(), [2, 3]);
        assert!(source.range(4..4).is_empty());
    }

    #[test]
    #[should_panic(expected = "past the end")]
    fn a_source_ends_where_it_ends() {
        let _ = Source::from([1, 2].as_slice()).range(0..1).read(1);
    }

    #[test]
    #[should_panic(expected = "is not within")]
    fn a_range_past_the_end_is_refused() {
        let _ = Source::from([1, 2].as_slice()).range(1..3);
    }

    #[test]
    fn rows_go_backwards_stand_still_and_skip() {
        let data = [1, 2, 3, 4, 5, 6];
        let row = |start: usize, stride: isize, row: usize| {
            // SAFETY: two rows of two elements, within the data.
            let rows = unsafe { Rows::new(data.as_ptr().add(start), 2, 2, stride) };
            rows.row(row).iter().collect::<Vec<_>>()
        };
        assert_eq!((row(4, -4, 0), row(4, -4, 1)), (vec![5, 6], vec![1, 2]));
        assert_eq!((row(1, 0, 0), row(1, 0, 1)), (vec![2, 3], vec![2, 3]));
        assert_eq!((row(0, 4, 0), row(0, 4, 1)), (vec![1, 2], vec![5, 6]));
    }

    #[test]
    fn a_slice_is_a_target_of_one_row() {
        let mut data = [1, 2, 3];
        let target = Target::from(data.as_mut_slice());
        assert_eq!((target.rows(), target.cols()), (1, 3));
    }
}
