//! Times int8 on one thread at every level beside the most that a core can do: products of bytes whose factors stay in
//! registers. `cargo run --release -p hotkernels-kernels --example bytes`. `HOTKERNELS_SIMD` chooses one level.

use std::env;
use std::hint::black_box;
use std::time::Instant;

use hotkernels_kernels::memory::{Rows, Target};
use hotkernels_kernels::simd::{self, ByteUnit};
use hotkernels_kernels::threads::Team;
use hotkernels_kernels::vector;

/// Rows of either matrix, and their elements.
const ROWS: usize = 2000;
const DEPTH: usize = 768;

/// Numbers of every size, the same at every run (splitmix64).
fn numbers(count: usize, seed: u64) -> Vec<i8> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (bits >> 56) as i8
        })
        .collect()
}

/// The least seconds of some runs.
fn least(mut run: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < 1.0 {
        let start = Instant::now();
        run();
        least = least.min(start.elapsed().as_secs_f64());
    }
    least
}

/// Multiplications and additions a second, of factors in registers, with the instructions of a unit; `None` for one without
/// instructions made for bytes.
fn peak(unit: ByteUnit) -> Option<f64> {
    #[cfg(target_arch = "x86_64")]
    {
        const STEPS: usize = 1 << 20;
        assert!(unit.is_available());
        let (bytes, seconds) = match unit {
            ByteUnit::Avx512Vnni => (
                64,
                least(|| {
                    // SAFETY: the CPU has the unit, as was looked at.
                    black_box(unsafe { x86_64::avx512(STEPS) });
                }),
            ),
            ByteUnit::AvxVnni => (
                32,
                least(|| {
                    // SAFETY: as above.
                    black_box(unsafe { x86_64::avx(STEPS) });
                }),
            ),
            _ => return None,
        };
        Some((2 * bytes * SUMS * STEPS) as f64 / seconds)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = unit;
        None
    }
}

/// Sums that do not wait for one another: more than an instruction's latency takes, fewer than there are registers.
#[cfg(target_arch = "x86_64")]
const SUMS: usize = 12;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        _mm256_add_epi32, _mm256_dpbusd_avx_epi32, _mm256_extract_epi32, _mm256_set1_epi32,
        _mm256_setzero_si256, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_reduce_add_epi32,
        _mm512_set1_epi32, _mm512_setzero_si512,
    };
    use std::hint::black_box;

    use super::SUMS;

    /// As many products as the instructions of AVX-512 VNNI make.
    ///
    /// # Safety
    ///
    /// The CPU must have these.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) unsafe fn avx512(steps: usize) -> i32 {
        let mut sums = [_mm512_setzero_si512(); SUMS];
        let (a, b) = (
            _mm512_set1_epi32(black_box(1)),
            _mm512_set1_epi32(black_box(2)),
        );
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, a, b);
            }
        }
        let mut all = _mm512_setzero_si512();
        for sum in sums {
            all = _mm512_add_epi32(all, sum);
        }
        _mm512_reduce_add_epi32(all)
    }

    /// The same with AVX-VNNI.
    ///
    /// # Safety
    ///
    /// The CPU must have it.
    #[target_feature(enable = "avx2,avxvnni")]
    pub(super) unsafe fn avx(steps: usize) -> i32 {
        let mut sums = [_mm256_setzero_si256(); SUMS];
        let (a, b) = (
            _mm256_set1_epi32(black_box(1)),
            _mm256_set1_epi32(black_box(2)),
        );
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm256_dpbusd_avx_epi32(*sum, a, b);
            }
        }
        let mut all = _mm256_setzero_si256();
        for sum in sums {
            all = _mm256_add_epi32(all, sum);
        }
        _mm256_extract_epi32::<0>(all)
    }
}

fn main() {
    let (a, b) = (numbers(ROWS * DEPTH, 1), numbers(ROWS * DEPTH, 2));
    let (a, b) = (
        Rows::from_slice(&a, ROWS, DEPTH),
        Rows::from_slice(&b, ROWS, DEPTH),
    );
    let mut out = vec![0_f32; ROWS * ROWS];
    let go_on = || false;
    let team = Team::alone(&go_on);
    let operations = (2 * ROWS * ROWS * DEPTH) as f64;
    let levels = match env::var_os(simd::VARIABLE) {
        None => simd::available(),
        Some(_) => vec![simd::level().unwrap()],
    };
    for level in levels {
        let unit = ByteUnit::of(level);
        for (name, corpus) in [("with others", Some(b)), ("with themselves", None)] {
            let seconds = least(|| {
                let out = Target::from_slice(&mut out, ROWS, ROWS);
                vector::cosine_matrix(level, a, corpus, out, &team).unwrap();
            });
            println!(
                "{:12} {ROWS} rows of {DEPTH} {name:15} {:7.2} ms {:7.1} GOP/s",
                unit.name(),
                seconds * 1e3,
                operations / seconds / 1e9
            );
        }
        if let Some(peak) = peak(unit) {
            println!("{:12} from registers {:7.1} GOP/s", unit.name(), peak / 1e9);
        }
    }
}
