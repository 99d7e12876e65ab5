//! A frame: what to draw of a range of candles, and its records one by one.

use super::candles::{Candle, Series};
use super::overview::Overview;
use super::scale::Scale;
use crate::Float;

/// What to draw for one candle, or for those of one column of pixels: a body and a wick through its middle, in pixels from
/// the upper left corner, y downwards. 28 bytes without gaps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Record {
    /// The left edge of the body.
    pub x: f32,
    /// The upper edge of the body.
    pub y: f32,
    /// The width of the body.
    pub width: f32,
    /// The height of the body, at least 1.
    pub height: f32,
    /// The y of the high.
    pub wick_top: f32,
    /// The y of the low.
    pub wick_bottom: f32,
    /// The colour, 0xRRGGBBAA.
    pub rgba: u32,
}

const _: () = assert!(size_of::<Record>() == 28 && align_of::<Record>() == 4);

/// How candles are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Pixels from left to right, from 1 to 1,000,000.
    pub width: f64,
    /// Pixels from top to bottom, from 1 to 1,000,000.
    pub height: f64,
    /// The colour of a candle that closes above its open, 0xRRGGBBAA.
    pub up: u32,
    /// The colour of a candle that closes below its open.
    pub down: u32,
    /// The colour of a candle that closes at its open.
    pub unchanged: u32,
    /// The share of a candle's place that its body takes, above 0 and up to 1.
    pub body: f64,
    /// The share of the height that stays free above the highest and below the lowest price, from 0 to below 0.5.
    pub padding: f64,
    /// The prices at the lower and the upper edge, in this order and finite; `None` fits them to the candles in view.
    pub range: Option<(f64, f64)>,
}

/// The records of a range of candles, from left to right.
#[derive(Debug)]
pub struct Frame {
    pub(super) records: Vec<Record>,
    pub(super) places: Places,
    pub(super) scale: Scale,
}

impl Frame {
    /// The records.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The prices at the lower and the upper edge.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (self.scale.bottom, self.scale.top)
    }

    /// The number of places, side by side and equally wide: one a candle, or one a column of pixels where there are more
    /// candles than columns.
    #[must_use]
    pub fn places(&self) -> usize {
        self.places.count
    }
}

/// The candles of a frame, in places side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Places {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) count: usize,
    pitch: f64,
    body: f64,
}

impl Places {
    pub(super) fn new(style: &Style, start: usize, end: usize) -> Self {
        let candles = end - start;
        let columns = (style.width as usize).max(1);
        let count = candles.min(columns);
        let pitch = style.width / count as f64;
        let body = if candles > columns {
            pitch
        } else {
            (pitch * style.body).max(1.0)
        };
        Self {
            start,
            end,
            count,
            pitch,
            body,
        }
    }

    /// The first candle of a place; that of place `count` is the end.
    #[inline]
    pub(super) fn candle(&self, place: usize) -> usize {
        let candles = self.end - self.start;
        // place * candles / count, by steps that do not overflow: there are at most a million places.
        let (each, rest) = (candles / self.count, candles % self.count);
        self.start + place * each + place * rest / self.count
    }

    /// The place that a candle is in.
    pub(super) fn place(&self, candle: usize) -> usize {
        let after = (candle - self.start + 1) as u128 * self.count as u128;
        after.div_ceil((self.end - self.start) as u128) as usize - 1
    }

    #[inline]
    pub(super) fn x(&self, place: usize) -> f32 {
        (place as f64 * self.pitch + (self.pitch - self.body) / 2.0) as f32
    }

    /// The record of a candle in a place.
    #[inline]
    pub(super) fn record(
        &self,
        place: usize,
        candle: Candle,
        scale: &Scale,
        style: &Style,
    ) -> Record {
        let (open, close) = (scale.y(candle.open), scale.y(candle.close));
        let (mut top, bottom) = if open < close {
            (open, close)
        } else {
            (close, open)
        };
        let mut height = bottom - top;
        if height < 1.0 {
            // A body of less than a pixel would not be seen.
            top += (height - 1.0) / 2.0;
            height = 1.0;
        }
        Record {
            x: self.x(place),
            y: top as f32,
            width: self.body as f32,
            height: height as f32,
            wick_top: scale.y(candle.high) as f32,
            wick_bottom: scale.y(candle.low) as f32,
            rgba: if candle.close > candle.open {
                style.up
            } else if candle.close < candle.open {
                style.down
            } else {
                style.unchanged
            },
        }
    }
}

/// Adds the records of the places from `from` on.
pub(super) fn draw<T: Float>(
    series: &Series<'_, T>,
    overview: &Overview,
    style: &Style,
    frame: &mut Frame,
    from: usize,
) {
    let Frame {
        records,
        places,
        scale,
    } = frame;
    // As Places::candle, without its division.
    let candles = places.end - places.start;
    let (each, rest) = (candles / places.count, candles % places.count);
    let mut end = places.candle(from);
    let mut owed = from * rest % places.count;
    for place in from..places.count {
        let first = end;
        end += each;
        owed += rest;
        if owed >= places.count {
            owed -= places.count;
            end += 1;
        }
        let candle = if end - first == 1 {
            Some(series.read(first)).filter(Candle::is_finite)
        } else {
            merged(series, overview, first, end)
        };
        if let Some(candle) = candle {
            records.push(places.record(place, candle, scale, style));
        }
    }
}

/// The candle of a longer period: the open of the first, the close of the last, the lowest low and the highest high, all of
/// candles that can be drawn.
fn merged<T: Float>(
    series: &Series<'_, T>,
    overview: &Overview,
    from: usize,
    to: usize,
) -> Option<Candle> {
    let extent = overview.extent(series, from, to);
    if extent.is_empty() {
        return None;
    }
    // The columns may have been written since the overview was built: what was there may be gone.
    let first = overview.first(series, from, to)?;
    let last = overview.last(series, from, to)?;
    Some(Candle {
        open: first.open,
        high: extent.high,
        low: extent.low,
        close: last.close,
    })
}

/// The scale that the style gives these candles.
pub(super) fn scale<T: Float>(
    series: &Series<'_, T>,
    overview: &Overview,
    style: &Style,
    start: usize,
    end: usize,
) -> Scale {
    match style.range {
        Some((bottom, top)) => Scale::fixed(bottom, top, style.height),
        None => Scale::fitting(
            overview.extent(series, start, end),
            style.padding,
            style.height,
        ),
    }
}
