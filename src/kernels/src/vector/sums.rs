//! Sums of products over vectors: short sums in several registers, and compensated sums of those.

use super::wide::{AHEAD, Wide};
use crate::arch::{self, Arch, Doubles, Kernel, Vector};
use crate::memory::Source;

/// The dot product.
pub(super) struct Dot<'a, T> {
    pub(super) a: Source<'a, T>,
    pub(super) b: Source<'a, T>,
}

/// The dot products of `a` with `b`, of `a` with itself and of `b` with itself.
pub(super) struct Gram<'a, T> {
    pub(super) a: Source<'a, T>,
    pub(super) b: Source<'a, T>,
}

/// How many rows [`Against`] takes at a time.
pub(super) const ROWS: usize = 4;

/// The dot products of some rows with themselves, and with each of the others, all of one length. The rows' memory is
/// fetched at the same time, which is faster than one after the other.
pub(super) struct Against<'a, T, const OTHERS: usize> {
    pub(super) rows: [Source<'a, T>; ROWS],
    pub(super) others: [Source<'a, T>; OTHERS],
}

impl<T: Wide> Kernel for Dot<'_, T> {
    type Output = f64;

    fn scalar(self) -> f64 {
        let Self { a, b } = self;
        scalar(a.len(), |index| [product(a, b, index)])[0]
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> f64 {
        simd::<A, _, _, REGISTERS>(arch, self.a.len(), &self)[0]
    }
}

impl<T: Wide> Kernel for Gram<'_, T> {
    type Output = [f64; 3];

    fn scalar(self) -> [f64; 3] {
        let Self { a, b } = self;
        scalar(a.len(), |index| {
            [
                product(a, b, index),
                product(a, a, index),
                product(b, b, index),
            ]
        })
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> [f64; 3] {
        simd::<A, _, _, REGISTERS>(arch, self.a.len(), &self)
    }
}

impl<T: Wide> Kernel for Against<'_, T, 1> {
    type Output = [f64; 8];

    fn scalar(self) -> [f64; 8] {
        self.specification()
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> [f64; 8] {
        simd::<A, _, 8, 1>(arch, self.rows[0].len(), &self)
    }
}

impl<T: Wide> Kernel for Against<'_, T, 2> {
    type Output = [f64; 12];

    fn scalar(self) -> [f64; 12] {
        self.specification()
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) -> [f64; 12] {
        simd::<A, _, 12, 1>(arch, self.rows[0].len(), &self)
    }
}

impl<T: Wide, const OTHERS: usize> Against<'_, T, OTHERS> {
    fn specification<const N: usize>(&self) -> [f64; N] {
        scalar(self.rows[0].len(), |index| {
            std::array::from_fn(|n| {
                let row = self.rows[n / (1 + OTHERS)];
                match n % (1 + OTHERS) {
                    0 => product(row, row, index),
                    other => product(row, self.others[other - 1], index),
                }
            })
        })
    }
}

fn product<T: Wide>(a: Source<'_, T>, b: Source<'_, T>, index: usize) -> f64 {
    a.read(index).wide() * b.read(index).wide()
}

/// The specification: one compensated sum for each.
fn scalar<const N: usize>(len: usize, terms: impl Fn(usize) -> [f64; N]) -> [f64; N] {
    let (mut sums, mut errors) = ([0.0; N], [0.0; N]);
    for index in 0..len {
        for ((sum, error), term) in sums.iter_mut().zip(&mut errors).zip(terms(index)) {
            let (total, rest) = two_sum(*sum, term);
            *sum = total;
            *error += rest;
        }
    }
    std::array::from_fn(|index| compensated(sums[index], errors[index]))
}

/// The sum a + b and its rounding error.
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// The sum with its error taken off. After an overflow there is no error to speak of, only NaN.
#[inline(always)]
fn compensated(sum: f64, error: f64) -> f64 {
    let total = sum + error;
    if total.is_finite() { total } else { sum }
}

/// What is summed: at each place of some vectors, N terms.
trait Terms<const N: usize> {
    /// Adds a register's worth of terms to each sum.
    ///
    /// # Safety
    ///
    /// `place` must be within the vectors.
    unsafe fn add<A: Arch>(&self, arch: A, place: Place, sums: &mut [A::F64; N]);
}

/// A register's worth of elements, or of what is left of them.
#[derive(Clone, Copy)]
struct Place {
    index: usize,
    /// The elements that are left, where that is less than a register's worth.
    rest: Option<usize>,
}

impl Place {
    /// Loads the elements.
    ///
    /// # Safety
    ///
    /// The place must be within the vector.
    #[inline(always)]
    unsafe fn load<A: Arch, T: Wide>(self, arch: A, from: Source<'_, T>) -> A::F64 {
        // SAFETY: the caller's promise.
        unsafe {
            let from = from.as_ptr().add(self.index);
            match self.rest {
                None => T::load(arch, from),
                Some(rest) => T::load_first(arch, from, rest),
            }
        }
    }
}

impl<T: Wide> Terms<1> for Dot<'_, T> {
    #[inline(always)]
    unsafe fn add<A: Arch>(&self, arch: A, place: Place, [sum]: &mut [A::F64; 1]) {
        // SAFETY: the caller's promise; both are of one length.
        let (a, b) = unsafe { (place.load(arch, self.a), place.load(arch, self.b)) };
        *sum = a.mul_add(b, *sum);
    }
}

impl<T: Wide> Terms<3> for Gram<'_, T> {
    #[inline(always)]
    unsafe fn add<A: Arch>(&self, arch: A, place: Place, [ab, aa, bb]: &mut [A::F64; 3]) {
        // SAFETY: the caller's promise; both are of one length.
        let (a, b) = unsafe { (place.load(arch, self.a), place.load(arch, self.b)) };
        *ab = a.mul_add(b, *ab);
        *aa = a.mul_add(a, *aa);
        *bb = b.mul_add(b, *bb);
    }
}

impl<T: Wide> Terms<8> for Against<'_, T, 1> {
    #[inline(always)]
    unsafe fn add<A: Arch>(&self, arch: A, place: Place, sums: &mut [A::F64; 8]) {
        // SAFETY: the caller's promise.
        unsafe { self.add_products(arch, place, sums) }
    }
}

impl<T: Wide> Terms<12> for Against<'_, T, 2> {
    #[inline(always)]
    unsafe fn add<A: Arch>(&self, arch: A, place: Place, sums: &mut [A::F64; 12]) {
        // SAFETY: the caller's promise.
        unsafe { self.add_products(arch, place, sums) }
    }
}

impl<T: Wide, const OTHERS: usize> Against<'_, T, OTHERS> {
    /// See [`Terms::add`].
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    unsafe fn add_products<A: Arch>(&self, arch: A, place: Place, sums: &mut [A::F64]) {
        // SAFETY: the caller's promise; all are of one length.
        let others = self.others.map(|other| unsafe { place.load(arch, other) });
        for (row, sums) in self.rows.iter().zip(sums.chunks_exact_mut(1 + OTHERS)) {
            let next = row.as_ptr().wrapping_add(place.index);
            arch.prefetch(next.wrapping_byte_add(AHEAD));
            // SAFETY: as above.
            let row: A::F64 = unsafe { place.load(arch, *row) };
            sums[0] = row.mul_add(row, sums[0]);
            for (sum, other) in sums[1..].iter_mut().zip(others) {
                *sum = row.mul_add(other, *sum);
            }
        }
    }
}

/// Registers for each sum, where there are few sums: enough that additions need not wait for one another. It is one number
/// for these kernels, so that a sum comes out the same whichever others are made with it.
const REGISTERS: usize = 4;

/// Terms that one lane of a register sums before the compensated sum takes over.
const RUN: usize = 32;

/// Elements of long vectors that lie between what two registers sum: a CPU fetches several streams of memory faster than
/// one, and finds streams page by page. A multiple of every number of lanes, and of no large power of two, as streams would
/// compete for the same places of the cache.
const APART: usize = 2048 + 64;

/// The sums over vectors of `len` elements.
#[inline(always)]
fn simd<A: Arch, K: Terms<N>, const N: usize, const REGISTERS: usize>(
    arch: A,
    len: usize,
    terms: &K,
) -> [f64; N] {
    let lanes = A::F64::LANES;
    let zero = A::F64::splat(arch, 0.0);
    if len > 0 && len <= RUN * REGISTERS * lanes && len.is_multiple_of(REGISTERS * lanes) {
        // A single run, as of most embeddings that are compared one by one: the same numbers by fewer steps, as there is
        // nothing to compensate.
        let mut short = [[zero; N]; REGISTERS];
        let mut index = 0;
        while index < len {
            for (register, short) in short.iter_mut().enumerate() {
                let index = index + register * lanes;
                // SAFETY: `len` is a multiple of what all registers take.
                unsafe { terms.add(arch, Place { index, rest: None }, short) };
            }
            index += REGISTERS * lanes;
        }
        let mut totals = [0.0; N];
        for (n, total) in totals.iter_mut().enumerate() {
            *total = pairwise(&short, n).sum() + 0.0;
        }
        return totals;
    }
    let (mut sums, mut errors) = ([zero; N], [zero; N]);
    let mut index = 0;
    while len - index >= REGISTERS * lanes {
        let left = len - index;
        // Elements from one register's to the next one's, from one step's to the next one's, and how many steps.
        let (apart, step, mut steps) = if REGISTERS > 1 && left >= REGISTERS * APART {
            (APART, lanes, APART / lanes)
        } else {
            (lanes, REGISTERS * lanes, left / (REGISTERS * lanes))
        };
        let end = index + REGISTERS * lanes * steps;
        while steps > 0 {
            let mut short = [[zero; N]; REGISTERS];
            let run = steps.min(RUN);
            for _ in 0..run {
                for (register, short) in short.iter_mut().enumerate() {
                    let index = index + register * apart;
                    // SAFETY: all steps of all registers end at `end`, which is at most `len`.
                    unsafe { terms.add(arch, Place { index, rest: None }, short) };
                }
                index += step;
            }
            steps -= run;
            for n in 0..N {
                let (total, error) = arch::two_sum(sums[n], pairwise(&short, n));
                sums[n] = total;
                errors[n] = errors[n].add(error);
            }
        }
        index = end;
    }
    if index < len {
        let mut short = [zero; N];
        while len - index >= lanes {
            // SAFETY: there are as many elements from `index` on.
            unsafe { terms.add(arch, Place { index, rest: None }, &mut short) };
            index += lanes;
        }
        if index < len {
            let rest = Some(len - index);
            // SAFETY: as many elements are left from `index` on.
            unsafe { terms.add(arch, Place { index, rest }, &mut short) };
        }
        for n in 0..N {
            let (total, error) = arch::two_sum(sums[n], short[n]);
            sums[n] = total;
            errors[n] = errors[n].add(error);
        }
    }
    let mut totals = [0.0; N];
    for n in 0..N {
        totals[n] = compensated(sums[n].sum(), errors[n].sum());
    }
    totals
}

/// The registers of one sum, of which there is one or four, added pairwise.
#[inline(always)]
fn pairwise<A, V: Vector<A>, const N: usize>(short: &[[V; N]], n: usize) -> V {
    if let [first, second, third, fourth] = short {
        first[n].add(second[n]).add(third[n].add(fourth[n]))
    } else {
        short[0][n]
    }
}
