//! Reading a chunk of a column: what its structure says is held to its type first, then row by row what its buffers say.
//!
//! A producer tells no buffer's size but those of views, so offsets can only be held to each other. Nothing is read twice:
//! what another thread writes meanwhile gives other strings or an error. A string's bytes are copied before they are
//! looked at, for the same reason.

use super::buffers::{Buffers, VIEW, is_set};
use super::layout::{self, Index, Type};
use super::{
    super::strings::{Batch, NotUtf8, Reader, Strings},
    Array,
};

/// Bytes and rows, at 16 bytes each, between two looks at whether to stop: about a millisecond.
const PIECE: usize = 1 << 20;

/// Rows that tell about how long the others are.
const SAMPLE: usize = 1 << 10;

/// Why a column cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is of a type that is none of strings: this one.
    Type(String),
    /// Its structure is not what its type says: what it has.
    Structure(String),
    /// A row, counted from the first one of the chunk, is not what it must be.
    Row(usize, String),
    /// There is no memory for it.
    OutOfMemory,
    /// The caller asked to stop.
    Interrupted,
}

/// Appends the strings of a chunk; what is null, or has a null of the dictionary, is missing.
///
/// # Errors
///
/// As [`Fault`] says; the strings before the row in question were read.
///
/// # Safety
///
/// The array is not released. Its pointers are null or point to as much as its type, its lengths and what is in its
/// buffers say, readable until it is released.
pub unsafe fn read(
    kind: Type,
    array: &Array,
    reader: &mut Reader,
    strings: &mut Strings,
    stop: &dyn Fn() -> bool,
) -> Result<(), Fault> {
    let mut look = Look { left: PIECE, stop };
    let Some(index) = kind.index else {
        // SAFETY: the caller's promise.
        return unsafe { plain(kind.strings, array, reader, strings, &mut look) };
    };
    let rows = Rows::of(array, 2)?;
    if rows.length == 0 {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    let dictionary = unsafe { array.dictionary.as_ref() };
    let dictionary = dictionary
        .ok_or_else(|| Fault::Structure("has no dictionary, which its type has".to_owned()))?;
    let mut values = Strings::default();
    // SAFETY: the caller's promise.
    unsafe { plain(kind.strings, dictionary, reader, &mut values, &mut look) }.map_err(
        |fault| match fault {
            Fault::Structure(what) => Fault::Structure(format!("has a dictionary that {what}")),
            Fault::Row(row, what) => {
                Fault::Structure(format!("has a dictionary whose value {row} has {what}"))
            }
            other => other,
        },
    )?;
    // SAFETY: the caller's promise.
    unsafe { indexed(index, array, &values, strings, &mut look) }
}

/// Strings that stand for themselves.
///
/// # Safety
///
/// As [`read`].
unsafe fn plain(
    layout: layout::Strings,
    array: &Array,
    reader: &mut Reader,
    strings: &mut Strings,
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    let expected = match layout {
        // None; polars gives one all the same, a null pointer.
        layout::Strings::Null => i64::from(array.n_buffers == 1),
        layout::Strings::View => array.n_buffers.max(3),
        layout::Strings::Utf8 | layout::Strings::LargeUtf8 => 3,
    };
    let rows = Rows::of(array, expected)?;
    if !array.dictionary.is_null() {
        return Err(Fault::Structure(
            "has a dictionary, which its type has not".to_owned(),
        ));
    }
    rows.reserve(strings)?;
    if rows.length == 0 {
        return Ok(());
    }
    if layout == layout::Strings::Null {
        for _ in 0..rows.length {
            reader.read(None, strings);
            look.at(16)?;
        }
        return Ok(());
    }
    // SAFETY: the caller's promise; the number of buffers is the type's.
    let (validity, buffers) = unsafe { (rows.validity()?, Buffers::of(array, layout)?) };
    let mut batch = Batch::new();
    let (mut row, mut bytes, mut begin) = (0, 0, None);
    while row < rows.length {
        batch.clear();
        let places = rows.offset + row..rows.offset + rows.length;
        // SAFETY: the caller's promise, and the rows are the array's.
        let copied = unsafe { buffers.copy(places, validity, &mut begin, &mut batch) };
        reader
            .reserve(batch.bytes.len(), strings)
            .map_err(|_| Fault::OutOfMemory)?;
        reader
            .read_all(&batch, strings)
            .map_err(|NotUtf8 { number, from }| {
                Fault::Row(
                    row + number,
                    format!("no valid UTF-8 from its byte {from} on"),
                )
            })?;
        bytes += batch.bytes.len();
        if row < SAMPLE && row + batch.len() >= SAMPLE {
            // Vectors that grow are copied, and the memory that they leave is asked for again.
            let left = rows.length - row - batch.len();
            strings.expect((bytes / SAMPLE + 1).saturating_mul(left));
        }
        row += batch.len();
        copied.map_err(|fault| fault.at(row))?;
        look.at(batch.bytes.len() + 16 * batch.len())?;
    }
    Ok(())
}

/// Rows that are indices of values.
///
/// # Safety
///
/// As [`read`], of the array with the indices.
unsafe fn indexed(
    index: Index,
    array: &Array,
    values: &Strings,
    strings: &mut Strings,
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    let rows = Rows::of(array, 2)?;
    rows.reserve(strings)?;
    // SAFETY: the caller's promise; there are two buffers.
    let (validity, indices) = unsafe { (rows.validity()?, *array.buffers.add(1)) };
    if indices.is_null() {
        return Err(missing("indices"));
    }
    for row in 0..rows.length {
        let place = rows.offset + row;
        // SAFETY: the caller's promise, and the row is one of the array's.
        let found = unsafe {
            let there = validity.is_none_or(|bits| is_set(bits, place));
            there.then(|| index.at(indices, place))
        };
        let value = match found.map(|found| (found, usize::try_from(found))) {
            None => None,
            Some((_, Ok(value))) if value < values.len() => Some(value),
            Some((found, _)) => {
                let count = values.len();
                return Err(Fault::Row(
                    row,
                    format!("the index {found}, of a dictionary of {count}"),
                ));
            }
        };
        let units = strings
            .push_again(values, value)
            .map_err(|_| Fault::OutOfMemory)?;
        look.at(16 + 4 * units)?;
    }
    Ok(())
}

/// When to look whether to stop.
struct Look<'a> {
    left: usize,
    stop: &'a dyn Fn() -> bool,
}

impl Look<'_> {
    /// So many bytes were read, and rows at 16 bytes each.
    #[inline]
    fn at(&mut self, bytes: usize) -> Result<(), Fault> {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None if (self.stop)() => return Err(Fault::Interrupted),
            None => self.left = PIECE,
        }
        Ok(())
    }
}

/// The rows of an array, as its structure has them.
struct Rows<'a> {
    array: &'a Array,
    offset: usize,
    length: usize,
}

impl<'a> Rows<'a> {
    /// Holds the structure's numbers to what they can be.
    fn of(array: &'a Array, buffers: i64) -> Result<Self, Fault> {
        let wrong = |what: &str, number: i64| Fault::Structure(format!("has {what} {number}"));
        let (Ok(length), Ok(offset)) =
            (usize::try_from(array.length), usize::try_from(array.offset))
        else {
            return Err(match array.length {
                ..0 => wrong("a length of", array.length),
                _ => wrong("an offset of", array.offset),
            });
        };
        // The last row's view, or the offset behind it, must be an address.
        let end = offset
            .checked_add(length)
            .and_then(|rows| rows.checked_add(1)?.checked_mul(VIEW));
        if end.is_none_or(|end| end > isize::MAX as usize) {
            return Err(Fault::Structure(format!(
                "has an offset of {offset} and a length of {length}, more than memory has"
            )));
        }
        if array.null_count < -1 || array.null_count > array.length {
            return Err(wrong("a null_count of", array.null_count));
        }
        if array.n_children != 0 {
            return Err(wrong("children, n_children", array.n_children));
        }
        if array.n_buffers != buffers {
            return Err(Fault::Structure(format!(
                "has {} buffers; {buffers} are its type's",
                array.n_buffers
            )));
        }
        if array.buffers.is_null() && buffers > 0 && length > 0 {
            return Err(missing("buffers"));
        }
        Ok(Self {
            array,
            offset,
            length,
        })
    }

    /// Makes room for as many strings.
    fn reserve(&self, strings: &mut Strings) -> Result<(), Fault> {
        let all = strings.len().saturating_add(self.length);
        if all >= u32::MAX as usize {
            return Err(Fault::Structure(format!(
                "has a length of {}; at most 2^32 - 2 strings are taken",
                self.length
            )));
        }
        strings.reserve(self.length).map_err(|_| Fault::OutOfMemory)
    }

    /// The bits that say which rows are not null; `None` where all are.
    ///
    /// # Safety
    ///
    /// There is at least one buffer, and at least one row.
    unsafe fn validity(&self) -> Result<Option<*const u8>, Fault> {
        // SAFETY: the caller's promise, and the buffers' pointer was looked at.
        let bits = unsafe { *self.array.buffers };
        if bits.is_null() && self.array.null_count > 0 {
            return Err(Fault::Structure(format!(
                "has a null_count of {} and no validity bitmap",
                self.array.null_count
            )));
        }
        Ok((!bits.is_null()).then_some(bits))
    }
}

pub(super) fn missing(what: &str) -> Fault {
    Fault::Structure(format!("has no {what}"))
}
