//! Where elements lie, by what an exporter says: its numbers are held to each other and to what memory can be before anything
//! is read by them. There is no Python here: fuzz/ compiles this file too, on its own.

use std::ops::Range;

/// More dimensions than this are refused; NumPy's own limit is 64, and nobody sums those.
pub(crate) const MAX_DIMS: usize = 8;

/// Bytes that no machine's memory has more of: addresses have 57 bits at most, half of which are the system's.
const MEMORY: usize = 1 << 56;

/// Where the elements are: shape in elements, strides in bytes. Dimensions past `dims` are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(super) start: *const u8,
    pub(super) dims: usize,
    pub(super) shape: [usize; MAX_DIMS],
    pub(super) strides: [isize; MAX_DIMS],
}

impl Layout {
    /// `len` elements one after the other.
    pub(super) fn flat(start: *const u8, len: usize, item_size: usize) -> Self {
        let mut layout = Self::empty(start, 1);
        layout.shape[0] = len;
        layout.strides[0] = item_size as isize;
        layout
    }

    fn empty(start: *const u8, dims: usize) -> Self {
        Self {
            start,
            dims,
            shape: [0; MAX_DIMS],
            strides: [0; MAX_DIMS],
        }
    }

    /// A buffer's (PEP 3118); no strides are those of C order without gaps. What is wrong with it otherwise.
    ///
    /// `shape` and `strides` have a number for each of at most [`MAX_DIMS`] dimensions.
    pub(super) fn of_buffer(
        start: *const u8,
        shape: &[isize],
        strides: Option<&[isize]>,
        [item_size, len_bytes]: [usize; 2],
    ) -> Result<Self, &'static str> {
        let mut layout = Self::empty(start, shape.len());
        for (to, from) in layout.shape.iter_mut().zip(shape) {
            *to = usize::try_from(*from).map_err(|_| "the exporter's shape is negative")?;
        }
        match strides {
            Some(strides) => layout.strides[..shape.len()].copy_from_slice(strides),
            None => layout.set_contiguous(item_size),
        }
        if layout.bytes(item_size) != Some(len_bytes) {
            return Err("the exporter's shape does not fit its length");
        }
        Ok(layout)
    }

    /// A DLPack tensor's, whose strides are in elements. What is wrong with it otherwise.
    ///
    /// `shape` and `strides` have a number for each of at most [`MAX_DIMS`] dimensions.
    pub(crate) fn of_tensor(
        (data, offset): (*const u8, u64),
        shape: &[i64],
        strides: Option<&[i64]>,
        item_size: usize,
    ) -> Result<Self, &'static str> {
        let mut layout = Self::empty(data, shape.len());
        if !data.is_null() {
            // Where data lies low, as in the heaps of free-threaded interpreters, an offset below 0 comes out as an address, too.
            layout.start = usize::try_from(offset)
                .ok()
                .filter(|offset| *offset <= MEMORY && data.addr().checked_add(*offset).is_some())
                .map(|offset| data.wrapping_add(offset))
                .ok_or("has a byte_offset past memory")?;
        }
        for (to, from) in layout.shape.iter_mut().zip(shape) {
            *to = usize::try_from(*from).map_err(|_| "has a negative length")?;
        }
        let Some(strides) = strides else {
            layout.set_contiguous(item_size);
            return Ok(layout);
        };
        for (to, from) in layout.strides.iter_mut().zip(strides) {
            *to = isize::try_from(*from)
                .ok()
                .and_then(|stride| stride.checked_mul(item_size as isize))
                .ok_or("has a stride past memory")?;
        }
        Ok(layout)
    }

    /// Holds it to what memory can be, for elements of that size: what is wrong otherwise.
    pub(super) fn check(&self, item_size: usize) -> Result<(), &'static str> {
        if self.bytes(item_size).is_none() {
            return Err("the exporter's shape is larger than memory");
        }
        if self.is_empty() {
            return Ok(());
        }
        match self.extent(item_size) {
            Some(_) => Ok(()),
            None => Err("the exporter's strides reach past memory"),
        }
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape[..self.dims]
    }

    pub(super) fn strides(&self) -> &[isize] {
        &self.strides[..self.dims]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shape().contains(&0)
    }

    /// Bytes of all elements; `None` when that is more than memory holds.
    pub(super) fn bytes(&self, item_size: usize) -> Option<usize> {
        self.shape()
            .iter()
            .try_fold(item_size, |bytes, length| bytes.checked_mul(*length))
            .filter(|bytes| *bytes <= MEMORY)
    }

    /// Makes the strides those of C order without gaps.
    fn set_contiguous(&mut self, item_size: usize) {
        let mut stride = item_size as isize;
        for dim in (0..self.dims).rev() {
            self.strides[dim] = stride;
            stride = stride.saturating_mul(self.shape[dim] as isize);
        }
    }

    /// Whether dimensions `from..` are in C order without gaps.
    pub(super) fn is_contiguous_from(&self, from: usize, item_size: usize) -> bool {
        let mut expected = item_size as isize;
        for dim in (from..self.dims).rev() {
            if self.shape[dim] > 1 && self.strides[dim] != expected {
                return false;
            }
            expected = expected.saturating_mul(self.shape[dim] as isize);
        }
        true
    }

    /// Of a matrix that has elements, whether its rows lie without gaps and a whole number of elements apart; and if so how
    /// many.
    pub(super) fn row_stride(&self, item_size: usize) -> Option<isize> {
        let (size, [rows, columns, ..]) = (item_size as isize, self.shape);
        let stride = if rows > 1 {
            self.strides[0]
        } else {
            size * columns as isize
        };
        (stride % size == 0 && self.is_contiguous_from(1, item_size)).then_some(stride / size)
    }

    /// The addresses from the first byte to behind the last; `None` where there is no element, or where they are no addresses.
    pub(super) fn extent(&self, item_size: usize) -> Option<Range<usize>> {
        if self.is_empty() {
            return None;
        }
        let (mut low, mut high) = (0_isize, isize::try_from(item_size).ok()?);
        for (length, stride) in self.shape().iter().zip(self.strides()) {
            let span = stride.checked_mul(isize::try_from(length - 1).ok()?)?;
            low = low.checked_add(span.min(0))?;
            high = high.checked_add(span.max(0))?;
        }
        if high.checked_sub(low)? > MEMORY as isize {
            return None;
        }
        let start = self.start.addr();
        Some(start.checked_add_signed(low)?..start.checked_add_signed(high)?)
    }
}
