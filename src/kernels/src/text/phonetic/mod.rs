//! Phonetic codes: names that sound alike in English have the same one.
//!
//! The rules are those of jellyfish 1.3, quirks included, as codes are kept in databases and must not change: each module
//! says where they are not those of the literature.

mod decomposed;
mod match_rating;
mod metaphone;
mod nysiis;
mod soundex;

use self::decomposed::Decomposed;
use super::units::{Text, Units};
use super::watch::Watch;
use crate::room::{gathered, string};

pub use match_rating::{NotAlphabetic, match_rating_codex, match_rating_comparison};
pub use metaphone::metaphone;
pub use nysiis::nysiis;
pub use soundex::soundex;

/// Letters that have room on the stack.
const SHORT: usize = 64;

/// The string in capitals, in the memory given, where it is short and of ASCII alone: as most names are.
#[inline]
fn ascii_capitals<'a>(text: Text<'_>, room: &'a mut [u8; SHORT]) -> Option<&'a mut [u8]> {
    let units = match text {
        Text::Points(Units::U8(units)) => units,
        Text::Utf8(text) => text.as_bytes(),
        Text::Points(_) => return None,
    };
    let capitals = room.get_mut(..units.len())?;
    let mut seen = 0;
    for (capital, &unit) in capitals.iter_mut().zip(units) {
        seen |= unit;
        *capital = unit.to_ascii_uppercase();
    }
    seen.is_ascii().then_some(capitals)
}

/// The string in capitals.
fn capitals(text: Text<'_>, watch: &Watch<'_>) -> String {
    let ascii = |text: &[u8]| {
        let capitals = text
            .iter()
            .map(|&unit| char::from(unit.to_ascii_uppercase()));
        string(watch.over(capitals))
    };
    match text {
        Text::Points(Units::U8(units)) if units.is_ascii() => ascii(units),
        Text::Utf8(text) if text.is_ascii() => ascii(text.as_bytes()),
        _ => string(watch.over(text.chars().flat_map(char::to_uppercase))),
    }
}

/// The string in capitals, each letter before its marks: compatibility decomposition.
fn decomposed(capitals: &str, watch: &Watch<'_>) -> Vec<char> {
    if capitals.is_ascii() {
        gathered(watch.over(capitals.chars()))
    } else {
        // What goes in is watched too: a letter with a million marks comes out at once.
        gathered(watch.over(Decomposed::new(watch.over(capitals.chars()), watch)))
    }
}
