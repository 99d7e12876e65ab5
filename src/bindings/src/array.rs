//! Arguments that are arrays: any buffer exporter or DLPack tensor on the CPU, held for the call, not copied.

mod held;

pub(crate) use held::Held;

use std::marker::PhantomData;
use std::mem;
use std::ptr;

use hotkernels_kernels::memory::{Rows, Source, Target};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyMemoryError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::argument::type_name;
use crate::dlpack::Tensor;
use crate::dtype::Dtype;
use crate::vector_class::Vector;

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
elements!(f32, f64, i8, i16, i32, i64, u8, u16, u32, u64);

/// What keeps the memory alive and in place.
enum Memory<'py> {
    Vector(Bound<'py, Vector>),
    Buffer(PyUntypedBuffer),
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

/// Where the elements are: shape in elements, strides in bytes.
#[derive(Clone, Copy)]
struct Layout {
    start: *const u8,
    dims: usize,
    shape: [usize; MAX_DIMS],
    strides: [isize; MAX_DIMS],
}

impl<'py> Array<'py> {
    /// Takes the argument called `name` as an array of `dims` dimensions, or of any number for `None`.
    pub(crate) fn take(
        object: &Bound<'py, PyAny>,
        name: &'static str,
        dims: Option<usize>,
    ) -> PyResult<Self> {
        let array = if let Ok(vector) = object.cast::<Vector>() {
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
        let buffer = PyUntypedBuffer::get(object).map_err(|error| {
            // NumPy's own words for a scalar array, or an exporter's that will not export now; kept as the cause.
            let named = refuse(format!(
                "{} does not give its buffer: {}",
                type_name(object),
                error.value(object.py())
            ));
            named.set_cause(object.py(), Some(error));
            named
        })?;
        let dims = buffer.dimensions();
        if dims > MAX_DIMS {
            return Err(PyValueError::new_err(format!(
                "{name} has {dims} dimensions; at most {MAX_DIMS} are taken"
            )));
        }
        if buffer
            .suboffsets()
            .is_some_and(|offsets| offsets.iter().any(|offset| *offset >= 0))
        {
            return Err(refuse(
                "a buffer of pointers (with suboffsets) is not taken; copy it first".to_owned(),
            ));
        }
        let dtype = Dtype::of_buffer(buffer.format(), buffer.item_size());
        let mut layout = Layout {
            start: buffer.buf_ptr().cast(),
            dims,
            shape: [0; MAX_DIMS],
            strides: [0; MAX_DIMS],
        };
        layout.shape[..dims].copy_from_slice(buffer.shape());
        layout.strides[..dims].copy_from_slice(buffer.strides());
        if layout.bytes(buffer.item_size()) != Some(buffer.len_bytes()) {
            return Err(refuse(
                "the exporter's shape does not fit its length".to_owned(),
            ));
        }
        let writable = !buffer.readonly();
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

    /// The `Vector` that this is, where it is one.
    pub(crate) fn vector(&self) -> Option<&Vector> {
        match &self.memory {
            Memory::Vector(vector) => Some(vector.get()),
            Memory::Buffer(_) | Memory::Tensor(_) => None,
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

impl Layout {
    /// Bytes of all elements; `None` when that is more than memory holds.
    fn bytes(&self, item_size: usize) -> Option<usize> {
        let total = self.shape[..self.dims]
            .iter()
            .try_fold(item_size, |bytes, length| bytes.checked_mul(*length))?;
        isize::try_from(total).ok().map(|_| total)
    }

    /// Whether dimensions `from..` are in C order without gaps.
    fn is_contiguous_from(&self, from: usize, item_size: usize) -> bool {
        let mut expected = item_size as isize;
        for dim in (from..self.dims).rev() {
            if self.shape[dim] > 1 && self.strides[dim] != expected {
                return false;
            }
            expected = expected.saturating_mul(self.shape[dim] as isize);
        }
        true
    }
}

/// The elements of an array, to be read while the interpreter is let go of.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, T> {
    layout: Layout,
    memory: PhantomData<&'a T>,
}

// SAFETY: it only reads plain numbers, from memory that the `Array` it borrows from keeps alive.
unsafe impl<T: Element> Send for View<'_, T> {}

impl<'a, T: Element> View<'a, T> {
    pub(crate) fn len(&self) -> usize {
        self.layout.shape[..self.layout.dims].iter().product()
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
        let size = mem::size_of::<T>() as isize;
        let (rows, columns) = (self.layout.shape[0], self.layout.shape[1]);
        let stride = if rows > 1 {
            self.layout.strides[0]
        } else {
            size * columns as isize
        };
        if self.len() == 0
            || !self.is_aligned()
            || stride % size != 0
            || !self.layout.is_contiguous_from(1, size as usize)
        {
            return None;
        }
        // SAFETY: as in `contiguous`, row by row, `stride` bytes from one row to the next.
        Some(unsafe { Rows::new(self.layout.start.cast(), rows, columns, stride / size) })
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
