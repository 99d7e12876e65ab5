//! Arguments that are arrays: any buffer exporter or DLPack tensor on the CPU, held for the call, not copied.

mod buffer;
mod flat;
mod held;
mod layout;
mod view;

pub(crate) use held::Held;

use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;

use hotkernels_kernels::memory::Target;
use hotkernels_kernels::vector::{Bfloat16, Half};
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::argument::type_name;
use crate::dlpack::Tensor;
use crate::dtype::Dtype;
use crate::hint;
use crate::vector_class::Vector;

pub(crate) use buffer::Buffer;
pub(crate) use flat::Flat;
pub(crate) use layout::{Layout, MAX_DIMS};
pub(crate) use view::{Contiguous, Matrix, OutOfMemory, View};

/// Element types that every bit pattern is a value of.
///
/// # Safety
///
/// Any initialized memory of the type's size must be a valid value.
pub(crate) unsafe trait Element: Copy + Send + Sync + 'static {}

macro_rules! elements {
    ($($element:ty),*) => {
        // SAFETY: integers and floating-point numbers take every bit pattern.
        $(unsafe impl Element for $element {})*
    };
}
elements!(
    Half, Bfloat16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64
);

/// What keeps the memory alive and in place.
enum Memory<'py> {
    Vector(Bound<'py, Vector>),
    Buffer(Pin<Box<Buffer<'py>>>),
    Tensor(Tensor),
}

/// Who gave an array, as far as it matters to how it is converted.
#[derive(Clone, Copy)]
pub(crate) enum Exporter {
    Ndarray,
    Vector,
    Tensor,
    Other,
}

/// An array argument. The exporter's memory stays where it is until this is dropped; its contents may change at any time
/// (another thread may write them), its shape may not: that is copied here once.
pub(crate) struct Array<'py> {
    name: &'static str,
    dtype: Dtype,
    writable: bool,
    layout: Layout,
    memory: Memory<'py>,
}

impl<'py> Array<'py> {
    /// Takes the argument called `name` as an array of `dims` dimensions, or of any number for `None`.
    pub(crate) fn take(
        object: &Bound<'py, PyAny>,
        name: &'static str,
        dims: Option<usize>,
    ) -> PyResult<Self> {
        let array = if let Some(vector) = Vector::from_object(object) {
            Self::of_vector(vector, name)
        } else if supports_buffer(object) {
            if may_be_masked(object) {
                hint::no_mask(object, name)?;
            }
            Self::of_buffer(object, name)?
        } else if let Some(tensor) = Tensor::take(object, name)? {
            Self::of_tensor(tensor, name)?
        } else {
            return Err(PyTypeError::new_err(format!(
                "{name}: a buffer (ndarray, array.array, memoryview, hotkernels.Vector) or a DLPack tensor is taken, got {}{}",
                type_name(object),
                hint::to_array(object, name)
            )));
        };
        match dims {
            Some(dims) if array.layout.dims != dims => Err(PyValueError::new_err(format!(
                "{name} has {}, of shape {}; {dims} {} taken{}",
                counted(array.layout.dims),
                array.shape_text(),
                if dims == 1 { "is" } else { "are" },
                hint::to_dims(name, array.shape(), dims)
            ))),
            _ => Ok(array),
        }
    }

    fn of_vector(vector: &Bound<'py, Vector>, name: &'static str) -> Self {
        let inner = vector.get();
        let layout = Layout::flat(inner.as_ptr(), inner.len(), inner.item_size());
        let dtype = inner.dtype();
        Self {
            name,
            dtype,
            writable: false,
            layout,
            memory: Memory::Vector(vector.clone()),
        }
    }

    fn of_buffer(object: &Bound<'py, PyAny>, name: &'static str) -> PyResult<Self> {
        let refuse = |what: String| PyBufferError::new_err(format!("{name}: {what}"));
        let mut buffer = Box::pin(Buffer::new(object.py()));
        buffer.as_mut().request(object).map_err(|error| {
            if let Some(refused) = hint::no_buffer(object, name) {
                return refused;
            }
            // NumPy's own words for a scalar array, or an exporter's that will not export now; kept as the cause.
            let named = refuse(format!(
                "{} does not give its buffer: {}",
                type_name(object),
                error.value(object.py())
            ));
            named.set_cause(object.py(), Some(error));
            named
        })?;
        let dims = buffer.dims();
        if dims > MAX_DIMS {
            return Err(PyValueError::new_err(format!(
                "{name} has {dims} dimensions; at most {MAX_DIMS} are taken"
            )));
        }
        if buffer.is_indirect() {
            return Err(refuse(
                "a buffer of pointers (with suboffsets) is not taken; copy it first".to_owned(),
            ));
        }
        let dtype = Dtype::of_buffer(buffer.format(), buffer.item_size());
        let shape = buffer
            .shape()
            .ok_or_else(|| refuse("the exporter gave no shape".to_owned()))?;
        let sizes = [buffer.item_size(), buffer.len_bytes()];
        let layout = Layout::of_buffer(buffer.start(), shape, buffer.strides(), sizes)
            .map_err(|what| refuse(what.to_owned()))?;
        let writable = !buffer.is_readonly();
        Self {
            name,
            dtype,
            writable,
            layout,
            memory: Memory::Buffer(buffer),
        }
        .checked()
    }

    fn of_tensor(tensor: Tensor, name: &'static str) -> PyResult<Self> {
        let dtype = tensor.dtype();
        // The strides of a type that is not known do not matter: it is refused by name later.
        let layout = tensor
            .layout(dtype.size().unwrap_or(1))
            .map_err(|what| PyBufferError::new_err(format!("{name}: the DLPack tensor {what}")))?;
        // DLPack says read-only only from version 1.0 on, and `out` is asked for as a buffer.
        Self {
            name,
            dtype,
            writable: false,
            layout,
            memory: Memory::Tensor(tensor),
        }
        .checked()
    }

    /// Refuses memory that cannot be there.
    fn checked(self) -> PyResult<Self> {
        let wrong = if self.layout.start.is_null() && !self.is_empty() {
            Err("the exporter gave no memory")
        } else {
            // What is not known is refused by name.
            self.dtype
                .size()
                .map_or(Ok(()), |size| self.layout.check(size))
        };
        if let Err(what) = wrong {
            return Err(PyBufferError::new_err(format!("{}: {what}", self.name)));
        }
        Ok(self)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Who gave it.
    pub(crate) fn exporter(&self) -> Exporter {
        match &self.memory {
            Memory::Vector(_) => Exporter::Vector,
            Memory::Tensor(_) => Exporter::Tensor,
            Memory::Buffer(buffer) if buffer.exporter().is_some_and(|it| hint::is_numpy(&it)) => {
                Exporter::Ndarray
            }
            Memory::Buffer(_) => Exporter::Other,
        }
    }

    pub(crate) fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    pub(crate) fn strides(&self) -> &[isize] {
        self.layout.strides()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.layout.is_empty()
    }

    /// Whether the first element is where elements of this size are expected.
    pub(crate) fn is_aligned(&self, size: usize) -> bool {
        self.layout.start.addr().is_multiple_of(size)
    }

    /// The matrix, to be written; its shape, strides and alignment were looked at before, and that nothing else that the
    /// call reads lies there.
    pub(crate) fn target<T: Element>(&self) -> Target<'_, T> {
        assert!(self.writable && self.dtype.size() == Some(mem::size_of::<T>()));
        let size = mem::size_of::<T>() as isize;
        let (rows, columns) = (self.layout.shape[0], self.layout.shape[1]);
        let stride = if rows > 1 {
            self.layout.strides[0] / size
        } else {
            columns as isize
        };
        // SAFETY: the exporter holds these rows and lets them be written for as long as this lives.
        unsafe {
            Target::new(
                self.layout.start.cast_mut().cast(),
                rows,
                columns,
                stride.unsigned_abs(),
            )
        }
    }

    /// All elements as a matrix of that shape, to be written; that they lie in C order without gaps, and aligned, was looked at
    /// before, and that nothing else that the call reads lies there.
    pub(crate) fn plane<T: Element>(&self, rows: usize, columns: usize) -> Target<'_, T> {
        assert!(self.writable && self.dtype.size() == Some(mem::size_of::<T>()));
        assert!(self.is_contiguous());
        let elements: usize = self.shape().iter().product();
        assert_eq!(rows.checked_mul(columns), Some(elements));
        // SAFETY: the exporter holds so many elements without gaps and lets them be written for as long as this lives.
        unsafe { Target::new(self.layout.start.cast_mut().cast(), rows, columns, columns) }
    }

    /// Whether all elements lie in C order without gaps.
    pub(crate) fn is_contiguous(&self) -> bool {
        self.dtype
            .size()
            .is_some_and(|size| self.layout.is_contiguous_from(0, size))
    }

    /// Whether the exporter lets its memory be written.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable
    }

    /// The shape as Python writes it.
    pub(crate) fn shape_text(&self) -> String {
        shape_text(self.shape())
    }

    /// The elements, for a kernel to read; `T` must be of the array's dtype.
    pub(crate) fn view<T: Element>(&self) -> View<'_, T> {
        assert_eq!(
            self.dtype.size(),
            Some(mem::size_of::<T>()),
            "the dtype was looked at before the view is made"
        );
        View {
            layout: self.layout,
            memory: PhantomData,
        }
    }

    /// Whether any byte may belong to both arrays.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let extent = |array: &Self| array.layout.extent(array.dtype.size()?);
        match (extent(self), extent(other)) {
            (Some(a), Some(b)) => a.start < b.end && b.start < a.end,
            _ => false,
        }
    }
}

/// "1 dimension", "2 dimensions".
pub(crate) fn counted(dims: usize) -> String {
    format!("{dims} dimension{}", if dims == 1 { "" } else { "s" })
}

/// The shape as Python writes it: (3,) or (2, 3).
pub(crate) fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        many => format!(
            "({})",
            many.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

/// Whether it may be one of NumPy's masked arrays, whose buffer is without its mask: their class is written in Python. Nearly every
/// other exporter's is not, so that this costs a call on two vectors a nanosecond.
#[inline]
fn may_be_masked(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the type of an object that is alive.
    let flags = unsafe { ffi::PyType_GetFlags(object.get_type_ptr()) };
    flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 && hint::is_masked_array(object)
}

fn supports_buffer(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive, and the interpreter is attached.
    unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) != 0 }
}
