//! Row by row: each string of a column with the one beside it.
//!
//! No block is laid out, as no string meets a second one: pairs go to the functions for two strings, in bytes where their units
//! are Latin-1, which those are fastest with.

use super::cdist::Cell;
use super::measure::Measure;
use super::strings::Strings;
use crate::memory::Target;
use crate::room::Grow;
use crate::simd::Level;
use crate::text::Pair;
use crate::threads::{Interrupted, Team};

/// Rows that are worked on between two looks at what is next.
const PIECE: usize = 1 << 10;

/// Room for a pair in bytes.
#[derive(Default)]
struct Bytes(Vec<u8>, Vec<u8>);

/// Writes the score of each row's two strings, as [`super::cdist`] does: what does not pass the cutoff is
/// [`super::measure::Sealed::beyond`] it; where either string is missing, `missing` stands.
///
/// # Errors
///
/// The team was told to stop; the row of scores is then filled in part.
///
/// # Panics
///
/// The columns differ in length, or the matrix is not one row of that length.
#[expect(clippy::too_many_arguments, reason = "each is one thing")]
pub fn cpdist<M: Measure, T: Cell<M::Score>>(
    level: Level,
    measure: M,
    queries: &Strings,
    choices: &Strings,
    cutoff: Option<M::Score>,
    missing: T,
    out: &Target<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    assert_eq!(queries.len(), choices.len());
    assert_eq!((out.rows(), out.cols()), (1, queries.len()));
    let cutoff = cutoff.unwrap_or(M::ANY);
    let work = |bytes: &mut Bytes, piece: usize, ask: &dyn Fn() -> bool| {
        let rows = piece * PIECE..queries.len().min((piece + 1) * PIECE);
        let mut none = [queries, choices].map(|column| absent(column, rows.start));
        for row in rows {
            let there = none
                .iter_mut()
                .fold(true, |there, none| there & none.next_if_eq(&&row).is_none());
            let cell = if there {
                let [a, b] = [queries, choices].map(|column| column.get(row));
                let far = measure.pieces().is_none()
                    && M::nearer(cutoff, measure.bound(a.len(), [b.len(); 2]));
                let score = if far {
                    M::beyond(cutoff)
                } else {
                    let pair = bytes.of(a, b).unwrap_or(Pair::U32(a, b));
                    let Ok(score) = measure.of_pair(level, pair, cutoff, ask) else {
                        return;
                    };
                    score
                };
                T::of(if M::nearer(cutoff, score) {
                    M::beyond(cutoff)
                } else {
                    score
                })
            } else {
                missing
            };
            // SAFETY: a cell of the matrix, as the assertion has seen; this piece alone has its rows.
            unsafe { out.at(0, row).write(cell) };
        }
    };
    team.for_each_asking(queries.len().div_ceil(PIECE), Bytes::default, work)
}

/// The strings that are missing, from a row on.
fn absent(column: &Strings, from: usize) -> std::iter::Peekable<std::slice::Iter<'_, usize>> {
    let missing = column.missing();
    missing[missing.partition_point(|&row| row < from)..]
        .iter()
        .peekable()
}

impl Bytes {
    /// The pair in bytes; `None` where a unit has no byte.
    #[inline]
    fn of(&mut self, a: &[u32], b: &[u32]) -> Option<Pair<'_>> {
        narrow(a, &mut self.0)?;
        narrow(b, &mut self.1)?;
        Some(Pair::U8(&self.0, &self.1))
    }
}

#[inline]
fn narrow(units: &[u32], bytes: &mut Vec<u8>) -> Option<()> {
    let mut all = 0;
    for &unit in units {
        all |= unit;
    }
    if all > 0xFF {
        return None;
    }
    bytes.clear();
    bytes.room(units.len());
    bytes.extend(units.iter().map(|&unit| unit as u8));
    Some(())
}
