//! Phonetic codes of any string in every form: the way of short ASCII names and the way of all others agree.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::text::Text;
use hotkernels_kernels::text::phonetic::{
    match_rating_codex, match_rating_comparison, metaphone, nysiis, soundex,
};

use crate::strings::{Alphabet, Forms, length};

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let strings = [string(u)?, string(u)?];
    let [a, b] = [0, 1].map(|index| Forms::new(&strings[index]));
    for forms in [&a, &b] {
        let on = || false;
        let codes = |text: Text<'_>| {
            (
                soundex(text, &on),
                metaphone(text, &on),
                nysiis(text, &on),
                match_rating_codex(text, &on),
            )
        };
        let mut all = forms.all().into_iter().map(codes);
        let first = all.next().expect("code points");
        for other in all {
            assert_eq!(other, first);
        }
        let (Ok(soundex), Ok(metaphone), Ok(_), Ok(rating)) = first else {
            panic!("nothing stops them");
        };
        assert!(
            soundex.is_empty() || soundex.chars().count() == 4,
            "{soundex}"
        );
        assert!(metaphone.len() <= 2 * strings[0].len().max(strings[1].len()) * 18 + 2);
        if let Ok(rating) = rating {
            assert!(rating.chars().count() <= 6, "{rating}");
        }
    }
    let mut all = Vec::new();
    for left in a.all() {
        for right in b.all() {
            all.push(match_rating_comparison(left, right, &|| false));
            assert_eq!(match_rating_comparison(right, left, &|| false), all[0]);
        }
    }
    assert!(all.iter().all(|found| *found == all[0]));
    Ok(())
}

/// Letters of English as they stand in names, or any.
fn string(u: &mut Unstructured<'_>) -> Result<Vec<u32>> {
    if u.ratio(2, 3)? {
        let len = length(u, 80)?;
        let mut all = Vec::new();
        for _ in 0..len {
            all.push(u32::from(
                *u.choose(b"AEIOUYWHKSCPTDGNMRVXZBFJLQaeiouhks '-0\xDF\xE9")?,
            ));
        }
        return Ok(all);
    }
    let alphabet = Alphabet::of(u)?;
    let len = length(u, 80)?;
    alphabet.string(u, len)
}
