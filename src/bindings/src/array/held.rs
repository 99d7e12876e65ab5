//! Columns that an object keeps from one call to the next: the exporter's memory, held, or a copy of what does not lie without
//! gaps.

use std::marker::PhantomData;

use hotkernels_kernels::memory::Source;
use pyo3::ffi;
use pyo3::prelude::*;

use super::buffer::Kept;
use super::{Array, Element, Layout, Memory, OutOfMemory, View};
use crate::dlpack::Tensor;
use crate::vector_class::Vector;

/// What keeps the memory alive, without a lifetime.
enum Keeper {
    #[expect(dead_code, reason = "held: dropping it gives the memory back")]
    Vector(Py<Vector>),
    Buffer(Kept),
    #[expect(dead_code, reason = "held: dropping it gives the memory back")]
    Tensor(Tensor),
}

/// One-dimensional elements of type `T` without gaps. Dropping it may run Python code: never while a lock is held.
pub(crate) enum Held<T> {
    /// Where the exporter has them.
    Exported(Exported),
    /// A copy.
    Copied(Box<[T]>),
}

/// The exporter's own memory.
pub(crate) struct Exported {
    layout: Layout,
    keeper: Keeper,
}

// SAFETY: the layout points to plain numbers, which the keeper holds in place and any thread may read. A buffer and a tensor are
// given back by whichever thread drops them, attached to the interpreter: a buffer's own drop attaches, a tensor's deleter may
// be called from any thread by DLPack's rules, and a reference is counted down by an attached thread or later by one.
unsafe impl Send for Exported {}
// SAFETY: as above.
unsafe impl Sync for Exported {}

impl<T: Element> Held<T> {
    /// Holds the array's memory, or copies what is strided or misaligned. The array's dtype is `T`'s, and it has 1 dimension.
    pub(crate) fn of(array: Array<'_>) -> Result<Self, OutOfMemory> {
        let view = array.view::<T>();
        if view.contiguous().is_none() {
            return Ok(Self::Copied(view.copy()?.into_boxed_slice()));
        }
        let layout = array.layout;
        let keeper = match array.memory {
            Memory::Vector(vector) => Keeper::Vector(vector.unbind()),
            Memory::Buffer(buffer) => Keeper::Buffer(buffer.keep()),
            Memory::Tensor(tensor) => Keeper::Tensor(tensor),
        };
        Ok(Self::Exported(Exported { layout, keeper }))
    }

    /// The object whose memory is held by the buffer protocol, for the garbage collector; null where there is none: a copy, a
    /// `Vector`, which refers to nothing, or a tensor, whose producer keeps what it keeps to itself.
    pub(crate) fn exporter(&self) -> *mut ffi::PyObject {
        match self {
            Self::Exported(Exported {
                keeper: Keeper::Buffer(buffer),
                ..
            }) => buffer.exporter(),
            _ => std::ptr::null_mut(),
        }
    }

    /// The elements.
    pub(crate) fn source(&self) -> Source<'_, T> {
        match self {
            Self::Copied(copy) => Source::from(&**copy),
            Self::Exported(exported) => {
                let view = View {
                    layout: exported.layout,
                    memory: PhantomData::<&T>,
                };
                // It was contiguous when it was taken, and a layout does not change.
                view.contiguous().unwrap_or(Source::from(&[] as &[T]))
            }
        }
    }
}
