//! `CandleRenderer`: candles in, records to paint out.

mod argument;
mod prices;

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use hotkernels_kernels::chart::{Overview, Renderer, Style};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

use crate::argument::{not_empty, wrong_dtype};
use crate::array::Array;
use crate::commands::{RecordDtype, RenderCommands};
use crate::dtype::Dtype;
use crate::fault::caught;
use crate::hint;
use crate::run;
use argument::{body, candle, color, edges, free, index, size};
use prices::{Exporters, Prices, held};

struct State {
    renderer: Renderer,
    prices: Prices,
}

/// Turns candles into rectangles in pixels for a painter such as Qt's QPainter.
///
/// CandleRenderer(width, height, *, up_color, down_color, unchanged_color, body_width, padding, price_range): width and height
/// are the picture's, in pixels, from 1 to 1,000,000. Colours are int, 0xRRGGBBAA: of candles that close above, below and at
/// their open. body_width is the share of a candle's place that its body takes, above 0 and up to 1; a body is at least a pixel
/// wide. price_range=(lowest, highest) are the prices at the lower and the upper edge; None fits them to the lows and highs in
/// view, with padding (from 0 to below 0.5) of the height free above and below: then a new highest price moves all candles.
/// All of them are attributes that can be set; resize sets width and height.
///
/// A candle is drawn if its four prices are finite numbers; others leave their place empty. Nothing checks that a high is the
/// highest of the four. Bodies and wicks that leave a fixed price_range by more than the height are cut there.
///
/// Where there are more candles in view than columns of pixels there is one record a column, of its candles together: the open
/// of the first, the close of the last, the lowest low, the highest high. The cost of a frame is that of its pixels, however
/// many candles are in view.
///
/// Any number of threads may use one renderer: each call sees what the calls before it left, and none waits with the GIL held.
#[pyclass(frozen, module = "hotkernels")]
pub(crate) struct CandleRenderer {
    state: Mutex<State>,
    exporters: Exporters,
}

impl CandleRenderer {
    /// The state. While the guard lives, nothing of Python's may be called or dropped.
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, State> {
        self.state
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn style(&self, py: Python<'_>) -> Style {
        *self.lock(py).renderer.style()
    }

    /// Sets what `change` changes, and nothing else that another thread may have set meanwhile.
    fn restyle(&self, py: Python<'_>, change: impl FnOnce(&mut Style)) {
        let mut state = self.lock(py);
        let mut style = *state.renderer.style();
        change(&mut style);
        if style != *state.renderer.style() {
            state.renderer.set_style(style);
        }
    }
}

#[pymethods]
impl CandleRenderer {
    #[new]
    #[pyo3(
        signature = (width, height, *, up_color=None, down_color=None, unchanged_color=None, body_width=None, padding=None, price_range=None),
        text_signature = "(width, height, *, up_color=0x26A69AFF, down_color=0xEF5350FF, unchanged_color=0x9E9E9EFF, body_width=0.8, padding=0.05, price_range=None)"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "Python's keyword arguments, each with a default"
    )]
    fn new(
        width: &Bound<'_, PyAny>,
        height: &Bound<'_, PyAny>,
        up_color: Option<&Bound<'_, PyAny>>,
        down_color: Option<&Bound<'_, PyAny>>,
        unchanged_color: Option<&Bound<'_, PyAny>>,
        body_width: Option<&Bound<'_, PyAny>>,
        padding: Option<&Bound<'_, PyAny>>,
        price_range: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let style = Style {
            width: size("width", width)?,
            height: size("height", height)?,
            up: up_color.map_or(Ok(0x26A6_9AFF), |value| color("up_color", value))?,
            down: down_color.map_or(Ok(0xEF53_50FF), |value| color("down_color", value))?,
            unchanged: unchanged_color
                .map_or(Ok(0x9E9E_9EFF), |value| color("unchanged_color", value))?,
            body: body_width.map_or(Ok(0.8), body)?,
            padding: padding.map_or(Ok(0.05), free)?,
            range: price_range.map(edges).transpose()?.flatten(),
        };
        Ok(Self {
            state: Mutex::new(State {
                renderer: Renderer::new(style),
                prices: Prices::None,
            }),
            exporters: Exporters::default(),
        })
    }

    /// The NumPy dtype of a record: fields x, y, width, height, wick_top, wick_bottom (float32) and rgba (uint32), 28 bytes.
    #[classattr]
    fn dtype() -> RecordDtype {
        RecordDtype
    }

    /// Draws these candles from now on, in place of all before.
    ///
    /// opens, highs, lows, closes: 1-D, of one length of at least 1, all float32 or all float64: any buffer, or a DLPack tensor
    /// on the CPU. They are not copied: the renderer holds the four buffers and reads them when it draws, until other candles are
    /// set or it is deleted. Strided arrays are copied, once. Lows and highs are looked at now as well, for an overview that
    /// zoomed-out frames are drawn from, some 16/15 bytes a candle: who writes into the arrays calls set_candles again.
    ///
    /// Raises TypeError for another or a mixed dtype, ValueError for another shape, BufferError for memory that is not to be had.
    /// The GIL is released; Ctrl-C stops it, and the candles before stay.
    fn set_candles(
        &self,
        py: Python<'_>,
        opens: &Bound<'_, PyAny>,
        highs: &Bound<'_, PyAny>,
        lows: &Bound<'_, PyAny>,
        closes: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let arrays = [
            Array::take(opens, "opens", Some(1))?,
            Array::take(highs, "highs", Some(1))?,
            Array::take(lows, "lows", Some(1))?,
            Array::take(closes, "closes", Some(1))?,
        ];
        let first = &arrays[0];
        for array in &arrays {
            if !matches!(array.dtype(), Dtype::Float32 | Dtype::Float64) {
                return Err(wrong_dtype(array, "float32 or float64"));
            }
            if array.dtype() != first.dtype() {
                return Err(PyTypeError::new_err(format!(
                    "{} has dtype {} and opens has dtype {}; one dtype is taken for all four{}",
                    array.name(),
                    array.dtype().name(),
                    first.dtype().name(),
                    hint::to_one_dtype(first, array)
                )));
            }
            not_empty(array)?;
            if array.shape() != first.shape() {
                return Err(PyValueError::new_err(format!(
                    "{} has {} elements and opens has {}; one length is taken for all four",
                    array.name(),
                    array.shape()[0],
                    first.shape()[0]
                )));
            }
        }
        let mut prices = match first.dtype() {
            Dtype::Float32 => Prices::Float32(held(arrays)?),
            _ => Prices::Float64(held(arrays)?),
        };
        let level = run::level(py)?;
        let columns = prices.columns();
        let built = run::detached(py, move |stop| Overview::build(level, columns, stop))?;
        // An interrupted run leaves the exception with `detached`, which raises it.
        let Ok(overview) = built else {
            return Ok(());
        };
        {
            let mut state = self.lock(py);
            state.renderer.set(prices.columns().len(), overview);
            mem::swap(&mut state.prices, &mut prices);
            self.exporters.set(state.prices.exporters());
        }
        // The buffers from before are given back here, the lock let go of: that may run Python code.
        drop(prices);
        Ok(())
    }

    /// Puts these prices in the place of the last candle. The arrays that were set stay as they are.
    ///
    /// If the price scale stays, the next frame of the same candles is drawn anew in the last record alone. Raises ValueError
    /// where there is no candle.
    fn update_last_candle(
        &self,
        py: Python<'_>,
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let candle = candle(open, high, low, close)?;
        let mut state = self.lock(py);
        let State { renderer, prices } = &mut *state;
        if renderer.is_empty() {
            drop(state);
            return Err(PyValueError::new_err(
                "there is no last candle; set_candles or append_candle comes first",
            ));
        }
        Ok(caught(|| renderer.update_last(prices.columns(), candle))?)
    }

    /// Adds a candle behind the last one: a new period begins. The arrays that were set stay as they are.
    fn append_candle(
        &self,
        py: Python<'_>,
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let candle = candle(open, high, low, close)?;
        let mut state = self.lock(py);
        let State { renderer, prices } = &mut *state;
        Ok(caught(|| renderer.append(prices.columns(), candle))?)
    }

    /// Draws the candles start to end - 1 over the whole width, and returns RenderCommands: a buffer of 28-byte records.
    ///
    /// 0 <= start < end <= len(renderer); anything else is a ValueError. There is a record for each candle that can be drawn, or
    /// for each column of pixels where there are more candles than columns. What was returned before does not change; where it
    /// is no longer held, its memory is used again.
    fn generate_render_commands(
        &self,
        py: Python<'_>,
        start: &Bound<'_, PyAny>,
        end: &Bound<'_, PyAny>,
    ) -> PyResult<RenderCommands> {
        let (from, to) = (index("start", start)?, index("end", end)?);
        // Other threads run meanwhile, and wait for the lock without the interpreter.
        let rendered = py.detach(|| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let State { renderer, prices } = &mut *state;
            let len = renderer.len();
            match (usize::try_from(from), usize::try_from(to)) {
                (Ok(from), Ok(to)) if from < to && to <= len => {
                    Ok(caught(|| renderer.frame(prices.columns(), from, to)))
                }
                _ => Err(len),
            }
        });
        match rendered {
            Ok(rendered) => Ok(RenderCommands::of(rendered?)),
            Err(0) => Err(PyValueError::new_err(
                "there are no candles; set_candles or append_candle comes first",
            )),
            Err(len) => Err(PyValueError::new_err(format!(
                "start and end: 0 <= start < end <= {len}, the number of candles, is taken, got {from} and {to}"
            ))),
        }
    }

    /// Sets width and height at once, in pixels.
    fn resize(
        &self,
        py: Python<'_>,
        width: &Bound<'_, PyAny>,
        height: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (width, height) = (size("width", width)?, size("height", height)?);
        self.restyle(py, |style| {
            (style.width, style.height) = (width, height);
        });
        Ok(())
    }

    /// The width of the picture, in pixels.
    #[getter]
    fn width(&self, py: Python<'_>) -> f64 {
        self.style(py).width
    }

    /// The height of the picture, in pixels.
    #[getter]
    fn height(&self, py: Python<'_>) -> f64 {
        self.style(py).height
    }

    /// The colour of a candle that closes above its open, 0xRRGGBBAA.
    #[getter]
    fn up_color(&self, py: Python<'_>) -> u32 {
        self.style(py).up
    }

    #[setter]
    fn set_up_color(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let rgba = color("up_color", value)?;
        self.restyle(value.py(), |style| style.up = rgba);
        Ok(())
    }

    /// The colour of a candle that closes below its open, 0xRRGGBBAA.
    #[getter]
    fn down_color(&self, py: Python<'_>) -> u32 {
        self.style(py).down
    }

    #[setter]
    fn set_down_color(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let rgba = color("down_color", value)?;
        self.restyle(value.py(), |style| style.down = rgba);
        Ok(())
    }

    /// The colour of a candle that closes at its open, 0xRRGGBBAA.
    #[getter]
    fn unchanged_color(&self, py: Python<'_>) -> u32 {
        self.style(py).unchanged
    }

    #[setter]
    fn set_unchanged_color(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let rgba = color("unchanged_color", value)?;
        self.restyle(value.py(), |style| style.unchanged = rgba);
        Ok(())
    }

    /// The share of a candle's place that its body takes, above 0 and up to 1.
    #[getter]
    fn body_width(&self, py: Python<'_>) -> f64 {
        self.style(py).body
    }

    #[setter]
    fn set_body_width(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let share = body(value)?;
        self.restyle(value.py(), |style| style.body = share);
        Ok(())
    }

    /// The share of the height that stays free above and below the candles where price_range is None, from 0 to below 0.5.
    #[getter]
    fn padding(&self, py: Python<'_>) -> f64 {
        self.style(py).padding
    }

    #[setter]
    fn set_padding(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let share = free(value)?;
        self.restyle(value.py(), |style| style.padding = share);
        Ok(())
    }

    /// (lowest, highest): the prices at the lower and the upper edge; None fits them to the candles in view.
    #[getter]
    fn price_range(&self, py: Python<'_>) -> Option<(f64, f64)> {
        self.style(py).range
    }

    #[setter]
    fn set_price_range(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let range = edges(value)?;
        self.restyle(value.py(), |style| style.range = range);
        Ok(())
    }

    /// The arrays whose memory is held, for the garbage collector: an array may refer to what refers to the renderer.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.exporters.visit(&visit)
    }

    /// Lets go of the arrays, as a part of a cycle that nobody reaches; it has no candles then.
    fn __clear__(&self) {
        let old = {
            let mut state = match self.state.try_lock() {
                Ok(state) => state,
                Err(TryLockError::Poisoned(state)) => state.into_inner(),
                // A thread uses it, so that it is reached after all.
                Err(TryLockError::WouldBlock) => return,
            };
            let style = *state.renderer.style();
            let empty = State {
                renderer: Renderer::new(style),
                prices: Prices::None,
            };
            self.exporters.set(empty.prices.exporters());
            mem::replace(&mut *state, empty)
        };
        // The buffers are given back here, the lock let go of: that may run Python code.
        drop(old);
    }

    /// The number of candles.
    fn __len__(&self, py: Python<'_>) -> usize {
        self.lock(py).renderer.len()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let state = self.lock(py);
        let (style, len) = (state.renderer.style(), state.renderer.len());
        format!(
            "CandleRenderer({:?}, {:?}, {len} candles)",
            style.width, style.height
        )
    }
}
