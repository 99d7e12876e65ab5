//! The median filter: images and stacks, windows of any shape, every border and type, against sorted windows.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::image::{Compiled, Mode, Shape, median_filter};
use hotkernels_kernels::memory::Target;
use hotkernels_kernels::simd;
use hotkernels_kernels::specification::median;

use crate::numbers::{Kind, Mix, number};
use crate::{Placed, team};

const MODES: [Mode; 5] = [
    Mode::Reflect,
    Mode::Constant,
    Mode::Nearest,
    Mode::Mirror,
    Mode::Wrap,
];

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    match u.int_in_range(0..=4_u8)? {
        0 => of(u, |x, _| (x.to_bits() >> 44) as u8, f64::from),
        1 => of(u, |x, _| (x.to_bits() >> 60) as u8, f64::from),
        2 => of(
            u,
            |x, noise| (x.to_bits() >> 40 ^ noise >> 50) as u16,
            f64::from,
        ),
        3 => of(u, |x, noise| x as f32 + (noise & 0xff) as f32, f64::from),
        _ => of(u, |x, noise| x + (noise & 0xff) as f64, |x| x),
    }
}

fn of<T: Compiled + Default + PartialEq + std::fmt::Debug>(
    u: &mut Unstructured<'_>,
    make: fn(f64, u64) -> T,
    wide: fn(T) -> f64,
) -> Result<()> {
    let shape = Shape {
        images: *u.choose(&[1, 1, 1, 0, 2, 3])?,
        height: side(u)?,
        width: side(u)?,
    };
    let pixels = shape.pixels().expect("few");
    let window = [window(u, shape.height)?, window(u, shape.width)?];
    // Windows are sorted by the specification: not too much of that.
    let work = pixels.saturating_mul(window[0].saturating_mul(window[1]));
    let huge = work > 600_000;
    if huge && window.iter().all(|length| *length < 10_000) {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    let mode = *u.choose(&MODES)?;
    let kind = Kind::of(u)?;
    let threads = u.int_in_range(1..=3)?;
    let skip = u.int_in_range(0..=9)?;
    let own: Vec<f64> = (0..u.int_in_range(1..=12)?)
        .map(|_| number(u, kind))
        .collect::<Result<_>>()?;
    let noisy: bool = u.arbitrary()?;
    let outside = make(number(u, kind)?, 0);
    let mut mix = Mix(u.arbitrary::<u32>()?.into());
    let all: Vec<T> = (0..pixels)
        .map(|_| {
            let from = own[mix.below(own.len())];
            make(from, if noisy { mix.draw() } else { 0 })
        })
        .collect();
    // Windows too large to be sorted are run all the same, and give the same at each level.
    let mut expected = (!huge).then(|| bits(&median(&all, shape, window, mode, outside), wide));
    let placed = Placed::new(&all, skip);
    for level in simd::available() {
        for threads in [1, threads] {
            let mut out = vec![T::default(); pixels];
            let target = Target::from_slice(&mut out, shape.images * shape.height, shape.width);
            let (source, team) = (placed.source(), team(threads));
            median_filter(
                level,
                source,
                shape,
                window,
                (mode, outside),
                &target,
                &team,
            )
            .expect("not stopped");
            let found = bits(&out, wide);
            let expected = expected.get_or_insert_with(|| found.clone());
            assert_eq!(
                &found, expected,
                "{level}: {shape:?} {window:?} {mode:?} {outside:?}"
            );
        }
    }
    Ok(())
}

/// Few pixels, about a register's, or some more.
fn side(u: &mut Unstructured<'_>) -> Result<usize> {
    match u.int_in_range(0..=3_u8)? {
        0 => u.int_in_range(0..=5),
        1 => Ok(*u.choose(&[8, 16, 32, 64])? + u.int_in_range(0..=2_usize)? - 1),
        2 => u.int_in_range(1..=40),
        _ => u.int_in_range(1..=150),
    }
}

/// Small, as long as the image or longer; or so long that no window is laid out.
fn window(u: &mut Unstructured<'_>, side: usize) -> Result<usize> {
    match u.int_in_range(0..=7_u8)? {
        0..=4 => u.int_in_range(1..=9),
        5 => u.int_in_range(1..=48),
        6 => u.int_in_range(side.max(1)..=side + 60),
        _ => Ok(*u.choose(&[1 << 31, (1 << 31) - 1, 1 << 20, 77_777])?),
    }
}

/// The bits of each pixel as a wide number, one for all NaN.
fn bits<T: Copy>(pixels: &[T], wide: fn(T) -> f64) -> Vec<u64> {
    let bits = |pixel: &T| {
        let wide = wide(*pixel);
        if wide.is_nan() { 1 } else { wide.to_bits() }
    };
    pixels.iter().map(bits).collect()
}
