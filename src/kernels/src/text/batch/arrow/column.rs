//! Reading a chunk of a column: what its structure says is held to its type first, then row by row what its buffers say.
//!
//! A producer tells no buffer's size but those of views, so offsets can only be held to each other. Nothing is read twice:
//! what another thread writes meanwhile gives other strings or an error. A string's bytes are copied before they are
//! looked at, for the same reason.

use std::ptr;

use super::layout::{self, Index, Type};
use super::{
    super::strings::{Reader, Strings},
    Array,
};
use crate::text::Text;

/// Bytes and rows, at 16 bytes each, between two looks at whether to stop: about a millisecond.
const PIECE: usize = 1 << 20;

/// A view, and how many bytes of a string stand in the view itself.
const VIEW: usize = 16;
const INLINE: usize = 12;

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
            look.at(0)?;
        }
        return Ok(());
    }
    // SAFETY: the caller's promise; the number of buffers is the type's.
    let (validity, buffers) = unsafe { (rows.validity()?, Buffers::of(array, layout)?) };
    let mut bytes = Vec::new();
    let mut begin = None;
    for row in 0..rows.length {
        // SAFETY: the caller's promise, and the row is one of the array's.
        unsafe {
            let place = rows.offset + row;
            let there = validity.is_none_or(|bits| is_set(bits, place));
            buffers
                .copy(place, there, &mut begin, &mut bytes)
                .map_err(|fault| fault.at(row))?;
            if !there {
                reader.read(None, strings);
                look.at(0)?;
                continue;
            }
        }
        let text = str::from_utf8(&bytes).map_err(|error| {
            let at = error.valid_up_to();
            Fault::Row(row, format!("no valid UTF-8 from its byte {at} on"))
        })?;
        reader
            .reserve(text.len(), strings)
            .map_err(|_| Fault::OutOfMemory)?;
        reader.read(Some(Text::Utf8(text)), strings);
        look.at(text.len())?;
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
        look.at(4 * units)?;
    }
    Ok(())
}

/// When to look whether to stop.
struct Look<'a> {
    left: usize,
    stop: &'a dyn Fn() -> bool,
}

impl Look<'_> {
    /// A row of so many bytes was read.
    #[inline]
    fn at(&mut self, bytes: usize) -> Result<(), Fault> {
        match self.left.checked_sub(bytes + 16) {
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

/// Whether a bit is set, the lowest one of a byte first.
///
/// # Safety
///
/// There are more than `place` bits.
#[inline]
unsafe fn is_set(bits: *const u8, place: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { bits.add(place / 8).read() >> (place % 8) & 1 == 1 }
}

/// Where the bytes are.
enum Buffers {
    Offsets {
        offsets: *const u8,
        wide: bool,
        data: *const u8,
    },
    Views {
        views: *const u8,
        /// Each with its size.
        data: Vec<(*const u8, usize)>,
    },
}

impl Buffers {
    /// Those of an array that has at least one row.
    ///
    /// # Safety
    ///
    /// As [`read`]; and there are as many buffers as the layout has.
    unsafe fn of(array: &Array, layout: layout::Strings) -> Result<Self, Fault> {
        // SAFETY: the caller's promise.
        let buffer = |number: usize| unsafe { *array.buffers.add(number) };
        if layout != layout::Strings::View {
            let offsets = buffer(1);
            if offsets.is_null() {
                return Err(missing("offsets"));
            }
            return Ok(Self::Offsets {
                offsets,
                wide: layout == layout::Strings::LargeUtf8,
                data: buffer(2),
            });
        }
        let views = buffer(1);
        if views.is_null() {
            return Err(missing("views"));
        }
        let last = array.n_buffers as usize - 1;
        let sizes = buffer(last).cast::<i64>();
        if sizes.is_null() && last > 2 {
            return Err(missing("sizes of its buffers"));
        }
        let sized = (2..last).map(|number| {
            // SAFETY: the caller's promise: a size for each buffer between the views and the sizes.
            let size = unsafe { sizes.add(number - 2).read_unaligned() };
            let size = usize::try_from(size)
                .map_err(|_| Fault::Structure(format!("has a buffer of size {size}")))?;
            let data = buffer(number);
            if data.is_null() && size > 0 {
                return Err(missing("data"));
            }
            Ok((data, size))
        });
        Ok(Self::Views {
            views,
            data: sized.collect::<Result<_, _>>()?,
        })
    }

    /// Copies the bytes of a row, where it is there. `begin` is where the row before ended; rows are asked for in order.
    ///
    /// # Safety
    ///
    /// As [`read`]; the place is a row's, counted from the start of the buffers.
    #[inline]
    unsafe fn copy(
        &self,
        place: usize,
        there: bool,
        begin: &mut Option<i64>,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Place> {
        bytes.clear();
        let (from, count) = match *self {
            Self::Offsets {
                offsets,
                wide,
                data,
            } => {
                let offset = |place: usize| {
                    // SAFETY: the caller's promise: one more offset than rows.
                    unsafe {
                        if wide {
                            offsets.cast::<i64>().add(place).read_unaligned()
                        } else {
                            offsets.cast::<i32>().add(place).read_unaligned().into()
                        }
                    }
                };
                let start = begin.unwrap_or_else(|| offset(place));
                let end = offset(place + 1);
                if start < 0 || end < start {
                    return Err(Place(format!("the offsets {start} and {end}")));
                }
                *begin = Some(end);
                if data.is_null() && end > start && there {
                    return Err(Place(format!(
                        "{} bytes, and there are no data",
                        end - start
                    )));
                }
                (data.wrapping_add(start as usize), (end - start) as usize)
            }
            // A null row's view may be anything.
            Self::Views { .. } if !there => (ptr::null(), 0),
            Self::Views { views, ref data } => {
                // SAFETY: the caller's promise.
                let view = unsafe { views.cast::<[u8; VIEW]>().add(place).read() };
                let number = |at: usize| {
                    i32::from_ne_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]])
                };
                let (length, buffer, offset) = (number(0), number(8), number(12));
                let count = usize::try_from(length)
                    .map_err(|_| Place(format!("a view of length {length}")))?;
                if count <= INLINE {
                    bytes.extend_from_slice(&view[4..4 + count]);
                    return Ok(());
                }
                let outside = || {
                    let buffers = data.len();
                    Place(format!(
                        "a view of {count} bytes from {offset} on in buffer {buffer} of {buffers}, which is not there"
                    ))
                };
                let found = usize::try_from(buffer)
                    .ok()
                    .and_then(|buffer| data.get(buffer));
                let (&(from, size), Ok(start)) =
                    (found.ok_or_else(outside)?, usize::try_from(offset))
                else {
                    return Err(outside());
                };
                if start > size || count > size - start {
                    return Err(outside());
                }
                (from.wrapping_add(start), count)
            }
        };
        if !there || count == 0 {
            return Ok(());
        }
        bytes
            .try_reserve(count)
            .map_err(|_| Place(format!("{count} bytes, more than there is memory for")))?;
        // SAFETY: the caller's promise, and there is room for them.
        unsafe {
            ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), count);
            bytes.set_len(count);
        }
        Ok(())
    }
}

/// What a row has that it must not have.
struct Place(String);

impl Place {
    #[cold]
    fn at(self, row: usize) -> Fault {
        Fault::Row(row, self.0)
    }
}

fn missing(what: &str) -> Fault {
    Fault::Structure(format!("has no {what}"))
}
