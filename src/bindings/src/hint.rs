//! The end of a message about an argument: what to do with what came, where that is known.

use hotkernels_kernels::simd::Level;
use hotkernels_kernels::text::{self, Pair};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyRange, PySet,
    PyString, PyTuple,
};

use crate::argument::type_name;
use crate::array::{Array, Exporter};
use crate::dtype::Dtype;

/// For what is no array at all.
pub(crate) fn to_array(value: &Bound<'_, PyAny>, name: &str) -> String {
    if name == "out" {
        return "; np.empty(shape, dtype) makes one".to_owned();
    }
    if is_number(value) || value.is_none() || is_bytes(value) || value.is_instance_of::<PyString>()
    {
        String::new()
    } else if value.is_instance_of::<PyList>()
        || value.is_instance_of::<PyTuple>()
        || value.is_instance_of::<PyRange>()
    {
        format!("; use np.asarray({name}, np.float32)")
    } else if has(value, "to_numpy") {
        format!("; use {name}.to_numpy()")
    } else if has(value, "toarray") {
        format!("; use {name}.toarray()")
    } else if value.is_instance_of::<PyDict>() {
        format!("; use np.asarray(list({name}.values()), np.float32)")
    } else if has(value, "__iter__") {
        format!("; use np.asarray(list({name}), np.float32)")
    } else {
        String::new()
    }
}

/// For an array that has another element type than the ones taken, of which the first is named first.
pub(crate) fn to_dtype(array: &Array<'_>, taken: &str) -> String {
    let name = array.name();
    let first = taken.split([' ', ',']).next().unwrap_or(taken);
    let found = array.dtype().name();
    if name == "out" {
        return format!("; np.empty(shape, np.{first}) makes one");
    }
    if found.contains("-endian") {
        return format!("; use {name}.astype({name}.dtype.newbyteorder('='))");
    }
    if found.starts_with("complex") {
        return format!("; use {name}.real or abs({name})");
    }
    if found.starts_with("format 'T{") {
        return format!("; give one field of it, {name}['field']");
    }
    let wide = matches!(
        array.dtype(),
        Dtype::Float64 | Dtype::Int(8) | Dtype::UInt(8)
    ) || found == "longdouble";
    let wanted = match array.dtype() {
        Dtype::Bool if first == "uint8" => "uint8",
        _ if taken.contains("float64") && wide => "float64",
        _ if taken.contains("float32") => "float32",
        _ => first,
    };
    match array.exporter() {
        Exporter::Ndarray => format!("; use {name}.astype(np.{wanted})"),
        Exporter::Vector => format!("; use hotkernels.Vector({name}, '{wanted}')"),
        Exporter::Tensor => format!("; convert {name} to {wanted} first"),
        Exporter::Other if *array.dtype() == Dtype::UInt(1) => {
            format!("; use np.frombuffer({name}, np.{wanted}) where its bytes are such numbers")
        }
        Exporter::Other => format!("; use np.asarray({name}, np.{wanted})"),
    }
}

/// For two arrays of which each may be taken, but not together.
pub(crate) fn to_one_dtype(a: &Array<'_>, b: &Array<'_>) -> String {
    match [a.exporter(), b.exporter()] {
        [Exporter::Ndarray, Exporter::Ndarray] => {
            format!("; use {}.astype({}.dtype)", b.name(), a.name())
        }
        _ => format!("; convert {} to {}", b.name(), a.dtype().name()),
    }
}

/// For an array of another number of dimensions.
pub(crate) fn to_dims(name: &str, shape: &[usize], dims: usize) -> String {
    match (shape.len(), dims) {
        (0, 1) => format!("; use np.atleast_1d({name})"),
        (1, 2) if name != "out" => format!("; use {name}[np.newaxis] for one row"),
        (2, 1) if shape.contains(&1) => format!("; use {name}.ravel()"),
        (_, 1) => format!("; give a row of it, {name}[i], or all of it, {name}.ravel()"),
        (3.., 2) if name != "out" => {
            format!("; use {name}.reshape(-1, {name}.shape[-1]) for rows")
        }
        _ => String::new(),
    }
}

/// For what is no str.
pub(crate) fn to_string(value: &Bound<'_, PyAny>, name: &str) -> String {
    if is_bytes(value) {
        format!("; use {name}.decode()")
    } else if is_missing(value) {
        "; leave out what is missing".to_owned()
    } else if has(value, "__iter__") {
        "; call it for each string; hotkernels.cpdist scores columns of them".to_owned()
    } else {
        format!("; use str({name})")
    }
}

/// For an item of a column that is neither a str nor None.
pub(crate) fn to_item(value: &Bound<'_, PyAny>, name: &str) -> String {
    if is_bytes(value) {
        format!("; use [row.decode() for row in {name}]")
    } else if is_missing(value) {
        "; use None for what is missing".to_owned()
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        format!("; {name} is one column: use [row[0] for row in {name}]")
    } else {
        format!("; use [str(row) for row in {name}]")
    }
}

/// For what is no column of strings.
pub(crate) fn to_column(value: &Bound<'_, PyAny>, name: &str, scorers: &[&str]) -> String {
    if let Ok(given) = value.cast::<PyString>() {
        if scorers.iter().any(|known| given == known) {
            return format!("; scorer=\"{given}\" names the scorer");
        }
        format!("; use [{name}] for one string")
    } else if is_bytes(value) {
        format!("; use [{name}.decode()] for one string")
    } else if value.is_instance_of::<PyDict>() {
        format!("; use {name}.keys() or {name}.values()")
    } else if is_set(value) {
        format!("; its order is by chance: use sorted({name}) or a list")
    } else if has(value, "collect") {
        format!("; use {name}.collect() and one column of it")
    } else {
        String::new()
    }
}

/// For a smallest similarity that is none: RapidFuzz's are percentages.
pub(crate) fn to_fraction(cutoff: f64) -> String {
    if (1.0..=100.0).contains(&cutoff) {
        "; use score_cutoff / 100 for a percentage".to_owned()
    } else {
        String::new()
    }
}

/// For a column of what is no string.
pub(crate) fn to_strings(value: &Bound<'_, PyAny>, name: &str, format: &str) -> String {
    if format.starts_with("\"+s") {
        return format!("; give one column of it, {name}['column']");
    }
    match library(value).as_str() {
        "polars" => format!("; use {name}.cast(pl.String)"),
        "pyarrow" => format!("; use {name}.cast('string')"),
        "pandas" => format!("; use {name}.astype('str')"),
        _ => String::new(),
    }
}

/// The known name that is nearest to one that is not; nothing where none is near.
pub(crate) fn near<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let plain: String = given
        .chars()
        .take(64)
        .map(|letter| match letter {
            '-' | ' ' => '_',
            letter => letter.to_ascii_lowercase(),
        })
        .collect();
    let plain = plain
        .trim_end_matches("_distance")
        .trim_end_matches("_similarity");
    let points = |text: &str| -> Vec<u32> { text.chars().map(u32::from).collect() };
    let plain = points(plain);
    let distance = |name: &str| {
        let name = points(&name.replace('-', "_"));
        let pair = Pair::U32(&plain, &name);
        let found = text::damerau_levenshtein(Level::Scalar, pair, usize::MAX, &|| false);
        found.ok().flatten().unwrap_or(usize::MAX)
    };
    let nearest = known
        .into_iter()
        .map(|name| (distance(name), name))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((distance, name)) if distance <= 1.max(name.len() / 3) => {
            format!("; did you mean \"{name}\"?")
        }
        _ => String::new(),
    }
}

/// The name of a str, or of a function, which some libraries take in its place.
pub(crate) fn given_name(value: &Bound<'_, PyAny>) -> String {
    let own = value.cast::<PyString>().map(ToString::to_string);
    own.or_else(|_| value.getattr("__name__").and_then(|name| name.extract()))
        .unwrap_or_default()
}

/// The name of a dtype: NumPy's, or a type's, or a str.
pub(crate) fn dtype_name(value: &Bound<'_, PyAny>) -> String {
    let name = value.getattr("name").and_then(|name| name.extract());
    name.unwrap_or_else(|_| given_name(value))
}

/// [`near`], by SciPy's names for modes and by those that others have for them.
pub(crate) fn mode(given: &str, known: [&str; 8]) -> String {
    match given {
        "edge" | "replicate" => "; \"nearest\" repeats the edge".to_owned(),
        "symmetric" => "; \"reflect\" is what others call symmetric".to_owned(),
        "reflect_101" => "; \"mirror\" is what others call reflect_101".to_owned(),
        "zero" | "zeros" => "; \"constant\" with cval=0 has zeros outside".to_owned(),
        given => near(given, known),
    }
}

/// For an item that is no number, of an iterable.
pub(crate) fn to_number(item: &Bound<'_, PyAny>, name: &str) -> String {
    if is_missing(item) {
        "; leave out what is missing".to_owned()
    } else if item.is_instance_of::<PyString>() {
        format!("; use [float(item) for item in {name}]")
    } else if has(item, "__len__") {
        format!("; use np.asarray({name}).ravel()")
    } else {
        String::new()
    }
}

/// Refuses a table: it is an iterable of its columns or their names, which nobody means.
pub(crate) fn no_table(value: &Bound<'_, PyAny>, name: &str, taken: &str) -> PyResult<()> {
    if has(value, "columns") && has(value, "to_numpy") {
        let found = type_name(value);
        return Err(PyTypeError::new_err(format!(
            "{name}: {taken} is taken, got {found}; use {name}.to_numpy()"
        )));
    }
    Ok(())
}

/// A `TypeError` for an ndarray of a dtype that no buffer can say: dates, and strings of any length.
pub(crate) fn no_buffer(value: &Bound<'_, PyAny>, name: &str) -> Option<PyErr> {
    if !is_numpy(value) {
        return None;
    }
    let dtype = value.getattr("dtype").ok()?;
    let kind: String = dtype.getattr("kind").and_then(|kind| kind.extract()).ok()?;
    matches!(kind.as_str(), "M" | "m" | "T").then(|| {
        PyTypeError::new_err(format!(
            "{name} has dtype {dtype}; numbers are taken; use {name}.astype(np.float64)"
        ))
    })
}

/// Whether it is one of NumPy's masked arrays.
pub(crate) fn is_masked_array(value: &Bound<'_, PyAny>) -> bool {
    let py = value.py();
    // Where the module was not imported there is none.
    let class = || -> PyResult<bool> {
        let modules = py
            .import(intern!(py, "sys"))?
            .getattr(intern!(py, "modules"))?;
        let module = modules.get_item(intern!(py, "numpy.ma"))?;
        value.is_instance(&module.getattr(intern!(py, "MaskedArray"))?)
    };
    class().unwrap_or(false)
}

/// Refuses an array of which elements are masked: its buffer has what lies behind the mask.
pub(crate) fn no_mask(value: &Bound<'_, PyAny>, name: &str) -> PyResult<()> {
    let masked = value.call_method0("count")?.ne(value.getattr("size")?)?;
    if masked {
        return Err(PyValueError::new_err(format!(
            "{name} has masked elements, and no mask is taken; use {name}.compressed() or {name}.filled(0)"
        )));
    }
    Ok(())
}

/// Whether its items come in an order of chance.
pub(crate) fn is_set(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>()
}

fn has(value: &Bound<'_, PyAny>, attribute: &str) -> bool {
    value.hasattr(attribute).unwrap_or(false)
}

fn is_bytes(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>()
}

fn is_number(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyFloat>()
        || value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyBool>()
}

/// None, NaN, and pandas's two.
fn is_missing(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.extract::<f64>().is_ok_and(f64::is_nan)
        || matches!(type_name(value).as_str(), "NAType" | "NaTType")
}

/// The package that the value's type comes from.
fn library(value: &Bound<'_, PyAny>) -> String {
    let module = value.get_type().module();
    let module = module.map(|module| module.to_string()).unwrap_or_default();
    module.split('.').next().unwrap_or_default().to_owned()
}

/// Whether the exporter is NumPy's array.
pub(crate) fn is_numpy(value: &Bound<'_, PyAny>) -> bool {
    library(value) == "numpy"
}
