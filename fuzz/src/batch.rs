//! Many strings against many and beside as many, every measure, level and order, against the functions for two strings.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::AtomicU64;

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::memory::Target;
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::text::batch::{
    Cell, Choices, Distance, Measure, Order, Pairs, Queries, Reader, Similarity, Strings,
    best_match, cdist, cpdist,
};
use hotkernels_kernels::text::{self, Pair, Pieces, Scratch, Text, Unit, Winkler};

use crate::chance::Chance;
use crate::strings::{Alphabet, Forms, length};
use crate::{on, team};

type Given = Vec<Option<Vec<u32>>>;

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let mut chance = Chance::of(u);
    let levels = chance.levels();
    let unit = *u.choose(&[Unit::CodePoint, Unit::CodePoint, Unit::Grapheme])?;
    let alphabet = Alphabet::of(u)?;
    let most = *u.choose(&[4, 9, 17, 33, 66, 90])?;
    let mut choices: Given = Vec::new();
    let own = u.int_in_range(0..=12_usize)?;
    for _ in 0..own {
        choices.push(string(u, &alphabet, most)?);
    }
    // More of the same, as many as fill a block.
    let most_more = if chance.one_of(8) { 140 } else { 20 };
    let more = u.int_in_range(0..=140_usize)? % (most_more + 1);
    for index in 0..if own == 0 { 0 } else { more } {
        let mut copy = choices[index * 7 % own].clone();
        if let Some(copy) = &mut copy {
            let at = index % (copy.len() + 1);
            copy.rotate_left(at);
            copy.truncate(copy.len() - at / 3);
        }
        choices.push(copy);
    }
    let mut queries: Given = Vec::new();
    for _ in 0..u.int_in_range(0..=6)? {
        queries.push(match choices.get(u.int_in_range(0..=200_usize)?) {
            Some(Some(near)) => Some(alphabet.edited(u, near)?),
            _ => string(u, &alphabet, most)?,
        });
    }
    let threads = u.int_in_range(1..=3)?;
    let order = *u.choose(&[Order::AsGiven, Order::ByLength])?;
    let given = (&queries, &choices);
    // One of the cutoffs, or all of them in turn.
    let one = u.int_in_range(0..=2)?;
    let cutoffs = if chance.one_of(8) { 0..3 } else { one..one + 1 };
    let asked = Asked {
        levels,
        cutoffs,
        unit,
        order,
        threads,
    };
    let whole: u8 = u.arbitrary()?;
    let part = f64::from(u.arbitrary::<u8>()?) / 255.0;
    let distances = [
        Distance::Levenshtein,
        Distance::Osa,
        Distance::DamerauLevenshtein,
        Distance::Hamming,
    ];
    match u.int_in_range(0..=6_u8)? {
        number @ 0..=3 => {
            let measure = distances[usize::from(number)];
            let cutoffs = [None, Some(u32::from(whole % 40)), Some(0)];
            check(&asked, measure, given, &cutoffs, u32::MAX, |pair| {
                distance(measure, pair)
            });
        }
        4 => {
            let cutoffs = [None, Some(part), Some(1.0)];
            check(&asked, Similarity::Jaro, given, &cutoffs, -1.0, |pair| {
                text::jaro(pair, Winkler::Not, &on).expect("nothing stops it")
            });
        }
        5 => {
            let cutoffs = [None, Some(part), Some(0.7)];
            check(
                &asked,
                Similarity::JaroWinkler,
                given,
                &cutoffs,
                -1.0,
                |pair| text::jaro(pair, Winkler::Prefix, &on).expect("nothing stops it"),
            );
        }
        _ => {
            let size = NonZeroUsize::new(usize::from(whole % 4) + 1).unwrap_or(NonZeroUsize::MIN);
            let pieces = if unit == Unit::CodePoint && whole > 200 {
                Pieces::Words
            } else {
                Pieces::Of(size, unit)
            };
            let measure = Similarity::Jaccard(pieces);
            check_sets(
                &asked,
                measure,
                pieces,
                given,
                &[None, Some(part), Some(0.0)],
            );
        }
    }
    Ok(())
}

/// A string, or none.
fn string(u: &mut Unstructured<'_>, alphabet: &Alphabet, most: usize) -> Result<Option<Vec<u32>>> {
    if u.ratio(1, 12)? {
        return Ok(None);
    }
    let len = length(u, most)?;
    alphabet.string(u, len).map(Some)
}

fn distance(measure: Distance, pair: Pair<'_>) -> u32 {
    let all = usize::MAX;
    let found = match measure {
        Distance::Levenshtein => text::levenshtein(Level::Scalar, pair, all, &on),
        Distance::Osa => text::osa(Level::Scalar, pair, all, &on),
        Distance::DamerauLevenshtein => text::damerau_levenshtein(Level::Scalar, pair, all, &on),
        Distance::Hamming => Ok(Some(text::hamming(pair))),
    };
    found.ok().flatten().expect("not stopped, no cutoff") as u32
}

/// How the strings are asked for.
struct Asked {
    levels: Vec<Level>,
    cutoffs: Range<usize>,
    unit: Unit,
    order: Order,
    threads: usize,
}

/// Reads strings, in every form in turn.
fn read(reader: &mut Reader, given: &Given, strings: &mut Strings) {
    for (index, string) in given.iter().enumerate() {
        match string {
            None => reader.read(None, strings),
            Some(points) => {
                let forms = Forms::new(points);
                let all = forms.all();
                reader.read(Some(all[index % all.len()]), strings);
            }
        }
    }
}

/// Each query beside each choice: all queries beside the first choice first.
fn rows(unit: Unit, queries: &Given, choices: &Given) -> Pairs {
    let mut reader = Reader::new(unit);
    let mut columns = [Strings::default(), Strings::default()];
    for choice in choices {
        read(&mut reader, queries, &mut columns[0]);
        read(
            &mut reader,
            &vec![choice.clone(); queries.len()],
            &mut columns[1],
        );
    }
    let [queries, choices] = columns;
    Pairs::new(queries, choices, &on).expect("not stopped")
}

fn check<M: Measure>(
    asked: &Asked,
    measure: M,
    (queries, choices): (&Given, &Given),
    cutoffs: &[Option<M::Score>],
    missing: M::Score,
    of: impl Fn(Pair<'_>) -> M::Score,
) where
    M::Score: Cell<M::Score>,
{
    let known = scores(queries, choices, |a, b| {
        let mut scratch = Scratch::default();
        of(text::pair(a, b, asked.unit, &mut scratch, &on).expect("nothing stops it"))
    });
    hold(asked, measure, (queries, choices), cutoffs, missing, &known);
}

fn check_sets(
    asked: &Asked,
    measure: Similarity,
    pieces: Pieces,
    (queries, choices): (&Given, &Given),
    cutoffs: &[Option<f64>],
) {
    let known = scores(queries, choices, |a, b| {
        text::jaccard(a, b, pieces, &on).expect("nothing stops it")
    });
    hold(asked, measure, (queries, choices), cutoffs, -1.0, &known);
}

type Known<S> = Vec<Vec<Option<S>>>;

fn scores<S>(queries: &Given, choices: &Given, of: impl Fn(Text<'_>, Text<'_>) -> S) -> Known<S> {
    let forms = |given: &Given| -> Vec<Option<Forms>> {
        let forms = |string: &Option<Vec<u32>>| string.as_deref().map(Forms::new);
        given.iter().map(forms).collect()
    };
    let (queries, choices) = (forms(queries), forms(choices));
    let score = |query: &Option<Forms>, choice: &Option<Forms>| {
        Some(of(query.as_ref()?.last(), choice.as_ref()?.last()))
    };
    let row = |query| choices.iter().map(|choice| score(query, choice)).collect();
    queries.iter().map(row).collect()
}

fn hold<M: Measure>(
    asked: &Asked,
    measure: M,
    (queries, choices): (&Given, &Given),
    cutoffs: &[Option<M::Score>],
    missing: M::Score,
    known: &Known<M::Score>,
) where
    M::Score: Cell<M::Score>,
{
    for &level in &asked.levels {
        // One reader, so that both have the same numbers for the same clusters.
        let (mut reader, mut strings) = (Reader::new(asked.unit), Strings::default());
        read(&mut reader, choices, &mut strings);
        let laid_out =
            Choices::new(level, measure, strings, asked.order, &on).expect("not stopped");
        // Or one that comes behind it, as where the choices are kept.
        if asked.threads == 2 {
            reader = Reader::behind(&reader.into_clusters());
        }
        let mut strings = Strings::default();
        read(&mut reader, queries, &mut strings);
        let all = Queries::new(strings, &laid_out, &on).expect("not stopped");
        assert_eq!((all.len(), laid_out.len()), (queries.len(), choices.len()));
        let rows = rows(asked.unit, queries, choices);
        for &cutoff in &cutoffs[asked.cutoffs.clone()] {
            let mut out = vec![M::Score::default(); rows.len()];
            let target = Target::from_slice(&mut out, 1, rows.len());
            cpdist(
                level,
                measure,
                &rows,
                cutoff,
                missing,
                &target,
                &team(asked.threads),
            )
            .expect("not stopped");
            for (row, found) in out.into_iter().enumerate() {
                let expected = match known[row % queries.len()][row / queries.len()] {
                    None => missing,
                    Some(known) if cutoff.is_some_and(|cutoff| M::nearer(cutoff, known)) => {
                        M::beyond(cutoff.unwrap_or(M::ANY))
                    }
                    Some(known) => known,
                };
                assert!(
                    found == expected,
                    "{measure:?} {level} {cutoff:?}: {found:?} {expected:?} of row {row}"
                );
            }
            let mut out = vec![M::Score::default(); queries.len() * choices.len()];
            let target = Target::from_slice(&mut out, queries.len(), choices.len());
            let (team, done) = (team(asked.threads), AtomicU64::new(0));
            cdist(
                level, measure, &all, &laid_out, cutoff, missing, &target, &team, &done,
            )
            .expect("not stopped");
            let best = best_match(level, measure, &all, &laid_out, cutoff, &team, &done)
                .expect("not stopped");
            let pairs = (all.known() * laid_out.known()) as u64;
            assert_eq!(done.into_inner(), 2 * pairs, "{level}");
            for (row, known) in known.iter().enumerate() {
                let found = &out[row * choices.len()..][..choices.len()];
                let mut nearest: Option<(usize, M::Score)> = None;
                for (column, (&found, &known)) in found.iter().zip(known).enumerate() {
                    let Some(known) = known else {
                        assert!(found == missing, "{level}: {found:?} where one is missing");
                        continue;
                    };
                    let passes = cutoff.is_none_or(|cutoff| !M::nearer(cutoff, known));
                    let beyond = M::beyond(cutoff.unwrap_or(M::ANY));
                    let expected = if passes { known } else { beyond };
                    assert!(
                        found == expected,
                        "{measure:?} {level} {cutoff:?}: {found:?} {expected:?} at {row}, {column}"
                    );
                    if passes && nearest.is_none_or(|(_, score)| M::nearer(known, score)) {
                        nearest = Some((column, known));
                    }
                }
                let found = best[row].map(|best| (best.index, best.score));
                assert!(
                    found == nearest,
                    "{measure:?} {level} {cutoff:?}: {found:?} {nearest:?}"
                );
            }
        }
    }
}
