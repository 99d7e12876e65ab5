//! What a frame is, said plainly: every candle is looked at, nothing is kept from one frame to the next.

use super::candles::Candle;
use super::frame::{Record, Style};
use super::overview::Extent;
use super::scale::Scale;

/// The records of the candles `start..end`, and the prices at the lower and the upper edge.
#[must_use]
pub fn frame(
    candles: &[Candle],
    style: &Style,
    start: usize,
    end: usize,
) -> (Vec<Record>, (f64, f64)) {
    let shown = &candles[start..end];
    let drawn = |candle: &&Candle| {
        [candle.open, candle.high, candle.low, candle.close]
            .iter()
            .all(|price| price.is_finite())
    };
    let (bottom, top) = style.range.unwrap_or_else(|| {
        let low = shown
            .iter()
            .filter(drawn)
            .map(|candle| candle.low)
            .fold(f64::INFINITY, f64::min);
        let high = shown
            .iter()
            .filter(drawn)
            .map(|candle| candle.high)
            .fold(f64::NEG_INFINITY, f64::max);
        let scale = Scale::fitting(Extent { low, high }, style.padding, style.height);
        (scale.bottom, scale.top)
    });
    let scale = Scale::fixed(bottom, top, style.height);
    let columns = style.width.floor() as usize;
    let count = shown.len().min(columns);
    let pitch = style.width / count as f64;
    let body = match shown.len() {
        many if many > columns => pitch,
        _ => f64::max(pitch * style.body, 1.0),
    };
    let mut records = Vec::new();
    for place in 0..count {
        let (from, to) = (
            place * shown.len() / count,
            (place + 1) * shown.len() / count,
        );
        let period: Vec<_> = shown[from..to].iter().filter(drawn).collect();
        let (Some(first), Some(last)) = (period.first(), period.last()) else {
            continue;
        };
        let low = period
            .iter()
            .map(|candle| candle.low)
            .fold(f64::INFINITY, f64::min);
        let high = period
            .iter()
            .map(|candle| candle.high)
            .fold(f64::NEG_INFINITY, f64::max);
        let (open, close) = (scale.y(first.open), scale.y(last.close));
        let (top, bottom) = (open.min(close), open.max(close));
        let short = (1.0 - (bottom - top)).max(0.0);
        records.push(Record {
            x: (place as f64 * pitch + (pitch - body) / 2.0) as f32,
            y: (top - short / 2.0) as f32,
            width: body as f32,
            height: if short > 0.0 { 1.0 } else { bottom - top } as f32,
            wick_top: scale.y(high) as f32,
            wick_bottom: scale.y(low) as f32,
            rgba: if last.close > first.open {
                style.up
            } else if last.close < first.open {
                style.down
            } else {
                style.unchanged
            },
        });
    }
    (records, (bottom, top))
}
