//! The renderer: candles, how they are drawn, and the frame that was made last.

use std::sync::Arc;

use super::candles::{Candle, Columns, Series, Tail};
use super::frame::{self, Frame, Places, Style};
use super::overview::Overview;
use crate::Float;
use crate::room::{Grow, with_room};

/// What a chart is drawn from. The columns are the caller's, who passes the same ones to each call until the next
/// [`set`](Renderer::set).
#[derive(Debug)]
pub struct Renderer {
    style: Style,
    tail: Tail,
    overview: Overview,
    last: Option<Arc<Frame>>,
    /// Candles from here on have changed since the last frame.
    changed: usize,
}

/// A frame, and how much of it was in the frame before.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The frame. It does not change while it is held here.
    pub frame: Arc<Frame>,
    /// That many records, from the first on, are byte for byte those of the frame before; 0 where another range, scale,
    /// style or other columns were drawn.
    pub unchanged: usize,
}

impl Renderer {
    /// A renderer without candles.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self {
            style,
            tail: Tail::default(),
            overview: Overview::empty(),
            last: None,
            changed: usize::MAX,
        }
    }

    /// The number of candles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tail.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How candles are drawn.
    #[must_use]
    pub fn style(&self) -> &Style {
        &self.style
    }

    /// Draws otherwise from now on. The caller has looked at the style's limits.
    pub fn set_style(&mut self, style: Style) {
        self.style = style;
        self.last = None;
    }

    /// Draws these many candles of new columns, of which `overview` is.
    pub fn set(&mut self, candles: usize, overview: Overview) {
        self.tail = Tail {
            start: candles,
            candles: Vec::new(),
        };
        self.overview = overview;
        self.last = None;
    }

    /// Puts a candle in the place of the last one. The columns stay as they are.
    ///
    /// # Panics
    ///
    /// There is no candle, or the columns are shorter than those that were set.
    pub fn update_last(&mut self, columns: Columns<'_>, candle: Candle) {
        self.tail.candles.room(1);
        self.overview.room_for_one();
        self.tail.replace_last(candle);
        self.refresh(columns);
    }

    /// Adds a candle behind the last one. The columns stay as they are.
    ///
    /// # Panics
    ///
    /// The columns are shorter than those that were set.
    pub fn append(&mut self, columns: Columns<'_>, candle: Candle) {
        // First all the memory: a renderer without it stays as it was.
        self.tail.candles.room(1);
        self.overview.room_for_one();
        self.tail.candles.push(candle);
        self.refresh(columns);
    }

    fn refresh(&mut self, columns: Columns<'_>) {
        self.changed = self.changed.min(self.len() - 1);
        let tail = &self.tail;
        match columns {
            Columns::F32(columns) => self.overview.refresh_last(&Series { columns, tail }),
            Columns::F64(columns) => self.overview.refresh_last(&Series { columns, tail }),
        }
    }

    /// Draws the candles `start..end`.
    ///
    /// There are as many records as candles that can be drawn; or, where there are more candles than columns of pixels, one
    /// record a column. Where the range, the scale and the style are those of the frame before, only places whose candles
    /// have changed since are drawn again, in the same memory if nobody holds that frame any more.
    ///
    /// # Panics
    ///
    /// The range is empty or ends behind the last candle, or the columns are shorter than those that were set.
    pub fn frame(&mut self, columns: Columns<'_>, start: usize, end: usize) -> Rendered {
        assert!(
            start < end && end <= self.len(),
            "{start}..{end} is not within the candles"
        );
        match columns {
            Columns::F32(columns) => self.frame_of(columns, start, end),
            Columns::F64(columns) => self.frame_of(columns, start, end),
        }
    }

    fn frame_of<T: Float>(
        &mut self,
        columns: [crate::memory::Source<'_, T>; 4],
        start: usize,
        end: usize,
    ) -> Rendered {
        let Self {
            style,
            tail,
            overview,
            last,
            changed,
        } = self;
        let series = Series { columns, tail };
        let scale = frame::scale(&series, overview, style, start, end);
        let places = Places::new(style, start, end);
        let changed = std::mem::replace(changed, usize::MAX);
        let same = last
            .as_ref()
            .filter(|frame| (frame.places, frame.scale) == (places, scale));
        let (from, unchanged) = match same {
            Some(frame) if changed >= end => {
                return Rendered {
                    frame: Arc::clone(frame),
                    unchanged: frame.records.len(),
                };
            }
            Some(frame) => {
                let from = places.place(changed.max(start));
                let x = places.x(from);
                (from, frame.records.partition_point(|record| record.x < x))
            }
            None => (0, 0),
        };
        // Where nobody else holds it, the last frame's memory is taken; else what stays of it is copied.
        let mut frame = last
            .take()
            .and_then(|frame| match Arc::try_unwrap(frame) {
                Ok(frame) => Some(frame),
                Err(shared) if unchanged > 0 => Some(Frame {
                    records: {
                        let mut records = with_room(places.count);
                        records.extend_from_slice(&shared.records[..unchanged]);
                        records
                    },
                    places,
                    scale,
                }),
                Err(_) => None,
            })
            .unwrap_or_else(|| Frame {
                records: with_room(places.count),
                places,
                scale,
            });
        frame.records.truncate(unchanged);
        frame.records.room(places.count - unchanged);
        (frame.places, frame.scale) = (places, scale);
        frame::draw(&series, overview, style, &mut frame, from);
        let frame = Arc::new(frame);
        *last = Some(Arc::clone(&frame));
        Rendered { frame, unchanged }
    }
}
