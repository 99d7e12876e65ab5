//! The images of one call, and where their pixels come from: what all kernels of this family read and write.

use super::border::Mode;
use super::pixel::Pixel;
use crate::memory::{Source, Target};
use crate::room::collected;

/// Images of one size, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many.
    pub images: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
}

impl Shape {
    /// Pixels of all images; `None` where that is more than memory has.
    #[must_use]
    pub fn pixels(self) -> Option<usize> {
        self.images
            .checked_mul(self.height)?
            .checked_mul(self.width)
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a, T: Pixel> {
    pub(super) source: Source<'a, T>,
    pub(super) shape: Shape,
    /// Rows and columns of the window; a pixel's begins half of that before it, rounded down.
    pub(super) window: [usize; 2],
    pub(super) mode: Mode,
    /// What stands beyond the border in `Mode::Constant`.
    pub(super) outside: T::Key,
    pub(super) out: &'a Target<'a, T>,
}

/// A rectangle of an image.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patch {
    pub(super) image: usize,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl<T: Pixel> Filter<'_, T> {
    /// Where, before a pixel, its window begins.
    pub(super) fn before(&self) -> [i64; 2] {
        self.window.map(|length| (length / 2) as i64)
    }

    /// The place of the median among the values of a window in order.
    pub(super) fn rank(&self) -> usize {
        self.window[0] * self.window[1] / 2
    }

    /// Where the pixels of a row come from that the windows of a patch reach: columns of the image.
    pub(super) fn columns(&self, patch: Patch, count: usize) -> Columns {
        let first = patch.column as i64 - self.before()[1];
        let width = self.shape.width;
        let place = |index: usize| self.mode.source(first + index as i64, width);
        let inside = |index: i64| (index.max(0) as usize).min(count);
        let start = inside(-first);
        let end = inside(width as i64 - first).max(start);
        Columns {
            before: collected((0..start).map(place)),
            from: (first.max(0)) as usize,
            inside: end - start,
            after: collected((end..count).map(place)),
        }
    }

    /// Takes the keys of a row, `row` rows down from the first that the windows of a patch reach.
    #[inline(always)]
    pub(super) fn take(&self, patch: Patch, row: usize, columns: &Columns, keys: &mut [T::Key]) {
        let index = (patch.row + row) as i64 - self.before()[0];
        let Some(line) = self.mode.source(index, self.shape.height) else {
            keys.fill(self.outside);
            return;
        };
        let width = self.shape.width;
        let start = (patch.image * self.shape.height + line) * width;
        let pixels = self.source.range(start..start + width);
        let (before, rest) = keys.split_at_mut(columns.before.len());
        let (inside, after) = rest.split_at_mut(columns.inside);
        for (key, place) in before.iter_mut().zip(&columns.before) {
            *key = place.map_or(self.outside, |column| pixels.read(column).key());
        }
        if !inside.is_empty() {
            let from = pixels
                .range(columns.from..columns.from + inside.len())
                .as_ptr();
            for (index, key) in inside.iter_mut().enumerate() {
                // SAFETY: the range has as many pixels, which `source` says are there.
                *key = unsafe { from.add(index).read() }.key();
            }
        }
        for (key, place) in after.iter_mut().zip(&columns.after) {
            *key = place.map_or(self.outside, |column| pixels.read(column).key());
        }
    }

    /// Takes the keys of a patch's own row.
    #[inline(always)]
    pub(super) fn take_inside(&self, patch: Patch, row: usize, keys: &mut [T::Key]) {
        let line = patch.image * self.shape.height + patch.row + row;
        let start = line * self.shape.width + patch.column;
        let pixels = self.source.range(start..start + patch.columns);
        for (key, pixel) in keys.iter_mut().zip(pixels.iter()) {
            *key = pixel.key();
        }
    }

    /// Where the results of a patch's row go: as many pixels as the patch has columns.
    #[inline(always)]
    pub(super) fn results(&self, patch: Patch, row: usize) -> *mut T {
        assert!(row < patch.rows && patch.row + patch.rows <= self.shape.height);
        assert!(patch.column + patch.columns <= self.shape.width);
        self.out.at(
            patch.image * self.shape.height + patch.row + row,
            patch.column,
        )
    }
}

/// Where the pixels of a row come from: the border's, those that lie in the image without gaps, the border's.
#[derive(Debug, Default)]
pub(super) struct Columns {
    before: Vec<Option<usize>>,
    from: usize,
    inside: usize,
    after: Vec<Option<usize>>,
}
