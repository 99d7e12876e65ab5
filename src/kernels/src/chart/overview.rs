//! Lows and highs of 16 candles, of 16 times 16 and so on: those of any range of candles by looking at a few.

use super::candles::{Candle, Columns, Series, Tail};
use crate::Float;
use crate::arch::{self, Arch, Doubles, Kernel, Vector};
use crate::memory::Source;
use crate::room::{Grow, collected, filled, for_small_things};
use crate::simd::Level;
use crate::threads::Interrupted;

/// Candles of a node of the lowest level, and nodes of a node of the next. Wider nodes take less memory (an eighth of a
/// float64 column's at 16) and leave more candles at the edges of a range.
pub(super) const FAN: usize = 16;

/// Candles between two looks at whether to stop: some 100 µs.
const PIECE: usize = 1 << 16;

/// The lowest low and the highest high of some candles, of those that can be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Extent {
    /// That of no candle.
    pub(super) const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.low == f64::INFINITY
    }

    #[inline]
    pub(super) fn join(self, other: Self) -> Self {
        Self {
            low: if other.low < self.low {
                other.low
            } else {
                self.low
            },
            high: if other.high > self.high {
                other.high
            } else {
                self.high
            },
        }
    }

    fn all(extents: &[Self]) -> Self {
        let mut all = Self::EMPTY;
        for extent in extents {
            all = all.join(*extent);
        }
        all
    }

    #[inline]
    fn of_candles<T: Float>(series: &Series<'_, T>, from: usize, to: usize) -> Self {
        let mut all = Self::EMPTY;
        let split = to.min(series.tail.start).max(from);
        let [opens, highs, lows, closes] = if from < split {
            series.columns.map(|column| column.range(from..split))
        } else {
            [Source::from(&[] as &[T]); 4]
        };
        for index in 0..opens.len() {
            all = all.with(Candle {
                open: opens.read(index).to_f64(),
                high: highs.read(index).to_f64(),
                low: lows.read(index).to_f64(),
                close: closes.read(index).to_f64(),
            });
        }
        for index in split..to {
            all = all.with(series.read(index));
        }
        all
    }

    #[inline]
    fn with(self, candle: Candle) -> Self {
        if !candle.is_finite() {
            return self;
        }
        self.join(Self {
            low: candle.low,
            high: candle.high,
        })
    }
}

/// Lows and highs of candles, level by level: a tree with 16 branches a node, the lowest level first, the last of at most
/// 16 nodes. It is of the candles as they were when it was built.
#[derive(Debug)]
pub struct Overview {
    levels: Vec<Vec<Extent>>,
}

impl Overview {
    /// That of no candles.
    #[must_use]
    pub(super) fn empty() -> Self {
        Self {
            levels: vec![Vec::new()],
        }
    }

    /// Looks at all candles once. `stop` is asked some thousand times a second.
    ///
    /// # Errors
    ///
    /// `stop` said true.
    ///
    /// # Panics
    ///
    /// This CPU lacks the level.
    pub fn build(
        level: Level,
        columns: Columns<'_>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, Interrupted> {
        match columns {
            Columns::F32(columns) => Self::of(level, columns, stop),
            Columns::F64(columns) => Self::of(level, columns, stop),
        }
    }

    fn of<T: Float>(
        level: Level,
        columns: [Source<'_, T>; 4],
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, Interrupted> {
        let len = columns.iter().map(Source::len).min().unwrap_or(0);
        let mut lowest = filled(Extent::EMPTY, len.div_ceil(FAN));
        for start in (0..len).step_by(PIECE) {
            if stop() {
                return Err(Interrupted);
            }
            let end = len.min(start + PIECE);
            Blocks {
                columns: columns.map(|column| column.range(start..end)),
                extents: &mut lowest[start / FAN..end.div_ceil(FAN)],
            }
            .at(level);
        }
        let mut levels = vec![lowest];
        while let Some(below) = levels.last()
            && below.len() > FAN
        {
            let next = collected(below.chunks(FAN).map(Extent::all));
            levels.push(next);
        }
        Ok(Self { levels })
    }

    /// Makes room for one candle more, so that [`Self::refresh_last`] changes all levels or none.
    pub(super) fn room_for_one(&mut self) {
        self.levels.room(1);
        for level in &mut self.levels {
            level.room(1);
        }
        for_small_things();
    }

    /// Looks again at the last candle, or at one more behind it.
    pub(super) fn refresh_last<T: Float>(&mut self, series: &Series<'_, T>) {
        let mut node = (series.len() - 1) / FAN;
        let extent = Extent::of_candles(series, node * FAN, series.len());
        put(&mut self.levels[0], node, extent);
        for level in 1..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            let below = &below[level - 1];
            node /= FAN;
            put(
                &mut above[0],
                node,
                Extent::all(&below[node * FAN..below.len().min((node + 1) * FAN)]),
            );
        }
        if let Some(top) = self.levels.last()
            && top.len() > FAN
        {
            let next = collected(top.chunks(FAN).map(Extent::all));
            self.levels.push(next);
        }
    }

    /// The lowest low and the highest high of the candles `from..to`.
    pub(super) fn extent<T: Float>(
        &self,
        series: &Series<'_, T>,
        from: usize,
        to: usize,
    ) -> Extent {
        let (mut first, mut last) = (from.div_ceil(FAN), to / FAN);
        if first >= last {
            return Extent::of_candles(series, from, to);
        }
        let mut all = Extent::of_candles(series, from, first * FAN).join(Extent::of_candles(
            series,
            last * FAN,
            to,
        ));
        for (number, level) in self.levels.iter().enumerate() {
            let (inner_first, inner_last) = (first.div_ceil(FAN), last / FAN);
            if inner_first >= inner_last || number + 1 == self.levels.len() {
                return all.join(Extent::all(&level[first..last]));
            }
            all = all
                .join(Extent::all(&level[first..inner_first * FAN]))
                .join(Extent::all(&level[inner_last * FAN..last]));
            (first, last) = (inner_first, inner_last);
        }
        all
    }

    /// The first candle of `from..to` that can be drawn.
    pub(super) fn first<T: Float>(
        &self,
        series: &Series<'_, T>,
        from: usize,
        to: usize,
    ) -> Option<Candle> {
        let mut index = from;
        while index < to {
            let candle = series.read(index);
            if candle.is_finite() {
                return Some(candle);
            }
            if index.is_multiple_of(FAN) && self.levels[0][index / FAN].is_empty() {
                index += FAN;
            } else {
                index += 1;
            }
        }
        None
    }

    /// The last candle of `from..to` that can be drawn.
    pub(super) fn last<T: Float>(
        &self,
        series: &Series<'_, T>,
        from: usize,
        to: usize,
    ) -> Option<Candle> {
        let mut end = to;
        while end > from {
            let candle = series.read(end - 1);
            if candle.is_finite() {
                return Some(candle);
            }
            if end.is_multiple_of(FAN) && self.levels[0][end / FAN - 1].is_empty() {
                end -= FAN.min(end - from);
            } else {
                end -= 1;
            }
        }
        None
    }
}

/// Writes the last element, or the one behind it.
fn put(level: &mut Vec<Extent>, node: usize, extent: Extent) {
    if node == level.len() {
        level.push(extent);
    } else {
        level[node] = extent;
    }
}

/// Candles whose extents are wanted, 16 by 16; the last may be fewer.
struct Blocks<'a, 'b, T> {
    columns: [Source<'a, T>; 4],
    extents: &'b mut [Extent],
}

impl<T: Float> Kernel for Blocks<'_, '_, T> {
    type Output = ();

    fn scalar(self) {
        let len = self.columns[0].len();
        let series = Series {
            columns: self.columns,
            tail: &Tail {
                start: len,
                candles: Vec::new(),
            },
        };
        for (block, extent) in self.extents.iter_mut().enumerate() {
            *extent = Extent::of_candles(&series, block * FAN, len.min((block + 1) * FAN));
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        let lanes = A::F64::LANES;
        let [opens, highs, lows, closes] = self.columns;
        let len = opens.len();
        let whole = len / FAN;
        for block in 0..whole {
            let mut low = A::F64::splat(arch, f64::INFINITY);
            let mut high = A::F64::splat(arch, f64::NEG_INFINITY);
            let mut index = block * FAN;
            while index < (block + 1) * FAN {
                // SAFETY: the columns have as many elements, all of one length; 16 is a multiple of `lanes`.
                let (o, h, l, c) = unsafe {
                    (
                        T::load_wide(arch, opens.as_ptr().add(index)),
                        T::load_wide(arch, highs.as_ptr().add(index)),
                        T::load_wide(arch, lows.as_ptr().add(index)),
                        T::load_wide(arch, closes.as_ptr().add(index)),
                    )
                };
                // 0 where all four are numbers, else NaN, which is neither less nor greater.
                let valid = o.sub(o).add(h.sub(h)).add(l.sub(l).add(c.sub(c)));
                low = l.add(valid).lesser(low);
                high = h.add(valid).greater(high);
                index += lanes;
            }
            let (low, high) = (arch::lanes(low), arch::lanes(high));
            let mut extent = Extent::EMPTY;
            for lane in 0..lanes {
                extent = extent.join(Extent {
                    low: low[lane],
                    high: high[lane],
                });
            }
            self.extents[block] = extent;
        }
        if whole < self.extents.len() {
            Blocks {
                columns: self.columns.map(|column| column.range(whole * FAN..len)),
                extents: &mut self.extents[whole..],
            }
            .scalar();
        }
    }
}
