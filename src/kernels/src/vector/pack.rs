//! Rows brought near unit length, by powers of two, and laid out for the tile kernel.

use std::ops::Range;

use super::element::{Batch, Side};
use super::scaled::Norm;
use crate::Float;
use crate::arch::{Arch, Kernel};
use crate::memory::Rows;

/// Columns that are summed before the sum is added to others, at most. A sum's error grows with their number, which is why
/// they are far fewer than the BLAS sum: the packed queries of a tile fill but an eighth of the first cache.
pub(super) const DEPTH: usize = 128;

/// Columns that are summed apart where there are few.
const SHALLOW: usize = 32;

/// Into how many depths of this size and less columns are split.
pub(super) fn depths(cols: usize) -> usize {
    cols.div_ceil(DEPTH)
        .max((cols / SHALLOW).min(DEPTH / SHALLOW))
}

/// Factors that follow a row's packed elements: what a sum is multiplied with when it is complete.
pub(super) const FACTORS: usize = 2;

/// What brings a row to unit length: each element times two powers of two, before sums are made, and the sums times what is
/// left, between 1/2 and 1. So no element is rounded, unless it is so small that it does not count beside the others.
///
/// The first power is 1 unless the norm, or its inverse, is near the limits of the type.
#[derive(Clone, Copy, Debug)]
pub struct Scale<T> {
    power: T,
    factor: T,
    /// The higher half of the digits of what is left, and what that lacks.
    rest: [T; FACTORS],
}

impl<T: Float> Default for Scale<T> {
    /// That of a row of zeros, which stays one.
    fn default() -> Self {
        Self {
            power: T::ONE,
            factor: T::ZERO,
            rest: [T::ZERO; FACTORS],
        }
    }
}

impl<T: Float> Scale<T> {
    /// That of a row that stays as it is.
    pub(super) const ONE: Self = Self {
        power: T::ONE,
        factor: T::ONE,
        rest: [T::ONE, T::ZERO],
    };

    /// That of a row of this norm. A row with NaN or an infinity becomes all NaN.
    pub(super) fn new(norm: Norm) -> Self {
        let value = norm.value();
        if value == 0.0 {
            return Self::default();
        }
        let power = if value < T::REDUCE.to_f64() {
            T::ENLARGE
        } else if value > 1.0 / T::REDUCE.to_f64() {
            T::REDUCE
        } else {
            T::ONE
        };
        let norm = norm.times(power.to_f64());
        if !norm.is_finite() {
            return Self {
                power,
                factor: T::from_f64(f64::NAN),
                ..Self::ONE
            };
        }
        // 2^-e for a norm from 2^e up to 2^(e + 1), which is a normal number with room on both sides.
        let factor = f64::from_bits((2046 - (norm.to_bits() >> 52)) << 52);
        let rest = 1.0 / (norm * factor);
        let high =
            f64::from_bits(rest.to_bits() & !0 << (f64::MANTISSA_DIGITS as i32 - T::DIGITS / 2));
        Self {
            power,
            factor: T::from_f64(factor),
            rest: [high, rest - high].map(T::from_f64),
        }
    }

    /// Whether the row has a direction.
    pub(super) fn has_direction(self) -> bool {
        self.factor > T::ZERO
    }
}

/// Rows to pack, for one tile.
pub struct Panel<'a, E: Batch> {
    pub(super) rows: Rows<'a, E>,
    /// The first of the rows.
    pub(super) first: usize,
    /// Their scales, one for each: as many rows are packed.
    pub(super) scales: &'a [E::Scale],
    pub(super) columns: Range<usize>,
    /// How many rows the tile has; those that are not there are zeros.
    pub(super) width: usize,
    pub(super) side: Side,
    /// Where to: for each column `width` elements, and the trailer. It has room for that.
    pub(super) to: &'a mut [E::Packed],
}

impl<'a, T: Float> Panel<'a, T>
where
    T: Batch<Scale = Scale<T>, Packed = T>,
{
    /// The kernel that packs it, its rows being these.
    pub(super) fn floats(self, rows: Rows<'a, T>) -> Floats<'a, T> {
        let lanes = 0..self.width;
        Self { rows, ..self }.lanes(lanes)
    }

    /// The kernel that packs it as some rows of a tile alone.
    pub(super) fn lanes(self, lanes: Range<usize>) -> Floats<'a, T> {
        Floats { panel: self, lanes }
    }
}

/// Packs rows of a panel as these rows of the tile.
pub(super) struct Floats<'a, T: Batch> {
    panel: Panel<'a, T>,
    lanes: Range<usize>,
}

impl<T: Float> Floats<'_, T>
where
    T: Batch<Scale = Scale<T>, Packed = T>,
{
    /// Packs some of the rows, and zeros behind them.
    #[inline(always)]
    fn one_by_one(&mut self, lanes: Range<usize>, columns: Range<usize>) {
        let panel = &mut self.panel;
        for lane in lanes {
            let number = lane - self.lanes.start;
            let Some(Scale { power, factor, .. }) = panel.scales.get(number).copied() else {
                for column in columns.clone() {
                    panel.to[column * panel.width + lane] = T::ZERO;
                }
                continue;
            };
            let row = panel.rows.row(panel.first + number);
            let row = row.range(panel.columns.clone());
            for column in columns.clone() {
                // SAFETY: the row has this column; the caller of `range` was stopped if not.
                let element = unsafe { row.as_ptr().add(column).read() };
                panel.to[column * panel.width + lane] = element.times(power).times(factor);
            }
        }
    }
}

impl<T: Float> Floats<'_, T>
where
    T: Batch<Scale = Scale<T>, Packed = T>,
{
    /// Puts what is left of the scales behind the columns.
    #[inline(always)]
    fn factors(&mut self) {
        let panel = &mut self.panel;
        for lane in self.lanes.clone() {
            let scale = panel.scales.get(lane - self.lanes.start);
            let rest = scale.map_or([T::ZERO; FACTORS], |scale| scale.rest);
            for (index, factor) in rest.into_iter().enumerate() {
                panel.to[(panel.columns.len() + index) * panel.width + lane] = factor;
            }
        }
    }
}

impl<T: Float> Kernel for Floats<'_, T>
where
    T: Batch<Scale = Scale<T>, Packed = T>,
{
    type Output = ();

    fn scalar(mut self) {
        self.one_by_one(self.lanes.clone(), 0..self.panel.columns.len());
        self.factors();
    }

    #[inline(always)]
    fn run<A: Arch>(mut self, arch: A) {
        const ROWS: usize = 4;
        const STRIP: usize = 64; // columns at a time of all rows, whose packed elements stay in the first cache
        let depth = self.panel.columns.len();
        assert!(
            self.lanes.end <= self.panel.width && depth * self.panel.width <= self.panel.to.len()
        );
        let whole = depth / T::COLUMNS * T::COLUMNS;
        let fours = self.panel.scales.len().min(self.lanes.len()) / ROWS;
        for strip in (0..whole).step_by(STRIP) {
            let end = whole.min(strip + STRIP);
            for four in 0..fours {
                let panel = &mut self.panel;
                let number = four * ROWS;
                let factors: [_; ROWS] = std::array::from_fn(|row| {
                    let Scale { power, factor, .. } = panel.scales[number + row];
                    [power, factor]
                });
                let rows: [_; ROWS] = std::array::from_fn(|row| {
                    let row = panel.rows.row(panel.first + number + row);
                    row.range(panel.columns.clone()).as_ptr()
                });
                let to = panel.to.as_mut_ptr();
                for column in (strip..end).step_by(T::COLUMNS) {
                    // SAFETY: each row has these columns, and `to` room for these rows' elements of each column.
                    unsafe {
                        let from = rows.map(|row| row.add(column));
                        let to = to.add(column * panel.width + self.lanes.start + number);
                        T::transpose(arch, from, &factors, to, panel.width);
                    }
                }
            }
        }
        let rest = self.lanes.start + fours * ROWS;
        self.one_by_one(self.lanes.start..rest, whole..depth);
        self.one_by_one(rest..self.lanes.end, 0..depth);
        self.factors();
    }
}
