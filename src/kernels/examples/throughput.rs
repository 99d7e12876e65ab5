//! Times the kernels on one thread at every level of this CPU, or at the one that `HOTKERNELS_SIMD` names: `cargo run
//! --release -p hotkernels-kernels --example throughput [part of a name]`.

use std::env;
use std::hint::black_box;
use std::time::Instant;

use hotkernels_kernels::memory::{Rows, Source, Target};
use hotkernels_kernels::reduce::{self, Accumulator};
use hotkernels_kernels::simd::{self, Level};
use hotkernels_kernels::threads::Team;
use hotkernels_kernels::vector;

/// Numbers between -1 and 1, the same at every run (splitmix64).
fn numbers(count: usize) -> Vec<f64> {
    let mut state = 1_u64;
    (0..count)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (bits >> 11) as f64 / 2_f64.powi(52) - 1.0
        })
        .collect()
}

/// The least time of a run, in nanoseconds; short runs are timed some together.
fn time<R>(mut run: impl FnMut() -> R) -> f64 {
    let mut some = |count: u32| {
        let start = Instant::now();
        for _ in 0..count {
            black_box(run());
        }
        start.elapsed().as_nanos() as f64 / f64::from(count)
    };
    let together = (20_000.0 / some(3)).clamp(1.0, 1e6) as u32;
    let start = Instant::now();
    let mut least = f64::INFINITY;
    while start.elapsed().as_secs_f64() < 0.5 {
        least = least.min(some(together));
    }
    least
}

struct Report(Option<String>);

impl Report {
    /// Prints how long `work` units of something took.
    fn line<R>(&self, level: Level, name: &str, work: usize, unit: &str, run: impl FnMut() -> R) {
        if self.0.as_ref().is_some_and(|part| !name.contains(part)) {
            return;
        }
        let each = time(run) / work as f64;
        println!(
            "{level:7} {name:36} {each:9.4} ns per {unit}, {:9.2} per ns",
            1.0 / each
        );
    }
}

#[expect(clippy::too_many_lines, reason = "a list")]
fn main() {
    const LONG: usize = 10_000_000;
    let report = Report(env::args().nth(1));
    let f64s = numbers(LONG);
    let f32s: Vec<f32> = f64s.iter().map(|x| *x as f32).collect();
    let mut cancelling = f64s[..LONG / 2].to_vec();
    cancelling.extend(f64s[..LONG / 2].iter().map(|x| -x));
    let i64s: Vec<i64> = f64s.iter().map(|x| x.to_bits().cast_signed()).collect();
    let i8s: Vec<i8> = f64s.iter().map(|x| (x * 127.0) as i8).collect();
    let go_on = || false;
    let team = Team::alone(&go_on);

    let levels = match env::var_os(simd::VARIABLE) {
        None => simd::available(),
        Some(_) => vec![simd::level().unwrap()],
    };
    for level in levels {
        let x = Source::from(f64s.as_slice());
        report.line(level, "sum f64, 10M", LONG, "element", || {
            reduce::sum_f64(level, x, &go_on)
        });
        let short = x.range(0..1000);
        report.line(level, "sum f64, 1000", 1000, "element", || {
            reduce::sum_f64(level, short, &go_on)
        });
        let ill = Source::from(cancelling.as_slice());
        report.line(level, "sum f64, 10M, all cancels", LONG, "element", || {
            reduce::sum_f64(level, ill, &go_on)
        });
        report.line(level, "sum f64, 10M, Accumulator", LONG, "element", || {
            let mut total = Accumulator::new();
            total.add_all(x);
            total.round()
        });
        let x = Source::from(f32s.as_slice());
        report.line(level, "sum f32, 10M", LONG, "element", || {
            reduce::sum_f32(level, x, &go_on)
        });
        let x = Source::from(i64s.as_slice());
        report.line(level, "sum i64, 10M", LONG, "element", || {
            reduce::sum_int(level, x, &go_on)
        });
        let x = Source::from(i8s.as_slice());
        report.line(level, "sum i8, 10M", LONG, "element", || {
            reduce::sum_int(level, x, &go_on)
        });

        for len in [128, 1 << 10, LONG / 2] {
            let (a, b) = f32s.split_at(LONG / 2);
            let (a, b) = (Source::from(&a[..len]), Source::from(&b[..len]));
            report.line(level, &format!("dot f32, {len}"), len, "element", || {
                vector::dot(level, a, b)
            });
            report.line(
                level,
                &format!("cosine_similarity f32, {len}"),
                len,
                "element",
                || vector::cosine_similarity(level, a, b),
            );
            let (a, b) = f64s.split_at(LONG / 2);
            let (a, b) = (Source::from(&a[..len]), Source::from(&b[..len]));
            report.line(level, &format!("dot f64, {len}"), len, "element", || {
                vector::dot(level, a, b)
            });
        }

        let d = 768;
        let rows = LONG / d;
        let mut out = vec![0_f32; 8 * rows];
        for few in [1, 2, 3, 4, 5, 8] {
            let (queries, corpus) = (&f32s[..few * d], &f32s[..rows * d]);
            report.line(
                level,
                &format!("cosine_matrix f32, {few} x 13020 x 768"),
                rows * d,
                "element",
                || {
                    let out = Target::from_slice(&mut out[..few * rows], few, rows);
                    let (queries, corpus) = (
                        Rows::from_slice(queries, few, d),
                        Rows::from_slice(corpus, rows, d),
                    );
                    vector::cosine_matrix(level, queries, Some(corpus), out, &team)
                },
            );
        }
        let m = 2000;
        let flop = 2 * m * m * d;
        let mut out = vec![0_f32; m * m];
        let (queries, corpus) = f32s[..2 * m * d].split_at(m * d);
        let (queries, corpus) = (
            Rows::from_slice(queries, m, d),
            Rows::from_slice(corpus, m, d),
        );
        report.line(
            level,
            "cosine_matrix f32, 2000 x 2000 x 768",
            flop,
            "FLOP",
            || {
                vector::cosine_matrix(
                    level,
                    queries,
                    Some(corpus),
                    Target::from_slice(&mut out, m, m),
                    &team,
                )
            },
        );
        report.line(
            level,
            "cosine_matrix f32, 2000 x self x 768",
            flop / 2,
            "FLOP",
            || {
                vector::cosine_matrix(
                    level,
                    queries,
                    None,
                    Target::from_slice(&mut out, m, m),
                    &team,
                )
            },
        );
        let mut out = vec![0_f64; m * m];
        let (queries, corpus) = f64s[..2 * m * d].split_at(m * d);
        let (queries, corpus) = (
            Rows::from_slice(queries, m, d),
            Rows::from_slice(corpus, m, d),
        );
        report.line(
            level,
            "cosine_matrix f64, 2000 x 2000 x 768",
            flop,
            "FLOP",
            || {
                vector::cosine_matrix(
                    level,
                    queries,
                    Some(corpus),
                    Target::from_slice(&mut out, m, m),
                    &team,
                )
            },
        );
    }
}
