//! Pairs a second of the text kernels, one thread: `cargo run --release --example text [LEVEL [MEASURE]]`.

use std::env;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use hotkernels_kernels::memory::Target;
use hotkernels_kernels::simd::{self, Level};
use hotkernels_kernels::text::batch::{
    Cell, Choices, Distance, Measure, Order, Queries, Reader, Similarity, Strings, best_match,
    cdist,
};
use hotkernels_kernels::text::{Text, Unit};
use hotkernels_kernels::threads::Team;

/// Names of 12 to 16 letters, always the same.
fn names(count: usize, reader: &mut Reader, mut seed: u64) -> Strings {
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut names = Strings::default();
    for _ in 0..count {
        let length = 12 + random() % 5;
        let name: String = (0..length)
            .map(|_| char::from(b'a' + (random() % 26) as u8))
            .collect();
        reader.read(Some(Text::Utf8(&name)), &mut names);
    }
    names
}

/// The best of the runs in half a second, told in pairs a second.
fn time(what: &str, pairs: usize, mut run: impl FnMut()) {
    let started = Instant::now();
    let mut best = f64::INFINITY;
    while started.elapsed().as_secs_f64() < 0.5 || best.is_infinite() {
        let started = Instant::now();
        run();
        best = best.min(started.elapsed().as_secs_f64());
    }
    println!("{what:40} {:8.1} M pairs/s", pairs as f64 / best / 1e6);
}

fn measure<M: Measure, T: Cell<M::Score> + Default>(level: Level, measure: M, size: usize) {
    let wanted = env::args().nth(2);
    if wanted.is_some_and(|name| name != format!("{measure:?}")) {
        return;
    }
    let order = Order::AsGiven;
    let mut reader = Reader::new(Unit::CodePoint);
    let choices = Choices::new(level, measure, names(size, &mut reader, 1), order, &|| {
        false
    })
    .expect("not stopped");
    let queries =
        Queries::new(names(size, &mut reader, 2), &choices, &|| false).expect("not stopped");
    let mut out = vec![T::default(); size * size];
    let target = Target::from_slice(&mut out, size, size);
    let (team, done) = (Team::alone(&|| false), AtomicU64::new(0));
    let (queries, choices) = (&queries, &choices);
    time(&format!("{measure:?} cdist {level}"), size * size, || {
        let missing = T::default();
        let _ = cdist(
            level, measure, queries, choices, None, missing, &target, &team, &done,
        );
    });
    time(
        &format!("{measure:?} best_match {level}"),
        size * size,
        || {
            let _ = best_match(level, measure, queries, choices, None, &team, &done);
        },
    );
}

fn main() {
    let wanted = env::args().nth(1);
    for level in simd::available() {
        if wanted.as_ref().is_some_and(|name| name != level.name()) {
            continue;
        }
        measure::<_, i32>(level, Distance::Levenshtein, 2000);
        measure::<_, i32>(level, Distance::Osa, 2000);
        measure::<_, i32>(level, Distance::Hamming, 2000);
        measure::<_, i32>(level, Distance::DamerauLevenshtein, 2000);
        measure::<_, f32>(level, Similarity::Jaro, 2000);
        measure::<_, f32>(level, Similarity::JaroWinkler, 2000);
    }
}
