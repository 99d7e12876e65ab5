//! The match rating approach: a short code of a name, and a rule by which two of them agree (Moore, Western Airlines, 1977).

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

use super::capitals;
use crate::text::units::Text;

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
/// Something is neither a letter nor a space.
pub fn match_rating_codex(text: Text<'_>) -> Result<String, NotAlphabetic> {
    let name = capitals(text);
    if !name
        .chars()
        .all(|letter| letter.is_alphabetic() || letter == ' ')
    {
        return Err(NotAlphabetic);
    }
    let mut code = String::new();
    let mut before = None;
    for (position, letter) in name.graphemes(true).enumerate() {
        let vowel = matches!(letter, "A" | "E" | "I" | "O" | "U");
        if (vowel && position == 0) || (!vowel && before != Some(letter)) {
            code.push_str(letter);
        }
        before = Some(letter);
    }
    if code.len() <= 6 {
        return Ok(code);
    }
    let letters: Vec<char> = code.chars().collect();
    let three = letters.len().min(3);
    let ends = [&letters[..three], &letters[letters.len() - three..]];
    Ok(ends.into_iter().flatten().collect())
}

/// Whether the codes of two names agree; `None` where their lengths differ by 3 or more, which the rule does not compare.
///
/// Lengths are those in UTF-8, in bytes; that is not in the literature, which knows ASCII alone.
///
/// # Errors
///
/// Something in either is neither a letter nor a space.
pub fn match_rating_comparison(a: Text<'_>, b: Text<'_>) -> Result<Option<bool>, NotAlphabetic> {
    let (a, b) = (match_rating_codex(a)?, match_rating_codex(b)?);
    if a.len().abs_diff(b.len()) >= 3 {
        return Ok(None);
    }
    let sum = a.len() + b.len();
    let (longer, shorter) = if a.len() > b.len() { (a, b) } else { (b, a) };
    let (longer, shorter): (Vec<char>, Vec<char>) =
        (longer.chars().collect(), shorter.chars().collect());
    // First what stands in one place from the left goes, then, of what is left, what does from the right.
    let kept = |these: &[char], others: &[char]| -> Vec<char> {
        let differs = |place: &usize| others.get(*place) != Some(&these[*place]);
        (0..these.len())
            .filter(differs)
            .map(|place| these[place])
            .rev()
            .collect()
    };
    let (longer, shorter) = (kept(&longer, &shorter), kept(&shorter, &longer));
    let differing = longer.len().max(shorter.len())
        - longer.iter().zip(&shorter).filter(|(a, b)| a == b).count();
    let least = match sum {
        0..=4 => 5,
        5..=7 => 4,
        8..=11 => 3,
        _ => 2,
    };
    Ok(Some(differing + least <= 6))
}
