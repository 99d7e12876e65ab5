//! Where the bytes of a row are, and a copy of them.

use std::ptr;

use super::column::{Fault, missing};
use super::{Array, layout};

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

    /// Copies the bytes of a row, where it is there. `begin` is where the row before ended; rows are asked for in order.
    ///
    /// # Safety
    ///
    /// As [`read`]; the place is a row's, counted from the start of the buffers.
    #[inline]
    pub(super) unsafe fn copy(
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
                            i64::from_ne_bytes(offsets.cast::<[u8; 8]>().add(place).read())
                        } else {
                            i32::from_ne_bytes(offsets.cast::<[u8; 4]>().add(place).read()).into()
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
pub(super) struct Place(String);

impl Place {
    #[cold]
    pub(super) fn at(self, row: usize) -> Fault {
        Fault::Row(row, self.0)
    }
}
