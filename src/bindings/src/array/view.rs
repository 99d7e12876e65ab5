//! The elements of an array, to be read while the interpreter is let go of: where they lie, or copied.

use std::marker::PhantomData;
use std::mem;
use std::ptr;

use hotkernels_kernels::memory::{Rows, Source};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use super::Element;
use super::layout::Layout;

/// The elements of an array, to be read while the interpreter is let go of.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, T> {
    pub(super) layout: Layout,
    pub(super) memory: PhantomData<&'a T>,
}

// SAFETY: it only reads plain numbers, from memory that the `Array` it borrows from keeps alive.
unsafe impl<T: Element> Send for View<'_, T> {}

impl<'a, T: Element> View<'a, T> {
    pub(crate) fn len(&self) -> usize {
        self.layout.shape().iter().product()
    }

    fn is_aligned(&self) -> bool {
        self.layout
            .start
            .addr()
            .is_multiple_of(mem::align_of::<T>())
    }

    /// All elements as they lie, if they lie in C order without gaps and are aligned.
    pub(crate) fn contiguous(&self) -> Option<Source<'a, T>> {
        if self.len() == 0 {
            return Some(Source::from(&[] as &[T]));
        }
        if !self.is_aligned() || !self.layout.is_contiguous_from(0, mem::size_of::<T>()) {
            return None;
        }
        // SAFETY: the exporter holds `len` elements from `start` on, without gaps, for as long as the `Array` lives;
        // they are aligned, and any bits are a value.
        Some(unsafe { Source::new(self.layout.start.cast(), self.len()) })
    }

    /// A matrix as it lies, if each row lies without gaps and all are aligned. Rows may be apart, in any order.
    pub(crate) fn rows(&self) -> Option<Rows<'a, T>> {
        if self.len() == 0 || !self.is_aligned() {
            return None;
        }
        let stride = self.layout.row_stride(mem::size_of::<T>())?;
        let [rows, columns, ..] = self.layout.shape;
        // SAFETY: as in `contiguous`, row by row, `stride` elements from one row to the next.
        Some(unsafe { Rows::new(self.layout.start.cast(), rows, columns, stride) })
    }

    /// The elements in C order, copied. Strided and misaligned arrays take this way: 1 copy of what the call reads.
    pub(crate) fn copy(&self) -> Result<Vec<T>, OutOfMemory> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(self.len())
            .map_err(|_| OutOfMemory)?;
        if self.len() > 0 {
            self.copy_from(0, self.layout.start, &mut copy);
        }
        Ok(copy)
    }

    fn copy_from(&self, dim: usize, start: *const u8, copy: &mut Vec<T>) {
        if dim == self.layout.dims {
            // SAFETY: `start` is the place of one element, within what the exporter holds; alignment is not assumed.
            copy.push(unsafe { ptr::read_unaligned(start.cast()) });
            return;
        }
        for index in 0..self.layout.shape[dim] {
            let offset = self.layout.strides[dim].wrapping_mul(index as isize);
            self.copy_from(dim + 1, start.wrapping_offset(offset), copy);
        }
    }
}

/// A copy that there was no memory for.
#[derive(Debug)]
pub(crate) struct OutOfMemory;

impl From<OutOfMemory> for PyErr {
    fn from(_: OutOfMemory) -> Self {
        PyMemoryError::new_err("there is no memory for a contiguous copy of a strided array")
    }
}

/// Elements that lie without gaps: as they were, or copied.
pub(crate) enum Contiguous<'a, T> {
    Borrowed(Source<'a, T>),
    Copied(Vec<T>),
}

impl<'a, T: Element> Contiguous<'a, T> {
    pub(crate) fn of(view: View<'a, T>) -> Result<Self, OutOfMemory> {
        match view.contiguous() {
            Some(source) => Ok(Self::Borrowed(source)),
            None => view.copy().map(Self::Copied),
        }
    }

    pub(crate) fn source(&self) -> Source<'_, T> {
        match self {
            Self::Borrowed(source) => *source,
            Self::Copied(copy) => Source::from(copy.as_slice()),
        }
    }
}

/// A matrix whose rows lie without gaps: as it was, or copied.
pub(crate) enum Matrix<'a, T> {
    Borrowed(Rows<'a, T>),
    Copied {
        copy: Vec<T>,
        rows: usize,
        columns: usize,
    },
}

impl<'a, T: Element> Matrix<'a, T> {
    pub(crate) fn of(view: View<'a, T>) -> Result<Self, OutOfMemory> {
        match view.rows() {
            Some(rows) => Ok(Self::Borrowed(rows)),
            None => Ok(Self::Copied {
                copy: view.copy()?,
                rows: view.layout.shape[0],
                columns: view.layout.shape[1],
            }),
        }
    }

    pub(crate) fn rows(&self) -> Rows<'_, T> {
        match self {
            Self::Borrowed(rows) => *rows,
            Self::Copied {
                copy,
                rows,
                columns,
            } => {
                // SAFETY: the copy holds rows × columns elements in C order.
                unsafe { Rows::new(copy.as_ptr(), *rows, *columns, *columns as isize) }
            }
        }
    }
}
