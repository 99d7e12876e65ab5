//! NYSIIS: the code of the New York State Identification and Intelligence System (Taft, Name search techniques, 1970).

use unicode_segmentation::UnicodeSegmentation;

use super::capitals;
use crate::text::units::Text;

/// The code of a name; nothing for nothing.
///
/// A letter with marks is another letter: what is compared and kept are grapheme clusters. Not as in the literature: the
/// ending is looked for in the name as it was given, not in the one with its beginning replaced, and the code is not cut.
#[must_use]
pub fn nysiis(text: Text<'_>) -> String {
    let name = capitals(text);
    let letters = ends_replaced(&name);
    let Some(&first) = letters.first() else {
        return String::new();
    };
    let mut code = vec![first];
    let mut position = 1;
    while position < letters.len() {
        let (sound, more) = sound(&letters, position);
        // What ends as the code does adds nothing.
        if sound.last() != code.last() {
            code.extend(sound);
        }
        position += 1 + more;
    }
    if code.len() > 1 && code.ends_with(&["S"]) {
        code.pop();
    }
    if code.ends_with(&["A", "Y"]) {
        code.remove(code.len() - 2);
    }
    if code.len() > 1 && code.ends_with(&["A"]) {
        code.pop();
    }
    code.concat()
}

/// The letters, with some beginnings and endings replaced.
fn ends_replaced(name: &str) -> Vec<&str> {
    let mut letters: Vec<&str> = name.graphemes(true).collect();
    if name.starts_with("MAC") {
        letters[1] = "C";
    } else if name.starts_with("KN") {
        letters.remove(0);
    } else if name.starts_with('K') {
        letters[0] = "C";
    } else if name.starts_with("PH") || name.starts_with("PF") {
        letters[..2].fill("F");
    } else if name.starts_with("SCH") {
        letters[1..3].fill("S");
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let ending = if ends(&["IE", "EE"]) {
        "Y"
    } else if ends(&["DT", "RT", "RD", "NT", "ND"]) {
        "D"
    } else {
        return letters;
    };
    letters.truncate(letters.len().saturating_sub(2));
    letters.push(ending);
    letters
}

/// What a letter that is not the first becomes, and how many behind it are part of it.
fn sound<'a>(letters: &[&'a str], position: usize) -> (Vec<&'a str>, usize) {
    let (before, letter) = (letters[position - 1], letters[position]);
    let next = letters.get(position + 1).copied();
    let after = letters.get(position + 2).copied();
    match letter {
        "E" if next == Some("V") => (vec!["A", "F"], 1),
        "A" | "E" | "I" | "O" | "U" => (vec!["A"], 0),
        "Q" => (vec!["G"], 0),
        "Z" => (vec!["S"], 0),
        "M" => (vec!["N"], 0),
        "K" if next == Some("N") => (vec!["N"], 0),
        "K" => (vec!["C"], 0),
        "S" if next == Some("C") && after == Some("H") => (vec!["S", "S"], 2),
        "P" if next == Some("H") => (vec!["F"], 1),
        "H" if !vowel(before) => (vec![before], 0),
        "H" if next.is_none_or(|next| !vowel(next)) => (vec!["A"], 0),
        "W" if vowel(before) => (vec![before], 0),
        _ => (vec![letter], 0),
    }
}

fn vowel(letter: &str) -> bool {
    matches!(letter, "A" | "E" | "I" | "O" | "U")
}
