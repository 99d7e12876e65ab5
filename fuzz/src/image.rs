//! The median filter: images and stacks, windows of any shape, every border and type, against sorted windows and counted ones.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::image::{Compiled, Mode, Shape, median_filter};
use hotkernels_kernels::memory::Target;
use hotkernels_kernels::specification::median;

use crate::chance::Chance;
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
    let mut chance = Chance::of(u);
    // Threads have work to share, and large windows have large images, in one of many inputs.
    let large = chance.one_of(64);
    let levels = if large {
        vec![chance.level()]
    } else {
        chance.levels()
    };
    let mut shape = Shape {
        images: *u.choose(&[1, 1, 1, 0, 2, 3])?,
        height: side(u)?,
        width: side(u)?,
    };
    let window = match u.int_in_range(0..=7_u8)? {
        0 => [3; 2],
        1 => [5; 2],
        _ => [window(u, shape.height)?, window(u, shape.width)?],
    };
    while cost(shape, window) > if large { 8_000_000 } else { 400_000 } {
        smaller(&mut shape);
    }
    let pixels = shape.pixels().expect("few");
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
    let expected = if sorted(shape, window) {
        bits(&median(&all, shape, window, mode, outside), wide)
    } else {
        weighted(&bits(&all, wide), shape, window, mode, wide(outside))
    };
    let placed = Placed::new(&all, skip);
    for level in levels {
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
        let wrong = found.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(
            wrong, None,
            "{level}: {shape:?} {window:?} {mode:?} {outside:?}"
        );
    }
    Ok(())
}

/// Few pixels, about a register's or some more; or more than a patch has.
fn side(u: &mut Unstructured<'_>) -> Result<usize> {
    match u.int_in_range(0..=4_u8)? {
        0 => u.int_in_range(0..=5),
        1 => Ok(*u.choose(&[8, 16, 32, 64])? + u.int_in_range(0..=2_usize)? - 1),
        2 => u.int_in_range(1..=40),
        3 => u.int_in_range(1..=150),
        _ => Ok(*u.choose(&[128, 256, 1024, 2048, 4096])? + u.int_in_range(0..=10_usize)? - 5),
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

/// Whether windows are sorted, being smaller than the image; of others each pixel is counted.
fn sorted(shape: Shape, window: [usize; 2]) -> bool {
    SORTED * window[0].saturating_mul(window[1]) <= shape.height * shape.width
}

/// How many pixels are counted in the time in which one is sorted.
const SORTED: usize = 4;

/// What the expected medians cost, in pixels counted.
fn cost(shape: Shape, window: [usize; 2]) -> usize {
    let each = if sorted(shape, window) {
        SORTED * window[0] * window[1]
    } else {
        shape.height * shape.width
    };
    shape.images * shape.height * shape.width * each
}

/// Fewer images; then less of the side that is the longer one, but for that which is longer than a patch.
fn smaller(shape: &mut Shape) {
    let (height, width) = (shape.height, shape.width);
    if shape.images > 1 {
        shape.images = 1;
    } else if width > 1 && (width >= height) == (width.max(height) <= 200 || height == 1) {
        shape.width /= 2;
    } else {
        shape.height /= 2;
    }
}

/// Medians of windows of any size: pixels in their order, each as often as the window comes upon it.
fn weighted(
    pixels: &[u64],
    shape: Shape,
    window: [usize; 2],
    mode: Mode,
    outside: f64,
) -> Vec<u64> {
    let Shape { height, width, .. } = shape;
    let counts = |length: usize, side: usize| -> Vec<Vec<u64>> {
        (0..side)
            .map(|at| {
                counted(
                    at as i64 - (length / 2) as i64,
                    length as i64,
                    side as i64,
                    mode,
                )
            })
            .collect()
    };
    let (down, across) = (counts(window[0], height), counts(window[1], width));
    let half = window[0] as u64 * window[1] as u64 / 2;
    let outside = if outside.is_nan() {
        NAN
    } else {
        outside.to_bits()
    };
    let mut medians = Vec::new();
    for image in pixels.chunks_exact((height * width).max(1)) {
        // Where each pixel is, and at the place of none what stands beyond the border.
        let mut order: Vec<(u64, usize, usize)> = (0..height * width)
            .map(|place| (image[place], place / width, place % width))
            .chain([(outside, height, width)])
            .collect();
        order.sort_by_key(|&(bits, ..)| in_order(bits));
        for down in &down {
            for across in &across {
                let inside = down.iter().sum::<u64>() * across.iter().sum::<u64>();
                let beyond = window[0] as u64 * window[1] as u64 - inside;
                let mut below = 0;
                let middle = order.iter().find(|&&(_, row, column)| {
                    below += if row == height {
                        beyond
                    } else {
                        down[row] * across[column]
                    };
                    below > half
                });
                medians.push(middle.expect("as many as the window has").0);
            }
        }
    }
    medians
}

/// How often a window of `length` from `start` on comes upon each pixel of a line.
fn counted(start: i64, length: i64, side: i64, mode: Mode) -> Vec<u64> {
    let mut counts = vec![0_u64; side as usize];
    // A line and what stands beyond it, which comes again and again.
    let again: Vec<i64> = match mode {
        Mode::Wrap => (0..side).collect(),
        Mode::Reflect => (0..side).chain((0..side).rev()).collect(),
        Mode::Mirror => (0..side).chain((1..side - 1).rev()).collect(),
        Mode::Constant | Mode::Nearest => {
            for place in start.max(0)..(start + length).min(side) {
                counts[place as usize] += 1;
            }
            if mode == Mode::Nearest {
                counts[0] += (-start).clamp(0, length) as u64;
                counts[side as usize - 1] += (start + length - side).clamp(0, length) as u64;
            }
            return counts;
        }
    };
    let period = again.len() as i64;
    for (place, &pixel) in again.iter().enumerate() {
        // The first of the window that is at this place of a period, and all after it.
        let first = (place as i64 - start).rem_euclid(period);
        counts[pixel as usize] += ((length - first + period - 1) / period).max(0) as u64;
    }
    counts
}

/// The bits that stand for every NaN: past those of any number.
const NAN: u64 = 0x7ff8 << 48;

/// The bits of each pixel as a wide number, one for all NaN.
fn bits<T: Copy>(pixels: &[T], wide: fn(T) -> f64) -> Vec<u64> {
    let bits = |pixel: &T| {
        let wide = wide(*pixel);
        if wide.is_nan() { NAN } else { wide.to_bits() }
    };
    pixels.iter().map(bits).collect()
}

/// The bits of numbers as whole numbers in the same order: -0.0 before 0.0, NaN after all.
fn in_order(bits: u64) -> u64 {
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_pixels_have_the_medians_of_sorted_windows() {
        let mut mix = Mix(5);
        for number in 0..2000 {
            let shape = Shape {
                images: 1 + mix.below(2),
                height: 1 + mix.below(6),
                width: 1 + mix.below(7),
            };
            let window = [1 + mix.below(30), 1 + mix.below(9)];
            let mode = MODES[number % MODES.len()];
            let values = [-1.5, -0.0, 0.0, f64::NAN, f64::INFINITY, -7.0, 5e300];
            let all: Vec<f64> = (0..shape.pixels().expect("few"))
                .map(|_| values[mix.below(values.len())])
                .collect();
            let outside = values[mix.below(values.len())];
            let found = weighted(&bits(&all, |x| x), shape, window, mode, outside);
            let sorted = bits(&median(&all, shape, window, mode, outside), |x| x);
            assert_eq!(
                found, sorted,
                "{shape:?} {window:?} {mode:?} {outside} {all:?}"
            );
        }
    }

    #[test]
    fn an_image_that_is_too_large_gets_smaller_until_it_is_not() {
        for (images, height, width) in [
            (3, 150, 150),
            (1, 4096, 4096),
            (1, 2048, 1),
            (1, 1, 2048),
            (2, 2048, 150),
        ] {
            let mut shape = Shape {
                images,
                height,
                width,
            };
            while cost(shape, [5, 5]) > 1000 {
                let before = cost(shape, [5, 5]);
                smaller(&mut shape);
                assert!(shape.height > 0 && shape.width > 0 && cost(shape, [5, 5]) <= before);
            }
        }
        let mut wide = Shape {
            images: 1,
            height: 150,
            width: 2048,
        };
        while cost(wide, [3, 3]) > 400_000 {
            smaller(&mut wide);
        }
        assert_eq!((wide.height, wide.width), (4, 2048));
    }
}
