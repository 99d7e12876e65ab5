//! Strings of one width in UCS-4, as NumPy's `U` has them: an array of code points a row, zeros behind the last one.

use std::ptr;

use super::strings::{Reader, Strings};
use crate::room::filled;
use crate::text::graphemes::any;
use crate::text::{Text, Units};

/// Code points and rows between two looks at whether to stop: about a millisecond.
const PIECE: usize = 1 << 20;

/// Where they are; another thread may write there.
#[derive(Clone, Copy, Debug)]
pub struct Ucs4 {
    /// The first row.
    pub start: *const u8,
    /// From one row to the next, in bytes.
    pub stride: isize,
    /// How many rows.
    pub rows: usize,
    /// How many code points a row.
    pub width: usize,
    /// Whether their bytes are in the order that is not this machine's.
    pub swapped: bool,
}

// SAFETY: it is an address and numbers; who reads from it promises that it can be read.
unsafe impl Send for Ucs4 {}
// SAFETY: as above.
unsafe impl Sync for Ucs4 {}

/// Why they cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ucs4Error {
    /// This row has this number, which is no character.
    Row(usize, u32),
    /// The caller asked to stop.
    Interrupted,
}

impl Ucs4 {
    /// Appends them. Zeros at a row's end are no part of it.
    ///
    /// # Errors
    ///
    /// A row has what is no character: a surrogate, or more than the last code point. Or `stop` said true.
    ///
    /// # Safety
    ///
    /// So many rows of so many numbers can be read, each read from any address.
    pub unsafe fn read(
        &self,
        reader: &mut Reader,
        strings: &mut Strings,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Ucs4Error> {
        let mut points = filled(0_u32, self.width);
        let mut left = PIECE;
        for row in 0..self.rows {
            let from = self.start.wrapping_offset(self.stride * row as isize);
            // SAFETY: the caller's promise; any bytes are numbers.
            unsafe {
                ptr::copy_nonoverlapping(from, points.as_mut_ptr().cast::<u8>(), 4 * self.width);
            }
            if self.swapped {
                for point in &mut points {
                    *point = point.swap_bytes();
                }
            }
            let length = points.iter().rposition(|&point| point != 0);
            let points = &points[..length.map_or(0, |last| last + 1)];
            // Below the surrogates all are characters.
            if any(points, |point| point >= 0xD800)
                && let Some(&bad) = points
                    .iter()
                    .find(|&&point| char::from_u32(point).is_none())
            {
                return Err(Ucs4Error::Row(row, bad));
            }
            reader.read(Some(Text::Points(Units::U32(points))), strings);
            match left.checked_sub(self.width + 4) {
                Some(rest) => left = rest,
                None if stop() => return Err(Ucs4Error::Interrupted),
                None => left = PIECE,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Unit;

    fn read(rows: &[[u32; 3]], stride: isize, swapped: bool) -> Result<Vec<Vec<u32>>, Ucs4Error> {
        let start = if stride < 0 {
            rows.last()
        } else {
            rows.first()
        };
        let array = Ucs4 {
            start: start.map_or(std::ptr::null(), |row| row.as_ptr().cast()),
            stride,
            rows: rows.len(),
            width: 3,
            swapped,
        };
        let (mut reader, mut strings) = (Reader::new(Unit::CodePoint), Strings::default());
        // SAFETY: the rows are there.
        unsafe { array.read(&mut reader, &mut strings, &|| false) }?;
        Ok((0..strings.len())
            .map(|row| strings.units_of(row).unwrap_or_default())
            .collect())
    }

    #[test]
    fn zeros_behind_the_last_are_no_part() {
        let rows = [[97, 0, 0], [0, 98, 0], [0, 0, 0], [0x1F600, 98, 99]];
        let exact = vec![vec![97], vec![0, 98], vec![], vec![0x1F600, 98, 99]];
        assert_eq!(read(&rows, 12, false), Ok(exact.clone()));
        let swapped = rows.map(|row| row.map(u32::swap_bytes));
        assert_eq!(read(&swapped, 12, true), Ok(exact.clone()));
        let backward = exact.into_iter().rev().collect();
        assert_eq!(read(&rows, -12, false), Ok(backward));
        assert_eq!(read(&[], 12, false), Ok(vec![]));
    }

    #[test]
    fn what_is_no_character() {
        for bad in [0xD800, 0xDFFF, 0x11_0000, u32::MAX] {
            let found = read(&[[97, 0, 0], [97, bad, 0]], 12, false);
            assert_eq!(found, Err(Ucs4Error::Row(1, bad)));
        }
    }
}
