//! Where the bytes of rows are, and a copy of them.

use std::ops::Range;
use std::ptr;

use super::super::strings::Batch;
use super::column::{Fault, missing};
use super::{Array, layout};
use crate::room::Grow;

/// A view, and how many bytes of a string stand in the view itself.
pub(super) const VIEW: usize = 16;
const INLINE: usize = 12;

/// Whether a bit is set, the lowest one of a byte first.
///
/// # Safety
///
/// There are more than `place` bits.
#[inline]
pub(super) unsafe fn is_set(bits: *const u8, place: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { bits.add(place / 8).read() >> (place % 8) & 1 == 1 }
}

/// Where the bytes are.
pub(super) enum Buffers {
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
    pub(super) unsafe fn of(array: &Array, layout: layout::Strings) -> Result<Self, Fault> {
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
        let sizes = buffer(last).cast::<[u8; 8]>();
        if sizes.is_null() && last > 2 {
            return Err(missing("sizes of its buffers"));
        }
        let sized = (2..last).map(|number| {
            // SAFETY: the caller's promise: a size for each buffer between the views and the sizes.
            let size = i64::from_ne_bytes(unsafe { sizes.add(number - 2).read() });
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

    /// Copies rows to an empty batch, from the first of these on, until it is full or has enough bytes: one at least.
    /// `begin` is where the row before ended; rows are asked for in order.
    ///
    /// # Errors
    ///
    /// What is wrong with the row behind those that were copied.
    ///
    /// # Safety
    ///
    /// As [`read`]; the places are rows', counted from the start of the buffers, and `validity` has their bits.
    pub(super) unsafe fn copy(
        &self,
        rows: Range<usize>,
        validity: Option<*const u8>,
        begin: &mut Option<i64>,
        batch: &mut Batch,
    ) -> Result<(), Place> {
        // SAFETY: the caller's promise.
        unsafe {
            match *self {
                Self::Offsets {
                    offsets,
                    wide: false,
                    data,
                } => {
                    let offset = |place: usize| {
                        i32::from_ne_bytes(offsets.cast::<[u8; 4]>().add(place).read()).into()
                    };
                    side_by_side(offset, data, rows, validity, begin, batch)
                }
                Self::Offsets { offsets, data, .. } => {
                    let offset = |place: usize| {
                        i64::from_ne_bytes(offsets.cast::<[u8; 8]>().add(place).read())
                    };
                    side_by_side(offset, data, rows, validity, begin, batch)
                }
                Self::Views { views, ref data } => viewed(views, data, rows, validity, batch),
            }
        }
    }
}

/// Bytes that short strings are copied as.
const SHORT: usize = 32;

/// Bytes of a batch: no string is begun behind as many. About those that are in the nearest cache.
const ENOUGH: usize = 1 << 13;

/// The rows whose bytes stand between offsets.
///
/// # Safety
///
/// As [`Buffers::copy`]; `offset` can be called with all places, and the one behind the last.
#[inline(always)]
unsafe fn side_by_side(
    offset: impl Fn(usize) -> i64,
    data: *const u8,
    rows: Range<usize>,
    validity: Option<*const u8>,
    begin: &mut Option<i64>,
    batch: &mut Batch,
) -> Result<(), Place> {
    let mut first = begin.unwrap_or_else(|| offset(rows.start));
    let mut last = first;
    let mut wrong = None;
    for place in rows {
        if batch.is_full() {
            break;
        }
        // SAFETY: the caller's promise.
        let there = validity.is_none_or(|bits| unsafe { is_set(bits, place) });
        let end = offset(place + 1);
        if last < 0 || end < last {
            wrong = Some(Place(format!("the offsets {last} and {end}")));
            break;
        }
        if end > last && !there {
            // Bytes of a null row, which may be anything, or not be there.
            if last > first {
                break;
            }
            (first, last) = (end, end);
        } else if end > last && data.is_null() {
            wrong = Some(Place(format!(
                "{} bytes, and there are no data",
                end - last
            )));
            break;
        }
        // Neither is less than 0.
        let count = (end - first) as usize;
        if count > ENOUGH && last > first {
            break;
        }
        if batch.bytes.try_reserve(count).is_err() {
            let count = end - last;
            wrong = Some(Place(format!(
                "{count} bytes, more than there is memory for"
            )));
            break;
        }
        batch.push(count, there);
        last = end;
    }
    *begin = Some(last);
    if last > first {
        let count = (last - first) as usize;
        // SAFETY: the caller's promise: the data reach as far as the offsets of their rows say; and there is room for them.
        unsafe {
            ptr::copy_nonoverlapping(
                data.wrapping_add(first as usize),
                batch.bytes.as_mut_ptr(),
                count,
            );
            batch.bytes.set_len(count);
        }
    }
    wrong.map_or(Ok(()), Err)
}

/// The rows that are views.
///
/// # Safety
///
/// As [`Buffers::copy`].
unsafe fn viewed(
    views: *const u8,
    data: &[(*const u8, usize)],
    rows: Range<usize>,
    validity: Option<*const u8>,
    batch: &mut Batch,
) -> Result<(), Place> {
    batch.bytes.room(Batch::MOST * SHORT);
    let rows_end = rows.end * VIEW;
    for place in rows {
        let from = batch.bytes.len();
        if batch.is_full() {
            break;
        }
        // SAFETY: the caller's promise.
        if validity.is_some_and(|bits| unsafe { !is_set(bits, place) }) {
            // A null row's view may be anything.
            batch.push(from, false);
            continue;
        }
        // SAFETY: the caller's promise.
        let view = unsafe { views.cast::<[u8; VIEW]>().add(place).read() };
        let number =
            |at: usize| i32::from_ne_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]);
        let (length, buffer, offset) = (number(0), number(8), number(12));
        let count =
            usize::try_from(length).map_err(|_| Place(format!("a view of length {length}")))?;
        // The bytes behind the number stand in for a buffer of short strings. No branch asks which it is, as either is as likely.
        let inside = count <= INLINE;
        let own = rows_end - place * VIEW - (VIEW - INLINE);
        let outside = data.get(buffer as isize as usize).copied();
        let start = if inside { 0 } else { offset as isize as usize };
        let (bytes, size) = if inside {
            (views.wrapping_add(place * VIEW + VIEW - INLINE), own)
        } else {
            outside.unwrap_or((ptr::null(), 0))
        };
        if start > size || count > size - start {
            let buffers = data.len();
            return Err(Place(format!(
                "a view of {count} bytes from {offset} on in buffer {buffer} of {buffers}, which is not there"
            )));
        }
        if count > ENOUGH && batch.len() > 0 || from > ENOUGH {
            break;
        }
        if batch.bytes.capacity() - from < count.max(SHORT)
            && batch.bytes.try_reserve(count.max(SHORT)).is_err()
        {
            return Err(Place(format!(
                "{count} bytes, more than there is memory for"
            )));
        }
        let (bytes, to) = (
            bytes.wrapping_add(start),
            batch.bytes.as_mut_ptr().wrapping_add(from),
        );
        // SAFETY: the caller's promise, that the buffer has so many bytes, and so have the views; and there is room for them.
        unsafe {
            if count <= SHORT && size - start >= SHORT {
                // A number of bytes that is known takes no call.
                ptr::copy_nonoverlapping(bytes, to, SHORT);
            } else {
                ptr::copy_nonoverlapping(bytes, to, count);
            }
        }
        // SAFETY: they were written.
        unsafe { batch.bytes.set_len(from + count) };
        batch.push(from + count, true);
    }
    Ok(())
}

/// What a row has that it must not have.
pub(super) struct Place(String);

impl Place {
    #[cold]
    pub(super) fn at(self, row: usize) -> Fault {
        Fault::Row(row, self.0)
    }
}
