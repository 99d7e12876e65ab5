//! Candlestick charts: prices to rectangles in pixels, one record a candle or, zoomed out, one a column of pixels.
//!
//! The candles stay in the caller's columns. Beside them a [`Renderer`] keeps the candles that came since, an overview of
//! lows and highs by which a frame costs its pixels and not its candles, and the frame that it made last: where only the
//! last candle has changed since, only the last record is made again.

mod candles;
mod frame;
mod overview;
mod renderer;
mod scale;

#[cfg(any(test, feature = "specification"))]
pub(crate) mod specification;
#[cfg(test)]
mod tests;

pub use candles::{Candle, Columns};
pub use frame::{Frame, Record, Style};
pub use overview::Overview;
pub use renderer::{Rendered, Renderer};
