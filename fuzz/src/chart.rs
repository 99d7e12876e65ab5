//! A chart through a session: columns set, candles changed and added, styles and ranges, each frame against the specification.

use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::chart::{Candle, Columns, Frame, Overview, Record, Renderer, Style};
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::specification;

use crate::chance::Chance;
use crate::numbers::{Kind, Mix, length, number};
use crate::{Placed, on};

/// Columns with memory of their own.
enum Held {
    Single([Placed<f32>; 4]),
    Double([Placed<f64>; 4]),
}

impl Held {
    fn new(candles: &[Candle], single: bool, skip: usize) -> Self {
        let prices = |index: usize| -> Vec<f64> {
            let price =
                |candle: &Candle| [candle.open, candle.high, candle.low, candle.close][index];
            candles.iter().map(price).collect()
        };
        if single {
            let narrow = |index| prices(index).iter().map(|x| *x as f32).collect::<Vec<_>>();
            Self::Single([0, 1, 2, 3].map(|index| Placed::new(&narrow(index), skip * index)))
        } else {
            Self::Double([0, 1, 2, 3].map(|index| Placed::new(&prices(index), skip * index)))
        }
    }

    fn columns(&self) -> Columns<'_> {
        match self {
            Self::Single(columns) => {
                Columns::F32([0, 1, 2, 3].map(|index| columns[index].source()))
            }
            Self::Double(columns) => {
                Columns::F64([0, 1, 2, 3].map(|index| columns[index].source()))
            }
        }
    }
}

fn candle(u: &mut Unstructured<'_>, kind: Kind) -> Result<Candle> {
    Ok(Candle {
        open: number(u, kind)?,
        high: number(u, kind)?,
        low: number(u, kind)?,
        close: number(u, kind)?,
    })
}

fn candles(u: &mut Unstructured<'_>, single: bool) -> Result<Vec<Candle>> {
    let kind = Kind::of(u)?;
    let len = length(u, 3000)?.max(1);
    let own: Vec<Candle> = (0..u.int_in_range(1..=8)?)
        .map(|_| candle(u, kind))
        .collect::<Result<_>>()?;
    let walk: bool = u.arbitrary()?;
    let mut mix = Mix(u.arbitrary::<u32>()?.into());
    let mut last = 100.0;
    let narrow = |price: f64| {
        if single {
            f64::from(price as f32)
        } else {
            price
        }
    };
    let all = (0..len).map(|_| {
        let given = own[mix.below(own.len())];
        let given = if walk && mix.below(8) > 0 {
            let open = last;
            last += (mix.draw() as f64 / 2_f64.powi(64) - 0.5) * 4.0;
            Candle {
                open,
                high: open.max(last) + 0.5,
                low: open.min(last) - 0.5,
                close: last,
            }
        } else {
            given
        };
        Candle {
            open: narrow(given.open),
            high: narrow(given.high),
            low: narrow(given.low),
            close: narrow(given.close),
        }
    });
    Ok(all.collect())
}

/// What the bindings let through.
fn style(u: &mut Unstructured<'_>) -> Result<Style> {
    let size = |u: &mut Unstructured<'_>| -> Result<f64> {
        Ok(match u.int_in_range(0..=3_u8)? {
            0 => 1.0,
            1 => f64::from(u.int_in_range(1..=300_u16)?),
            2 => 1.0 + f64::from(u.arbitrary::<u16>()?) / 64.0,
            _ => 1e6,
        })
    };
    let range = if u.ratio(1, 3)? {
        let (a, b) = (number(u, Kind::Finite)?, number(u, Kind::Finite)?);
        (a != b).then(|| (a.min(b), a.max(b)))
    } else {
        None
    };
    Ok(Style {
        width: size(u)?,
        height: size(u)?,
        up: 1,
        down: 2,
        unchanged: 3,
        body: (f64::from(u.arbitrary::<u8>()?) + 1.0) / 256.0,
        padding: f64::from(u.arbitrary::<u8>()?) / 513.0,
        range,
    })
}

fn bits(records: &[Record]) -> Vec<[u32; 7]> {
    let bits = |record: &Record| {
        let Record {
            x,
            y,
            width,
            height,
            wick_top,
            wick_bottom,
            rgba,
        } = *record;
        let floats = [x, y, width, height, wick_top, wick_bottom];
        std::array::from_fn(|index| floats.get(index).map_or(rgba, |float| float.to_bits()))
    };
    records.iter().map(bits).collect()
}

/// A step of the session.
enum Step {
    Set(Vec<Candle>),
    Last(Candle),
    Append(Candle),
    Style(Style),
    Frame(usize, usize),
}

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let levels = Chance::of(u).levels();
    let single: bool = u.arbitrary()?;
    let skip = u.int_in_range(0..=5)?;
    let first = style(u)?;
    let mut steps = vec![Step::Set(candles(u, single)?)];
    for _ in 0..u.int_in_range(1..=14)? {
        steps.push(match u.int_in_range(0..=9_u8)? {
            0 => Step::Set(candles(u, single)?),
            1 => Step::Style(style(u)?),
            2 | 3 => Step::Last(candle(u, Kind::Any)?),
            4 | 5 => Step::Append(candle(u, Kind::Any)?),
            _ => Step::Frame(u.arbitrary::<u16>()?.into(), u.arbitrary::<u16>()?.into()),
        });
    }
    steps.push(Step::Frame(0, usize::MAX));
    for level in levels {
        session(level, first, &steps, single, skip);
    }
    Ok(())
}

fn session(level: Level, style: Style, steps: &[Step], single: bool, skip: usize) {
    let mut renderer = Renderer::new(style);
    let mut held = Held::new(&[], single, 0);
    let mut all: Vec<Candle> = Vec::new();
    let mut before: Option<Arc<Frame>> = None;
    let mut keep = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Set(candles) => {
                held = Held::new(candles, single, skip);
                all.clone_from(candles);
                let overview = Overview::build(level, held.columns(), &on).expect("not stopped");
                renderer.set(candles.len(), overview);
            }
            Step::Last(candle) => {
                *all.last_mut().expect("a candle") = *candle;
                renderer.update_last(held.columns(), *candle);
            }
            Step::Append(candle) => {
                all.push(*candle);
                renderer.append(held.columns(), *candle);
            }
            Step::Style(style) => renderer.set_style(*style),
            Step::Frame(a, b) => {
                let start = a % all.len();
                let end = match *b {
                    usize::MAX => all.len(),
                    b => start + 1 + b % (all.len() - start),
                };
                assert_eq!(renderer.len(), all.len());
                let style = *renderer.style();
                let (records, edges) = specification::frame(&all, &style, start, end);
                let rendered = renderer.frame(held.columns(), start, end);
                let found = bits(rendered.frame.records());
                assert_eq!(found, bits(&records), "{level}: {start}..{end} {style:?}");
                assert_eq!(rendered.frame.range(), edges, "{level}");
                if let Some(before) = &before {
                    let same = rendered.unchanged;
                    assert_eq!(bits(&before.records()[..same]), found[..same], "{level}");
                }
                // Half of the frames are held on to: those must not change.
                if number % 2 == 0 {
                    keep.push((Arc::clone(&rendered.frame), found));
                }
                before = (number % 3 > 0).then_some(rendered.frame);
            }
        }
    }
    for (frame, then) in keep {
        assert_eq!(bits(frame.records()), then, "{level}: a frame has changed");
    }
}
