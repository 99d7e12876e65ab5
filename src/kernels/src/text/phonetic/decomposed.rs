//! Letters before their marks: Unicode's compatibility decomposition (NFKD; UAX #15).
//!
//! The tables are those of `unicode-normalization`. Its iterator is not used: it keeps the marks of a letter in memory that it
//! cannot be without, and puts them in order in one go, however many there are.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

use crate::room::Grow;
use crate::text::sort::sort;
use crate::text::watch::Watch;

/// A part of a letter: its class, 0 for one that is no mark, and where it came, as marks of one class stay in order.
type Part = (u8, usize, char);

/// The parts of letters, marks in canonical order.
pub(super) struct Decomposed<'a, 'b, I> {
    letters: I,
    watch: &'a Watch<'b>,
    /// Those that wait: some are in order, what follows is one that marks may still be coming for.
    parts: Vec<Part>,
    /// How many are in order, and how many of these were given.
    ready: usize,
    given: usize,
    /// How many there were.
    count: usize,
}

impl<'a, 'b, I: Iterator<Item = char>> Decomposed<'a, 'b, I> {
    pub(super) fn new(letters: I, watch: &'a Watch<'b>) -> Self {
        Self {
            letters,
            watch,
            parts: Vec::new(),
            ready: 0,
            given: 0,
            count: 0,
        }
    }

    /// Reads letters until it is known what comes next; `None` where it was stopped.
    fn fill(&mut self) -> Option<()> {
        // What waits is of one letter: whatever came before it was given.
        self.parts.drain(..self.ready);
        (self.given, self.ready) = (0, 0);
        while self.ready == 0 {
            let Some(letter) = self.letters.next() else {
                self.ready = self.parts.len();
                break;
            };
            let (parts, count, ready) = (&mut self.parts, &mut self.count, &mut self.ready);
            decompose_compatible(letter, |part| {
                let class = canonical_combining_class(part);
                if class == 0 {
                    *ready = parts.len();
                }
                parts.room(1);
                parts.push((class, *count, part));
                *count += 1;
            });
        }
        let marks = self.parts[..self.ready].split_mut(|&(class, ..)| class == 0);
        for marks in marks.filter(|marks| marks.len() > 1) {
            self.watch.done(|stop| sort(marks, 1, stop))?;
        }
        Some(())
    }
}

impl<I: Iterator<Item = char>> Iterator for Decomposed<'_, '_, I> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        if self.given == self.ready {
            self.fill()?;
        }
        let &(_, _, part) = self.parts[..self.ready].get(self.given)?;
        self.given += 1;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;
    use crate::threads::Interrupted;

    fn decomposed(text: &str) -> String {
        let watch = Watch::new(&|| false);
        Decomposed::new(text.chars(), &watch).collect()
    }

    /// Letters of all kinds, most of them marks: of several classes, in parts of their own, of none; Hangul; ligatures.
    fn letter() -> impl Strategy<Value = char> {
        prop_oneof![
            any::<char>(),
            proptest::char::range('\u{300}', '\u{36f}'),
            proptest::char::range('\u{591}', '\u{5c7}'),
            proptest::char::range('\u{1dc0}', '\u{1dff}'),
            proptest::char::range('\u{1100}', '\u{11ff}'),
            proptest::char::range('\u{ac00}', '\u{d7a3}'),
            proptest::char::range('\u{fb00}', '\u{fb06}'),
            prop::sample::select(vec![
                'a',
                'É',
                '\u{344}',
                '\u{f73}',
                '\u{fdfa}',
                '\u{1d160}',
                '\u{200d}'
            ]),
        ]
    }

    proptest! {
        #[test]
        fn it_is_what_the_crate_gives(letters in prop::collection::vec(letter(), 0..40)) {
            let text: String = letters.into_iter().collect();
            prop_assert_eq!(decomposed(&text), text.nfkd().collect::<String>());
        }
    }

    #[test]
    fn each_code_point_alone_and_before_marks() {
        for letter in '\0'..=char::MAX {
            let text = format!("{letter}\u{301}\u{323}{letter}");
            assert!(decomposed(&text).chars().eq(text.nfkd()), "{letter:?}");
        }
    }

    #[test]
    fn a_letter_of_a_hundred_thousand_marks_can_be_stopped_at_any_time() {
        let text = format!("e{}", "\u{301}\u{323}\u{f71}".repeat(33_000));
        assert!(decomposed(&text).chars().eq(text.nfkd()));
        let asked = Cell::new(0);
        let count = || {
            asked.set(asked.get() + 1);
            false
        };
        let watch = Watch::new(&count);
        assert_eq!(Decomposed::new(text.chars(), &watch).count(), 99_001);
        assert!(asked.get() > 2, "asked {} times", asked.get());
        for at in 1..=asked.get() {
            let left = Cell::new(at);
            let stop = || {
                left.set(left.get() - 1);
                left.get() == 0
            };
            let watch = Watch::new(&stop);
            let count = Decomposed::new(watch.over(text.chars()), &watch).count();
            assert_eq!(watch.whole(count), Err(Interrupted));
        }
    }
}
