//! Soundex: the first letter and three digits (Russell and Odell, 1918; the American rules of the National Archives).

use super::decomposed::Decomposed;
use super::{SHORT, ascii_capitals};
use crate::text::units::Text;
use crate::text::watch::Watch;
use crate::threads::Interrupted;

/// The code of a name; nothing for nothing.
///
/// Whatever is first stays as it is, letter or not. What is no letter parts letters of one digit, as a vowel does. `stop` is asked
/// every millisecond or so.
///
/// # Errors
///
/// `stop` said true.
pub fn soundex(text: Text<'_>, stop: &dyn Fn() -> bool) -> Result<String, Interrupted> {
    let mut room = [0; SHORT];
    if let Some(letters) = ascii_capitals(text, &mut room) {
        return Ok(encode(letters.iter().map(|&letter| char::from(letter))));
    }
    let watch = Watch::new(stop);
    // Letter by letter: four of them are enough for most.
    let capitals = watch.over(text.chars().flat_map(char::to_uppercase));
    let code = encode(watch.over(Decomposed::new(capitals, &watch)));
    watch.whole(code)
}

#[inline]
fn encode(mut letters: impl Iterator<Item = char>) -> String {
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut code = String::with_capacity(first.len_utf8() + 3);
    code.push(first);
    let mut digits = 0;
    let mut last = digit(first);
    for letter in letters {
        match digit(letter) {
            Some(digit) => {
                if last != Some(digit) {
                    code.push(digit);
                    digits += 1;
                    if digits == 3 {
                        break;
                    }
                }
                last = Some(digit);
            }
            None if matches!(letter, 'H' | 'W') => {}
            None => last = None,
        }
    }
    code.extend(std::iter::repeat_n('0', 3 - digits));
    code
}

fn digit(letter: char) -> Option<char> {
    Some(match letter {
        'B' | 'F' | 'P' | 'V' => '1',
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => '2',
        'D' | 'T' => '3',
        'L' => '4',
        'M' | 'N' => '5',
        'R' => '6',
        _ => return None,
    })
}
