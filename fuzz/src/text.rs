//! Two strings, in every form and width: distances with any cutoff, similarities, at every level, against plain programs.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::simd::{self, Level};
use hotkernels_kernels::specification;
use hotkernels_kernels::text::{
    self, Pair, Pieces, Room, Scratch, Text, Unit, Winkler, damerau_levenshtein, levenshtein, osa,
};
use unicode_segmentation::UnicodeSegmentation;

use crate::chance::Chance;
use crate::on;
use crate::strings::{Alphabet, Forms, length};

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let mut chance = Chance::of(u);
    let levels = chance.levels();
    // Cells of a matrix are what takes the time: past two words' bits now and then.
    let most = if chance.one_of(16) { 450 } else { 131 };
    let alphabet = Alphabet::of(u)?;
    let len = length(u, 450)?.min(most);
    let mut a = alphabet.string(u, len)?;
    let mut b = if u.ratio(2, 3)? {
        alphabet.edited(u, &a)?
    } else {
        let len = length(u, 450)?.min(most);
        alphabet.string(u, len)?
    };
    let cutoff = u.int_in_range(0..=500)?;
    let size = NonZeroUsize::new(u.int_in_range(1..=4)?).unwrap_or(NonZeroUsize::MIN);
    let surrogates = u.ratio(1, 12)?;
    if surrogates {
        // No form but code points has them; the bindings refuse them, and here nothing may crash.
        for string in [&mut a, &mut b] {
            if !string.is_empty() {
                let place = u.int_in_range(0..=string.len() - 1)?;
                string[place] = 0xD800 + u32::from(u.arbitrary::<u16>()? & 0x7ff);
            }
        }
    }
    let (left, right) = (Forms::new(&a), Forms::new(&b));
    for unit in [Unit::CodePoint, Unit::Grapheme] {
        let Some(units) = in_units(unit, [(&a, &left), (&b, &right)]) else {
            for (a, b) in left.all().into_iter().zip(right.all()) {
                no_crash(&levels, a, b, unit, size);
            }
            continue;
        };
        let expected = Expected::of(&units[0], &units[1]);
        // There are no words where there is no UTF-8.
        let mut sets = vec![(
            Pieces::Of(size, unit),
            of_sets(&units[0], &units[1], size.get()),
        )];
        if !surrogates {
            sets.push((Pieces::Words, of_words(&left, &right)));
        }
        let mut seen = Vec::new();
        for a in left.all() {
            for b in right.all() {
                let mut scratch = Scratch::default();
                let pair = text::pair(a, b, unit, &mut scratch, &on).expect("nothing stops it");
                let width = match pair {
                    Pair::U8(..) => 8,
                    Pair::U16(..) => 16,
                    Pair::U32(..) => 32,
                };
                // Of each width all; of others that they are the same strings.
                if seen.contains(&width) {
                    assert_eq!(text::hamming(pair), expected.hamming);
                } else {
                    seen.push(width);
                    expected.check(&levels, pair, cutoff);
                }
                let mut room = Room::default();
                if let Some(direct) = Pair::direct(a, b, unit, &mut room) {
                    assert_eq!(text::hamming(direct), expected.hamming);
                    let found = levenshtein(simd::detected(), direct, usize::MAX, &on);
                    assert_eq!(found, Ok(Some(expected.distances[0])));
                }
                for &(pieces, exact) in &sets {
                    let found = text::jaccard(a, b, pieces, &on).expect("nothing stops it");
                    assert_eq!(found.to_bits(), exact.to_bits(), "{pieces:?}");
                }
            }
        }
    }
    Ok(())
}

/// Both strings in units, by the crate that knows clusters; `None` where there is no character for a code point and units
/// are clusters.
fn in_units(unit: Unit, strings: [(&Vec<u32>, &Forms); 2]) -> Option<[Vec<u32>; 2]> {
    if unit == Unit::CodePoint {
        return Some(strings.map(|(points, _)| points.clone()));
    }
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut units = [Vec::new(), Vec::new()];
    for (units, (_, forms)) in units.iter_mut().zip(strings) {
        for cluster in forms.utf8()?.graphemes(true) {
            let next = numbers.len() as u32;
            units.push(*numbers.entry(cluster).or_insert(next));
        }
    }
    Some(units)
}

fn no_crash(levels: &[Level], a: Text<'_>, b: Text<'_>, unit: Unit, size: NonZeroUsize) {
    let mut scratch = Scratch::default();
    let pair = text::pair(a, b, unit, &mut scratch, &on).expect("nothing stops it");
    for &level in levels {
        for distance in [levenshtein, osa, damerau_levenshtein] {
            let found = distance(level, pair, usize::MAX, &on);
            assert!(found.is_ok_and(|distance| distance.is_some()));
        }
    }
    let _ = text::hamming(pair);
    for similarity in [
        text::jaro(pair, Winkler::LongTolerance, &on),
        text::jaccard(a, b, Pieces::Words, &on),
        text::jaccard(a, b, Pieces::Of(size, unit), &on),
    ] {
        assert!((0.0..=1.0).contains(&similarity.expect("nothing stops it")));
    }
}

/// What plain programs find.
struct Expected {
    distances: [usize; 3],
    hamming: usize,
    jaro: f64,
    winkler: f64,
}

impl Expected {
    fn of(a: &[u32], b: &[u32]) -> Self {
        let longer = a.len().max(b.len());
        let jaro = if a.is_empty() || b.is_empty() {
            0.0
        } else {
            specification::jaro(a, b)
        };
        let prefix = a.iter().zip(b).take(4).take_while(|(a, b)| a == b).count();
        let winkler = if jaro > 0.7 && prefix > 0 {
            jaro + prefix as f64 * 0.1 * (1.0 - jaro)
        } else {
            jaro
        };
        Self {
            distances: [
                specification::edits(a, b, false),
                specification::edits(a, b, true),
                specification::damerau_levenshtein(a, b),
            ],
            hamming: (0..longer)
                .filter(|&place| a.get(place) != b.get(place))
                .count(),
            jaro,
            winkler,
        }
    }

    fn check(&self, levels: &[Level], pair: Pair<'_>, cutoff: usize) {
        assert_eq!(text::hamming(pair), self.hamming);
        let found = [Winkler::Not, Winkler::Prefix]
            .map(|winkler| text::jaro(pair, winkler, &on).expect("nothing stops it"));
        let expected = [self.jaro, self.winkler];
        assert_eq!(
            found.map(f64::to_bits),
            expected.map(f64::to_bits),
            "{found:?} {expected:?}"
        );
        let tolerant = text::jaro(pair, Winkler::LongTolerance, &on).expect("nothing stops it");
        assert!((self.winkler..=1.0).contains(&tolerant));
        for &level in levels {
            let kernels = [levenshtein, osa, damerau_levenshtein];
            for (number, (kernel, expected)) in kernels.into_iter().zip(self.distances).enumerate()
            {
                for cutoff in [
                    usize::MAX,
                    expected,
                    cutoff,
                    expected / 2,
                    expected.saturating_sub(1),
                ] {
                    let wanted = (expected <= cutoff).then_some(expected);
                    let found = kernel(level, pair, cutoff, &on);
                    assert_eq!(
                        found,
                        Ok(wanted),
                        "{level}: distance {number}, cutoff {cutoff}"
                    );
                }
            }
        }
    }
}

/// Jaccard's similarity of words.
fn of_words(a: &Forms, b: &Forms) -> f64 {
    let (Some(a), Some(b)) = (a.utf8(), b.utf8()) else {
        unreachable!("not with surrogates");
    };
    let [a, b] = [a, b].map(|text| text.split_whitespace().collect::<BTreeSet<_>>());
    ratio(a.intersection(&b).count(), a.union(&b).count())
}

/// Jaccard's similarity of pieces of one size.
fn of_sets(a: &[u32], b: &[u32], size: usize) -> f64 {
    let [a, b] = [a, b].map(|units| units.chunks(size).collect::<BTreeSet<_>>());
    ratio(a.intersection(&b).count(), a.union(&b).count())
}

fn ratio(both: usize, either: usize) -> f64 {
    if either == 0 {
        0.0
    } else {
        both as f64 / either as f64
    }
}
