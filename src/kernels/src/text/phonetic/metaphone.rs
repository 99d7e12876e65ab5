//! Metaphone: consonants by how English says them (Philips, Hanging on the Metaphone, 1990).

use super::{SHORT, ascii_capitals, capitals, decomposed};
use crate::room::Grow;
use crate::text::units::Text;
use crate::text::watch::Watch;
use crate::threads::Interrupted;

/// The code of a name or of several words; nothing for nothing.
///
/// Not as in the literature: a final MB keeps its B only where something follows that is no letter, and vice versa; SCH
/// is not K; an initial is looked for in the capitals before they are decomposed; what is no letter is left out but counts
/// as a neighbour. `stop` is asked every millisecond or so.
///
/// # Errors
///
/// `stop` said true.
pub fn metaphone(text: Text<'_>, stop: &dyn Fn() -> bool) -> Result<String, Interrupted> {
    let mut room = [0; SHORT];
    if let Some(letters) = ascii_capitals(text, &mut room) {
        let silent = SILENT.iter().any(|initial| letters.starts_with(initial));
        return Ok(encode(&letters[usize::from(silent)..], || true));
    }
    let watch = Watch::new(stop);
    let capitals = watch.whole(capitals(text, &watch))?;
    let silent = SILENT
        .iter()
        .any(|initial| capitals.as_bytes().starts_with(initial));
    let letters = watch.whole(decomposed(&capitals, &watch))?;
    let code = encode(&letters[usize::from(silent)..], || watch.goes_on());
    watch.whole(code)
}

/// Beginnings of which the first letter is not said.
const SILENT: [&[u8]; 5] = [b"KN", b"GN", b"PN", b"WR", b"AE"];

/// The code of these letters; of the first ones, where it is not to go on.
#[inline]
fn encode<L: Copy + Into<char>>(letters: &[L], goes_on: impl Fn() -> bool) -> String {
    let mut code = String::new();
    code.room(2 * letters.len() + 1); // an X is two consonants
    let at = |position: usize| letters.get(position).map(|&letter| letter.into());
    let mut before = None;
    let mut position = 0;
    while let Some(letter) = at(position)
        && goes_on()
    {
        let next = at(position + 1);
        // Of a double letter the second is heard, but for CC.
        if next == Some(letter) && letter != 'C' {
            before = Some(letter);
            position += 1;
            continue;
        }
        let after = at(position + 2);
        position += 1 + sound(letter, before, next, after, &mut code);
        before = at(position - 1);
    }
    code
}

/// Appends a letter's sound; how many of the letters behind it are part of it.
fn sound(
    letter: char,
    before: Option<char>,
    next: Option<char>,
    after: Option<char>,
    code: &mut String,
) -> usize {
    // A star stands for the end of the string too.
    let next = next.unwrap_or('*');
    let after = after.unwrap_or('*');
    let (said, more) = match letter {
        'A' | 'E' | 'I' | 'O' | 'U' if before.is_none_or(|before| before == ' ') => {
            code.push(letter);
            return 0;
        }
        'B' if before != Some('M') || next != '*' => ("B", 0),
        'C' if next == 'H' || (next == 'I' && after == 'A') => ("X", 1),
        'C' if front(next) => ("S", 1),
        'D' if next == 'G' && front(after) => ("J", 2),
        'F' | 'J' | 'L' | 'M' | 'N' | 'R' => {
            code.push(letter);
            return 0;
        }
        'G' if front(next) => ("J", 0),
        'G' if next == 'H' && !vowel(after) => ("", 1),
        'G' if next == 'N' && after == '*' => ("", 1),
        'H' if before.is_none_or(|before| !vowel(before)) || vowel(next) => ("H", 0),
        'K' if before == Some('C') => ("", 0),
        'C' | 'G' | 'K' | 'Q' => ("K", 0),
        'P' if next == 'H' => ("F", 1),
        'P' => ("P", 0),
        'S' if next == 'H' => ("X", 1),
        'S' if next == 'I' && matches!(after, 'A' | 'O') => ("X", 2),
        'T' if next == 'I' && matches!(after, 'A' | 'O') => ("X", 0),
        'T' if next == 'H' => ("0", 1),
        'T' if next == 'C' && after == 'H' => ("", 0),
        'D' | 'T' => ("T", 0),
        'V' => ("F", 0),
        'W' if before.is_none() && next == 'H' => ("W", 1),
        'W' if vowel(next) => ("W", 0),
        'X' if before.is_some() => ("KS", 0),
        'X' if next == 'H' || (next == 'I' && matches!(after, 'A' | 'O')) => ("X", 0),
        'S' | 'X' | 'Z' => ("S", 0),
        'Y' if vowel(next) => ("Y", 0),
        ' ' if !code.is_empty() && !code.ends_with(' ') => (" ", 0),
        _ => ("", 0),
    };
    code.push_str(said);
    more
}

fn vowel(letter: char) -> bool {
    matches!(letter, 'A' | 'E' | 'I' | 'O' | 'U')
}

/// A vowel that softens the consonant before it.
fn front(letter: char) -> bool {
    matches!(letter, 'I' | 'E' | 'Y')
}
