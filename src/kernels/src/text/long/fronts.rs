//! Levenshtein's distance of strings that are much alike: how far each diagonal is reached with so many edits.
//!
//! On each diagonal of the matrix of distances, the furthest cell that some edits reach follows from those that one edit
//! less reaches on it and on its two neighbours, and from the units in common behind it (Ukkonen, Algorithms for
//! approximate string matching, 1985; Myers, An O(ND) difference algorithm and its variations, 1986). That takes time in
//! proportion to the square of the distance, whatever the lengths. Two fronts, from the beginning and from the end, meet
//! after half of the edits each, and so after half of the work (Myers 1986).
//!
//! How fast they come on tells what the distance will be, and whether the bit-parallel passes would be faster.

use super::GROUP;
use crate::arch::{Arch, Kernel, Offset, Offsets};
use crate::room::{filled, with_room};
use crate::text::units::Symbol;
use crate::threads::Interrupted;

/// The longest string, in units: places in bytes are numbers of 32 bits with a sign.
pub(super) const LONGEST: usize = 1 << 28;

/// Where a diagonal is not reached: far below any place, and twice that is a number yet.
const NEVER: i32 = -(1 << 29);

/// Edits after which it is looked at for the first time whether to go on; then after twice as many, and so on.
const FIRST_LOOK: usize = 16;

/// What part of the time that the passes would take is spent before it is decided that they are faster.
const SHARE: usize = 32;

/// Registers of work between two looks at whether to stop: below a millisecond.
const PIECE: usize = 1 << 15;

/// Bytes that are compared at a time where much is in common.
const BYTES: usize = size_of::<u64>();

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// The distance.
    After(usize),
    /// It is above the cutoff.
    Beyond,
    /// Not found: it would take longer than bit-parallel passes. The distance may be about this.
    About(usize),
}

/// Two strings that are not empty, `a` no longer than `b`, and neither above [`LONGEST`].
pub(super) struct Fronts<'a, T> {
    pub(super) a: &'a [T],
    pub(super) b: &'a [T],
    pub(super) cutoff: usize,
    pub(super) stop: &'a dyn Fn() -> bool,
}

impl<T: Symbol> Kernel for Fronts<'_, T> {
    type Output = Result<Meeting, Interrupted>;

    fn scalar(self) -> Self::Output {
        self.meet::<(), Offset>(())
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> Self::Output {
        self.meet::<A, A::Offsets>(arch)
    }
}

impl<T: Symbol> Fronts<'_, T> {
    #[inline(always)]
    fn meet<A: Copy, V: Offsets<A>>(&self, arch: A) -> Result<Meeting, Interrupted> {
        let (n, m) = (self.a.len(), self.b.len());
        if m - n > self.cutoff {
            return Ok(Meeting::Beyond);
        }
        let mut head = Front::new(self.a, self.b, false, V::COUNT);
        // The strings change places, so that diagonals have one order in both.
        let mut tail = Front::new(self.b, self.a, true, V::COUNT);
        let (mut edits, mut look, mut asked) = (0, FIRST_LOOK, 0);
        // Fronts that have met have both strings behind them.
        while head.most + tail.most < (n + m) as i64 || !head.meets::<A, V>(arch, &tail) {
            if edits == self.cutoff {
                return Ok(Meeting::Beyond);
            }
            edits += 1;
            let front = if edits % 2 == 1 { &mut head } else { &mut tail };
            front.step::<A, V>(arch, self.cutoff);
            let work = head.work + tail.work;
            if work - asked >= PIECE {
                asked = work;
                if (self.stop)() {
                    return Err(Interrupted);
                }
            }
            if edits == look {
                look *= 2;
                // As many edits for the rest as for what there is.
                let done = head.progress() + tail.progress();
                let about = (edits * (n + m) / done.max(1)).min(m).max(edits + 1);
                let registers = (about * about - edits * edits) / 2 / V::COUNT + about;
                // In eighths of a step, and what it takes to number a unit and to look it up in a group or two.
                let steps = n.div_ceil(GROUP) * (GROUP + about.max(GROUP)).min(m);
                let passes = 8 * steps + 4 * (n + m);
                // Of the widest units but one is compared at a time, so that more must be looked at again.
                let cost = V::COST * (size_of::<T>() / 2).max(1);
                // An estimate by few edits is a rough one: it is made with a share of what the passes take.
                let (spent, whole) = (work * cost, registers * cost);
                if spent > passes || (whole > passes && spent > passes / SHARE) {
                    return Ok(Meeting::About(about));
                }
            }
        }
        Ok(Meeting::After(edits))
    }
}

/// How far each diagonal is reached from one end. Diagonal k is where a place in the second string is k more than that in
/// the first; what is kept is the place in the first.
struct Front<T> {
    /// The strings, and behind each as many units that stand for nothing as are read with them.
    a: Vec<T>,
    b: Vec<T>,
    n: i32,
    m: i32,
    /// With one edit less, and room for the next; diagonal 0 stands at `origin`.
    reached: Vec<i32>,
    next: Vec<i32>,
    origin: i32,
    /// Room on either side of the outermost diagonals: two registers.
    room: i32,
    edits: i32,
    /// The outermost diagonals.
    lowest: i32,
    highest: i32,
    /// No less than the units of both strings that lie behind the furthest cell.
    most: i64,
    /// Registers computed, and as many for comparisons of long parts in common.
    work: usize,
}

impl<T: Symbol> Front<T> {
    /// From the beginning of both strings, or from the end.
    fn new(a: &[T], b: &[T], backwards: bool, lanes: usize) -> Self {
        let (n, m) = (a.len() as i32, b.len() as i32);
        let padded = |units: &[T]| {
            let mut padded = with_room(units.len() + lanes + BYTES);
            padded.extend_from_slice(units);
            if backwards {
                padded.reverse();
            }
            padded.resize(units.len() + lanes + BYTES, units[0]);
            padded
        };
        let mut front = Self {
            a: padded(a),
            b: padded(b),
            n,
            m,
            reached: Vec::new(),
            next: Vec::new(),
            origin: 0,
            room: 2 * lanes as i32,
            edits: 0,
            lowest: 0,
            highest: 0,
            most: 0,
            work: 0,
        };
        front.grow();
        let origin = front.origin as usize;
        let common = front.common(0, 0);
        front.reached[origin] = common as i32;
        front.most = 2 * common as i64;
        front
    }

    /// Makes room for twice as many diagonals.
    fn grow(&mut self) {
        let most = (2 * self.edits).max(64);
        let origin = most + self.room;
        let mut reached = filled(NEVER, 2 * origin as usize + 1);
        let first = (origin - self.origin) as usize;
        reached[first..first + self.reached.len()].copy_from_slice(&self.reached);
        self.next = filled(NEVER, reached.len());
        self.reached = reached;
        self.origin = origin;
    }

    /// How many units the strings have in common from two places on.
    fn common(&mut self, a: i32, b: i32) -> usize {
        let (place, other) = (a as usize, b as usize);
        assert!(a >= 0 && b >= 0 && a <= self.n && b <= self.m);
        let most = ((self.n - a).min(self.m - b)) as usize * size_of::<T>();
        let mut done = 0;
        while done < most {
            // SAFETY: both places and what is done are within the strings, behind which as many units stand.
            let differ = unsafe {
                let read = |units: &[T], place: usize| {
                    let from = units.as_ptr().add(place).cast::<u8>().add(done);
                    u64::from_le(from.cast::<u64>().read_unaligned())
                };
                read(&self.a, place) ^ read(&self.b, other)
            };
            if differ != 0 {
                done += differ.trailing_zeros() as usize / 8;
                break;
            }
            done += BYTES;
        }
        self.work += done / (4 * BYTES);
        done.min(most) / size_of::<T>()
    }

    /// One edit more. Diagonals from which the other end is not reached within the cutoff are left out.
    #[inline(always)]
    fn step<A: Copy, V: Offsets<A>>(&mut self, arch: A, cutoff: usize) {
        if self.edits + self.room >= self.origin {
            self.grow();
        }
        self.edits += 1;
        let (n, m, edits) = (self.n, self.m, self.edits);
        let left = cutoff.min(LONGEST) as i32 - edits;
        // A place comes on by one, and by what a register sees in common; what is more than that is added below.
        self.most += 2 * (1 + 4 / size_of::<T>() as i64);
        self.lowest = (-edits).max(-n).max(m - n - left);
        self.highest = edits.min(m).min(m - n + left);
        let order: [i32; 8] = std::array::from_fn(|lane| lane as i32);
        let reverse = order.map(|lane| -lane);
        // SAFETY: no register has more lanes.
        let (order, reverse) = unsafe {
            (
                V::load(arch, order.as_ptr()),
                V::load(arch, reverse.as_ptr()),
            )
        };
        let (none, one, end) = (V::splat(arch, 0), V::splat(arch, 1), V::splat(arch, n));
        let mut first = self.lowest;
        while first <= self.highest {
            let index = (self.origin + first) as usize;
            assert!(index >= 1 && index + V::COUNT < self.reached.len());
            // SAFETY: just looked at.
            let (inserted, changed, deleted) = unsafe {
                let from = self.reached.as_ptr().add(index);
                (
                    V::load(arch, from.sub(1)),
                    V::load(arch, from),
                    V::load(arch, from.add(1)),
                )
            };
            let diagonal = V::splat(arch, first).add(order);
            // Where the diagonal ends: what lies there costs no more than what lies beyond a neighbour's end.
            let limit = end.min(V::splat(arch, m - first).add(reverse));
            let reach = inserted.max(changed.max(deleted).add(one));
            let a = reach.min(limit).max(none);
            let b = a.add(diagonal).max(none);
            // SAFETY: a is in 0..=n, b in 0..=max(m, m + COUNT): lanes above the highest diagonal, which is no more than m,
            // are at most COUNT above it. Behind n and m there are COUNT units and 8.
            let differ = unsafe {
                let a = in_bytes::<A, V, T>(a).gather(self.a.as_ptr().cast());
                a.xor(in_bytes::<A, V, T>(b).gather(self.b.as_ptr().cast()))
            };
            let mut same = differ.zero_bytes();
            let mut bytes = 1;
            while bytes < size_of::<T>() {
                same = same.halve();
                bytes *= 2;
            }
            let reach = a.add(same).min(limit);
            // SAFETY: as above; both are of one length.
            unsafe { reach.store(self.next.as_mut_ptr().add(index)) };
            let mut all = differ.zeros();
            if all != 0 {
                all &= reach.below(limit);
                let lanes = (self.highest - first) as u32 + 1;
                all &= u32::MAX >> 32_u32.saturating_sub(lanes);
                while all != 0 {
                    let lane = all.trailing_zeros();
                    all &= all - 1;
                    let place = self.next[index + lane as usize];
                    let diagonal = first + lane as i32;
                    let place = place + self.common(place, place + diagonal) as i32;
                    self.next[index + lane as usize] = place;
                    self.most = self.most.max((2 * place + diagonal).into());
                }
            }
            self.work += 1;
            first += V::COUNT as i32;
        }
        let behind = (self.origin + self.highest + 1) as usize;
        self.next[behind..behind + V::COUNT].fill(NEVER);
        std::mem::swap(&mut self.reached, &mut self.next);
    }

    /// Whether this front and the one from the other end have come to one cell of a diagonal, or passed each other.
    #[inline(always)]
    fn meets<A: Copy, V: Offsets<A>>(&self, arch: A, other: &Self) -> bool {
        // The diagonal that ends in the other end.
        let last = self.m - self.n;
        let order: [i32; 8] = std::array::from_fn(|lane| lane as i32);
        // SAFETY: no register has more lanes.
        let order = unsafe { V::load(arch, order.as_ptr()) };
        let all = u32::MAX >> (32 - V::COUNT);
        let mut first = self.lowest.max(other.lowest + last);
        let highest = self.highest.min(other.highest + last);
        let end = V::splat(arch, self.m);
        while first <= highest {
            let own = (self.origin + first) as usize;
            let others = (other.origin + first - last) as usize;
            assert!(own + V::COUNT <= self.reached.len());
            assert!(others + V::COUNT <= other.reached.len());
            // SAFETY: just looked at.
            let (own, others) = unsafe {
                (
                    V::load(arch, self.reached.as_ptr().add(own)),
                    V::load(arch, other.reached.as_ptr().add(others)),
                )
            };
            // Both as places in the second string, one from either end. Behind the highest diagonals stands NEVER.
            let place = own.add(V::splat(arch, first).add(order));
            if place.add(others).below(end) != all {
                return true;
            }
            first += V::COUNT as i32;
        }
        false
    }

    /// How many units of both strings lie behind the furthest cell.
    fn progress(&self) -> usize {
        let first = (self.origin + self.lowest) as usize;
        let reached = self.reached[first..].iter().zip(self.lowest..=self.highest);
        let both = reached.map(|(&place, diagonal)| 2 * place + diagonal);
        both.max().unwrap_or(0).max(0) as usize
    }
}

/// Places in bytes.
#[inline(always)]
fn in_bytes<A, V: Offsets<A>, T>(mut places: V) -> V {
    let mut bytes = 1;
    while bytes < size_of::<T>() {
        places = places.add(places);
        bytes *= 2;
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::simd;
    use crate::testing::config;

    fn table(a: &[u8], b: &[u8]) -> usize {
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut corner = std::mem::replace(&mut row[0], i + 1);
            for (j, y) in b.iter().enumerate() {
                let best = (corner + usize::from(x != y)).min(row[j].min(row[j + 1]) + 1);
                corner = std::mem::replace(&mut row[j + 1], best);
            }
        }
        row[b.len()]
    }

    fn check<T: Symbol>(a: &[T], b: &[T], distance: usize) {
        for level in simd::available() {
            for cutoff in [
                0,
                1,
                5,
                distance.saturating_sub(1),
                distance,
                distance + 1,
                b.len(),
            ] {
                let stop = &|| false;
                let found = Fronts { a, b, cutoff, stop }.at(level).unwrap();
                let expected = match cutoff {
                    cutoff if cutoff < distance => Meeting::Beyond,
                    _ => Meeting::After(distance),
                };
                if let Meeting::About(about) = found {
                    assert!(distance.min(cutoff) >= FIRST_LOOK && about > FIRST_LOOK);
                } else {
                    assert_eq!(found, expected, "{a:?} {b:?} {cutoff} {level}");
                }
            }
        }
    }

    fn strings() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let edits = vec((any::<prop::sample::Index>(), 0..3, 0..4_u8), 0..20);
        let edited = (vec(0..4_u8, 1..300), edits).prop_map(|(text, edits)| {
            let mut other = text.clone();
            for (index, edit, unit) in edits {
                let place = index.index(other.len());
                match edit {
                    0 => other.insert(place, unit),
                    1 if other.len() > 1 => drop(other.remove(place)),
                    _ => other[place] = unit,
                }
            }
            (text, other)
        });
        prop_oneof![(vec(0..2_u8, 1..40), vec(0..2_u8, 1..40)), edited]
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn fronts_meet_after_the_distance((a, b) in strings()) {
            let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
            let distance = table(&a, &b);
            check(&a, &b, distance);
            let wide = |text: &[u8]| text.iter().map(|&unit| u16::from(unit) << 8).collect::<Vec<_>>();
            check(&wide(&a), &wide(&b), distance);
            let wider = |text: &[u8]| text.iter().map(|&unit| u32::from(unit) << 31 | u32::from(unit)).collect::<Vec<_>>();
            check(&wider(&a), &wider(&b), distance);
        }
    }

    #[test]
    fn strangers_are_left_to_the_passes() {
        let (a, b) = (vec![1_u8; 5000], vec![2_u8; 5000]);
        for level in simd::available() {
            let fronts = Fronts {
                a: &a,
                b: &b,
                cutoff: 5000,
                stop: &|| false,
            };
            let Ok(Meeting::About(about)) = fronts.at(level) else {
                panic!("nothing in common");
            };
            assert!(about > 2000);
        }
    }

    #[test]
    fn a_long_call_asks_whether_to_stop() {
        let (a, mut b) = (vec![1_u8; 40_000], vec![1_u8; 40_000]);
        for place in (0..b.len()).step_by(100) {
            b[place] = 2;
        }
        let fronts = Fronts {
            a: &a,
            b: &b,
            cutoff: usize::MAX,
            stop: &|| true,
        };
        assert_eq!(fronts.scalar(), Err(Interrupted));
    }
}
