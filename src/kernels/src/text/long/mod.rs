//! The edit distances for patterns of more than 128 units, or of few and very long texts.
//!
//! The matrix of distances is cut into blocks of 64 rows, each a column at a time in one word (Myers 1999, Hyyrö 2003; see
//! [`levenshtein`](super::levenshtein) and [`damerau`](super::damerau)). Blocks one below the other are worked on together in the lanes of a vector, each
//! one column behind the block above it, from which it takes the step along the row between them: a wave front. The lanes
//! of one vector are a group; groups follow one another, and hand on the steps along the last row.
//!
//! Only a band about the diagonal is computed (Ukkonen, Algorithms for approximate string matching, 1985): what lies
//! outside costs more than a bound. The bound starts low; where it was too low, the part that was computed tells what to
//! try next.

mod fronts;
mod state;
mod table;

use std::array::from_fn;
use std::marker::PhantomData;

use self::fronts::{Fronts, LONGEST, Meeting};
use self::state::State;
use self::table::Table;
use super::ids::Ids;
use super::units::Symbol;
use crate::arch::{Arch, Kernel, Plain, Words};
use crate::room::{collected, filled};
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
/// grows; it falls. Those above them are for swaps alone: see [`State::advance`].
const RIGHT: u8 = 1;
const LEFT: u8 = 2;

/// The longest text that goes with a pattern of at most 128 units elsewhere, where nobody asks whether to stop: some
/// milliseconds.
pub(crate) const FEW: usize = 1 << 20;

/// Columns of which one is looked at, to see whether a pass can still come to something.
const SAMPLE: usize = 32;

/// Which edits there are beside insertions, deletions and substitutions.
pub(crate) trait Edits: Copy {
    /// Swaps of neighbours.
    const SWAPS: bool;
    /// Swaps of units that have others inserted or deleted between them.
    const GAPS: bool;
}

/// None.
#[derive(Clone, Copy)]
pub(crate) struct Levenshtein;

/// Optimal string alignment.
#[derive(Clone, Copy)]
pub(crate) struct Alignment;

/// Damerau's distance in its unrestricted form.
#[derive(Clone, Copy)]
pub(crate) struct Damerau;

impl Edits for Levenshtein {
    const SWAPS: bool = false;
    const GAPS: bool = false;
}

impl Edits for Alignment {
    const SWAPS: bool = true;
    const GAPS: bool = false;
}

impl Edits for Damerau {
    const SWAPS: bool = true;
    const GAPS: bool = true;
}

/// The distance, or `None` where it is above the cutoff. The text is no shorter than the pattern, and neither is empty.
pub(crate) fn distance<T: Symbol, E: Edits>(
    level: Level,
    pattern: &[T],
    text: &[T],
    cutoff: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Interrupted> {
    let mut about = 0;
    if !E::SWAPS && pattern.len() > GROUP && text.len() <= LONGEST {
        let fronts = Fronts {
            a: pattern,
            b: text,
            cutoff: cutoff.min(text.len()),
            stop,
        };
        match fronts.at(level)? {
            Meeting::After(edits) => return Ok(Some(edits)),
            Meeting::Beyond => return Ok(None),
            Meeting::About(edits) => about = edits,
        }
    }
    let mut ids = Ids::new();
    let rows = collected(pattern.iter().map(|&unit| ids.number(unit)));
    let columns = collected(text.iter().map(|&unit| ids.get(unit)));
    let work = Matrix {
        rows: &rows,
        columns: &columns,
        units: ids.count(),
        cutoff: cutoff.min(text.len()),
        about,
        stop,
    };
    Passes::<E>(work, PhantomData).at(level)
}

/// Two strings as small numbers: those of the pattern 1 to `units`; 0 in the text stands for all that the pattern has not.
struct Matrix<'a> {
    rows: &'a [u32],
    columns: &'a [u32],
    units: usize,
    cutoff: usize,
    /// What the distance may be; 0 where that is not known.
    about: usize,
    stop: &'a dyn Fn() -> bool,
}

struct Passes<'a, E>(Matrix<'a>, PhantomData<E>);

impl<E: Edits> Kernel for Passes<'_, E> {
    type Output = Result<Option<usize>, Interrupted>;

    fn scalar(self) -> Self::Output {
        self.0.distance::<(), Plain, E>(())
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> Self::Output {
        self.0.distance::<A, A::Words, E>(arch)
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
    fn distance<A: Copy, W: Words<A>, E: Edits>(
        &self,
        arch: A,
    ) -> Result<Option<usize>, Interrupted> {
        let mut table = Table::new(self.units);
        // A band as wide as a group is high costs little more than a narrower one.
        let mut bound = (self.extra() + GROUP).max(self.about + self.about / 8);
        loop {
            bound = bound.min(self.cutoff);
            let next = match self.pass::<A, W, E>(arch, &mut table, bound)? {
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
    fn pass<A: Copy, W: Words<A>, E: Edits>(
        &self,
        arch: A,
        table: &mut Table,
        bound: usize,
    ) -> Result<Pass, Interrupted> {
        let (height, width, extra) = (self.rows.len(), self.columns.len(), self.extra());
        // A way leaves the diagonals between the two corners by at most `aside`, as it has to come back: a swap with a gap
        // of some units costs as many edits and one. One more, as a swap looks at the row and column before it.
        let aside = (bound - extra) / 2 + 1;
        // Rows above the first that stand for nothing, so that the last row is a group's last.
        let padding = height.next_multiple_of(GROUP) - height;
        let mut steps = filled(RIGHT, width + LANES); // along the row above the first; the last ones count for nothing
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
            self.sweep::<A, W, E>(arch, state, table, &mut steps[first..end])?;
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
            // Between two samples neither the distance nor the rest falls by more than one a column. The two left over are
            // for a swap, by which a way may cross the row without a cell there: one in its gap costs no more than that.
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
    fn sweep<A: Copy, W: Words<A>, E: Edits>(
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
            state.advance::<E>(arch, enters, W::new(arch, table.diagonal(time)));
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
                steps[column] = state.advance::<E>(arch, enters, equal);
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
