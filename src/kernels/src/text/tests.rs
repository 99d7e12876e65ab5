//! The algorithms against plain programs: the matrix of distances, cell by cell; Jaro's rules, as they are stated.

use std::cell::Cell;
use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::jaro::{self, Winkler};
use super::{Pair, Scratch, Text, Unit, Units, damerau_levenshtein, levenshtein, osa, pair};
use crate::simd;
use crate::testing::config;
use crate::threads::Interrupted;

fn on() -> bool {
    false
}

/// Wagner and Fischer 1974; with swaps, optimal string alignment.
fn table(a: &[u8], b: &[u8], swaps: bool) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (row[j - 1] + 1)
                .min(rows[i - 1][j] + 1)
                .min(rows[i - 1][j - 1] + change);
            if swaps && i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// Lowrance and Wagner 1975: every swap that ends in a cell begins at the last occurrences of the two units.
fn swaps_with_gaps(a: &[u8], b: &[u8]) -> usize {
    let far = a.len() + b.len();
    let mut table = vec![vec![far; b.len() + 2]; a.len() + 2];
    for (i, row) in table.iter_mut().enumerate().skip(1) {
        row[1] = i - 1;
    }
    for (j, distance) in table[1].iter_mut().enumerate().skip(1) {
        *distance = j - 1;
    }
    let mut last_row: HashMap<u8, usize> = HashMap::new();
    for i in 1..=a.len() {
        let mut last_column = 0;
        for j in 1..=b.len() {
            let (row, column) = (last_row.get(&b[j - 1]).copied().unwrap_or(0), last_column);
            let same = a[i - 1] == b[j - 1];
            if same {
                last_column = j;
            }
            table[i + 1][j + 1] = (table[i][j] + usize::from(!same))
                .min(table[i + 1][j] + 1)
                .min(table[i][j + 1] + 1)
                .min(table[row][column] + (i - row - 1) + 1 + (j - column - 1));
        }
        last_row.insert(a[i - 1], i);
    }
    table[a.len() + 1][b.len() + 1]
}

/// Units in common and out of order, unit by unit.
fn jaro_by_its_rules(a: &[u8], b: &[u8]) -> f64 {
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut from_a, mut taken) = (Vec::new(), vec![false; b.len()]);
    for (i, x) in a.iter().enumerate() {
        let found = (0..b.len()).find(|&j| i.abs_diff(j) <= reach && !taken[j] && b[j] == *x);
        if let Some(j) = found {
            taken[j] = true;
            from_a.push(*x);
        }
    }
    if from_a.is_empty() {
        return 0.0;
    }
    let from_b = (0..b.len()).filter(|&j| taken[j]).map(|j| b[j]);
    let unordered = from_a.iter().zip(from_b).filter(|(x, y)| **x != *y).count();
    let common = from_a.len() as f64;
    (common / a.len() as f64 + common / b.len() as f64 + (common - (unordered / 2) as f64) / common)
        / 3.0
}

/// The same two strings in each width.
fn widths(a: &[u8], b: &[u8], check: impl Fn(Pair<'_>)) {
    let wide =
        |text: &[u8]| -> Vec<u16> { text.iter().map(|&unit| 0x4E00 + u16::from(unit)).collect() };
    let wider = |text: &[u8]| -> Vec<u32> {
        // Numbers that meet in a table of 128 slots.
        text.iter()
            .map(|&unit| u32::from(unit % 16) << 14 | u32::from(unit))
            .collect()
    };
    check(Pair::U8(a, b));
    check(Pair::U16(&wide(a), &wide(b)));
    check(Pair::U32(&wider(a), &wider(b)));
}

/// Two strings of one alphabet, of 1 to 256 units; half of them one string with some edits.
fn strings(longest: usize) -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let text = move |units: u8| vec(0..=units, 0..=longest);
    let alphabet = prop_oneof![Just(1_u8), Just(3), Just(25), Just(255)];
    alphabet.prop_flat_map(move |units| {
        let edits = vec((any::<prop::sample::Index>(), 0..4, 0..=units), 0..12);
        let edited = (text(units), edits).prop_map(|(text, edits)| {
            let mut other = text.clone();
            for (index, edit, unit) in edits {
                let place = index.index(other.len() + 1);
                match edit {
                    0 => other.insert(place, unit),
                    1 if place < other.len() => drop(other.remove(place)),
                    2 if place + 1 < other.len() => other.swap(place, place + 1),
                    _ if place < other.len() => other[place] = unit,
                    _ => {}
                }
            }
            (text, other)
        });
        prop_oneof![(text(units), text(units)), edited]
    })
}

/// Distances with and without a cutoff, at each level.
fn check_distances(a: &[u8], b: &[u8]) {
    let expected = [table(a, b, false), table(a, b, true), swaps_with_gaps(a, b)];
    widths(a, b, |pair| {
        for level in simd::available() {
            let distances = [levenshtein, osa, damerau_levenshtein];
            for (distance, expected) in distances.into_iter().zip(expected) {
                assert_eq!(distance(level, pair, usize::MAX, &on), Ok(Some(expected)));
                assert_eq!(distance(level, pair, expected, &on), Ok(Some(expected)));
                for less in [1, 2, 10, expected / 2 + 1] {
                    if less <= expected {
                        assert_eq!(distance(level, pair, expected - less, &on), Ok(None));
                    }
                }
            }
        }
    });
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn distances_of_short_strings((a, b) in strings(20)) {
        check_distances(&a, &b);
    }

    #[test]
    fn distances_of_longer_strings((a, b) in strings(if cfg!(miri) { 80 } else { 400 })) {
        check_distances(&a, &b);
    }

    #[test]
    fn similarities((a, b) in strings(100)) {
        let expected = jaro_by_its_rules(&a, &b);
        widths(&a, &b, |pair| assert_eq!(super::jaro(pair, Winkler::Not, &|| false).unwrap().to_bits(), expected.to_bits()));
        prop_assert_eq!(jaro::similarity(&a[..0], &b, Winkler::Prefix, &|| false).unwrap().to_bits(), 0);
    }

    #[test]
    fn hamming((a, b) in strings(100)) {
        let most = a.len().max(b.len());
        let expected = (0..most).filter(|&place| a.get(place) != b.get(place)).count();
        widths(&a, &b, |pair| assert_eq!(super::hamming(pair), expected));
    }

    /// However a string comes, its units are the same ones.
    #[test]
    fn units_of_any_string(a in ".*", b in ".*") {
        let points = |text: &str| -> Vec<u32> { text.chars().map(u32::from).collect() };
        let (a_points, b_points) = (points(&a), points(&b));
        for unit in [Unit::Grapheme, Unit::CodePoint] {
            let distance = |a: Text<'_>, b: Text<'_>| {
                let mut scratch = Scratch::default();
                super::hamming(pair(a, b, unit, &mut scratch, &|| false).unwrap())
            };
            let wide = Text::Points(Units::U32(&b_points));
            let expected = distance(Text::Points(Units::U32(&a_points)), wide);
            prop_assert_eq!(distance(Text::Utf8(&a), Text::Utf8(&b)), expected);
            prop_assert_eq!(distance(Text::Utf8(&a), wide), expected);
            let narrow: Result<Vec<u16>, _> = a_points.iter().map(|&point| u16::try_from(point)).collect();
            if let Ok(narrow) = narrow {
                prop_assert_eq!(distance(Text::Points(Units::U16(&narrow)), wide), expected);
                prop_assert_eq!(distance(Text::Points(Units::U16(&narrow)), Text::Utf8(&b)), expected);
            }
        }
    }
}

/// Long enough for bands of several groups: strangers, with a part in common that is off the diagonal.
#[test]
#[cfg_attr(miri, ignore = "takes hours there; shorter strings do the same")]
fn distances_of_long_strings() {
    let letters = |length: usize, seed: u64| -> Vec<u8> {
        let mut state = seed;
        let mut letter = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(seed | 1);
            (state >> 60) as u8
        };
        (0..length).map(|_| letter()).collect()
    };
    for (own, shared) in [(600, 0), (1500, 0), (200, 1200), (700, 700), (40, 1900)] {
        let middle = letters(shared, 7);
        let a = [&letters(30, 1)[..], &middle, &letters(own, 2)].concat();
        let b = [&letters(own * 2 / 3, 3)[..], &middle, &letters(20, 4)].concat();
        check_distances(&a, &b);
        let mut swapped = a.clone();
        for place in (0..a.len() - 1).step_by(41) {
            swapped.swap(place, place + 1);
        }
        check_distances(&a, &swapped);
    }
}

#[test]
fn every_length_about_a_word() {
    let text: Vec<u8> = (0..400_u32)
        .map(|place| (place * place % 251) as u8)
        .collect();
    for length in (60..70)
        .chain(124..132)
        .chain([191, 192, 193, 255, 256, 257, 320])
    {
        check_distances(&text[..length], &text[1..length + 3]);
        check_distances(&text[..length], &text[70..140]);
    }
}

#[test]
fn a_long_call_asks_whether_to_stop() {
    let (a, b) = (vec![1; 3000], vec![2; 3000]);
    let level = simd::detected();
    for distance in [
        &|stop: &dyn Fn() -> bool| levenshtein(level, Pair::U8(&a, &b), usize::MAX, stop),
        &|stop: &dyn Fn() -> bool| osa(level, Pair::U8(&a, &b), usize::MAX, stop),
        &|stop: &dyn Fn() -> bool| damerau_levenshtein(level, Pair::U8(&a, &b), usize::MAX, stop),
    ] as [&dyn Fn(&dyn Fn() -> bool) -> Result<Option<usize>, Interrupted>; 3]
    {
        let asked = Cell::new(0);
        let third = || {
            asked.set(asked.get() + 1);
            asked.get() == 3
        };
        assert_eq!(distance(&third), Err(Interrupted));
        assert_eq!(distance(&on), Ok(Some(3000)));
    }
}

/// A few letters in a text of millions: too long to go without asking.
#[test]
#[cfg_attr(miri, ignore = "takes hours there")]
fn few_letters_in_a_very_long_text() {
    let text = [&vec![1; 2 << 20][..], &[2, 3, 4]].concat();
    for length in [1, 64, 100] {
        let pattern = [&vec![5; length - 1][..], &[3]].concat();
        let pair = Pair::U8(&text, &pattern);
        for distance in [levenshtein, osa, damerau_levenshtein] {
            let level = simd::detected();
            let found = distance(level, pair, usize::MAX, &on);
            assert_eq!(found, Ok(Some(text.len() - 1)));
            assert_eq!(
                distance(level, pair, usize::MAX, &|| true),
                Err(Interrupted)
            );
        }
    }
}

/// What is asked whether to stop says so the n-th time, and the call ends there.
#[test]
fn long_strings_can_be_stopped() {
    let asked = std::cell::Cell::new(0);
    let b: Vec<u32> = (0..400_000).map(|place| place % 1000).collect();
    let clusters = "e\u{301}".repeat(200_000);
    let jaro =
        |stop: &dyn Fn() -> bool| super::jaro(Pair::U32(&b, &b), Winkler::Not, stop).map(drop);
    let cut = |stop: &dyn Fn() -> bool| {
        let text = super::Text::Utf8(&clusters);
        super::pair(
            text,
            text,
            super::Unit::Grapheme,
            &mut super::Scratch::default(),
            stop,
        )
        .map(drop)
    };
    for work in [
        &jaro as &dyn Fn(&dyn Fn() -> bool) -> Result<(), crate::threads::Interrupted>,
        &cut,
    ] {
        asked.set(0);
        let count = || {
            asked.set(asked.get() + 1);
            false
        };
        assert_eq!(work(&count), Ok(()));
        let all = asked.get();
        assert!(all > 8, "{all}");
        for last in 1..=all {
            asked.set(0);
            let stop = || {
                asked.set(asked.get() + 1);
                asked.get() == last
            };
            assert_eq!(work(&stop), Err(crate::threads::Interrupted));
            assert_eq!(asked.get(), last);
        }
    }
}
