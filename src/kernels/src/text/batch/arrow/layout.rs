//! The types of columns that strings are read from, by Arrow's format strings.

use std::ffi::CStr;

use super::Schema;
use super::column::Fault;

/// How a column has its strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    pub(super) strings: Strings,
    /// Of a dictionary, what its indices are.
    pub(super) index: Option<Index>,
}

/// The layout of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strings {
    /// `u`: offsets of 32 bits.
    Utf8,
    /// `U`: offsets of 64 bits.
    LargeUtf8,
    /// `vu`: views of 16 bytes.
    View,
    /// `n`: none, all are missing.
    Null,
}

/// The type of a dictionary's indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
}

impl Type {
    /// The type that a schema names.
    ///
    /// # Errors
    ///
    /// It is none of strings, or no type at all.
    ///
    /// # Safety
    ///
    /// The schema's pointers are null or point to what the specification says: a text that ends with a zero, a schema.
    pub unsafe fn of(schema: &Schema) -> Result<Self, Fault> {
        // SAFETY: the caller's promise.
        let format = unsafe { format(schema) }?;
        // SAFETY: as above; a null pointer is `None`.
        let dictionary = unsafe { schema.dictionary.as_ref() };
        let Some(values) = dictionary else {
            let strings = strings(&format).ok_or_else(|| Fault::Type(format!("{format:?}")))?;
            return Ok(Self {
                strings,
                index: None,
            });
        };
        // SAFETY: as above.
        let inner = unsafe { self::format(values) }?;
        let nested = if values.dictionary.is_null() {
            ""
        } else {
            " with a dictionary of its own"
        };
        let wrong = || Fault::Type(format!("{format:?} with a dictionary of {inner:?}{nested}"));
        let index = index(&format).filter(|_| nested.is_empty());
        match (strings(&inner), index) {
            (Some(strings), Some(index)) => Ok(Self {
                strings,
                index: Some(index),
            }),
            _ => Err(wrong()),
        }
    }
}

/// # Safety
///
/// The format is null or a text that ends with a zero.
unsafe fn format(schema: &Schema) -> Result<String, Fault> {
    if schema.format.is_null() {
        return Err(Fault::Structure("has a schema without a format".to_owned()));
    }
    // SAFETY: the caller's promise.
    let format = unsafe { CStr::from_ptr(schema.format) };
    Ok(format.to_string_lossy().into_owned())
}

fn strings(format: &str) -> Option<Strings> {
    Some(match format {
        "u" => Strings::Utf8,
        "U" => Strings::LargeUtf8,
        "vu" => Strings::View,
        "n" => Strings::Null,
        _ => return None,
    })
}

fn index(format: &str) -> Option<Index> {
    Some(match format {
        "c" => Index::I8,
        "C" => Index::U8,
        "s" => Index::I16,
        "S" => Index::U16,
        "i" => Index::I32,
        "I" => Index::U32,
        "l" => Index::I64,
        "L" => Index::U64,
        _ => return None,
    })
}

impl Index {
    /// The index of a row.
    ///
    /// # Safety
    ///
    /// There are more than `row` indices of this type at `from`, which need not be aligned.
    #[inline]
    pub(super) unsafe fn at(self, from: *const u8, row: usize) -> i128 {
        macro_rules! read {
            ($type:ty) => {
                // SAFETY: the caller's promise.
                i128::from(<$type>::from_ne_bytes(unsafe {
                    from.cast::<[u8; size_of::<$type>()]>().add(row).read()
                }))
            };
        }
        match self {
            Self::I8 => read!(i8),
            Self::U8 => read!(u8),
            Self::I16 => read!(i16),
            Self::U16 => read!(u16),
            Self::I32 => read!(i32),
            Self::U32 => read!(u32),
            Self::I64 => read!(i64),
            Self::U64 => read!(u64),
        }
    }
}
