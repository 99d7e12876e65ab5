//! Vectors of floats as nearly every call brings them, without gaps: taken in a few nanoseconds.

use std::pin::Pin;

use hotkernels_kernels::memory::Source;
use pyo3::prelude::*;

use super::buffer::Buffer;
use super::{Element, may_be_masked, supports_buffer};
use crate::vector_class::Vector;

/// One or more elements that lie as kernels read them.
#[derive(Clone, Copy)]
pub(crate) enum Flat<'a> {
    Float32(Source<'a, f32>),
    Float64(Source<'a, f64>),
}

impl<'a> Flat<'a> {
    /// The elements of a `Vector` or of a buffer, which `room` then holds. `None` for anything else: [`super::Array`] takes
    /// it, or says why not.
    #[inline]
    pub(crate) fn of<'py>(
        object: &'a Bound<'py, PyAny>,
        mut room: Pin<&'a mut Buffer<'py>>,
    ) -> Option<Self> {
        if let Some(vector) = Vector::from_object(object) {
            return Some(vector.get().flat());
        }
        if !supports_buffer(object)
            || may_be_masked(object)
            || room.as_mut().request(object).is_err()
        {
            return None;
        }
        let buffer = room.into_ref().get_ref();
        if let Some(source) = elements(buffer, b'f') {
            return Some(Self::Float32(source));
        }
        elements(buffer, b'd').map(Self::Float64)
    }
}

/// The buffer's elements, if its format is that letter, which means `T`, and they lie as kernels read them.
#[inline]
fn elements<'a, T: Element>(buffer: &'a Buffer<'_>, letter: u8) -> Option<Source<'a, T>> {
    let (start, length) = buffer.flat(letter, size_of::<T>())?;
    // SAFETY: the exporter holds as many elements there, aligned, until the buffer is released; any bits are a value.
    Some(unsafe { Source::new(start.cast(), length) })
}
