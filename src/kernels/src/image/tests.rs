//! Every kernel at every level against the specification.

use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use super::five::Five;
use super::specification::median as specification;
use super::three::Three;
use super::view::Filter;
use super::{Compiled, Mode, Pixel, Shape, bands, median_filter, patches, square, tile, weights};
use crate::arch::Word;
use crate::memory::{Source, Target};
use crate::simd::{self, Level};
use crate::testing::{Placed, any as numbers};
use crate::threads::{Interrupted, Team};

const MODES: [Mode; 5] = [
    Mode::Reflect,
    Mode::Constant,
    Mode::Nearest,
    Mode::Mirror,
    Mode::Wrap,
];

#[derive(Clone, Copy, Debug)]
enum Way {
    Chosen,
    Bands([usize; 2]),
    Patches,
    Square,
    Weights,
}

/// The result of one way, in memory that ends where it must.
fn filtered<T: Compiled + Default>(
    way: Way,
    level: Level,
    pixels: &[T],
    shape: Shape,
    (window, mode, outside): ([usize; 2], Mode, T),
    threads: usize,
) -> Vec<T> {
    let placed = Placed::new(pixels.iter().copied(), threads);
    let mut out = vec![T::default(); pixels.len()];
    let target = Target::from_slice(&mut out, shape.images * shape.height, shape.width);
    let team = Team::new(NonZeroUsize::new(threads).unwrap(), &|| false);
    let filter = Filter {
        source: placed.source(),
        shape,
        window,
        mode,
        outside: outside.key(),
        out: &target,
    };
    match way {
        Way::Chosen => median_filter(
            level,
            placed.source(),
            shape,
            window,
            (mode, outside),
            &target,
            &team,
        ),
        Way::Bands(tile) => bands::filter(level, &filter, tile, &team),
        Way::Patches => patches::filter(level, &filter, &team),
        Way::Square if window == [3, 3] => square::filter::<T, Three, 3>(level, &filter, &team),
        Way::Square => square::filter::<T, Five, 5>(level, &filter, &team),
        Way::Weights => weights::filter(level, &filter, &team),
    }
    .unwrap();
    out
}

fn bits<T: Pixel>(pixels: &[T]) -> Vec<u64> {
    pixels.iter().map(|pixel| pixel.key().to_u64()).collect()
}

/// Holds all ways at all levels to the specification.
fn hold<T: Compiled + Default + std::fmt::Debug>(
    pixels: &[T],
    shape: Shape,
    asked: ([usize; 2], Mode, T),
) {
    let (window, mode, outside) = asked;
    let expected = bits(&specification(pixels, shape, window, mode, outside));
    let largest = window.map(tile);
    let mut ways = vec![
        Way::Chosen,
        Way::Bands(largest),
        Way::Bands(largest.map(|length| length.min(2))),
        Way::Patches,
        Way::Weights,
    ];
    if window == [3, 3] || window == [5, 5] {
        ways.push(Way::Square);
    }
    for level in simd::available() {
        for &way in &ways {
            for threads in [1, 3] {
                let found = filtered(way, level, pixels, shape, asked, threads);
                assert_eq!(
                    bits(&found),
                    expected,
                    "{way:?} {level} {shape:?} {asked:?}"
                );
            }
        }
    }
}

/// Few pixels and many: some stacks, images narrower than a register and wider, windows larger than the image.
fn shapes() -> impl Strategy<Value = Shape> {
    let sides = (1..4_usize, 1..20_usize, 1..40_usize);
    prop_oneof![
        4 => sides,
        1 => (Just(1), 1..5_usize, 60..150_usize),
        1 => (Just(1), 40..90_usize, 1..5_usize),
    ]
    .prop_map(|(images, height, width)| Shape {
        images,
        height,
        width,
    })
}

fn windows() -> impl Strategy<Value = [usize; 2]> {
    let length = prop_oneof![4 => 1..8_usize, 1 => 8..30_usize];
    prop_oneof![
        3 => (length.clone(), length).prop_map(|(rows, columns)| [rows, columns]),
        1 => Just([3, 3]),
        1 => Just([5, 5]),
    ]
}

fn config() -> ProptestConfig {
    let all = crate::testing::config();
    ProptestConfig {
        cases: all.cases.div_ceil(8),
        ..all
    }
}

macro_rules! hold {
    ($($name:ident: $pixel:ty, $pixels:expr;)*) => {
        proptest! {
            #![proptest_config(config())]
            $(
                #[test]
                fn $name(
                    (shape, pixels) in shapes().prop_flat_map(|shape| {
                        (Just(shape), vec($pixels, shape.pixels().unwrap()))
                    }),
                    window in windows(),
                    mode in 0..5_usize,
                    outside in $pixels,
                ) {
                    hold::<$pixel>(&pixels, shape, (window, MODES[mode], outside));
                }
            )*
        }
    };
}

hold! {
    u8_is_the_specification: u8, any::<u8>();
    few_values_of_u8_are_the_specification: u8, 0..3_u8;
    u16_is_the_specification: u16, any::<u16>();
    f32_is_the_specification: f32, prop_oneof![4 => numbers().prop_map(|x| x as f32), 1 => Just(-0.0), 1 => Just(0.0)];
    f64_is_the_specification: f64, prop_oneof![4 => numbers(), 1 => Just(-0.0), 1 => Just(0.0)];
}

#[test]
fn large_windows_are_the_specification() {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    };
    let shape = Shape {
        images: 1,
        height: 30,
        width: 70,
    };
    let pixels: Vec<u64> = (0..shape.height * shape.width).map(|_| next()).collect();
    let bytes: Vec<u8> = pixels.iter().map(|&x| x as u8).collect();
    let words: Vec<u16> = pixels.iter().map(|&x| (x % 300) as u16).collect();
    let floats: Vec<f32> = pixels.iter().map(|&x| x as f32).collect();
    for (window, mode) in [
        ([45, 60], Mode::Reflect),
        ([61, 44], Mode::Constant),
        ([50, 50], Mode::Mirror),
        ([3, 700], Mode::Wrap),
        ([700, 3], Mode::Nearest),
    ] {
        let expected_bytes = specification(&bytes, shape, window, mode, 7);
        let expected_words = specification(&words, shape, window, mode, 7);
        let expected_floats = specification(&floats, shape, window, mode, 7.0);
        for level in [Level::Scalar, simd::detected()] {
            for way in [Way::Chosen, Way::Patches, Way::Weights] {
                let found = filtered(way, level, &bytes, shape, (window, mode, 7), 1);
                assert_eq!(found, expected_bytes);
                let found = filtered(way, level, &words, shape, (window, mode, 7), 2);
                assert_eq!(found, expected_words);
                let found = filtered(way, level, &floats, shape, (window, mode, 7.0), 3);
                assert_eq!(found, expected_floats);
            }
        }
    }
}

#[test]
fn counts_reach_their_limits() {
    let shape = Shape {
        images: 1,
        height: 3,
        width: 5,
    };
    let pixels = [[9_u8; 5], [255; 5], [0, 255, 9, 9, 9]].concat();
    for window in [[255, 257], [256, 255], [255, 258]] {
        for mode in [Mode::Nearest, Mode::Wrap, Mode::Constant] {
            let asked = (window, mode, 255);
            let expected = specification(&pixels, shape, asked.0, asked.1, asked.2);
            for level in simd::available() {
                for way in [Way::Chosen, Way::Patches] {
                    assert_eq!(filtered(way, level, &pixels, shape, asked, 1), expected);
                }
            }
        }
    }
}

/// Medians that stay in a group, go back and forth between two, and go far.
#[test]
fn medians_go_from_group_to_group() {
    let shape = Shape {
        images: 1,
        height: 40,
        width: 300,
    };
    let mut pixels = Vec::new();
    for row in 0..shape.height {
        for column in 0..shape.width {
            let noise = (row * 7919 + column * 104_729) % 23;
            pixels.push(match row / 10 {
                0 => (column % 40 * 6 + noise) as u8,
                1 => (116 + noise) as u8,
                2 => (column / 30 % 2 * 200 + noise) as u8,
                _ => (column * 255 / shape.width) as u8,
            });
        }
    }
    let words: Vec<u16> = pixels.iter().map(|&pixel| u16::from(pixel) * 5).collect();
    for window in [[5, 9], [9, 31], [20, 20]] {
        let expected = specification(&pixels, shape, window, Mode::Reflect, 0);
        let expected_words = specification(&words, shape, window, Mode::Reflect, 0);
        for level in simd::available() {
            let asked = (window, Mode::Reflect, 0);
            let found = filtered(Way::Patches, level, &pixels, shape, asked, 1);
            assert_eq!(found, expected, "{level} {window:?}");
            let asked = (window, Mode::Reflect, 0);
            let found = filtered(Way::Patches, level, &words, shape, asked, 1);
            assert_eq!(found, expected_words, "{level} {window:?}");
        }
    }
}

#[test]
fn a_window_of_any_size_is_taken() {
    let shape = Shape {
        images: 1,
        height: 3,
        width: 4,
    };
    let pixels: Vec<f64> = (0..12).map(f64::from).collect();
    let level = simd::detected();
    for mode in MODES {
        for window in [[1 << 31, 1 << 31], [1, 1 << 31], [1 << 31, 1]] {
            let found = filtered(Way::Chosen, level, &pixels, shape, (window, mode, -1.0), 1);
            if mode == Mode::Constant {
                assert_eq!(found, [-1.0; 12]);
            }
        }
    }
    // Every pixel as often as every other.
    for mode in [Mode::Wrap, Mode::Reflect] {
        let asked = ([3 << 28, 1 << 30], mode, -1.0);
        let found = filtered(Way::Chosen, level, &pixels, shape, asked, 1);
        assert_eq!(found, [6.0; 12]);
    }
}

#[test]
fn wide_images_are_cut_and_put_together() {
    let shape = Shape {
        images: 2,
        height: 37,
        width: 8400,
    };
    let pixels: Vec<u8> = (0..shape.pixels().unwrap() as u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 21) as u8)
        .collect();
    for window in [[3, 3], [5, 5], [3, 5]] {
        let asked = (window, Mode::Mirror, 0);
        let expected = specification(&pixels, shape, asked.0, asked.1, asked.2);
        for level in simd::available() {
            for way in [Way::Chosen, Way::Patches] {
                assert_eq!(filtered(way, level, &pixels, shape, asked, 2), expected);
            }
        }
    }
}

#[test]
fn nothing_comes_of_nothing() {
    for (images, height, width) in [(0, 3, 4), (2, 0, 4), (2, 3, 0)] {
        let shape = Shape {
            images,
            height,
            width,
        };
        let asked = ([3, 3], Mode::Reflect, 0_u8);
        assert!(filtered(Way::Chosen, simd::detected(), &[], shape, asked, 1).is_empty());
    }
}

#[test]
fn a_team_that_is_told_to_stop_stops() {
    let shape = Shape {
        images: 1,
        height: 60,
        width: 60,
    };
    let pixels = vec![0_u16; 3600];
    for window in [3, 50, 1000] {
        let mut out = pixels.clone();
        let result = median_filter(
            simd::detected(),
            Source::from(pixels.as_slice()),
            shape,
            [window; 2],
            (Mode::Reflect, 0),
            &Target::from_slice(&mut out, 60, 60),
            &Team::alone(&|| true),
        );
        assert_eq!(result, Err(Interrupted));
    }
}
