//! NYSIIS: the code of the New York State Identification and Intelligence System (Taft, Name search techniques, 1970).

use unicode_segmentation::UnicodeSegmentation;

use super::{SHORT, ascii_capitals, capitals};
use crate::room::{gathered, string, with_room};
use crate::text::units::Text;
use crate::text::watch::Watch;
use crate::threads::Interrupted;

/// A letter of a name: a byte of ASCII, or a grapheme cluster.
trait Letter: Copy + PartialEq {
    /// The capital of ASCII.
    fn of(capital: u8) -> Self;
}

impl Letter for u8 {
    #[inline]
    fn of(capital: u8) -> Self {
        capital
    }
}

impl Letter for &str {
    fn of(capital: u8) -> Self {
        let place = usize::from(capital - b'A');
        &"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[place..=place]
    }
}

/// The code of a name; nothing for nothing.
///
/// A letter with marks is another letter: what is compared and kept are grapheme clusters. Not as in the literature: the
/// ending is looked for in the name as it was given, not in the one with its beginning replaced, and the code is not cut. `stop` is
/// asked every millisecond or so.
///
/// # Errors
///
/// `stop` said true.
pub fn nysiis(text: Text<'_>, stop: &dyn Fn() -> bool) -> Result<String, Interrupted> {
    let mut room = [0; SHORT];
    match ascii_capitals(text, &mut room) {
        // CR and LF are one cluster.
        Some(letters) if !letters.contains(&b'\n') => {
            let mut name = [0; SHORT];
            let name = &mut name[..letters.len()];
            name.copy_from_slice(letters);
            let code = encode(name, letters, || true);
            Ok(string(code.into_iter().map(char::from)))
        }
        _ => {
            let watch = Watch::new(stop);
            let name = watch.whole(capitals(text, &watch))?;
            let mut letters = watch.whole(gathered(watch.over(name.graphemes(true))))?;
            let code = encode(name.as_bytes(), &mut letters, || watch.goes_on());
            let code = string(watch.over(code.into_iter().flat_map(str::chars)));
            watch.whole(code)
        }
    }
}

/// The code of a name of these letters; of the first ones, where it is not to go on.
#[inline]
fn encode<L: Letter>(name: &[u8], letters: &mut [L], goes_on: impl Fn() -> bool) -> Vec<L> {
    let letters = ends_replaced(name, letters);
    let Some(&first) = letters.first() else {
        return Vec::new();
    };
    // No sound has more letters than it is written with.
    let mut code = with_room(letters.len());
    code.push(first);
    let mut position = 1;
    while position < letters.len() && goes_on() {
        let (sound, twice, more) = sound(letters, position);
        // What ends as the code does adds nothing.
        if code.last() != Some(&sound) {
            code.extend(twice);
            code.push(sound);
        }
        position += 1 + more;
    }
    let [a, s, y] = [L::of(b'A'), L::of(b'S'), L::of(b'Y')];
    if code.len() > 1 && code.ends_with(&[s]) {
        code.pop();
    }
    if code.ends_with(&[a, y]) {
        code.remove(code.len() - 2);
    }
    if code.len() > 1 && code.ends_with(&[a]) {
        code.pop();
    }
    code
}

/// The letters, with some beginnings and endings replaced.
#[inline]
fn ends_replaced<'a, L: Letter>(name: &[u8], mut letters: &'a mut [L]) -> &'a mut [L] {
    if name.starts_with(b"MAC") {
        letters[1] = L::of(b'C');
    } else if name.starts_with(b"KN") {
        letters = &mut letters[1..];
    } else if name.starts_with(b"K") {
        letters[0] = L::of(b'C');
    } else if name.starts_with(b"PH") || name.starts_with(b"PF") {
        letters[..2].fill(L::of(b'F'));
    } else if name.starts_with(b"SCH") {
        letters[1..3].fill(L::of(b'S'));
    }
    let ending = match name {
        [.., b'I' | b'E', b'E'] => b'Y',
        [.., b'D' | b'R' | b'N', b'T'] | [.., b'R' | b'N', b'D'] => b'D',
        _ => return letters,
    };
    let kept = letters.len().saturating_sub(2);
    letters[kept] = L::of(ending);
    &mut letters[..=kept]
}

/// What a letter that is not the first becomes: the last letter of that, the one before it where there are two, and how
/// many letters behind are part of it.
#[inline]
fn sound<L: Letter>(letters: &[L], position: usize) -> (L, Option<L>, usize) {
    let (before, letter) = (letters[position - 1], letters[position]);
    let is = |place: usize, capital: u8| letters.get(place) == Some(&L::of(capital));
    let (next, after) = (position + 1, position + 2);
    let vowel = |place: usize| VOWELS.iter().any(|&vowel| is(place, vowel));
    let one = |capital: u8| (L::of(capital), None, 0);
    if is(position, b'E') && is(next, b'V') {
        (L::of(b'F'), Some(L::of(b'A')), 1)
    } else if vowel(position) {
        one(b'A')
    } else if is(position, b'Q') {
        one(b'G')
    } else if is(position, b'Z') {
        one(b'S')
    } else if is(position, b'M') {
        one(b'N')
    } else if is(position, b'K') {
        one(if is(next, b'N') { b'N' } else { b'C' })
    } else if is(position, b'S') && is(next, b'C') && is(after, b'H') {
        (letter, Some(letter), 2)
    } else if is(position, b'P') && is(next, b'H') {
        (L::of(b'F'), None, 1)
    } else if is(position, b'H') && !vowel(position - 1) {
        (before, None, 0)
    } else if is(position, b'H') && !vowel(next) {
        one(b'A')
    } else if is(position, b'W') && vowel(position - 1) {
        (before, None, 0)
    } else {
        (letter, None, 0)
    }
}

const VOWELS: [u8; 5] = *b"AEIOU";
