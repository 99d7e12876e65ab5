//! Jaccard's similarity of two sets of words, or of two sets of pieces of one length.

use super::sort::sort;
use super::units::{Symbol, Unit};
use super::watch::Watch;
use crate::room::{collected, gathered};
use crate::threads::Interrupted;

/// What a string is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pieces {
    /// Words: what stands between white space.
    Words,
    /// Pieces of that many units, side by side; the last one may be shorter.
    Of(std::num::NonZeroUsize, Unit),
}

/// How many of the pieces are in both sets, of all in either; 0 where there are none.
pub(crate) fn similarity<T: Symbol>(
    a: &[T],
    b: &[T],
    pieces: Pieces,
    stop: &dyn Fn() -> bool,
) -> Result<f64, Interrupted> {
    let a = set(a, pieces, stop)?;
    let b = set(b, pieces, stop)?;
    Ok(ratio(shared(&a, &b), [a.len(), b.len()]))
}

/// How many elements two sets share, each in order.
pub(super) fn shared<T: Ord>(a: &[T], b: &[T]) -> usize {
    let (mut both, mut i, mut j) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        both += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    both
}

/// The similarity of two sets of those sizes that share so many elements.
#[inline(always)]
pub(super) fn ratio(both: usize, [a, b]: [usize; 2]) -> f64 {
    match a + b - both {
        0 => 0.0,
        either => both as f64 / either as f64,
    }
}

/// The pieces in order, each once.
pub(super) fn set<'a, T: Symbol>(
    text: &'a [T],
    pieces: Pieces,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<&'a [T]>, Interrupted> {
    let mut set: Vec<&[T]> = match pieces {
        Pieces::Words => words(text, stop)?,
        Pieces::Of(size, _) => collected(text.chunks(size.get())),
    };
    let longest = match pieces {
        Pieces::Words => set.iter().map(|word| word.len()).max().unwrap_or(0),
        Pieces::Of(size, _) => size.get(),
    };
    sort(&mut set, longest, stop)?;
    set.dedup();
    Ok(set)
}

/// What stands between white space.
fn words<'a, T: Symbol>(
    text: &'a [T],
    stop: &dyn Fn() -> bool,
) -> Result<Vec<&'a [T]>, Interrupted> {
    let watch = Watch::new(stop);
    let space = |&unit: &T| char::from_u32(unit.into()).is_some_and(char::is_whitespace);
    // Stopped, it is as if there were spaces alone to come.
    let words = text.split(|unit| !watch.goes_on() || space(unit));
    let words = gathered(words.filter(|word| !word.is_empty()));
    watch.whole(words)
}
