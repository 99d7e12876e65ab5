//! Rows brought to unit length and laid out for the tile kernel.

use std::ops::Range;

use super::scaled;
use crate::Float;
use crate::arch::{Arch, Kernel};
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

/// Rows to pack, for one tile.
pub(super) struct Panel<'a, T> {
    pub(super) rows: Rows<'a, T>,
    /// The first of the rows.
    pub(super) first: usize,
    /// Their scales, one for each: as many rows are packed.
    pub(super) scales: &'a [Scale<T>],
    pub(super) columns: Range<usize>,
    /// How many rows the tile has; those that are not there are zeros.
    pub(super) width: usize,
    /// Where to: for each column `width` elements. It has room for that.
    pub(super) to: &'a mut [T],
}

impl<T: Float> Panel<'_, T> {
    /// Packs some of the rows, and zeros behind them.
    #[inline(always)]
    fn one_by_one(&mut self, lanes: Range<usize>, columns: Range<usize>) {
        for lane in lanes {
            let Some(Scale { power, factor }) = self.scales.get(lane).copied() else {
                for column in columns.clone() {
                    self.to[column * self.width + lane] = T::ZERO;
                }
                continue;
            };
            let row = self.rows.row(self.first + lane).range(self.columns.clone());
            for column in columns.clone() {
                // SAFETY: the row has this column; the caller of `range` was stopped if not.
                let element = unsafe { row.as_ptr().add(column).read() };
                self.to[column * self.width + lane] = element.times(power).times(factor);
            }
        }
    }
}

impl<T: Float> Kernel for Panel<'_, T> {
    type Output = ();

    fn scalar(mut self) {
        self.one_by_one(0..self.width, 0..self.columns.len());
    }

    #[inline(always)]
    fn run<A: Arch>(mut self, arch: A) {
        const ROWS: usize = 4;
        let depth = self.columns.len();
        assert!(depth * self.width <= self.to.len());
        let whole = depth / T::COLUMNS * T::COLUMNS;
        let mut lane = 0;
        while let Some(scales) = self.scales[lane..].first_chunk::<ROWS>()
            && lane + ROWS <= self.width
        {
            let factors = scales.map(|scale| [scale.power, scale.factor]);
            let rows: [_; ROWS] = std::array::from_fn(|row| {
                let row = self.rows.row(self.first + lane + row);
                row.range(self.columns.clone()).as_ptr()
            });
            let to = self.to.as_mut_ptr();
            for column in (0..whole).step_by(T::COLUMNS) {
                // SAFETY: each row has these columns, and `to` room for these rows' elements of each column.
                unsafe {
                    let from = rows.map(|row| row.add(column));
                    let to = to.add(column * self.width + lane);
                    T::transpose(arch, from, &factors, to, self.width);
                }
            }
            self.one_by_one(lane..lane + ROWS, whole..depth);
            lane += ROWS;
        }
        self.one_by_one(lane..self.width, 0..depth);
    }
}
