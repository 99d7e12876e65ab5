//! Extended grapheme clusters (UAX #29), and numbers for them; looked for only where a string can hold one.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use super::units::{Symbol, Units};

/// The first number that is given to a cluster of several code points: the one above the last code point.
const FIRST: u32 = 0x11_0000;

/// Code points below this one are clusters of their own, but for CR LF.
const LATIN: u32 = 0x300;

/// Ranges of code points of which any two are two clusters, side by side. There are more; these are letters and signs of
/// scripts that are common and need no marks. A test takes each code point of each.
const SINGLE: [(u32, u32); 14] = [
    (0x4E00, 0x9FFF),   // Han
    (0xAC00, 0xD7A3),   // Hangul syllables: only a jamo joins one
    (0x0400, 0x0482),   // Cyrillic
    (0x048A, 0x0590),   // the rest of it, and Armenian
    (0x0370, 0x03FF),   // Greek
    (0x3041, 0x3096),   // Hiragana
    (0x30A0, 0x3130),   // Katakana
    (0x0620, 0x064A),   // Arabic
    (0x05D0, 0x05EA),   // Hebrew
    (0x1E00, 0x1FFF),   // Latin and Greek with marks
    (0x2010, 0x20CF),   // punctuation, currencies
    (0x2100, 0x2CEE),   // letterlike, arrows, mathematics, symbols
    (0xFF01, 0xFF9D),   // full and half width
    (0x1F400, 0x1FAFF), // most of the emoji, which are joined by others
];

fn single(point: u32) -> bool {
    point < LATIN
        || SINGLE
            .iter()
            .any(|&(first, last)| (first..=last).contains(&point))
}

/// Whether the string may hold a cluster of several code points. `false` is certain.
#[inline]
pub(crate) fn may_cluster(points: Units<'_>) -> bool {
    match points {
        Units::U8(points) => has_crlf(points),
        Units::U16(points) => has_crlf(points) || any_joins(points),
        Units::U32(points) => has_crlf(points) || any_joins(points),
    }
}

#[inline]
fn has_crlf<T: Symbol + From<u8>>(points: &[T]) -> bool {
    let (cr, lf) = (T::from(b'\r'), T::from(b'\n'));
    // Most strings have no line feed at all. Without a branch in the loop it takes SIMD.
    points
        .iter()
        .fold(0, |seen, &point| seen | u8::from(point == lf))
        != 0
        && points.windows(2).any(|two| two == [cr, lf])
}

#[inline]
fn any_joins<T: Symbol + From<u8>>(points: &[T]) -> bool {
    let highest = points
        .iter()
        .fold(T::from(0), |highest, &point| highest.max(point));
    highest.into() >= LATIN && !points.iter().all(|&point| single(point.into()))
}

/// Gives a number to each cluster of several code points, the same one to equal ones.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    numbers: HashMap<Box<str>, u32>,
}

impl Interner {
    /// Appends the string's units: a code point where it is a cluster of its own, else the cluster's number.
    pub(crate) fn units(&mut self, points: Units<'_>, out: &mut Vec<u32>) {
        if !may_cluster(points) {
            return points.widen(out);
        }
        let text: String = match points {
            Units::U8(points) => points.iter().map(|&point| char::from(point)).collect(),
            Units::U16(points) => points.iter().map(|&point| scalar(point.into())).collect(),
            Units::U32(points) => points.iter().map(|&point| scalar(point)).collect(),
        };
        out.extend(text.graphemes(true).map(|cluster| self.number(cluster)));
    }

    fn number(&mut self, cluster: &str) -> u32 {
        let mut points = cluster.chars();
        if let (Some(point), None) = (points.next(), points.next()) {
            return point.into();
        }
        if let Some(&number) = self.numbers.get(cluster) {
            return number;
        }
        let number = FIRST + self.numbers.len() as u32;
        self.numbers.insert(cluster.into(), number);
        number
    }
}

fn scalar(point: u32) -> char {
    char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(points: &[u32]) -> usize {
        let text: String = points.iter().map(|&point| scalar(point)).collect();
        text.graphemes(true).count()
    }

    /// Two code points are one cluster only by a rule that one of them is named in: Extend, `SpacingMark` and ZWJ join
    /// what is before them, Prepend what is behind, jamo (L, V, T) and regional indicators their kind, CR an LF. What
    /// does none of that beside a letter, a syllable or itself is in none of these classes.
    #[test]
    fn ranges_hold_none_that_joins() {
        let (letter, lv, lvt) = (u32::from('a'), 0xAC00, 0xAC01);
        let all = (0..LATIN).chain(SINGLE.iter().flat_map(|&(first, last)| first..=last));
        for point in all {
            for two in [
                [letter, point],
                [point, letter],
                [point, lv],
                [lv, point],
                [lvt, point],
                [point, point],
            ] {
                assert_eq!(clusters(&two), 2, "{two:x?}");
            }
        }
    }

    #[test]
    fn numbers_are_shared() {
        let (mut interner, mut a, mut b) = (Interner::default(), Vec::new(), Vec::new());
        interner.units(Units::U8(b"a\r\nb\r\n"), &mut a);
        interner.units(Units::U16(&[0x65, 0x301, 0x0D, 0x0A]), &mut b);
        assert_eq!(a, [0x61, FIRST, 0x62, FIRST]);
        assert_eq!(b, [FIRST + 1, FIRST]);
    }

    #[test]
    fn no_cluster_without_its_parts() {
        assert!(!may_cluster(Units::U8(b"\n\r ab\n")));
        assert!(may_cluster(Units::U8(b"ab\r\n")));
        assert!(may_cluster(Units::U16(&[0x61, 0x301])));
        assert!(!may_cluster(Units::U32(&[0x61, 0x1F600])));
    }
}
