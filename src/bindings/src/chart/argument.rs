//! What `CandleRenderer` takes: prices, sizes, shares, colours, edges, and places of candles.

use hotkernels_kernels::chart::Candle;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::argument::describe;

/// Pixels; float32 tells each of them from its neighbour.
const LARGEST: f64 = 1e6;

/// The number of a candle; numbers beyond any candle's are told as they came, so wider than one.
pub(super) fn index(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i128> {
    value.extract().map_err(|_| {
        PyTypeError::new_err(format!("{name}: an int is taken, got {}", describe(value)))
    })
}

/// A candle of four prices.
pub(super) fn candle(
    open: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
) -> PyResult<Candle> {
    let what = "a number, or NaN where there is none, is";
    Ok(Candle {
        open: number("open", what, open)?,
        high: number("high", what, high)?,
        low: number("low", what, low)?,
        close: number("close", what, close)?,
    })
}

/// A number in a double's range; what is not one is a `TypeError`.
fn number(name: &str, what: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    value
        .extract()
        .map_err(|_| PyTypeError::new_err(format!("{name}: {what} taken, got {}", describe(value))))
}

fn refused(name: &str, what: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyValueError::new_err(format!("{name}: {what} taken, got {}", describe(value)))
}

pub(super) fn size(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let what = "pixels from 1 to 1,000,000 are";
    let pixels = number(name, what, value)?;
    if (1.0..=LARGEST).contains(&pixels) {
        Ok(pixels)
    } else {
        Err(refused(name, what, value))
    }
}

pub(super) fn body(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let what = "a share above 0 and up to 1 is";
    let share = number("body_width", what, value)?;
    if share > 0.0 && share <= 1.0 {
        Ok(share)
    } else {
        Err(refused("body_width", what, value))
    }
}

pub(super) fn free(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let what = "a share from 0 to below 0.5 is";
    let share = number("padding", what, value)?;
    if (0.0..0.5).contains(&share) {
        Ok(share)
    } else {
        Err(refused("padding", what, value))
    }
}

pub(super) fn color(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u32> {
    let what = "an int from 0 to 0xFFFFFFFF, 0xRRGGBBAA, is";
    let rgba: i128 = value.extract().map_err(|_| {
        PyTypeError::new_err(format!("{name}: {what} taken, got {}", describe(value)))
    })?;
    u32::try_from(rgba).map_err(|_| refused(name, what, value))
}

pub(super) fn edges(value: &Bound<'_, PyAny>) -> PyResult<Option<(f64, f64)>> {
    let what = "(lowest, highest), two finite prices, the lower first, or None is";
    if value.is_none() {
        return Ok(None);
    }
    let (low, high): (f64, f64) = value.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "price_range: {what} taken, got {}",
            describe(value)
        ))
    })?;
    if low.is_finite() && high.is_finite() && low < high {
        Ok(Some((low, high)))
    } else {
        Err(refused("price_range", what, value))
    }
}
