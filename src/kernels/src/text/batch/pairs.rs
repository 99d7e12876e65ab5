//! Row by row: each string of a column with the one beside it.
//!
//! No block is laid out, as no string meets a second one. Rows of like lengths are looked for within a piece of some thousands
//! of them and worked on together, in the lanes of registers ([`super::beside`]); those that are long, or alone with their
//! lengths, go to the functions for two strings.

use std::ops::Range;

use super::beside::{self, Place, Tiles, in_order};
use super::cdist::Cell;
use super::column::Column;
use super::measure::Measure;
use super::scores::MOST;
use super::strings::{Stored, Strings};
use crate::memory::Target;
use crate::room::Grow;
use crate::simd::Level;
use crate::text::units::Symbol;
use crate::threads::{Interrupted, Team};

/// Rows that are looked through together, the fewest and the most.
const PIECE: Range<usize> = 1 << 10..1 << 13;

/// Pieces for each thread, at least, where there are enough rows.
const PIECES: usize = 4;

/// Rows that are worked on one by one between two looks at whether to stop.
const LOOK: usize = 1 << 8;

/// Two columns of one length, in units of one width.
#[derive(Debug)]
pub struct Pairs(Columns);

#[derive(Debug)]
enum Columns {
    Latin([Column<u8>; 2]),
    Any([Column<u32>; 2]),
}

impl Pairs {
    /// The strings of two columns that one reader read. `stop` is asked every few milliseconds.
    ///
    /// # Errors
    ///
    /// `stop` said true.
    ///
    /// # Panics
    ///
    /// The columns differ in length.
    pub fn new(
        queries: Strings,
        choices: Strings,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, Interrupted> {
        assert_eq!(queries.len(), choices.len());
        Ok(Self(match (queries.stored(stop)?, choices.stored(stop)?) {
            (Stored::Latin(queries), Stored::Latin(choices)) => Columns::Latin([queries, choices]),
            (queries, choices) => Columns::Any([queries.wide(stop)?, choices.wide(stop)?]),
        }))
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Columns::Latin([queries, _]) => queries.len(),
            Columns::Any([queries, _]) => queries.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of which a string is missing, those of the queries and then those of the choices.
    fn missing(&self) -> [&[usize]; 2] {
        match &self.0 {
            Columns::Latin(columns) => columns.each_ref().map(Column::missing),
            Columns::Any(columns) => columns.each_ref().map(Column::missing),
        }
    }
}

/// Writes the score of each row's two strings, as [`super::cdist`] does: what does not pass the cutoff is
/// [`super::measure::Sealed::beyond`] it; where either string is missing, `missing` stands.
///
/// # Errors
///
/// The team was told to stop; the row of scores is then filled in part.
///
/// # Panics
///
/// The matrix is not one row with a cell for each pair, or this CPU lacks the level.
pub fn cpdist<M: Measure, T: Cell<M::Score>>(
    level: Level,
    measure: M,
    pairs: &Pairs,
    cutoff: Option<M::Score>,
    missing: T,
    out: &Target<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    assert_eq!((out.rows(), out.cols()), (1, pairs.len()));
    let cutoff = cutoff.unwrap_or(M::ANY);
    let wanted = match team.threads().get() {
        1 => 1,
        threads => PIECES * threads,
    };
    let size = pairs.len().div_ceil(wanted).clamp(PIECE.start, PIECE.end);
    let work = |own: &mut Own<M::Score>, piece: usize, ask: &dyn Fn() -> bool| {
        let rows = piece * size..pairs.len().min((piece + 1) * size);
        let Ok(scores) = own.scores(level, measure, pairs, rows.clone(), cutoff, ask) else {
            return;
        };
        for (row, &score) in rows.clone().zip(scores) {
            let passes = !M::nearer(cutoff, score);
            let cell = T::of(if passes { score } else { M::beyond(cutoff) });
            // SAFETY: a cell of the matrix, as the assertion has seen; this piece alone has its rows.
            unsafe { out.at(0, row).write(cell) };
        }
        for column in pairs.missing() {
            for &row in within(column, &rows) {
                // SAFETY: as above.
                unsafe { out.at(0, row).write(missing) };
            }
        }
    };
    team.for_each_asking(pairs.len().div_ceil(size), || Own::new(level), work)
}

/// Those of the rows that are in the range; they are in order.
fn within<'a>(rows: &'a [usize], range: &Range<usize>) -> &'a [usize] {
    let [first, last] = [range.start, range.end].map(|end| rows.partition_point(|&row| row < end));
    &rows[first..last]
}

/// As many rows are done one by one: they hardly fill any lanes.
const FEW: usize = 16;

/// Memory of a thread's.
struct Own<S> {
    scores: Vec<S>,
    /// Of each row of the piece, where it is worked on.
    places: Vec<u16>,
    /// The rows that are worked on in lanes, by their places.
    order: Vec<u16>,
    tiles: Tiles,
}

/// The place of rows that are done.
const DONE: u16 = u16::MAX;

impl<S: Copy + Default> Own<S> {
    fn new(level: Level) -> Self {
        Self {
            scores: Vec::new(),
            places: Vec::new(),
            order: Vec::new(),
            tiles: Tiles::new(level),
        }
    }

    /// The scores of some rows; where a string is missing any, and for what does not pass the cutoff any that does not.
    #[inline(never)] // once, and not once for each type of cell
    fn scores<M: Measure<Score = S>>(
        &mut self,
        level: Level,
        measure: M,
        pairs: &Pairs,
        rows: Range<usize>,
        cutoff: S,
        stop: &dyn Fn() -> bool,
    ) -> Result<&[S], Interrupted> {
        match &pairs.0 {
            Columns::Latin(columns) => self.of(level, measure, columns, rows, cutoff, stop)?,
            Columns::Any(columns) => self.of(level, measure, columns, rows, cutoff, stop)?,
        }
        Ok(&self.scores)
    }

    fn of<M: Measure<Score = S>, U: Symbol>(
        &mut self,
        level: Level,
        measure: M,
        [queries, choices]: &[Column<U>; 2],
        rows: Range<usize>,
        cutoff: S,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Interrupted> {
        let Self {
            scores,
            places,
            order,
            tiles,
        } = self;
        let two = |a, b| measure.of_pair(level, U::pair(a, b), cutoff, stop);
        let count = rows.len();
        scores.clear();
        scores.room(count);
        scores.resize(count, S::default());
        places.clear();
        places.room(count);
        let mut ends = [0_usize; Place::COUNT];
        let mut alone = 0;
        let in_lanes = measure.is_in_lanes() && count > FEW;
        let may_change = measure.is_symmetric();
        let limited = M::nearer(cutoff, M::ANY) && measure.pieces().is_none();
        let pair = |row: usize| [queries.get(rows.start + row), choices.get(rows.start + row)];
        let lengths = queries
            .lengths(rows.clone())
            .zip(choices.lengths(rows.clone()));
        for ((row, score), (a, b)) in scores.iter_mut().enumerate().zip(lengths) {
            if limited && M::nearer(cutoff, measure.bound(a, [b; 2])) {
                *score = M::beyond(cutoff);
                if in_lanes {
                    places.push(DONE);
                }
                continue;
            }
            let place = if in_lanes {
                tiles.place(in_order(may_change, [a, b], |&length| length))
            } else {
                None
            };
            if let Some(place) = place {
                let place = if U::BYTE {
                    place
                } else {
                    place.with_room_for(pair(row))
                };
                ends[place.number()] += 1;
                places.push(place.number() as u16);
                continue;
            }
            let [a, b] = pair(row);
            *score = two(a, b)?;
            if in_lanes {
                places.push(DONE);
            }
            alone += 1;
            if alone % LOOK == 0 && stop() {
                return Err(Interrupted);
            }
        }
        if !in_lanes {
            return Ok(());
        }
        sort(places, &mut ends, order);
        let mut found = [S::default(); MOST];
        let mut start = 0;
        for (number, &end) in ends.iter().enumerate() {
            let place = Place::of(number);
            let mut rest = &order[start..end];
            start = end;
            while !rest.is_empty() {
                if stop() {
                    return Err(Interrupted);
                }
                let (these, others) = rest.split_at(rest.len().min(tiles.lanes(place)));
                rest = others;
                if tiles.are_few(place, these.len()) {
                    for &row in these {
                        let [a, b] = pair(row.into());
                        scores[usize::from(row)] = two(a, b)?;
                    }
                    continue;
                }
                let pairs = these.iter().map(|&row| {
                    let row = rows.start + usize::from(row);
                    let sides =
                        [queries, choices].map(|column| (column.units(), column.range(row)));
                    let [text, pattern] = in_order(may_change, sides, |(_, range)| range.len());
                    beside::Pair {
                        text: &text.0[text.1],
                        pattern: &pattern.0[pattern.1.start..],
                        length: pattern.1.len(),
                    }
                });
                tiles.scores(level, measure, place, pairs, &mut found);
                for (&row, &score) in these.iter().zip(&found) {
                    scores[usize::from(row)] = score;
                }
            }
        }
        Ok(())
    }
}

/// Puts rows in the order of their places, of which `ends` has the numbers of rows, and then where the rows of each end.
fn sort(places: &[u16], ends: &mut [usize], order: &mut Vec<u16>) {
    let mut all = 0;
    for end in &mut *ends {
        all += std::mem::replace(end, all);
    }
    order.clear();
    order.room(all);
    order.resize(all, 0);
    for (row, &place) in places.iter().enumerate() {
        if place != DONE {
            let next = &mut ends[usize::from(place)];
            order[*next] = row as u16;
            *next += 1;
        }
    }
}
