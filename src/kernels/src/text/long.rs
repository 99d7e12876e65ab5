//! Levenshtein's distance and optimal string alignment for patterns of more than 64 units.
//!
//! The matrix of distances is cut into blocks of 64 rows, each a column at a time in one word (Myers 1999, Hyyrö 2003; see
//! [`levenshtein`](super::levenshtein)). Blocks one below the other are worked on together in the lanes of a vector, each
//! one column behind the block above it, from which it takes the step along the row between them: a wave front. The lanes
//! of one vector are a group; groups follow one another, and hand on the steps along the last row.
//!
//! Only a band about the diagonal is computed (Ukkonen, Algorithms for approximate string matching, 1985): what lies
//! outside costs more than a bound. The bound starts low; where it was too low, the part that was computed tells what to
//! try next.

use super::ids::Ids;
use super::units::Symbol;
use crate::arch::{Arch, Kernel};
use crate::simd::Level;
use crate::threads::Interrupted;

/// Bits of a word: rows of a block.
const ROWS: usize = 64;

/// Columns between two looks at whether to stop: some milliseconds.
const PIECE: usize = 1 << 16;

/// The steps from one column to the next along the last row of a group, as the group below takes them in.
mod step {
    /// The distance grows.
    pub(super) const RIGHT: u8 = 1;
    /// The distance falls.
    pub(super) const LEFT: u8 = 2;
    /// A swap of this row's unit with the next one's may begin here.
    pub(super) const SWAP: u8 = 4;
}

/// The distance, or `None` where it is above the cutoff. The text is no shorter than the pattern, and neither is empty.
pub(crate) fn distance<T: Symbol, const SWAPS: bool>(
    level: Level,
    pattern: &[T],
    text: &[T],
    cutoff: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Interrupted> {
    let mut ids = Ids::new();
    let rows: Vec<u32> = pattern.iter().map(|&unit| ids.number(unit)).collect();
    let columns: Vec<u32> = text.iter().map(|&unit| ids.get(unit)).collect();
    let work = Matrix {
        rows: &rows,
        columns: &columns,
        units: ids.count(),
        cutoff: cutoff.min(text.len()),
        stop,
    };
    match pattern.len().div_ceil(ROWS) {
        ..=2 => Front::<SWAPS, 2>(work).at(level),
        3..=4 => Front::<SWAPS, 4>(work).at(level),
        _ => Front::<SWAPS, 8>(work).at(level),
    }
}

/// Two strings as small numbers: those of the pattern 1 to `units`; 0 in the text stands for all that the pattern has not.
struct Matrix<'a> {
    rows: &'a [u32],
    columns: &'a [u32],
    units: usize,
    cutoff: usize,
    stop: &'a dyn Fn() -> bool,
}

struct Front<'a, const SWAPS: bool, const LANES: usize>(Matrix<'a>);

impl<const SWAPS: bool, const LANES: usize> Kernel for Front<'_, SWAPS, LANES> {
    type Output = Result<Option<usize>, Interrupted>;

    fn scalar(self) -> Self::Output {
        self.0.distance::<SWAPS, LANES>()
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> Self::Output {
        self.0.distance::<SWAPS, LANES>()
    }
}

/// What a pass within a bound found.
enum Pass {
    /// The distance, if it is within the bound; else a number that is no less than the distance.
    Distance(usize),
    /// The distance is above the bound; it may be about this.
    Above(usize),
}

impl Matrix<'_> {
    #[inline(always)]
    fn distance<const SWAPS: bool, const LANES: usize>(
        &self,
    ) -> Result<Option<usize>, Interrupted> {
        let (height, width) = (self.rows.len(), self.columns.len());
        let extra = width - height;
        // A band as wide as a group is high costs little more than a narrower one.
        let mut bound = extra + LANES * ROWS;
        loop {
            bound = bound.min(self.cutoff);
            let next = match self.pass::<SWAPS, LANES>(bound)? {
                Pass::Distance(distance) if distance <= bound => return Ok(Some(distance)),
                Pass::Distance(most) => most,
                Pass::Above(about) => about,
            };
            if bound >= self.cutoff {
                return Ok(None);
            }
            bound = next.max(bound + bound / 2);
        }
    }

    /// One pass over the part of the matrix that any way of at most `bound` edits stays in.
    #[inline(always)]
    fn pass<const SWAPS: bool, const LANES: usize>(
        &self,
        bound: usize,
    ) -> Result<Pass, Interrupted> {
        let (height, width) = (self.rows.len(), self.columns.len());
        let extra = width - height;
        // A way leaves the diagonals between the two corners by at most `aside`, as it has to come back. One more, as a
        // swap looks at the row and column before it.
        let aside = (bound - extra) / 2 + 1;
        let groups = height.div_ceil(ROWS * LANES);
        // Rows above the first that stand for nothing, so that the last row is a group's last.
        let padding = groups * ROWS * LANES - height;
        let mut table = Table::<LANES>::new(self.units);
        let mut steps = vec![step::RIGHT; width]; // along the row above the first
        let mut corner = 0; // the distance at the group's upper left
        for group in 0..groups {
            let above = (group * ROWS * LANES).saturating_sub(padding);
            let below = (group + 1) * ROWS * LANES - padding;
            let first = above.saturating_sub(aside);
            let last = (below + extra + aside).min(width);
            table.fill(self.rows, below, padding);
            let columns = &self.columns[first..last];
            self.sweep::<SWAPS, LANES>(&mut table, columns, &mut steps[first..last], group, padding)?;
            // Along the group's last row, from its left end.
            let mut distance = (corner + below - above) as isize;
            let next = below.saturating_sub(aside);
            let mut least = isize::MAX;
            for (column, &step) in (first..last).zip(&steps[first..last]) {
                if column == next {
                    corner = distance as usize;
                }
                distance += isize::from(step & step::RIGHT != 0) - isize::from(step & step::LEFT != 0);
                let rest = (width - column - 1).abs_diff(height - below);
                least = least.min(distance + rest as isize);
            }
            if below == height {
                return Ok(Pass::Distance(distance as usize));
            }
            if least as usize > bound {
                // As many edits a row as so far, and some more to be above it.
                let about = extra + (least as usize - extra) * height / below;
                return Ok(Pass::Above(about + about / 8));
            }
        }
        unreachable!("the last group ends the loop")
    }

    /// One group: replaces the steps along the row above it by those along its last row.
    #[inline(always)]
    fn sweep<const SWAPS: bool, const LANES: usize>(
        &self,
        table: &mut Table<LANES>,
        columns: &[u32],
        steps: &mut [u8],
        group: usize,
        padding: usize,
    ) -> Result<(), Interrupted> {
        let blank = if group == 0 { padding } else { 0 };
        let mut front = State::<LANES>::new(blank);
        table.places(columns);
        // The lanes start one after the other; so does what they leave.
        let (width, behind) = (columns.len(), LANES - 1);
        for time in 0..behind {
            let enters = steps.get(time).copied().unwrap_or(0);
            front.start::<SWAPS>(time, enters, table.diagonal(time));
        }
        for begin in (0..width).step_by(PIECE) {
            if (self.stop)() {
                return Err(Interrupted);
            }
            for column in begin..(begin + PIECE).min(width) {
                let enters = steps.get(column + behind).copied().unwrap_or(0);
                steps[column] = front.advance::<SWAPS>(enters, table.diagonal(column + behind));
            }
        }
        Ok(())
    }
}

/// For each unit of a group's rows, the rows that have it: a word a lane.
struct Table<const LANES: usize> {
    /// The place of a unit in `masks`; 0 for one that no row of the group has.
    place: Vec<u32>,
    masks: Vec<[u64; LANES]>,
    filled: Vec<u32>,
    /// For each column its unit's place. `LANES - 1` more at either end, with no unit.
    columns: Vec<u32>,
}

impl<const LANES: usize> Table<LANES> {
    fn new(units: usize) -> Self {
        Self {
            place: vec![0; units + 1],
            masks: vec![[0; LANES]],
            filled: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Takes the rows of the group that ends with row `below`.
    fn fill(&mut self, rows: &[u32], below: usize, padding: usize) {
        for unit in self.filled.drain(..) {
            self.place[unit as usize] = 0;
        }
        self.masks.truncate(1);
        let above = (below + padding - ROWS * LANES).saturating_sub(padding);
        for (row, &unit) in rows.iter().enumerate().take(below).skip(above) {
            let place = &mut self.place[unit as usize];
            if *place == 0 {
                *place = self.masks.len() as u32;
                self.masks.push([0; LANES]);
                self.filled.push(unit);
            }
            let position = row + padding + ROWS * LANES - (below + padding);
            self.masks[*place as usize][position / ROWS] |= 1 << (position % ROWS);
        }
    }

    fn places(&mut self, columns: &[u32]) {
        self.columns.clear();
        self.columns.resize(LANES - 1, 0);
        let place = &self.place;
        self.columns.extend(columns.iter().map(|&unit| place[unit as usize]));
        self.columns.resize(self.columns.len() + LANES - 1, 0);
    }

    /// The rows that each lane's column matches: lane k is k columns behind the first.
    #[inline(always)]
    fn diagonal(&self, time: usize) -> [u64; LANES] {
        let columns = &self.columns[time..time + LANES];
        let mut equal = [0; LANES];
        for lane in 0..LANES {
            let place = columns[LANES - 1 - lane] as usize;
            debug_assert!(place < self.masks.len());
            // SAFETY: `places` took each place from `place`, whose entries are indices of `masks`.
            equal[lane] = unsafe { self.masks.get_unchecked(place)[lane] };
        }
        equal
    }
}

/// A word a lane of each: the steps down the lane's present column, and what it takes from the lane above.
#[derive(Clone)]
struct State<const LANES: usize> {
    up: [u64; LANES],
    down: [u64; LANES],
    diagonal: [u64; LANES],
    before: [u64; LANES],
    /// Bit 0 of each: the step along the row above the lane's first, from the column before to the next one it does.
    right: [u64; LANES],
    left: [u64; LANES],
    swap: [u64; LANES],
}

impl<const LANES: usize> State<LANES> {
    /// Before the first column, where each row is one more than the one above it; the first `blank` rows stand for nothing:
    /// all of them are as the row above the first.
    fn new(blank: usize) -> Self {
        let mut up = [!0; LANES];
        for (lane, up) in up.iter_mut().enumerate() {
            let blank = blank.saturating_sub(lane * ROWS);
            *up = if blank >= ROWS { 0 } else { !0 << blank };
        }
        Self {
            up,
            down: [0; LANES],
            diagonal: [0; LANES],
            before: [0; LANES],
            right: [0; LANES],
            left: [0; LANES],
            swap: [0; LANES],
        }
    }

    /// As [`State::advance`], for lanes that have come to their first column: at `time` n those up to lane n.
    #[inline(always)]
    fn start<const SWAPS: bool>(&mut self, time: usize, enters: u8, equal: [u64; LANES]) {
        let before = self.clone();
        self.advance::<SWAPS>(enters, equal);
        for lane in time + 1..LANES {
            self.up[lane] = before.up[lane];
            self.down[lane] = before.down[lane];
            self.diagonal[lane] = before.diagonal[lane];
            self.before[lane] = before.before[lane];
        }
    }

    /// Takes each lane one column on. `enters` is the step above the first lane, the result the one below the last.
    #[inline(always)]
    fn advance<const SWAPS: bool>(&mut self, enters: u8, equal: [u64; LANES]) -> u8 {
        self.right[0] = u64::from(enters & step::RIGHT);
        self.left[0] = u64::from(enters & step::LEFT) >> 1;
        if SWAPS {
            self.swap[0] = u64::from(enters & step::SWAP) >> 2;
        }
        let mut out = [[0; LANES]; 3];
        for lane in 0..LANES {
            let (up, down, equal) = (self.up[lane], self.down[lane], equal[lane]);
            let matched = equal | self.left[lane];
            let mut diagonal = (((matched & up).wrapping_add(up)) ^ up) | matched | down;
            if SWAPS {
                let begins = !self.diagonal[lane] & equal;
                diagonal |= (begins << 1 | self.swap[lane]) & self.before[lane];
                out[2][lane] = begins >> 63;
                self.before[lane] = equal;
                self.diagonal[lane] = diagonal;
            }
            let right = down | !(diagonal | up);
            let left = diagonal & up;
            out[0][lane] = right >> 63;
            out[1][lane] = left >> 63;
            let right = right << 1 | self.right[lane];
            let left = left << 1 | self.left[lane];
            self.up[lane] = left | !(diagonal | right);
            self.down[lane] = diagonal & right;
        }
        for lane in 1..LANES {
            self.right[lane] = out[0][lane - 1];
            self.left[lane] = out[1][lane - 1];
            self.swap[lane] = out[2][lane - 1];
        }
        let last = LANES - 1;
        out[0][last] as u8 * step::RIGHT + out[1][last] as u8 * step::LEFT + out[2][last] as u8 * step::SWAP
    }
}
