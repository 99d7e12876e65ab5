//! `Vector`: a vector that owns its data, so that a call takes it without asking anybody for a buffer.

use std::ffi::c_int;
use std::sync::OnceLock;

use hotkernels_kernels::memory::Source;
use hotkernels_kernels::room::{Grow, collected};
use hotkernels_kernels::vector;
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::{PyIterator, PyList, PySlice, PyTuple};

use crate::argument::{describe, not_empty, type_name, wrong_dtype};
use crate::array::{Array, Element, Flat};
use crate::dtype::Dtype;
use crate::export::{self, Line};
use crate::fault::{caught, raised};
use crate::hint;
use crate::run;
use crate::vector as functions;

/// The arguments of a method, in messages.
const METHOD: [&str; 2] = ["self", "other"];

enum Data {
    Float32(Box<[f32]>),
    Float64(Box<[f64]>),
}

/// A vector of float32 or float64 that does not change.
///
/// Vector(data, dtype=None): data is a buffer or DLPack tensor of float32 or float64, 1-D, or an iterable of numbers; it
/// is copied. dtype is "float32" or "float64"; None is that of the data, float64 for an iterable. float64 values become
/// the nearest float32, or an infinity, as in NumPy.
///
/// It is a read-only buffer (memoryview, numpy.asarray: no copy) and a sequence of float. Its norm is computed once.
#[pyclass(frozen, sequence, module = "hotkernels")]
pub(crate) struct Vector {
    data: Data,
    norm: OnceLock<f64>,
    /// What a buffer's shape and strides point to; the object does not move.
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
}

impl Vector {
    /// The object as a `Vector`, where it is one; there are no subclasses. A comparison of pointers: `cast_exact` also counts
    /// a reference to the type, which takes longer.
    #[inline]
    pub(crate) fn from_object<'a, 'py>(
        object: &'a Bound<'py, PyAny>,
    ) -> Option<&'a Bound<'py, Self>> {
        let is_vector = object.get_type_ptr() == Self::type_object_raw(object.py());
        // SAFETY: the type was looked at.
        is_vector.then(|| unsafe { object.cast_unchecked() })
    }

    fn of(data: Data) -> Self {
        let (length, size) = match &data {
            Data::Float32(values) => (values.len(), 4),
            Data::Float64(values) => (values.len(), 8),
        };
        Self {
            data,
            norm: OnceLock::new(),
            shape: [length as ffi::Py_ssize_t],
            strides: [size],
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Float32(values) => values.len(),
            Data::Float64(values) => values.len(),
        }
    }

    pub(crate) fn as_ptr(&self) -> *const u8 {
        match &self.data {
            Data::Float32(values) => values.as_ptr().cast(),
            Data::Float64(values) => values.as_ptr().cast(),
        }
    }

    /// The elements, for a kernel.
    #[inline]
    pub(crate) fn flat(&self) -> Flat<'_> {
        match &self.data {
            Data::Float32(values) => Flat::Float32(Source::from(&**values)),
            Data::Float64(values) => Flat::Float64(Source::from(&**values)),
        }
    }

    pub(crate) fn item_size(&self) -> usize {
        self.strides[0] as usize
    }

    pub(crate) fn dtype(&self) -> Dtype {
        match &self.data {
            Data::Float32(_) => Dtype::Float32,
            Data::Float64(_) => Dtype::Float64,
        }
    }

    fn value(&self, index: usize) -> f64 {
        match &self.data {
            Data::Float32(values) => f64::from(values[index]),
            Data::Float64(values) => values[index],
        }
    }

    fn values(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        (0..self.len()).map(|index| self.value(index))
    }

    pub(crate) fn norm_at(&self, level: hotkernels_kernels::simd::Level) -> f64 {
        *self.norm.get_or_init(|| match &self.data {
            Data::Float32(values) => vector::norm(level, Source::from(&**values)),
            Data::Float64(values) => vector::norm(level, Source::from(&**values)),
        })
    }
}

#[pymethods]
impl Vector {
    #[new]
    #[pyo3(signature = (data, dtype=None))]
    fn new(data: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let wanted = dtype.map(parse_dtype).transpose()?;
        raised(|| made(data, wanted.as_ref()))
    }

    /// "float32" or "float64".
    #[getter(dtype)]
    fn dtype_name(&self) -> &'static str {
        match &self.data {
            Data::Float32(_) => "float32",
            Data::Float64(_) => "float64",
        }
    }

    /// The Euclidean norm, sqrt(dot(self, self)), in float64; computed when first asked for.
    #[getter]
    fn norm(&self, py: Python<'_>) -> PyResult<f64> {
        let level = run::level(py)?;
        run::attached(|| self.norm_at(level))
    }

    /// hotkernels.dot(self, other).
    fn dot(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<f64> {
        functions::dot_of([slf.as_any(), other], METHOD)
    }

    /// hotkernels.cosine_similarity(self, other); with another Vector, from the norms that both keep.
    fn cosine_similarity(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<f64> {
        functions::cosine_of([slf.as_any(), other], METHOD)
    }

    /// The elements as a list of float.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.values())
    }

    fn __len__(&self) -> usize {
        self.len()
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = index.cast::<PySlice>() {
            let indices = slice.indices(self.len() as isize)?;
            let picked =
                |position: usize| (indices.start + position as isize * indices.step) as usize;
            let places = (0..indices.slicelength).map(picked);
            let data = caught(|| match &self.data {
                Data::Float32(values) => {
                    Data::Float32(collected(places.map(|place| values[place])).into())
                }
                Data::Float64(values) => {
                    Data::Float64(collected(places.map(|place| values[place])).into())
                }
            })?;
            return Ok(Bound::new(py, Self::of(data))?.into_any());
        }
        let given: isize = index.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "index: an int or a slice is taken, got {}",
                describe(index)
            ))
        })?;
        let position = if given < 0 {
            given + self.len() as isize
        } else {
            given
        };
        if position < 0 || position >= self.len() as isize {
            return Err(PyIndexError::new_err(format!(
                "index {given} is outside a Vector of {} elements",
                self.len()
            )));
        }
        Ok(self.value(position as usize).into_pyobject(py)?.into_any())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.tolist(py)?.try_iter()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other
            .cast::<Self>()
            .is_ok_and(|other| match (&self.data, &other.get().data) {
                (Data::Float32(a), Data::Float32(b)) => a == b,
                (Data::Float64(a), Data::Float64(b)) => a == b,
                _ => false,
            })
    }

    fn __repr__(&self) -> String {
        const SHOWN: usize = 6;
        let mut shown: Vec<String> = match &self.data {
            Data::Float32(values) => values
                .iter()
                .take(SHOWN)
                .map(|value| format!("{value:?}"))
                .collect(),
            Data::Float64(values) => values
                .iter()
                .take(SHOWN)
                .map(|value| format!("{value:?}"))
                .collect(),
        };
        if self.len() > SHOWN {
            shown.push(format!("… {} more", self.len() - SHOWN));
        }
        format!(
            "Vector([{}], dtype='{}')",
            shown.join(", "),
            self.dtype_name()
        )
    }

    /// Pickles and copies as the call that makes it.
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let arguments = PyTuple::new(
            py,
            [
                slf.get().tolist(py)?.into_any(),
                slf.get().dtype_name().into_pyobject(py)?.into_any(),
            ],
        )?;
        Ok((slf.get_type().into_any(), arguments))
    }

    /// Exports the data, read-only (PEP 3118).
    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        let line = Line {
            start: this.as_ptr(),
            format: match &this.data {
                Data::Float32(_) => c"f",
                Data::Float64(_) => c"d",
            },
            shape: &this.shape,
            strides: &this.strides,
        };
        let refusal = "a Vector does not change; a writable buffer is not to be had";
        // SAFETY: the caller's structure. All pointers lie in the object, which is frozen and does not move.
        unsafe { export::read_only(slf.as_any(), view, flags, &line, refusal) }
    }
}

/// The vector of what was given, of its own dtype or of that one.
fn made(data: &Bound<'_, PyAny>, wanted: Option<&Dtype>) -> PyResult<Vector> {
    match Array::take(data, "data", Some(1)) {
        Ok(array) => {
            not_empty(&array)?;
            match array.dtype() {
                Dtype::Float32 => Ok(of_floats(
                    &array.view::<f32>().copy()?,
                    wanted.unwrap_or(&Dtype::Float32),
                )),
                Dtype::Float64 => Ok(of_floats(
                    &array.view::<f64>().copy()?,
                    wanted.unwrap_or(&Dtype::Float64),
                )),
                _ => Err(wrong_dtype(&array, "float32 or float64")),
            }
        }
        Err(error) if error.is_instance_of::<PyTypeError>(data.py()) => {
            Ok(of_floats(&items(data)?, wanted.unwrap_or(&Dtype::Float64)))
        }
        Err(error) => Err(error),
    }
}

fn parse_dtype(dtype: &Bound<'_, PyAny>) -> PyResult<Dtype> {
    match dtype.extract::<String>().as_deref() {
        Ok("float32") => Ok(Dtype::Float32),
        Ok("float64") => Ok(Dtype::Float64),
        _ => Err(PyValueError::new_err(format!(
            "dtype: 'float32', 'float64' or None is taken, got {}{}",
            describe(dtype),
            hint::near(&hint::dtype_name(dtype), ["float32", "float64"])
        ))),
    }
}

/// Floating-point numbers that become the others.
trait Convert: Element {
    fn to_f32(self) -> f32;
    fn to_f64(self) -> f64;
}

impl Convert for f32 {
    fn to_f32(self) -> f32 {
        self
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Convert for f64 {
    fn to_f32(self) -> f32 {
        self as f32
    }
    fn to_f64(self) -> f64 {
        self
    }
}

fn of_floats<T: Convert>(values: &[T], dtype: &Dtype) -> Vector {
    Vector::of(match dtype {
        Dtype::Float32 => {
            Data::Float32(collected(values.iter().map(|value| value.to_f32())).into())
        }
        _ => Data::Float64(collected(values.iter().map(|value| value.to_f64())).into()),
    })
}

/// An iterable of numbers.
fn items(data: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let wrong = |error: PyErr, what: String| {
        let named = PyTypeError::new_err(what);
        named.set_cause(data.py(), Some(error));
        named
    };
    hint::no_table(
        data,
        "data",
        "a buffer, a DLPack tensor or an iterable of numbers",
    )?;
    let items = data.try_iter().map_err(|error| {
        wrong(
            error,
            format!(
                "data: a buffer, a DLPack tensor or an iterable of numbers is taken, got {}",
                type_name(data)
            ),
        )
    })?;
    let mut values = Vec::new();
    for (index, item) in items.enumerate() {
        let item = item?;
        values.room(1);
        values.push(item.extract::<f64>().map_err(|error| {
            wrong(
                error,
                format!(
                    "data[{index}]: a number is taken, got {}{}",
                    type_name(&item),
                    hint::to_number(&item, "data")
                ),
            )
        })?);
    }
    if values.is_empty() {
        return Err(PyValueError::new_err(
            "data is empty; at least one element is taken",
        ));
    }
    Ok(values)
}
