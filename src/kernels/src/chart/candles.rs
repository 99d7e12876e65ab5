//! Where candles are: in columns that the caller holds, and behind them those that changed or came since.

use crate::Float;
use crate::memory::Source;

/// The prices of a period: the first, the highest, the lowest, the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candle {
    /// The first price.
    pub open: f64,
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price.
    pub close: f64,
}

impl Candle {
    /// Whether it can be drawn: all four prices are finite numbers. A candle that is not leaves a gap.
    #[inline]
    #[must_use]
    pub fn is_finite(&self) -> bool {
        // Zero times a number is 0; times NaN or an infinity it is NaN.
        let zeros = (self.open * 0.0 + self.high * 0.0) + (self.low * 0.0 + self.close * 0.0);
        !zeros.is_nan()
    }
}

/// Opens, highs, lows and closes: four columns of one length. Other threads may write them; what is drawn is then unspecified.
#[derive(Clone, Copy, Debug)]
pub enum Columns<'a> {
    /// Of `f32`.
    F32([Source<'a, f32>; 4]),
    /// Of `f64`.
    F64([Source<'a, f64>; 4]),
}

impl Columns<'_> {
    /// No candles.
    #[must_use]
    pub fn none() -> Self {
        Self::F64([Source::from(&[] as &[f64]); 4])
    }

    /// The number of candles: the length of the shortest column.
    #[must_use]
    pub fn len(&self) -> usize {
        let shortest = match self {
            Self::F32(columns) => columns.iter().map(Source::len).min(),
            Self::F64(columns) => columns.iter().map(Source::len).min(),
        };
        shortest.unwrap_or(0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The candles from `start` on that are not, or no longer, those of the columns.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) start: usize,
    pub(super) candles: Vec<Candle>,
}

impl Tail {
    /// The number of all candles, those of the columns included.
    pub(super) fn len(&self) -> usize {
        self.start + self.candles.len()
    }

    /// Puts a candle in the place of the last one.
    ///
    /// # Panics
    ///
    /// There is none.
    pub(super) fn replace_last(&mut self, candle: Candle) {
        if let Some(last) = self.candles.last_mut() {
            *last = candle;
        } else {
            assert!(self.start > 0, "there is a last candle");
            self.start -= 1;
            self.candles.push(candle);
        }
    }
}

/// All candles, of columns of one type.
#[derive(Clone, Copy)]
pub(super) struct Series<'a, T> {
    pub(super) columns: [Source<'a, T>; 4],
    pub(super) tail: &'a Tail,
}

impl<T: Float> Series<'_, T> {
    pub(super) fn len(&self) -> usize {
        self.tail.len()
    }

    /// A candle, each of its prices loaded once.
    #[inline]
    pub(super) fn read(&self, index: usize) -> Candle {
        if index >= self.tail.start {
            return self.tail.candles[index - self.tail.start];
        }
        let [open, high, low, close] = &self.columns;
        Candle {
            open: open.read(index).to_f64(),
            high: high.read(index).to_f64(),
            low: low.read(index).to_f64(),
            close: close.read(index).to_f64(),
        }
    }
}
