//! Sums of any numbers, in stretches that differ in size, against the exact one.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::memory::Source;
use hotkernels_kernels::reduce::{Accumulator, Integer, SumError, sum_f32, sum_f64, sum_int};
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::specification::fsum;

use crate::chance::Chance;
use crate::numbers::{Kind, Mix, length, numbers};
use crate::{Placed, on};

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let levels = &Chance::of(u).levels()[..];
    let skip = u.int_in_range(0..=15)?;
    match u.int_in_range(0..=9_u8)? {
        0 => integers(u, levels, skip, |bits| bits as i8),
        1 => integers(u, levels, skip, |bits| bits as u8),
        2 => integers(u, levels, skip, |bits| bits as i16),
        3 => integers(u, levels, skip, |bits| bits as u16),
        4 => integers(u, levels, skip, |bits| bits as i32),
        5 => integers(u, levels, skip, |bits| bits as u32),
        6 => integers(u, levels, skip, |bits| bits as i64),
        7 => integers(u, levels, skip, |bits| bits),
        8 => {
            let narrow: Vec<f32> = stretches(u)?.into_iter().map(|x| x as f32).collect();
            let wide: Vec<f64> = narrow.iter().copied().map(f64::from).collect();
            let expected = exact(&wide);
            for &level in levels {
                let placed = Placed::new(&narrow, skip);
                let found = sum_f32(level, placed.source(), &on);
                assert_eq!(
                    bits(found),
                    bits(expected),
                    "{level}: {found:?} {expected:?}"
                );
            }
            Ok(())
        }
        _ => {
            let all = stretches(u)?;
            let at = u.int_in_range(0..=all.len())?;
            floats(levels, &all, skip, at);
            Ok(())
        }
    }
}

/// Stretches of numbers of sizes of their own; some are there a second time with the other sign, so that they cancel.
fn stretches(u: &mut Unstructured<'_>) -> Result<Vec<f64>> {
    let mut all: Vec<f64> = Vec::new();
    for _ in 0..u.int_in_range(1..=5)? {
        let kind = Kind::of(u)?;
        let len = length(u, 6000)?;
        let scale = 2_f64.powi(u.int_in_range(-1000..=1000)?);
        let mut some = numbers(u, len, kind)?;
        if kind == Kind::Tame {
            some.iter_mut().for_each(|x| *x *= scale);
        }
        if u.ratio(1, 3)? {
            let back: Vec<f64> = all.iter().rev().map(|x| -x).collect();
            all.extend(back);
        }
        all.extend(some);
        all.truncate(20_000);
    }
    Ok(all)
}

fn bits(sum: std::result::Result<f64, SumError>) -> std::result::Result<u64, SumError> {
    sum.map(|sum| if sum.is_nan() { f64::NAN } else { sum }.to_bits())
}

/// The sum, one number at a time.
fn exact(all: &[f64]) -> std::result::Result<f64, SumError> {
    let mut total = Accumulator::new();
    for number in all {
        total.add(*number);
    }
    let total = total.round();
    // By another algorithm, where that does not overflow.
    if all.iter().map(|x| x.abs()).sum::<f64>() < 1e300 {
        assert_eq!(total.map(f64::to_bits), Ok(fsum(all).to_bits()));
    }
    total
}

fn floats(levels: &[Level], all: &[f64], skip: usize, at: usize) {
    let expected = exact(all);
    let mut together = Accumulator::new();
    together.add_all(Source::from(all));
    assert_eq!(bits(together.round()), bits(expected), "add_all");
    let (mut merged, mut other) = (Accumulator::new(), Accumulator::new());
    merged.add_all(Source::from(&all[..at]));
    other.add_all(Source::from(&all[at..]));
    merged.merge(&other);
    assert_eq!(bits(merged.round()), bits(expected), "merge");
    for &level in levels {
        let placed = Placed::new(all, skip);
        let found = sum_f64(level, placed.source(), &on);
        assert_eq!(
            bits(found),
            bits(expected),
            "{level}: {found:?} {expected:?}"
        );
    }
}

fn integers<T: Integer + Default + Into<i128>>(
    u: &mut Unstructured<'_>,
    levels: &[Level],
    skip: usize,
    make: fn(u64) -> T,
) -> Result<()> {
    let len = length(u, 9000)?;
    let mut mix = Mix(u.arbitrary()?);
    let own: Vec<u64> = (0..u.int_in_range(1..=8)?)
        .map(|_| u.arbitrary())
        .collect::<Result<_>>()?;
    // All alike, of a few, or any.
    let kinds = u.int_in_range(0..=2_u8)?;
    let all: Vec<T> = (0..len)
        .map(|_| match kinds {
            0 => make(own[0]),
            1 => make(own[mix.below(own.len())]),
            _ => make(mix.draw()),
        })
        .collect();
    let expected: i128 = all.iter().map(|number| (*number).into()).sum();
    for &level in levels {
        let placed = Placed::new(&all, skip);
        assert_eq!(
            sum_int(level, placed.source(), &on),
            Ok(expected),
            "{level}"
        );
    }
    Ok(())
}
