//! Sums against exact ones: Shewchuk's expansions (as in `math.fsum`), and integers.

use std::cell::Cell;

use proptest::bool::ANY as EITHER;
use proptest::prelude::*;

use super::specification::fsum;
use super::window::BLOCK;
use super::{Accumulator, Integer, SumError, sum_f32, sum_f64, sum_int};
use crate::memory::Source;
use crate::simd;
use crate::testing::{LENGTHS, Placed, any, config, finite, moderate, vectors};

fn on() -> bool {
    false
}

fn accumulated(numbers: &[f64]) -> Result<f64, SumError> {
    let mut total = Accumulator::new();
    for number in numbers {
        total.add(*number);
    }
    total.round()
}

/// The sum at every level and by every way, all the same.
fn sum(numbers: &[f64]) -> Result<f64, SumError> {
    let bits =
        |sum: Result<f64, SumError>| sum.map(|sum| if sum.is_nan() { 1 } else { sum.to_bits() });
    let one_by_one = accumulated(numbers);
    let mut all = Accumulator::new();
    all.add_all(Source::from(numbers));
    assert_eq!(bits(all.round()), bits(one_by_one), "add_all");
    let (left, right) = numbers.split_at(numbers.len() / 3);
    let (mut merged, mut other) = (Accumulator::new(), Accumulator::new());
    merged.add_all(Source::from(left));
    other.add_all(Source::from(right));
    merged.merge(&other);
    assert_eq!(bits(merged.round()), bits(one_by_one), "merge");
    for level in simd::available() {
        let placed = Placed::new(numbers.iter().copied(), numbers.len() % 8);
        let sum = sum_f64(level, placed.source(), &on);
        assert_eq!(
            bits(sum),
            bits(one_by_one),
            "{level}: {sum:?} {one_by_one:?}"
        );
    }
    one_by_one
}

#[test]
fn sums_that_test_math_of_cpython_has() {
    let large = 2_f64.powi(1023);
    let cases: &[(&[f64], f64)] = &[
        (&[], 0.0),
        (&[0.0], 0.0),
        (&[-0.0], 0.0),
        (&[-0.0, -0.0], 0.0),
        (&[1e100, 1.0, -1e100, 1e-100, 1e50, -1.0, -1e50], 1e-100),
        (&[1e100, 1.0, -1e100, 1e-100, 1e50, -1e50], 1.0),
        (
            &[9_007_199_254_740_992.0, -0.5, -(2_f64.powi(-54))],
            9_007_199_254_740_991.0,
        ),
        (
            &[9_007_199_254_740_992.0, 1.0, 2_f64.powi(-100)],
            9_007_199_254_740_994.0,
        ),
        (
            &[9_007_199_254_740_994.0, 1.0, 2_f64.powi(-100)],
            9_007_199_254_740_996.0,
        ),
        (
            &[9_007_199_254_740_992.0, 1.0, -(2_f64.powi(-100))],
            9_007_199_254_740_992.0,
        ),
        (&[1e16, 1.0, 1e-16], 10_000_000_000_000_002.0),
        (
            &[
                1e16 - 2.0,
                1.0 - 2_f64.powi(-53),
                -(1e16 - 2.0),
                -(1.0 - 2_f64.powi(-53)),
            ],
            0.0,
        ),
        (&[5e-324, -5e-324], 0.0),
        (&[f64::MIN_POSITIVE, -5e-324], f64::from_bits((1 << 52) - 1)),
        (&[large, large, -large], large),
        (&[f64::MAX, 2_f64.powi(969)], f64::MAX),
        (&[f64::MAX, 2_f64.powi(970)], f64::INFINITY),
        (&[-f64::MAX, -f64::MAX], f64::NEG_INFINITY),
        (&[f64::INFINITY, 1.0], f64::INFINITY),
    ];
    for (numbers, expected) in cases {
        let found = sum(numbers).unwrap();
        assert_eq!(
            found.to_bits(),
            expected.to_bits(),
            "{numbers:?}: {found:e}"
        );
        // The same among enough others that cancel for the vectors to be used.
        let mut long = numbers.to_vec();
        for index in 0..200 {
            let x = f64::from(index) * 0.1;
            long.extend([x, -x]);
        }
        assert_eq!(
            sum(&long).unwrap().to_bits(),
            expected.to_bits(),
            "{numbers:?}"
        );
    }
}

#[test]
fn infinities_and_nan_as_in_fsum() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for filler in [0, 500] {
        let with = |numbers: &[f64]| {
            let mut all = vec![0.5; filler];
            all.extend_from_slice(numbers);
            sum(&all)
        };
        assert_eq!(with(&[inf, -inf]), Err(SumError::OppositeInfinities));
        assert_eq!(with(&[inf, nan, -inf]), Err(SumError::OppositeInfinities));
        assert!(with(&[inf, nan]).unwrap().is_nan());
        assert!(with(&[nan]).unwrap().is_nan());
        assert_eq!(with(&[1e308, 1e308, -inf]), Ok(-inf));
    }
}

#[test]
fn long_sums_carry() {
    // More than the digits wait for, all the largest, then all of it off again.
    let count = if cfg!(miri) { 1500 } else { 300_000 };
    let mut numbers = vec![f64::MAX; count];
    assert_eq!(sum(&numbers), Ok(f64::INFINITY));
    numbers.extend(vec![-f64::MAX; count]);
    numbers.push(5e-324);
    assert_eq!(sum(&numbers), Ok(5e-324));
    numbers.push(-1e-323);
    assert_eq!(sum(&numbers), Ok(-5e-324));
}

#[test]
fn half_way_sums_are_found_by_the_fast_way_too() {
    // The exact sum lies between two numbers, or next to there by the smallest there is.
    let mut numbers: Vec<f64> = (1..=1000).map(f64::from).collect();
    numbers.push(2_f64.powi(53) - 500_500.0 + 1.0);
    assert_eq!(sum(&numbers), Ok(2_f64.powi(53)));
    numbers.push(5e-324);
    assert_eq!(sum(&numbers), Ok(2_f64.powi(53) + 2.0));
    numbers.push(-1e-323);
    assert_eq!(sum(&numbers), Ok(2_f64.powi(53)));
}

#[test]
#[cfg_attr(miri, ignore = "takes an hour")]
fn a_sum_stops_when_told_to() {
    let numbers = vec![0.1; 1 << 20];
    for level in simd::available() {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() == 2
        };
        let result = sum_f64(level, Source::from(numbers.as_slice()), &stop);
        assert_eq!((result, asked.get()), (Err(SumError::Interrupted), 2));
        let bytes = Source::from([1_u8].as_slice());
        assert_eq!(sum_int(level, bytes, &|| true), Err(SumError::Interrupted));
    }
}

#[test]
fn every_length() {
    for len in 0..=LENGTHS {
        let numbers: Vec<f64> = (0..len).map(|i| 1.0 / (i as f64 - 7.3)).collect();
        assert_eq!(sum(&numbers), Ok(fsum(&numbers)), "{len} elements");
    }
}

/// Numbers of all mantissas whose sizes lie within `spread` binary orders of magnitude from 2^lowest on, with zeros among
/// them where `zeros` says so; from a linear congruential generator (Knuth's MMIX).
fn within(len: usize, lowest: i32, spread: u64, zeros: bool, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 11
    };
    let mut numbers = Vec::with_capacity(len);
    for _ in 0..len {
        let mantissa = 1.0 + next() as f64 * 2_f64.powi(-53);
        let exponent = lowest + (next() % (spread + 1)) as i32;
        let kind = next() >> 20; // the low bits of such a generator hardly change
        let size = if zeros && kind.is_multiple_of(5) {
            0.0
        } else {
            mantissa * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2)
        };
        numbers.push(if kind & 64 == 0 { size } else { -size });
    }
    numbers
}

#[test]
fn guesses_of_the_size_may_be_wrong() {
    // Blocks that grow, shrink, and start with what is much smaller or larger than the rest.
    let mut numbers = Vec::new();
    for exponent in [0, 40, -40, 300, -900, 900, -1074, 0] {
        numbers.extend(within(16, exponent, 2, false, 7));
        numbers.extend(within(5000, exponent + 20, 8, false, 8));
        numbers.extend(vec![0.0; 4096]);
    }
    sum(&numbers).unwrap();
    numbers.reverse();
    sum(&numbers).unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "takes an hour")]
fn the_window_ends_before_a_bit_is_lost() {
    // Lanes that grow as fast as they can, of numbers whose lower parts are just below a half, and one number whose last bit
    // is the lowest of all; then all but that one off again.
    for spread in 0..60 {
        let scale = 2_f64.powi(spread);
        for bits in 8..=13 {
            let large = ((1_u64 << 52) + (1 << bits) - 1) as f64 * scale;
            let small = ((1_u64 << 52) + 1) as f64;
            let mut numbers = vec![large; BLOCK];
            numbers[BLOCK - 7] = small;
            numbers.extend(vec![-large; BLOCK - 1]);
            assert_eq!(sum(&numbers), Ok(small), "{spread} {bits}");
        }
        let large = (((1_u32 << 24) - 1) as f32) * scale as f32;
        let small = ((1_u32 << 23) + 1) as f32;
        let mut numbers = vec![large; BLOCK];
        numbers[BLOCK - 7] = small;
        numbers.extend(vec![-large; BLOCK - 1]);
        for level in simd::available() {
            let found = sum_f32(level, Source::from(numbers.as_slice()), &on);
            assert_eq!(found, Ok(small.into()), "{level} {spread}");
        }
    }
}

fn check_int<T: Integer + Default>(numbers: &[T]) {
    let expected: i128 = numbers.iter().map(|number| (*number).into()).sum();
    for level in simd::available() {
        for skip in 0..3 {
            let placed = Placed::new(numbers.iter().copied(), skip);
            assert_eq!(
                sum_int(level, placed.source(), &on),
                Ok(expected),
                "{level}"
            );
        }
    }
}

#[test]
fn integers_at_their_limits() {
    let count = if cfg!(miri) { 100 } else { 10_000 };
    check_int(&vec![i8::MIN; count]);
    check_int(&vec![i16::MIN; count]);
    check_int(&vec![i32::MIN; count]);
    check_int(&vec![i64::MIN; count]);
    check_int(&vec![i64::MAX; count]);
    check_int(&vec![u8::MAX; count]);
    check_int(&vec![u16::MAX; count]);
    check_int(&vec![u32::MAX; count]);
    check_int(&vec![u64::MAX; count]);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn moderate_sums_are_those_of_fsum(numbers in vectors(moderate(), 2000)) {
        prop_assert_eq!(sum(&numbers), Ok(fsum(&numbers)));
    }

    #[test]
    fn sums_of_any_size_are_those_of_fsum(numbers in vectors(finite(), 300)) {
        let smaller: Vec<_> = numbers.iter().map(|x| x * 2_f64.powi(-40)).collect();
        prop_assert_eq!(sum(&smaller), Ok(fsum(&smaller)));
        sum(&numbers).unwrap();
    }

    #[test]
    fn what_cancels_leaves_the_rest(
        numbers in vectors(finite(), 500),
        rest in vectors(moderate(), 3),
    ) {
        let mut all = numbers.clone();
        all.extend(&rest);
        all.extend(numbers.iter().rev().map(|x| -x));
        prop_assert_eq!(sum(&all), Ok(fsum(&rest)));
    }

    #[test]
    fn all_ways_agree_on_anything(numbers in vectors(any(), 300)) {
        let _ = sum(&numbers);
    }

    #[test]
    fn f32_are_summed_as_f64(numbers in vectors(proptest::num::f32::ANY, 600)) {
        let wide: Vec<f64> = numbers.iter().copied().map(f64::from).collect();
        let expected = accumulated(&wide).map(f64::to_bits);
        for level in simd::available() {
            let placed = Placed::new(numbers.iter().copied(), numbers.len() % 16);
            let found = sum_f32(level, placed.source(), &on).map(f64::to_bits);
            let nan = expected.is_ok_and(|sum| f64::from_bits(sum).is_nan());
            prop_assert!(found == expected || nan && f64::from_bits(found.unwrap()).is_nan());
        }
    }

    #[test]
    fn the_window_is_left_in_time(
        len in 1_usize..9000,
        lowest in prop_oneof![-1074..-1000, -60..0, 880..930],
        spread in 0_u64..90,
        zeros in EITHER,
        seed in proptest::num::u64::ANY,
    ) {
        let len = if cfg!(miri) { len % 200 } else { len };
        let mut numbers = within(len, lowest, spread, zeros, seed);
        sum(&numbers).unwrap();
        // With what cancels all but the last bits.
        for index in 0..len {
            numbers.push(-numbers[index]);
        }
        numbers.push(5e-324);
        prop_assert_eq!(sum(&numbers), Ok(5e-324));
    }

    #[test]
    fn the_window_of_f32_is_left_in_time(
        len in 1_usize..9000,
        lowest in prop_oneof![-149..-120, -60..0, 20..38],
        spread in 0_u64..90,
        zeros in EITHER,
        seed in proptest::num::u64::ANY,
    ) {
        let len = if cfg!(miri) { len % 200 } else { len };
        let numbers: Vec<f32> = within(len, lowest, spread, zeros, seed).iter().map(|x| *x as f32).collect();
        let wide: Vec<f64> = numbers.iter().copied().map(f64::from).collect();
        let expected = accumulated(&wide);
        for level in simd::available() {
            let placed = Placed::new(numbers.iter().copied(), len % 16);
            prop_assert_eq!(sum_f32(level, placed.source(), &on), expected, "{}", level);
        }
    }

    #[test]
    fn integers_are_summed_exactly(numbers in vectors(proptest::num::i64::ANY, 700)) {
        check_int(&numbers);
        check_int(&numbers.iter().map(|x| x.cast_unsigned()).collect::<Vec<_>>());
        check_int(&numbers.iter().map(|x| *x as i32).collect::<Vec<_>>());
        check_int(&numbers.iter().map(|x| *x as u32).collect::<Vec<_>>());
        check_int(&numbers.iter().map(|x| *x as i16).collect::<Vec<_>>());
        check_int(&numbers.iter().map(|x| *x as u16).collect::<Vec<_>>());
        check_int(&numbers.iter().map(|x| *x as i8).collect::<Vec<_>>());
        check_int(&numbers.iter().map(|x| *x as u8).collect::<Vec<_>>());
    }
}
