//! Soundex: the first letter and three digits (Russell and Odell, 1918; the American rules of the National Archives).

use super::{capitals, decomposed};
use crate::text::units::Text;

/// The code of a name; nothing for nothing.
///
/// Whatever is first stays as it is, letter or not. What is no letter parts letters of one digit, as a vowel does.
#[must_use]
pub fn soundex(text: Text<'_>) -> String {
    let letters = decomposed(&capitals(text));
    let Some((&first, rest)) = letters.split_first() else {
        return String::new();
    };
    let mut code = String::from(first);
    let mut digits = 0;
    let mut last = digit(first);
    for &letter in rest {
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
