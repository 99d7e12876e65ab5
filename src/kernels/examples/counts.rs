//! Runs each hot kernel once, always on the same input, for `nox -s counts` to count the instructions of: under callgrind, which is
//! told to count in [`counted`] alone. Prints a line for each: the level, and what was run.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;

use hotkernels_kernels::chart::{Columns, Overview, Renderer, Style};
use hotkernels_kernels::counter::Counter;
use hotkernels_kernels::image::{self, Compiled, Mode, Shape};
use hotkernels_kernels::memory::{Rows, Source, Target};
use hotkernels_kernels::reduce;
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::text::batch::{
    Cell, Choices, Distance, Measure, Order, Pairs, Queries, Reader, Similarity, Strings,
    best_match, cdist, cpdist,
};
use hotkernels_kernels::text::{self, Pair, Pieces, Text, Unit, Units, Winkler, phonetic};
use hotkernels_kernels::threads::Team;
use hotkernels_kernels::vector::{self, Element, Metric};

/// Where instructions are counted, by this name: what is called here, and all that it calls.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
}

/// Says what is counted next, and has it counted; once before, uncounted, where tables are made at the first call.
fn count<R>(level: &str, name: &str, mut work: impl FnMut() -> R) {
    black_box(work());
    println!("{level}\t{name}");
    counted(&mut || {
        black_box(work());
    });
}

fn go_on() -> bool {
    false
}

/// Numbers of 64 bits, the same at every run (splitmix64).
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// Numbers between -1 and 1.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut next = random(seed);
    (0..count)
        .map(|_| (next() >> 11) as f64 / 2_f64.powi(52) - 1.0)
        .collect()
}

/// Strings of lower-case letters, of lengths from `shortest` to a fourth more.
fn words(count: usize, shortest: usize, seed: u64) -> Vec<String> {
    let mut next = random(seed);
    (0..count)
        .map(|_| {
            let length = shortest as u64 + next() % (shortest as u64 / 4 + 1);
            (0..length)
                .map(|_| char::from(b'a' + (next() % 26) as u8))
                .collect()
        })
        .collect()
}

fn strings(words: &[String], reader: &mut Reader) -> Strings {
    let mut strings = Strings::default();
    for word in words {
        reader.read(Some(Text::Utf8(word)), &mut strings);
    }
    strings
}

fn vectors(level: Level) {
    let numbers = numbers(1 << 16, 1);
    let f32s: Vec<f32> = numbers.iter().map(|x| *x as f32).collect();
    let (a, b) = f32s.split_at(1 << 15);
    let (a, b) = (Source::from(a), Source::from(b));
    let of = |length| (a.range(0..length), b.range(0..length));
    for length in [128, 1 << 15] {
        let (a, b) = of(length);
        count(level.name(), &format!("dot, {length} float32"), || {
            vector::dot(level, a, b)
        });
    }
    let (a, b) = of(128);
    count(level.name(), "cosine_similarity, 128 float32", || {
        vector::cosine_similarity(level, a, b)
    });
    let x = Source::from(numbers.as_slice());
    count(level.name(), "dot, 65536 float64", || {
        vector::dot(level, x, x)
    });

    let i8s: Vec<i8> = numbers.iter().map(|x| (x * 127.0) as i8).collect();
    batches::<f32>(level, &f32s, "float32");
    batches::<f64>(level, &numbers, "float64");
    batches::<i8>(level, &i8s, "int8");

    count(level.name(), "sum, 65536 float64", || {
        reduce::sum_f64(level, x, &go_on)
    });
    let mut cancelling = numbers.clone();
    cancelling.extend(numbers.iter().map(|x| -x));
    let x = Source::from(cancelling.as_slice());
    count(level.name(), "sum, 131072 float64 that cancel", || {
        reduce::sum_f64(level, x, &go_on)
    });
    let x = Source::from(f32s.as_slice());
    count(level.name(), "sum, 65536 float32", || {
        reduce::sum_f32(level, x, &go_on)
    });
    let x = Source::from(i8s.as_slice());
    count(level.name(), "sum, 65536 int8", || {
        reduce::sum_int(level, x, &go_on)
    });
}

/// One query with many rows; many with many; the best of many.
fn batches<E: Element>(level: Level, elements: &[E], dtype: &str)
where
    E::Result: Copy + Default,
{
    const DEPTH: usize = 256;
    let count = |name: &str, work: &mut dyn FnMut()| {
        count(level.name(), &format!("{name} {dtype}"), work);
    };
    let team = Team::alone(&go_on);
    let rows = elements.len() / DEPTH;
    let corpus = Rows::from_slice(elements, rows, DEPTH);
    let one = Rows::from_slice(&elements[..DEPTH], 1, DEPTH);
    let mut scores = vec![E::Result::default(); rows * rows];
    count(
        &format!("cosine_matrix, 1 × {rows} × {DEPTH}"),
        &mut || {
            let out = Target::from_slice(&mut scores[..rows], 1, rows);
            let _ = vector::cosine_matrix(level, one, Some(corpus), out, &team);
        },
    );
    count(
        &format!("cosine_matrix, {rows} × self × {DEPTH}"),
        &mut || {
            let out = Target::from_slice(&mut scores, rows, rows);
            let _ = vector::cosine_matrix(level, corpus, None, out, &team);
        },
    );
    let queries = rows / 4;
    let mut indices = vec![0_i64; queries * 10];
    let some = Rows::from_slice(&elements[..queries * DEPTH], queries, DEPTH);
    count(
        &format!("top_k, 10 of {queries} × {rows} × {DEPTH}"),
        &mut || {
            let indices = Target::from_slice(&mut indices, queries, 10);
            let scores = Target::from_slice(&mut scores[..queries * 10], queries, 10);
            let _ = vector::top_k(level, some, corpus, Metric::Dot, indices, scores, &team);
        },
    );
}

/// All of some names with all of others.
fn matrix<M: Measure, T: Cell<M::Score> + Default>(level: Level, measure: M, size: usize) {
    let mut reader = Reader::new(Unit::CodePoint);
    let choices = strings(&words(size, 12, 1), &mut reader);
    let queries = strings(&words(size, 12, 2), &mut reader);
    let choices =
        Choices::new(level, measure, choices, Order::AsGiven, &go_on).expect("not stopped");
    let queries = Queries::new(queries, &choices, &go_on).expect("not stopped");
    let mut scores = vec![T::default(); size * size];
    let (team, done) = (Team::alone(&go_on), AtomicU64::new(0));
    let name = format!("cdist, {measure:?}, {size} × {size} names");
    count(level.name(), &name, || {
        let out = Target::from_slice(&mut scores, size, size);
        let missing = T::default();
        cdist(
            level, measure, &queries, &choices, None, missing, &out, &team, &done,
        )
    });
}

/// Each of some names with the one beside it.
fn rows<M: Measure, T: Cell<M::Score> + Default>(level: Level, measure: M, size: usize) {
    let mut reader = Reader::new(Unit::CodePoint);
    let [queries, choices] = [1, 2].map(|seed| strings(&words(size, 12, seed), &mut reader));
    let pairs = Pairs::new(queries, choices, &go_on).expect("not stopped");
    let mut scores = vec![T::default(); size];
    let team = Team::alone(&go_on);
    let name = format!("cpdist, {measure:?}, {size} names");
    count(level.name(), &name, || {
        let out = Target::from_slice(&mut scores, 1, size);
        cpdist(level, measure, &pairs, None, T::default(), &out, &team)
    });
}

fn batch_text(level: Level) {
    matrix::<_, i32>(level, Distance::Levenshtein, 256);
    matrix::<_, i32>(level, Distance::Osa, 256);
    matrix::<_, i32>(level, Distance::DamerauLevenshtein, 128);
    matrix::<_, i32>(level, Distance::Hamming, 256);
    matrix::<_, f32>(level, Similarity::Jaro, 256);
    matrix::<_, f32>(level, Similarity::JaroWinkler, 256);

    rows::<_, u32>(level, Distance::Levenshtein, 4096);
    rows::<_, u32>(level, Distance::Osa, 4096);
    rows::<_, u32>(level, Distance::DamerauLevenshtein, 4096);
    rows::<_, u32>(level, Distance::Hamming, 4096);
    rows::<_, f64>(level, Similarity::Jaro, 4096);
    rows::<_, f64>(level, Similarity::JaroWinkler, 4096);

    let (team, done) = (Team::alone(&go_on), AtomicU64::new(0));
    let (queries, choices) = (words(64, 12, 1), words(2048, 12, 2));
    count(
        level.name(),
        "best_match, Levenshtein, 64 × 2048 names, from strings",
        || {
            let (mut reader, measure) = (Reader::new(Unit::CodePoint), Distance::Levenshtein);
            let (queries, choices) = (
                strings(&queries, &mut reader),
                strings(&choices, &mut reader),
            );
            let choices = Choices::new(level, measure, choices, Order::ByLength, &go_on)
                .expect("not stopped");
            let queries = Queries::new(queries, &choices, &go_on).expect("not stopped");
            best_match(level, measure, &queries, &choices, None, &team, &done)
        },
    );
}

fn pairs(level: Level) {
    let long = words(2, 3000, 3);
    let short = words(2, 15, 4);
    for (kind, strings) in [("names", &short), ("strings of 3000", &long)] {
        let (a, b) = (strings[0].as_bytes(), strings[1].as_bytes());
        let pair = Pair::U8(a, b);
        count(level.name(), &format!("levenshtein, two {kind}"), || {
            text::levenshtein(level, pair, usize::MAX, &go_on)
        });
        count(level.name(), &format!("osa, two {kind}"), || {
            text::osa(level, pair, usize::MAX, &go_on)
        });
        count(
            level.name(),
            &format!("damerau_levenshtein, two {kind}"),
            || text::damerau_levenshtein(level, pair, usize::MAX, &go_on),
        );
    }
}

/// A phonetic code.
type Code<'a> = &'a dyn Fn(Text<'_>) -> Option<String>;

/// What is the same at every level.
fn words_alone() {
    let long = words(2, 3000, 3);
    let short = words(2, 15, 4);
    for (kind, strings) in [("names", &short), ("strings of 3000", &long)] {
        let (a, b) = (strings[0].as_bytes(), strings[1].as_bytes());
        let pair = Pair::U8(a, b);
        count("any", &format!("hamming, two {kind}"), || {
            text::hamming(pair)
        });
        count("any", &format!("jaro_winkler, two {kind}"), || {
            text::jaro(pair, Winkler::Prefix, &go_on)
        });
        let (a, b) = (Text::Points(Units::U8(a)), Text::Points(Units::U8(b)));
        let pieces = Pieces::Of(NonZeroUsize::new(2).expect("two"), Unit::CodePoint);
        count(
            "any",
            &format!("jaccard, pairs of letters of two {kind}"),
            || text::jaccard(a, b, pieces, &go_on),
        );
    }
    let accented = "Dvořák, Antonín; Saint-Saëns, Camille. ".repeat(8);
    let marked = "e\u{301}".repeat(200);
    count("any", "levenshtein, graphemes of 300 and 200", || {
        let mut scratch = text::Scratch::default();
        let pair = text::pair(
            Text::Utf8(&accented),
            Text::Utf8(&marked),
            Unit::Grapheme,
            &mut scratch,
            &go_on,
        );
        pair.and_then(|pair| text::levenshtein(Level::Scalar, pair, usize::MAX, &go_on))
    });
    let names = words(200, 8, 5);
    let codes: [(&str, Code<'_>); 4] = [
        ("soundex", &|name| phonetic::soundex(name, &go_on).ok()),
        ("metaphone", &|name| phonetic::metaphone(name, &go_on).ok()),
        ("nysiis", &|name| phonetic::nysiis(name, &go_on).ok()),
        ("match_rating_codex", &|name| {
            phonetic::match_rating_codex(name, &go_on).ok()?.ok()
        }),
    ];
    for (name, code) in codes {
        count("any", &format!("{name}, 200 names"), || {
            let codes = names
                .iter()
                .map(|name| code(Text::Points(Units::U8(name.as_bytes()))));
            codes
                .map(|code| code.map_or(0, |code| code.len()))
                .sum::<usize>()
        });
    }
    let counter = Counter::new();
    count("any", "counter, 1000 increments", || {
        (0..1000).map(|_| counter.increment()).max()
    });
}

fn filter<T: Compiled + Default>(
    level: Level,
    pixels: &[T],
    side: usize,
    window: usize,
    dtype: &str,
) {
    let mut filtered = vec![T::default(); side * side];
    let team = Team::alone(&go_on);
    let shape = Shape {
        images: 1,
        height: side,
        width: side,
    };
    let name = format!("median_filter, {side} × {side} {dtype}, {window}");
    count(level.name(), &name, || {
        let out = Target::from_slice(&mut filtered, side, side);
        let border = (Mode::Reflect, T::default());
        let source = Source::from(&pixels[..side * side]);
        image::median_filter(level, source, shape, [window, window], border, &out, &team)
    });
}

fn images(level: Level) {
    const SIDE: usize = 192;
    let f32s: Vec<f32> = numbers(SIDE * SIDE, 6).iter().map(|x| *x as f32).collect();
    let u8s: Vec<u8> = f32s.iter().map(|x| (x * 127.0 + 128.0) as u8).collect();
    for window in [3, 5, 9, 25] {
        filter(level, &u8s, SIDE, window, "uint8");
    }
    // By networks alone, which take some hundred instructions a pixel without SIMD.
    for window in [3, 9, 25] {
        filter(level, &f32s, SIDE / 2, window, "float32");
    }
}

fn chart(level: Level) {
    let opens = numbers(50_000, 7);
    let highs: Vec<f64> = opens.iter().map(|x| x + 0.5).collect();
    let lows: Vec<f64> = opens.iter().map(|x| x - 0.5).collect();
    let closes = numbers(50_000, 8);
    let columns =
        Columns::F64([&opens, &highs, &lows, &closes].map(|x| Source::from(x.as_slice())));
    count(level.name(), "chart, overview of 50000 candles", || {
        Overview::build(level, columns, &go_on)
    });
    let style = Style {
        width: 1000.0,
        height: 600.0,
        up: 0x26a6_9aff,
        down: 0xef53_50ff,
        unchanged: 0x8080_80ff,
        body: 0.7,
        padding: 0.05,
        range: None,
    };
    let overview = Overview::build(level, columns, &go_on).expect("not stopped");
    let mut renderer = Renderer::new(style);
    renderer.set(columns.len(), overview);
    // Another range each time, as otherwise nothing would be drawn again.
    let mut end = 50_000;
    count(level.name(), "chart, frame of 50000 candles", || {
        end -= 1;
        renderer.frame(columns, 0, end)
    });
    count(level.name(), "chart, frame of 500 candles", || {
        end -= 1;
        renderer.frame(columns, end - 500, end)
    });
}

fn main() {
    words_alone();
    for level in [Level::Scalar, Level::Avx2] {
        if level.is_available() {
            vectors(level);
            batch_text(level);
            pairs(level);
            images(level);
            chart(level);
        }
    }
}
