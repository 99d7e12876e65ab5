//! Extended grapheme clusters (UAX #29), and numbers for them; looked for only where a string can hold one.

use std::collections::HashMap;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::units::{Symbol, Units};
use crate::room::{Grow, boxed, string};
use crate::threads::Interrupted;

/// The first number that is given to a cluster of several code points: the one above the last code point.
const FIRST: u32 = 0x11_0000;

/// Clusters between two looks at whether to stop.
const PIECE: usize = 1 << 15;

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

/// A bit for each code point below 2^16 that is a cluster of its own wherever it stands: [`single`], and no line feed.
static PLAIN: [u64; 1 << 10] = {
    let mut bits = [0; 1 << 10];
    let mut range = 0;
    while range <= SINGLE.len() {
        let (mut point, last) = if range < SINGLE.len() {
            SINGLE[range]
        } else {
            (0, LATIN - 1)
        };
        while point <= last && point < 1 << 16 {
            bits[point as usize / 64] |= 1_u64 << (point % 64);
            point += 1;
        }
        range += 1;
    }
    bits[0] &= !(1 << b'\n');
    bits
};

/// Whether the code point is a cluster of its own wherever it stands. `true` is certain; it is for no surrogate.
#[inline(always)]
pub(crate) fn is_plain(point: u16) -> bool {
    PLAIN[usize::from(point) / 64] >> (point % 64) & 1 != 0
}

/// Whether the string may hold a cluster of several code points. `false` is certain.
#[inline]
pub(crate) fn may_cluster(points: Units<'_>) -> bool {
    match points {
        Units::U8(points) => has_crlf(points),
        Units::U16(points) => {
            !points.iter().all(|&point| is_plain(point)) && (has_crlf(points) || any_joins(points))
        }
        Units::U32(points) => has_crlf(points) || any_joins(points),
    }
}

#[inline]
fn has_crlf<T: Symbol + From<u8>>(points: &[T]) -> bool {
    let (cr, lf) = (T::from(b'\r'), T::from(b'\n'));
    // Most strings have no line feed at all.
    any(points, |point| point == lf) && points.windows(2).any(|two| two == [cr, lf])
}

/// Whether any unit is so: in blocks without a branch, which take SIMD, the last one overlapping the one before it.
#[inline(always)]
pub fn any<T: Copy>(units: &[T], so: impl Fn(T) -> bool) -> bool {
    let seen = |block: &[T; 8]| {
        block
            .iter()
            .fold(0, |seen, &unit| seen | u8::from(so(unit)))
    };
    let Some(last) = units.last_chunk() else {
        return units.iter().any(|&unit| so(unit));
    };
    let (blocks, _) = units.as_chunks();
    blocks
        .iter()
        .fold(seen(last), |all, block| all | seen(block))
        != 0
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
    /// Clusters that had a number before, which they keep.
    known: Option<Arc<Self>>,
    numbers: HashMap<Box<str>, u32>,
    /// How many have a number, those that were known among them.
    count: u32,
}

impl Interner {
    /// Gives the numbers that another one gave, and numbers of its own to other clusters.
    pub(crate) fn behind(known: Arc<Self>) -> Self {
        Self {
            count: known.count,
            known: Some(known),
            numbers: HashMap::new(),
        }
    }

    /// Appends the string's units: a code point where it is a cluster of its own, else the cluster's number. `stop` is asked every
    /// millisecond or so.
    pub(crate) fn units(
        &mut self,
        points: Units<'_>,
        out: &mut Vec<u32>,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Interrupted> {
        if !may_cluster(points) {
            points.widen(out);
            return Ok(());
        }
        let text = match points {
            Units::U8(points) => string(points.iter().map(|&point| char::from(point))),
            Units::U16(points) => string(points.iter().map(|&point| scalar(point.into()))),
            Units::U32(points) => string(points.iter().map(|&point| scalar(point))),
        };
        for (place, cluster) in text.graphemes(true).enumerate() {
            if place % PIECE == PIECE - 1 && stop() {
                return Err(Interrupted);
            }
            let number = self.number(cluster);
            out.room(1);
            out.push(number);
        }
        Ok(())
    }

    /// The same, whatever time it takes.
    pub(crate) fn append(&mut self, points: Units<'_>, out: &mut Vec<u32>) {
        let done = self.units(points, out, &|| false);
        debug_assert_eq!(done, Ok(()));
    }

    fn number(&mut self, cluster: &str) -> u32 {
        let mut points = cluster.chars();
        if let (Some(point), None) = (points.next(), points.next()) {
            return point.into();
        }
        if let Some(number) = self.get(cluster) {
            return number;
        }
        let number = FIRST + self.count;
        self.numbers.room(1);
        self.numbers.insert(boxed(cluster), number);
        self.count += 1;
        number
    }

    /// The number of a cluster of several code points, where it has one.
    fn get(&self, cluster: &str) -> Option<u32> {
        let own = self.numbers.get(cluster).copied();
        own.or_else(|| self.known.as_ref().and_then(|known| known.get(cluster)))
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
    fn plain_is_single_and_no_line_feed() {
        for point in 0..=u16::MAX {
            let expected = single(point.into()) && point != u16::from(b'\n');
            assert_eq!(is_plain(point), expected, "{point:x}");
        }
        assert!((0xD800..=0xDFFF).all(|surrogate| !is_plain(surrogate)));
    }

    #[test]
    fn any_looks_at_each() {
        for length in 0..40 {
            let mut units = vec![0_u8; length];
            assert!(!any(&units, |unit| unit == 1));
            for place in 0..length {
                units[place] = 1;
                assert!(any(&units, |unit| unit == 1), "{place} of {length}");
                units[place] = 0;
            }
        }
    }

    #[test]
    fn numbers_are_shared() {
        let (mut interner, mut a, mut b) = (Interner::default(), Vec::new(), Vec::new());
        interner
            .units(Units::U8(b"a\r\nb\r\n"), &mut a, &|| false)
            .unwrap();
        interner
            .units(Units::U16(&[0x65, 0x301, 0x0D, 0x0A]), &mut b, &|| false)
            .unwrap();
        assert_eq!(a, [0x61, FIRST, 0x62, FIRST]);
        assert_eq!(b, [FIRST + 1, FIRST]);
    }

    #[test]
    fn numbers_from_before_are_kept() {
        let mut known = Interner::default();
        let (flag, accent) = ("\u{1F1E9}\u{1F1EA}", "e\u{301}");
        let before = known.number(flag);
        let known = Arc::new(known);
        let numbers = [(); 2].map(|()| {
            let mut behind = Interner::behind(Arc::clone(&known));
            [accent, flag, "\r\n", accent].map(|cluster| behind.number(cluster))
        });
        assert_eq!(before, FIRST);
        assert_eq!(numbers, [[FIRST + 1, FIRST, FIRST + 2, FIRST + 1]; 2]);
        let mut third = Interner::behind(Arc::new(Interner::behind(known)));
        assert_eq!(
            [flag, accent].map(|it| third.number(it)),
            [FIRST, FIRST + 1]
        );
    }

    #[test]
    fn no_cluster_without_its_parts() {
        assert!(!may_cluster(Units::U8(b"\n\r ab\n")));
        assert!(may_cluster(Units::U8(b"ab\r\n")));
        assert!(may_cluster(Units::U16(&[0x61, 0x301])));
        assert!(!may_cluster(Units::U32(&[0x61, 0x1F600])));
    }
}
