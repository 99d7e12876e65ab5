//! Frames against the specification at every level, from columns of both types, after any updates; what stays of a frame.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::specification;
use super::{Candle, Columns, Overview, Record, Renderer, Style};
use crate::simd;
use crate::testing::{Placed, config};
use crate::threads::Interrupted;

const STYLE: Style = Style {
    width: 100.0,
    height: 50.0,
    up: 1,
    down: 2,
    unchanged: 3,
    body: 0.8,
    padding: 0.05,
    range: None,
};

fn candle(open: f64, high: f64, low: f64, close: f64) -> Candle {
    Candle {
        open,
        high,
        low,
        close,
    }
}

/// Four columns with memory of their own, that ends with the last element.
struct Held<T>([Placed<T>; 4]);

impl<T: Copy + Default> Held<T> {
    fn new(candles: &[Candle], skip: usize, number: impl Fn(f64) -> T) -> Self {
        let column = |price: fn(&Candle) -> f64, skip| {
            Placed::new(candles.iter().map(|candle| number(price(candle))), skip)
        };
        Self([
            column(|candle| candle.open, skip),
            column(|candle| candle.high, 0),
            column(|candle| candle.low, skip / 2),
            column(|candle| candle.close, 1),
        ])
    }
}

impl Held<f64> {
    fn columns(&self) -> Columns<'_> {
        Columns::F64(std::array::from_fn(|index| self.0[index].source()))
    }
}

impl Held<f32> {
    fn columns(&self) -> Columns<'_> {
        Columns::F32(std::array::from_fn(|index| self.0[index].source()))
    }
}

fn never() -> bool {
    false
}

fn renderer(level: simd::Level, columns: Columns<'_>, style: Style) -> Renderer {
    let mut renderer = Renderer::new(style);
    renderer.set(
        columns.len(),
        Overview::build(level, columns, &never).unwrap(),
    );
    renderer
}

/// Some pure walks, some with flat pieces, zeros of both signs, gaps, and prices in any order.
fn candles(longest: usize) -> impl Strategy<Value = Vec<Candle>> {
    let price = prop_oneof![
        20 => -100.0..100.0,
        2 => Just(0.0), 2 => Just(-0.0), 2 => Just(7.0),
        1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(f64::NEG_INFINITY),
        1 => Just(f64::MAX),
    ];
    let wild = (price.clone(), price.clone(), price.clone(), price)
        .prop_map(|(o, h, l, c)| candle(o, h, l, c));
    let gap = Just(candle(f64::NAN, 1e9, -1e9, 0.0));
    let tame = (-5.0..5.0, 0.0..2.0, 0.0..2.0, -5.0..5.0).prop_map(
        |(open, above, below, close): (f64, f64, f64, f64)| {
            candle(
                open,
                open.max(close) + above,
                open.min(close) - below,
                close,
            )
        },
    );
    prop_oneof![
        vec(tame.clone(), 1..=longest),
        vec(prop_oneof![1 => tame.clone(), 3 => gap], 1..=longest),
        vec(prop_oneof![3 => tame, 1 => wild], 1..=longest),
    ]
}

fn styles() -> impl Strategy<Value = Style> {
    let size = || prop_oneof![1.0..9.0_f64, 10.0..300.0, Just(1.0), Just(64.0)];
    let range = prop_oneof![
        2 => Just(None), 2 => Just(Some((-3.0, 4.5))),
        1 => Just(Some((-3.0, -0.0))), 1 => Just(Some((-0.0, 4.5))),
    ];
    (size(), size(), 0.01..=1.0_f64, 0.0..0.5_f64, range).prop_map(
        |(width, height, body, padding, range)| Style {
            width,
            height,
            body,
            padding,
            range,
            ..STYLE
        },
    )
}

/// A range of so many candles, from two numbers from 0 to 1.
fn range(len: usize, (a, b): (f64, f64)) -> (usize, usize) {
    let (a, b) = (a.min(b), a.max(b));
    let start = ((a * len as f64) as usize).min(len - 1);
    (start, ((b * len as f64) as usize + 1).clamp(start + 1, len))
}

fn bits(records: &[Record]) -> Vec<[u32; 7]> {
    records
        .iter()
        .map(|r| {
            let floats = [r.x, r.y, r.width, r.height, r.wick_top, r.wick_bottom];
            std::array::from_fn(|index| floats.get(index).map_or(r.rgba, |float| float.to_bits()))
        })
        .collect()
}

fn check(renderer: &mut Renderer, columns: Columns<'_>, candles: &[Candle], at: (f64, f64)) {
    let (start, end) = range(candles.len(), at);
    let (records, edges) = specification::frame(candles, renderer.style(), start, end);
    let rendered = renderer.frame(columns, start, end);
    assert_eq!(bits(rendered.frame.records()), bits(&records));
    assert_eq!(rendered.frame.range(), edges);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_frame_is_the_specification_at_every_level(
        candles in candles(if cfg!(miri) { 40 } else { 1500 }), style in styles(), at in (0.0..=1.0, 0.0..=1.0), skip in 0_usize..8,
    ) {
        let narrow: Vec<_> = candles.iter().map(|c| {
            let narrow = |price: f64| f64::from(price as f32);
            candle(narrow(c.open), narrow(c.high), narrow(c.low), narrow(c.close))
        }).collect();
        for level in simd::available() {
            let held = Held::new(&candles, skip, |price| price);
            check(&mut renderer(level, held.columns(), style), held.columns(), &candles, at);
            let held = Held::new(&candles, skip, |price| price as f32);
            check(&mut renderer(level, held.columns(), style), held.columns(), &narrow, at);
        }
    }

    #[test]
    fn updates_and_new_candles_are_those_of_a_renderer_made_anew(
        first in candles(300), more in candles(60), appended in vec(any::<bool>(), 60), style in styles(),
        at in (0.0..=1.0, 0.5..=1.0),
    ) {
        let held = Held::new(&first, 0, |price| price);
        let mut renderer = renderer(simd::detected(), held.columns(), style);
        let mut candles = first.clone();
        let mut before: Option<Arc<super::Frame>> = None;
        for (candle, append) in more.iter().zip(appended) {
            if append {
                candles.push(*candle);
                renderer.append(held.columns(), *candle);
            } else {
                *candles.last_mut().unwrap() = *candle;
                renderer.update_last(held.columns(), *candle);
            }
            prop_assert_eq!(renderer.len(), candles.len());
            let (start, end) = range(candles.len(), at);
            let (records, edges) = specification::frame(&candles, &style, start, end);
            let rendered = renderer.frame(held.columns(), start, end);
            prop_assert_eq!(bits(rendered.frame.records()), bits(&records));
            prop_assert_eq!(rendered.frame.range(), edges);
            if let Some(before) = before {
                // A frame that somebody holds stays as it was, and what is told to be unchanged is.
                let same = rendered.unchanged;
                prop_assert_eq!(bits(&before.records()[..same]), bits(&rendered.frame.records()[..same]));
            }
            before = append.then_some(rendered.frame);
        }
    }

    #[test]
    fn a_candle_is_in_the_place_that_it_is_drawn_in(
        width in 1.0..500.0_f64, start in 0_usize..50, len in 1_usize..2000,
    ) {
        let places = super::frame::Places::new(&Style { width, ..STYLE }, start, start + len);
        prop_assert_eq!((places.candle(0), places.candle(places.count)), (start, start + len));
        for place in 0..places.count {
            let (first, end) = (places.candle(place), places.candle(place + 1));
            prop_assert!(first < end);
            prop_assert_eq!((places.place(first), places.place(end - 1)), (place, place));
        }
    }
}

fn walk(len: usize) -> Vec<Candle> {
    let price = |index: usize| 100.0 + ((index * 37) % 101) as f64 / 10.0;
    (0..len)
        .map(|index| {
            let (open, close) = (price(index), price(index + 1));
            candle(open, open.max(close) + 0.5, open.min(close) - 0.5, close)
        })
        .collect()
}

#[test]
fn one_candle_as_written_down() {
    let candles = [candle(10.0, 30.0, 0.0, 20.0)];
    let held = Held::new(&candles, 0, |price| price);
    let style = Style {
        range: Some((0.0, 50.0)),
        ..STYLE
    };
    let mut renderer = renderer(simd::detected(), held.columns(), style);
    let frame = renderer.frame(held.columns(), 0, 1).frame;
    let expected = Record {
        x: 10.0,
        y: 30.0,
        width: 80.0,
        height: 10.0,
        wick_top: 20.0,
        wick_bottom: 50.0,
        rgba: 1,
    };
    assert_eq!(frame.records(), [expected]);
}

#[test]
fn a_new_last_candle_leaves_the_others_in_place() {
    for len in [80, 1000] {
        let candles = walk(len);
        let held = Held::new(&candles, 0, |price| price);
        let mut renderer = renderer(simd::detected(), held.columns(), STYLE);
        let first = renderer.frame(held.columns(), 0, len);
        let (memory, copy) = (
            first.frame.records().as_ptr(),
            first.frame.records().to_vec(),
        );
        drop(first);
        let inside = candle(104.0, 105.0, 103.0, 103.5);
        renderer.update_last(held.columns(), inside);
        let second = renderer.frame(held.columns(), 0, len);
        let kept = copy.len() - 1;
        assert_eq!(second.unchanged, kept);
        assert_eq!(second.frame.records().as_ptr(), memory);
        assert_eq!(second.frame.records()[..kept], copy[..kept]);
        // Somebody holds the second frame: it does not change, and the third is elsewhere.
        renderer.update_last(held.columns(), candles[len - 1]);
        let third = renderer.frame(held.columns(), 0, len);
        assert_eq!(third.unchanged, kept);
        assert_ne!(third.frame.records().as_ptr(), memory);
        assert_eq!(third.frame.records(), copy);
        // Nothing has happened: the very same frame.
        let fourth = renderer.frame(held.columns(), 0, len);
        assert!(Arc::ptr_eq(&third.frame, &fourth.frame));
        assert_eq!(fourth.unchanged, copy.len());
        // A price beyond the others moves them all, unless the range is fixed.
        renderer.update_last(held.columns(), candle(104.0, 500.0, 103.0, 103.5));
        assert_eq!(renderer.frame(held.columns(), 0, len).unchanged, 0);
        let range = Some((90.0, 120.0));
        renderer.set_style(Style { range, ..STYLE });
        assert_eq!(renderer.frame(held.columns(), 0, len).unchanged, 0);
        renderer.update_last(held.columns(), candle(104.0, 900.0, 103.0, 103.5));
        assert_eq!(renderer.frame(held.columns(), 0, len).unchanged, kept);
    }
}

#[test]
fn a_renderer_grows_from_nothing() {
    let all = walk(if cfg!(miri) { 300 } else { 5000 });
    let mut renderer = Renderer::new(STYLE);
    assert!(renderer.is_empty());
    for (index, candle) in all.iter().enumerate() {
        renderer.append(Columns::none(), *candle);
        assert_eq!(renderer.len(), index + 1);
        if index % 487 == 0 {
            check(&mut renderer, Columns::none(), &all[..=index], (0.0, 1.0));
        }
    }
    check(&mut renderer, Columns::none(), &all, (0.0, 1.0));
}

#[test]
fn an_interrupted_overview_is_none() {
    let held = Held::new(&walk(100), 0, |price| price);
    let built = Overview::build(simd::detected(), held.columns(), &|| true);
    assert_eq!(built.err(), Some(Interrupted));
}

#[test]
#[should_panic(expected = "is not within the candles")]
fn a_range_past_the_end_is_refused() {
    let held = Held::new(&walk(10), 0, |price| price);
    let _ = renderer(simd::detected(), held.columns(), STYLE).frame(held.columns(), 3, 11);
}
