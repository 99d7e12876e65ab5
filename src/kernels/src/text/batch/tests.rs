//! Every measure, width of word and level against the functions for two strings.

use std::cell::Cell as Counter;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::memory::Target;
use crate::simd::{self, Level};
use crate::testing::config;
use crate::text::{self, Pair, Pieces, Text, Unit, Units, Winkler};
use crate::threads::{Interrupted, Team};

mod rows;

type Given = Vec<Option<Vec<u32>>>;

fn on() -> bool {
    false
}

fn read(given: &Given) -> Strings {
    let (mut reader, mut strings) = (Reader::new(Unit::CodePoint), Strings::default());
    for string in given {
        let text = string
            .as_deref()
            .map(|units| Text::Points(Units::U32(units)));
        reader.read(text, &mut strings);
    }
    strings
}

/// Queries and choices of one alphabet, of 1 to 3,000 units, some of which queries alone have; lengths about those of the
/// words, and some strings nearly the same. One of a few is missing.
fn given() -> impl Strategy<Value = (Given, Given)> {
    let alphabet = prop_oneof![Just(1_u32), Just(3), Just(26), Just(300), Just(3000)];
    let longest = prop_oneof![Just(4_usize), Just(9), Just(17), Just(33), Just(70)];
    (alphabet, longest).prop_flat_map(|(units, longest)| {
        let string = move |units| {
            prop_oneof![
                9 => vec(0..units, 0..=longest).prop_map(Some),
                1 => vec(0..units, longest.saturating_sub(2)..=longest).prop_map(Some),
                1 => Just(None),
            ]
        };
        let choices = if cfg!(miri) { 5 } else { 200 };
        (
            vec(string(units + 2), 0..6),
            vec(string(units), 0..choices),
            any::<u64>(),
        )
            .prop_map(|(mut queries, choices, edit)| {
                // One query is a choice but for an edit.
                let index = edit as usize % choices.len().max(1);
                if let Some(Some(choice)) = choices.get(index) {
                    let mut near = choice.clone();
                    if near.len() > 1 {
                        let place = edit as usize % (near.len() - 1);
                        near.swap(place, place + 1);
                    }
                    queries.push(Some(near));
                }
                (queries, choices)
            })
    })
}

/// The score of two strings by the functions for two strings.
trait Known: Measure {
    fn of(self, query: &[u32], choice: &[u32]) -> Self::Score;
}

impl Known for Distance {
    fn of(self, query: &[u32], choice: &[u32]) -> u32 {
        let pair = Pair::U32(query, choice);
        let found = match self {
            Self::Levenshtein => text::levenshtein(Level::Scalar, pair, usize::MAX, &on),
            Self::Osa => text::osa(Level::Scalar, pair, usize::MAX, &on),
            Self::DamerauLevenshtein => {
                text::damerau_levenshtein(Level::Scalar, pair, usize::MAX, &on)
            }
            Self::Hamming => Ok(Some(text::hamming(pair))),
        };
        found.unwrap().unwrap() as u32
    }
}

impl Known for Similarity {
    fn of(self, query: &[u32], choice: &[u32]) -> f64 {
        match self {
            Self::Jaro => text::jaro(Pair::U32(query, choice), Winkler::Not, &|| false).unwrap(),
            Self::JaroWinkler => {
                text::jaro(Pair::U32(query, choice), Winkler::Prefix, &|| false).unwrap()
            }
            Self::Jaccard(pieces) => {
                let [a, b] = [query, choice].map(|units| Text::Points(Units::U32(units)));
                text::jaccard(a, b, pieces, &|| false).unwrap()
            }
        }
    }
}

/// Both functions at each level, with and without a cutoff, with one thread and with three.
fn check<M: Known>(
    measure: M,
    queries: &Given,
    choices: &Given,
    cutoffs: &[M::Score],
    missing: M::Score,
) where
    M::Score: Cell<M::Score>,
{
    let orders = [Order::AsGiven, Order::ByLength];
    for (level, order) in simd::available()
        .into_iter()
        .flat_map(|level| orders.map(|order| (level, order)))
    {
        let laid_out =
            Choices::new(level, measure, read(choices), order, &|| false).expect("not stopped");
        let asked = Queries::new(read(queries), &laid_out, &|| false).expect("not stopped");
        for cutoff in cutoffs.iter().copied().map(Some).chain([None]) {
            for threads in [1, 3] {
                let team = Team::new(NonZeroUsize::new(threads).unwrap(), &on);
                let done = AtomicU64::new(0);
                let mut out = vec![M::Score::default(); queries.len() * choices.len()];
                let target = Target::from_slice(&mut out, queries.len(), choices.len());
                cdist(
                    level, measure, &asked, &laid_out, cutoff, missing, &target, &team, &done,
                )
                .unwrap();
                let pairs = asked.known() * laid_out.known();
                assert_eq!(done.load(Ordering::Relaxed), pairs as u64);
                let done = AtomicU64::new(0);
                let best =
                    best_match(level, measure, &asked, &laid_out, cutoff, &team, &done).unwrap();
                assert_eq!(done.into_inner(), pairs as u64);
                for (row, query) in queries.iter().enumerate() {
                    let mut nearest: Option<Best<M::Score>> = None;
                    for (column, choice) in choices.iter().enumerate() {
                        let found = out[row * choices.len() + column];
                        let (Some(query), Some(choice)) = (query, choice) else {
                            assert!(found == missing);
                            continue;
                        };
                        let score = measure.of(query, choice);
                        let passes = cutoff.is_none_or(|cutoff| !M::nearer(cutoff, score));
                        let expected = match cutoff {
                            Some(cutoff) if !passes => M::beyond(cutoff),
                            _ => score,
                        };
                        assert!(
                            found == expected,
                            "{measure:?} {level} {cutoff:?} {query:?} {choice:?}: {found:?}, not {expected:?}"
                        );
                        if passes && nearest.is_none_or(|best| M::nearer(score, best.score)) {
                            nearest = Some(Best {
                                index: column,
                                score,
                            });
                        }
                    }
                    assert_eq!(
                        best[row], nearest,
                        "{measure:?} {level} {cutoff:?} {query:?}"
                    );
                }
            }
        }
    }
}

/// Row by row: the queries again and again beside the choices.
fn check_pairs<M: Known>(
    measure: M,
    queries: &Given,
    choices: &Given,
    cutoffs: &[M::Score],
    missing: M::Score,
) where
    M::Score: Cell<M::Score>,
{
    let queries: Given = queries
        .iter()
        .cycle()
        .take(choices.len())
        .cloned()
        .collect();
    let choices = &choices[..queries.len()];
    let pairs = Pairs::new(read(&queries), read(&choices.to_vec()), &on).unwrap();
    for level in simd::available() {
        for cutoff in cutoffs.iter().copied().map(Some).chain([None]) {
            for threads in [1, 3] {
                let team = Team::new(NonZeroUsize::new(threads).unwrap(), &on);
                let mut out = vec![M::Score::default(); choices.len()];
                let target = Target::from_slice(&mut out, 1, choices.len());
                cpdist(level, measure, &pairs, cutoff, missing, &target, &team).unwrap();
                for ((query, choice), found) in queries.iter().zip(choices).zip(out) {
                    let expected = match (query, choice) {
                        (Some(query), Some(choice)) => {
                            let score = measure.of(query, choice);
                            match cutoff {
                                Some(cutoff) if M::nearer(cutoff, score) => M::beyond(cutoff),
                                _ => score,
                            }
                        }
                        _ => missing,
                    };
                    assert!(
                        found == expected,
                        "{measure:?} {level} {cutoff:?} {query:?} {choice:?}: {found:?}, not {expected:?}"
                    );
                }
            }
        }
    }
}

fn check_distance(measure: Distance, (queries, choices): (Given, Given)) {
    check_pairs(measure, &queries, &choices, &[0, 1, 4, 20], u32::MAX);
    check(measure, &queries, &choices, &[0, 1, 4, 20], u32::MAX);
}

fn check_similarity(measure: Similarity, (queries, choices): (Given, Given)) {
    check_pairs(measure, &queries, &choices, &[0.5, 0.8, 1.0], 0.0);
    check(measure, &queries, &choices, &[0.5, 0.8, 1.0], 0.0);
}

/// Words, or pieces of so many code points.
fn pieces(size: usize) -> Pieces {
    NonZeroUsize::new(size).map_or(Pieces::Words, |size| Pieces::Of(size, Unit::CodePoint))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn levenshtein(given in given()) {
        check_distance(Distance::Levenshtein, given);
    }

    #[test]
    fn osa(given in given()) {
        check_distance(Distance::Osa, given);
    }

    #[test]
    fn damerau_levenshtein(given in given()) {
        check_distance(Distance::DamerauLevenshtein, given);
    }

    #[test]
    fn hamming(given in given()) {
        check_distance(Distance::Hamming, given);
    }

    #[test]
    fn jaro(given in given()) {
        check_similarity(Similarity::Jaro, given);
    }

    #[test]
    fn jaro_winkler(given in given()) {
        check_similarity(Similarity::JaroWinkler, given);
    }

    #[test]
    fn jaccard(given in given(), size in 0..4_usize) {
        check_similarity(Similarity::Jaccard(pieces(size)), given);
    }
}

/// Every length about a word's against every other, and queries far longer than any word.
#[test]
fn every_length() {
    let text = |length: usize, step: usize| -> Vec<u32> {
        (0..length)
            .map(|place| (place * place / step % 5) as u32)
            .collect()
    };
    let lengths = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130];
    let strings = |step: usize| -> Given {
        lengths
            .iter()
            .map(|&length| Some(text(length, step)))
            .collect()
    };
    let mut queries = strings(3);
    queries.extend([250, 300, 1000].map(|length| Some(text(length, 2))));
    let few = |given: Given| -> Given {
        if cfg!(miri) {
            given.into_iter().step_by(5).collect()
        } else {
            given
        }
    };
    for measure in [
        Distance::Levenshtein,
        Distance::Osa,
        Distance::DamerauLevenshtein,
        Distance::Hamming,
    ] {
        check(
            measure,
            &few(queries.clone()),
            &few(strings(2)),
            &[3],
            u32::MAX,
        );
    }
    let jaccard = [0, 1, 2].map(|size| Similarity::Jaccard(pieces(size)));
    for measure in [Similarity::Jaro, Similarity::JaroWinkler]
        .into_iter()
        .chain(jaccard)
    {
        check(
            measure,
            &few(queries.clone()),
            &few(strings(2)),
            &[0.6],
            0.0,
        );
    }
}

/// Bytes number themselves, the first and the last one too; what is none is unlike all of them.
#[test]
fn every_byte_is_a_unit() {
    let bytes: Given = (0..256).map(|unit| Some(vec![unit, 97, unit])).collect();
    let queries = [0, 97, 254, 255, 256, 511].map(|unit| Some(vec![unit, 255, 0, unit]));
    check_distance(Distance::Levenshtein, (queries.into(), bytes.clone()));
    check_distance(Distance::Hamming, (bytes[250..].to_vec(), bytes));
}

/// Numbers of clusters are shared by queries and choices, and by nothing else.
#[test]
fn clusters_are_units() {
    let (mut reader, mut queries, mut choices) = (
        Reader::new(Unit::Grapheme),
        Strings::default(),
        Strings::default(),
    );
    reader.read(Some(Text::Utf8("re\u{301}sume\u{301}")), &mut queries);
    reader.read(Some(Text::Utf8("résumé")), &mut choices);
    reader.read(Some(Text::Utf8("re\u{301}sume\u{300}")), &mut choices);
    let level = simd::detected();
    let choices = Choices::new(
        level,
        Distance::Levenshtein,
        choices,
        Order::AsGiven,
        &|| false,
    )
    .expect("not stopped");
    let queries = Queries::new(queries, &choices, &|| false).expect("not stopped");
    let (mut out, done) = ([0_u8; 2], AtomicU64::new(0));
    let target = Target::from(out.as_mut_slice());
    cdist(
        level,
        Distance::Levenshtein,
        &queries,
        &choices,
        None,
        u8::MAX,
        &target,
        &Team::alone(&on),
        &done,
    )
    .unwrap();
    assert_eq!(out, [2, 1]);
}

#[test]
fn a_long_call_asks_whether_to_stop() {
    let long: Given = vec![Some((0..3000).collect()); 3];
    let short: Given = (0..2000)
        .map(|unit| Some(vec![unit, unit + 1, 3]))
        .collect();
    let level = simd::detected();
    for (given, times) in [(&long, 4), (&short, 4)] {
        let choices = Choices::new(
            level,
            Distance::Levenshtein,
            read(given),
            Order::ByLength,
            &|| false,
        )
        .expect("not stopped");
        let shifted: Given = given
            .iter()
            .flatten()
            .map(|units| Some(units.iter().map(|unit| unit + 5).collect()))
            .collect();
        let queries = Queries::new(read(&shifted), &choices, &|| false).expect("not stopped");
        let asked = Counter::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() >= times
        };
        let done = AtomicU64::new(0);
        let found = best_match(
            level,
            Distance::Levenshtein,
            &queries,
            &choices,
            None,
            &Team::alone(&stop),
            &done,
        );
        assert_eq!((found, asked.get()), (Err(Interrupted), times));
        let mut out = vec![0_u32; queries.len() * choices.len()];
        let target = Target::from_slice(&mut out, queries.len(), choices.len());
        let team = Team::alone(&stop);
        let found = cdist(
            level,
            Distance::Levenshtein,
            &queries,
            &choices,
            None,
            u32::MAX,
            &target,
            &team,
            &done,
        );
        assert_eq!(found, Err(Interrupted));
        let pairs = Pairs::new(read(given), read(&shifted), &on).unwrap();
        let mut out = vec![0_u32; given.len()];
        let target = Target::from_slice(&mut out, 1, given.len());
        let found = cpdist(
            level,
            Distance::Levenshtein,
            &pairs,
            None,
            u32::MAX,
            &target,
            &team,
        );
        assert_eq!(found, Err(Interrupted));
    }
}
