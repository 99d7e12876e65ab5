//! Levenshtein's distance and optimal string alignment for patterns of more than 128 units.
//!
//! The matrix of distances is cut into blocks of 64 rows, each a column at a time in one word (Myers 1999, Hyyrö 2003; see
//! [`levenshtein`](super::levenshtein)). Blocks one below the other are worked on together in the lanes of a vector, each
//! one column behind the block above it, from which it takes the step along the row between them: a wave front. The lanes
//! of one vector are a group; groups follow one another, and hand on the steps along the last row.
//!
//! Only a band about the diagonal is computed (Ukkonen, Algorithms for approximate string matching, 1985): what lies
//! outside costs more than a bound. The bound starts low; where it was too low, the part that was computed tells what to
//! try next.

use std::array::from_fn;
use std::marker::PhantomData;

use super::ids::Ids;
use super::masks::low;
use super::units::Symbol;
use crate::arch::{Arch, Kernel, Plain, Words};
use crate::simd::Level;
use crate::threads::Interrupted;

/// Bits of a word: rows of a block.
const ROWS: usize = 64;

/// Blocks of a group.
const LANES: usize = 8;

/// Rows of a group.
const GROUP: usize = ROWS * LANES;

/// Columns between two looks at whether to stop: some milliseconds.
const PIECE: usize = 1 << 16;

/// Bits of a step from one column to the next along the last row of a group, as the group below takes it in: the distance
/// grows; it falls. The next one, 4: a swap of this row's unit with the next one's may begin here.
const RIGHT: u8 = 1;
const LEFT: u8 = 2;

/// Columns of which one is looked at, to see whether a pass can still come to something.
const SAMPLE: usize = 32;

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
    Front::<SWAPS>(work).at(level)
}

/// Two strings as small numbers: those of the pattern 1 to `units`; 0 in the text stands for all that the pattern has not.
struct Matrix<'a> {
    rows: &'a [u32],
    columns: &'a [u32],
    units: usize,
    cutoff: usize,
    stop: &'a dyn Fn() -> bool,
}

struct Front<'a, const SWAPS: bool>(Matrix<'a>);

impl<const SWAPS: bool> Kernel for Front<'_, SWAPS> {
    type Output = Result<Option<usize>, Interrupted>;

    fn scalar(self) -> Self::Output {
        self.0.distance::<(), Plain, SWAPS>(())
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> Self::Output {
        self.0.distance::<A, A::Words, SWAPS>(arch)
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
    fn distance<A: Copy, W: Words<A>, const SWAPS: bool>(
        &self,
        arch: A,
    ) -> Result<Option<usize>, Interrupted> {
        let mut table = Table::new(self.units);
        // A band as wide as a group is high costs little more than a narrower one.
        let mut bound = self.extra() + GROUP;
        loop {
            bound = bound.min(self.cutoff);
            let next = match self.pass::<A, W, SWAPS>(arch, &mut table, bound)? {
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

    /// How many columns more there are than rows.
    fn extra(&self) -> usize {
        self.columns.len() - self.rows.len()
    }

    /// One pass over the part of the matrix that any way of at most `bound` edits stays in.
    #[inline(always)]
    fn pass<A: Copy, W: Words<A>, const SWAPS: bool>(
        &self,
        arch: A,
        table: &mut Table,
        bound: usize,
    ) -> Result<Pass, Interrupted> {
        let (height, width, extra) = (self.rows.len(), self.columns.len(), self.extra());
        // A way leaves the diagonals between the two corners by at most `aside`, as it has to come back. One more, as a
        // swap looks at the row and column before it.
        let aside = (bound - extra) / 2 + 1;
        // Rows above the first that stand for nothing, so that the last row is a group's last.
        let padding = height.next_multiple_of(GROUP) - height;
        let mut steps = vec![RIGHT; width + LANES]; // along the row above the first; the last ones count for nothing
        let mut corner = 0; // the distance at the group's upper left
        let mut above = 0;
        loop {
            let blank = if above == 0 { padding } else { 0 };
            let below = above + GROUP - blank;
            let first = above.saturating_sub(aside);
            let last = (below + extra + aside).min(width);
            table.fill(&self.rows[above..below], blank, &self.columns[first..last]);
            let state = State::<A, W>::new(arch, blank);
            let end = last + LANES - 1;
            self.sweep::<A, W, SWAPS>(arch, state, table, &mut steps[first..end])?;
            // Along the group's last row, from its left end.
            let left = (corner + below - above) as isize;
            let next = below.saturating_sub(aside);
            corner = (left + walk(&steps[first..next])) as usize;
            let mut distance = left;
            let mut least = isize::MAX;
            for column in (first..last).step_by(SAMPLE) {
                let rest = (width - column).abs_diff(height - below);
                least = least.min(distance + rest as isize);
                distance += walk(&steps[column..last.min(column + SAMPLE)]);
            }
            // Between two samples neither the distance nor the rest falls by more than one a column.
            least -= 2 * SAMPLE as isize;
            if below == height {
                return Ok(Pass::Distance(distance as usize));
            }
            if least > bound as isize {
                // As many edits a row as so far, and some more to be above it.
                let about = extra + (least as usize - extra) * height / below;
                return Ok(Pass::Above(about + about / 8));
            }
            above = below;
        }
    }

    /// One group: replaces the steps along the row above it by those along its last row.
    #[inline(always)]
    fn sweep<A: Copy, W: Words<A>, const SWAPS: bool>(
        &self,
        arch: A,
        mut state: State<A, W>,
        table: &Table,
        steps: &mut [u8],
    ) -> Result<(), Interrupted> {
        // The lanes start one after the other; so does what they leave.
        let behind = LANES - 1;
        let width = steps.len() - behind;
        for (time, &enters) in steps[..behind].iter().enumerate() {
            let before = state;
            state.advance::<SWAPS>(arch, enters, W::new(arch, table.diagonal(time)));
            state.keep_from(
                &before,
                W::new(arch, from_fn(|lane| if lane > time { !0 } else { 0 })),
            );
        }
        for begin in (0..width).step_by(PIECE) {
            if (self.stop)() {
                return Err(Interrupted);
            }
            for column in begin..(begin + PIECE).min(width) {
                let enters = steps[column + behind];
                let equal = W::new(arch, table.diagonal(column + behind));
                steps[column] = state.advance::<SWAPS>(arch, enters, equal);
            }
        }
        Ok(())
    }
}

/// How much the distance grows over some steps.
fn walk(steps: &[u8]) -> isize {
    let sum = |bit: u8| -> isize {
        let few = |steps: &[u8]| steps.iter().map(|step| (step / bit) & 1).sum::<u8>();
        steps.chunks(255).map(|steps| few(steps) as isize).sum()
    };
    sum(RIGHT) - sum(LEFT)
}

/// What is equal in a group: for each unit the rows that have it, a word a lane; for each column its unit.
struct Table {
    /// The place of a unit in `masks`; 0 for one that no row of the group has, where all words are 0.
    places: Vec<u32>,
    /// `LANES` words a unit.
    masks: Vec<u64>,
    /// The units that have a place.
    filled: Vec<u32>,
    /// The place of each column's unit. `LANES - 1` more at either end, with no unit.
    columns: Vec<u32>,
}

impl Table {
    fn new(units: usize) -> Self {
        Self {
            places: vec![0; units + 1],
            masks: vec![0; LANES],
            filled: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Takes the group's rows, behind `blank` ones that equal nothing, and its columns.
    fn fill(&mut self, rows: &[u32], blank: usize, columns: &[u32]) {
        for unit in self.filled.drain(..) {
            self.places[unit as usize] = 0;
        }
        self.masks.truncate(LANES);
        for (row, &unit) in (blank..).zip(rows) {
            let place = &mut self.places[unit as usize];
            if *place == 0 {
                *place = self.masks.len() as u32;
                self.masks.resize(self.masks.len() + LANES, 0);
                self.filled.push(unit);
            }
            self.masks[*place as usize + row / ROWS] |= 1 << (row % ROWS);
        }
        self.columns.clear();
        self.columns.resize(LANES - 1, 0);
        let places = &self.places;
        self.columns
            .extend(columns.iter().map(|&unit| places[unit as usize]));
        self.columns.resize(self.columns.len() + LANES - 1, 0);
    }

    /// The rows that each lane's column equals: lane k is k columns behind the first.
    #[inline(always)]
    fn diagonal(&self, time: usize) -> [u64; LANES] {
        let columns = &self.columns[time..time + LANES];
        from_fn(|lane| {
            let place = columns[LANES - 1 - lane] as usize;
            debug_assert!(place + lane < self.masks.len());
            // SAFETY: `fill` took each place from `places`, whose entries are where `LANES` words of `masks` begin.
            unsafe { *self.masks.get_unchecked(place + lane) }
        })
    }
}

/// A word a lane of each: the steps down the lane's present column, and what it takes from the lane above.
#[derive(Clone, Copy)]
struct State<A, W> {
    up: W,
    down: W,
    diagonal: W,
    before: W,
    /// The steps along the lane's rows, for the lane below: their highest bits are those of the last row.
    right: W,
    left: W,
    begins: W,
    arch: PhantomData<A>,
}

impl<A: Copy, W: Words<A>> State<A, W> {
    /// Before the first column, where each row is one more than the one above it; the first `blank` rows stand for nothing:
    /// all of them are as the row above the first.
    #[inline(always)]
    fn new(arch: A, blank: usize) -> Self {
        let none = W::new(arch, [0; LANES]);
        let up = from_fn(|lane| !low(blank.saturating_sub(lane * ROWS)));
        Self {
            up: W::new(arch, up),
            down: none,
            diagonal: none,
            before: none,
            right: none,
            left: none,
            begins: none,
            arch: PhantomData,
        }
    }

    /// Takes the lanes of the mask back to what they were: those that have not come to the first column.
    #[inline(always)]
    fn keep_from(&mut self, before: &Self, mask: W) {
        let keep = |now: W, before: W| now.and_not(mask).or(before.and(mask));
        self.up = keep(self.up, before.up);
        self.down = keep(self.down, before.down);
        self.diagonal = keep(self.diagonal, before.diagonal);
        self.before = keep(self.before, before.before);
    }

    /// Takes each lane one column on. `enters` is the step above the first lane, the result the one below the last.
    #[inline(always)]
    fn advance<const SWAPS: bool>(&mut self, arch: A, enters: u8, equal: W) -> u8 {
        let all = W::new(arch, [!0; LANES]);
        // As the highest bit of the word above.
        let bit = |number: u32| u64::from(enters >> number) << 63;
        let right_above = self.right.push(arch, bit(0)).top();
        let left_above = self.left.push(arch, bit(1)).top();
        let (up, down) = (self.up, self.down);
        let matched = equal.or(left_above);
        let sum = matched.and(up).add(up);
        let mut diagonal = sum.xor(up).or(matched.or(down));
        if SWAPS {
            // See `osa::short`.
            let above = self.begins.push(arch, bit(2)).top();
            self.begins = equal.and_not(self.diagonal);
            let swap = self.begins.double().or(above).and(self.before);
            diagonal = diagonal.or(swap);
            self.before = equal;
            self.diagonal = diagonal;
        }
        self.right = down.or(all.and_not(diagonal.or(up)));
        self.left = diagonal.and(up);
        let right = self.right.double().or(right_above);
        let left = self.left.double().or(left_above);
        self.up = left.or(all.and_not(diagonal.or(right)));
        self.down = diagonal.and(right);
        let mut leaves = self.right.top().or(self.left.top().double());
        if SWAPS {
            leaves = leaves.or(self.begins.top().double().double());
        }
        leaves.last() as u8
    }
}
