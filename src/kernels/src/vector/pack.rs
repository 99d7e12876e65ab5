//! Rows brought to unit length and laid out for the tile kernel.

use std::ops::Range;

use super::scaled;
use crate::Float;
use crate::memory::Rows;
use crate::simd::Level;

/// What brings a row to unit length: each element times a power of two, times a number.
///
/// The power is 1 unless the norm, or its inverse, is near the limits of the type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale<T> {
    power: T,
    factor: T,
}

impl<T: Float> Scale<T> {
    /// That of a row of zeros, which stays one.
    pub(super) const ZERO: Self = Self {
        power: T::ONE,
        factor: T::ZERO,
    };

    /// That of a row. A row with NaN or an infinity becomes all NaN.
    pub(super) fn of(level: Level, rows: Rows<'_, T>, row: usize) -> Self {
        let norm = scaled::norm(level, rows.row(row));
        let value = norm.value();
        if value == 0.0 {
            return Self::ZERO;
        }
        let power = if value < T::REDUCE.to_f64() {
            T::ENLARGE
        } else if value > 1.0 / T::REDUCE.to_f64() {
            T::REDUCE
        } else {
            T::ONE
        };
        let norm = norm.times(power.to_f64());
        let factor = if norm.is_finite() {
            1.0 / norm
        } else {
            f64::NAN
        };
        Self {
            power,
            factor: T::from_f64(factor),
        }
    }

    /// Whether the row has a direction.
    pub(super) fn has_direction(self) -> bool {
        self.factor > T::ZERO
    }
}

/// Packs `columns` of up to `width` rows from `first` on, scaled: for each column, `width` elements, with zeros for rows
/// past the end.
///
/// # Safety
///
/// `to` must be writable for `columns.len() * width` elements; there must be a scale for each row.
pub(super) unsafe fn pack<T: Float>(
    rows: Rows<'_, T>,
    first: usize,
    width: usize,
    columns: Range<usize>,
    scales: &[Scale<T>],
    to: *mut T,
) {
    let depth = columns.len();
    for lane in 0..width {
        let row = first + lane;
        if lane < scales.len() && row < rows.rows() {
            let Scale { power, factor } = scales[lane];
            let from = rows.row(row).range(columns.clone()).as_ptr();
            for column in 0..depth {
                // SAFETY: the row has these columns; the caller's promise on `to`.
                unsafe {
                    let element = from.add(column).read();
                    to.add(column * width + lane)
                        .write(element.times(power).times(factor));
                }
            }
        } else {
            for column in 0..depth {
                // SAFETY: the caller's promise.
                unsafe { to.add(column * width + lane).write(T::ZERO) };
            }
        }
    }
}
