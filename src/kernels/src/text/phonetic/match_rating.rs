//! The match rating approach: a short code of a name, and a rule by which two of them agree (Moore, Western Airlines, 1977).

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

use super::{SHORT, ascii_capitals, capitals};
use crate::room::{Grow, gathered};
use crate::text::units::Text;
use crate::text::watch::Watch;
use crate::threads::Interrupted;

/// Something in the string is neither a letter nor a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAlphabetic;

impl fmt::Display for NotAlphabetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("letters and spaces are taken alone")
    }
}

impl std::error::Error for NotAlphabetic {}

/// The code of a name: its consonants, doubles once, and a vowel that it begins with; of more than six the first three and
/// the last three. Nothing for nothing.
///
/// Not as in the literature: a space counts as a consonant, and of a code of more than six bytes of UTF-8 three and three
/// are taken, be they the same ones.
///
/// # Errors
///
/// `stop`, which is asked every millisecond or so, said true. Within: something is neither a letter nor a space.
pub fn match_rating_codex(
    text: Text<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Result<String, NotAlphabetic>, Interrupted> {
    let code = Code::new(text, stop)?;
    Ok(code.map(|code| code.letters().iter().collect()))
}

/// A code: never more than six code points, as those of no more than six bytes are kept whole and of others six are taken.
struct Code {
    letters: [char; 6],
    count: usize,
    /// In UTF-8.
    bytes: usize,
}

impl Code {
    fn new(
        text: Text<'_>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Result<Self, NotAlphabetic>, Interrupted> {
        let mut code = Self {
            letters: ['\0'; 6],
            count: 0,
            bytes: 0,
        };
        let mut room = [0; SHORT];
        if let Some(letters) = ascii_capitals(text, &mut room) {
            let mut before = b'\0';
            for (position, &letter) in letters.iter().enumerate() {
                if !(letter.is_ascii_alphabetic() || letter == b' ') {
                    return Ok(Err(NotAlphabetic));
                }
                let vowel = matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U');
                if if vowel {
                    position == 0
                } else {
                    before != letter
                } {
                    code.push(letter.into());
                }
                before = letter;
            }
            code.bytes = code.count;
            return Ok(Ok(code));
        }
        let watch = Watch::new(stop);
        let name = capitals(text, &watch);
        if !watch
            .over(name.chars())
            .all(|letter| letter.is_alphabetic() || letter == ' ')
        {
            return watch.whole(Err(NotAlphabetic));
        }
        let mut before = None;
        let mut whole = String::new();
        for (position, letter) in watch.over(name.graphemes(true)).enumerate() {
            let vowel = matches!(letter, "A" | "E" | "I" | "O" | "U");
            if (vowel && position == 0) || (!vowel && before != Some(letter)) {
                whole.room(letter.len());
                whole.push_str(letter);
            }
            before = Some(letter);
        }
        if whole.len() <= 6 {
            whole.chars().for_each(|letter| code.push(letter));
        } else {
            let letters = gathered(watch.over(whole.chars()));
            let three = letters.len().min(3);
            let ends = [&letters[..three], &letters[letters.len() - three..]];
            ends.into_iter()
                .flatten()
                .for_each(|&letter| code.push(letter));
        }
        code.bytes = code.letters().iter().map(|letter| letter.len_utf8()).sum();
        watch.whole(Ok(code))
    }

    /// Appends a letter; of more than six the first three and the last three are kept.
    #[inline]
    fn push(&mut self, letter: char) {
        if self.count < 6 {
            self.letters[self.count] = letter;
            self.count += 1;
        } else {
            self.letters.copy_within(4.., 3);
            self.letters[5] = letter;
        }
    }

    fn letters(&self) -> &[char] {
        &self.letters[..self.count]
    }

    /// The letters that differ from those in the same place of another code, from the right.
    fn kept(&self, other: &Self) -> ([char; 6], usize) {
        let (mut kept, mut count) = (['\0'; 6], 0);
        for place in (0..self.count).rev() {
            if other.letters().get(place) != Some(&self.letters[place]) {
                kept[count] = self.letters[place];
                count += 1;
            }
        }
        (kept, count)
    }
}

/// Whether the codes of two names agree; `None` where their lengths differ by 3 or more, which the rule does not compare.
///
/// Lengths are those in UTF-8, in bytes; that is not in the literature, which knows ASCII alone.
///
/// # Errors
///
/// `stop`, which is asked every millisecond or so, said true. Within: something in either is neither a letter nor a space.
pub fn match_rating_comparison(
    a: Text<'_>,
    b: Text<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Result<Option<bool>, NotAlphabetic>, Interrupted> {
    let (a, b) = (Code::new(a, stop)?, Code::new(b, stop)?);
    Ok(a.and_then(|a| b.map(|b| agree(&a, &b))))
}

/// Whether two codes do.
fn agree(a: &Code, b: &Code) -> Option<bool> {
    if a.bytes.abs_diff(b.bytes) >= 3 {
        return None;
    }
    let sum = a.bytes + b.bytes;
    // First what stands in one place from the left goes, then, of what is left, what does from the right.
    let ((a, a_count), (b, b_count)) = (a.kept(b), b.kept(a));
    let common = a_count.min(b_count);
    let same = (0..common).filter(|&place| a[place] == b[place]).count();
    let differing = a_count.max(b_count) - same;
    let least = match sum {
        0..=4 => 5,
        5..=7 => 4,
        8..=11 => 3,
        _ => 2,
    };
    Some(differing + least <= 6)
}
