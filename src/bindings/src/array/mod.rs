//! Arguments that are arrays: any buffer exporter or DLPack tensor on the CPU, held for the call, not copied.

mod buffer;
mod flat;
mod held;
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
use crate::vector_class::Vector;

pub(crate) use buffer::Buffer;
pub(crate) use flat::Flat;
use view::Layout;
pub(crate) use view::{Contiguous, Matrix, OutOfMemory, View};

/// More dimensions than this are refused; NumPy's own limit is 64, and nobody sums those.
pub(crate) const MAX_DIMS: usize = 8;

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
            Self::of_buffer(object, name)?
        } else if let Some(tensor) = Tensor::take(object, name)? {
            Self::of_tensor(tensor, name)?
        } else {
            return Err(PyTypeError::new_err(format!(
                "{name}: a buffer (ndarray, array.array, memoryview, hotkernels.Vector) or a DLPack tensor is taken, got {}",
                type_name(object)
            )));
        };
        match dims {
            Some(dims) if array.layout.dims != dims => Err(PyValueError::new_err(format!(
                "{name} has {} dimensions, of shape {}; {dims} {} taken",
                array.layout.dims,
                array.shape_text(),
                if dims == 1 { "is" } else { "are" }
            ))),
            _ => Ok(array),
        }
    }

    fn of_vector(vector: &Bound<'py, Vector>, name: &'static str) -> Self {
        let inner = vector.get();
        let mut layout = Layout {
            start: inner.as_ptr(),
            dims: 1,
            shape: [0; MAX_DIMS],
            strides: [0; MAX_DIMS],
        };
        layout.shape[0] = inner.len();
        layout.strides[0] = inner.item_size() as isize;
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
        let mut layout = Layout {
            start: buffer.start(),
            dims,
            shape: [0; MAX_DIMS],
            strides: [0; MAX_DIMS],
        };
        let shape = buffer
            .shape()
            .ok_or_else(|| refuse("the exporter gave no shape".to_owned()))?;
        for (to, from) in layout.shape.iter_mut().zip(shape) {
            *to = usize::try_from(*from)
                .map_err(|_| refuse("the exporter's shape is negative".to_owned()))?;
        }
        match buffer.strides() {
            Some(strides) => layout.strides[..dims].copy_from_slice(strides),
            None => layout.set_contiguous(buffer.item_size()),
        }
        if layout.bytes(buffer.item_size()) != Some(buffer.len_bytes()) {
            return Err(refuse(
                "the exporter's shape does not fit its length".to_owned(),
            ));
        }
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
        let (dtype, start) = (tensor.dtype(), tensor.start());
        let mut layout = Layout {
            start,
            dims: tensor.dims(),
            shape: [0; MAX_DIMS],
            strides: [0; MAX_DIMS],
        };
        tensor
            .layout(&dtype, &mut layout.shape, &mut layout.strides)
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
        if self.layout.start.is_null() && !self.is_empty() {
            return Err(PyBufferError::new_err(format!(
                "{}: the exporter gave no memory",
                self.name
            )));
        }
        if self
            .dtype
            .size()
            .is_some_and(|size| self.layout.bytes(size).is_none())
        {
            return Err(PyBufferError::new_err(format!(
                "{}: the exporter's shape is larger than memory",
                self.name
            )));
        }
        Ok(self)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.layout.shape[..self.layout.dims]
    }

    pub(crate) fn strides(&self) -> &[isize] {
        &self.layout.strides[..self.layout.dims]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shape().contains(&0)
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
    pub(crate) fn overlaps(&self, other: &Array<'_>) -> bool {
        let (Some(a), Some(b)) = (self.extent(), other.extent()) else {
            return false;
        };
        a.0 < b.1 && b.0 < a.1
    }

    /// The addresses from the first byte to behind the last; `None` when there is none.
    fn extent(&self) -> Option<(isize, isize)> {
        let size = self.dtype.size()? as isize;
        if self.is_empty() {
            return None;
        }
        let (mut low, mut high) = (0_isize, 0_isize);
        for (length, stride) in self.shape().iter().zip(self.strides()) {
            let span = stride.saturating_mul(*length as isize - 1);
            low = low.saturating_add(span.min(0));
            high = high.saturating_add(span.max(0));
        }
        let start = self.layout.start.addr() as isize;
        Some((
            start.saturating_add(low),
            start.saturating_add(high).saturating_add(size),
        ))
    }
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

fn supports_buffer(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive, and the interpreter is attached.
    unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) != 0 }
}
