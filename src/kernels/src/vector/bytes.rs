//! The batch functions' work on int8: exact sums, in whole numbers.

use super::element::ROWS;
use super::wide::AHEAD;
use crate::arch::bytes::{ByteKernel, Dots, FLIP, MAX_BYTES};
use crate::arch::tile::Sums;
use crate::memory::Source;
use crate::simd::ByteUnit;

/// What a row's sums are multiplied with, and what is taken off them first where the corpus is packed with an offset.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scale {
    pub(super) factor: f32,
    pub(super) offset: i32,
}

impl Scale {
    /// That of a row: its factor brings it to unit length, where a cosine is wanted.
    pub(super) fn of(unit: ByteUnit, row: Source<'_, i8>, cosine: bool) -> Self {
        let rows = [row];
        let Found { products, offsets } = Against { rows, others: [] }.at(unit);
        let [[square, ..]] = products;
        let factor = if !cosine {
            1.0
        } else if square == 0 {
            0.0
        } else {
            (1.0 / (square as f64).sqrt()) as f32
        };
        let [offset] = offsets;
        Self { factor, offset }
    }

    /// Whether the row has a direction.
    pub(super) fn has_direction(self) -> bool {
        self.factor > 0.0
    }
}

/// Columns that are summed in 32 bits: their sum of products is 2^30 at most, whatever the sums on the way wrapped around.
const PIECE: usize = 1 << 16;

/// The dot products of some rows with themselves, and with each of the others, all of one length, exactly. The rows' memory
/// is fetched at the same time, as in [`super::sums::Against`].
pub(super) struct Against<'a, const COUNT: usize, const OTHERS: usize> {
    pub(super) rows: [Source<'a, i8>; COUNT],
    pub(super) others: [Source<'a, i8>; OTHERS],
}

/// The dot product of two rows.
fn product(a: Source<'_, i8>, b: Source<'_, i8>) -> i64 {
    let pairs = a.iter().zip(b.iter());
    pairs
        .map(|(a, b)| i64::from(i32::from(a) * i32::from(b)))
        .sum()
}

/// What [`Against`] finds.
pub(super) struct Found<const COUNT: usize> {
    /// For each row: its product with itself, and with the others, which are two at most; then zeros.
    pub(super) products: [[i64; 3]; COUNT],
    /// For each row, 128 times the sum of its bytes, modulo 2^32, where the unit packs the corpus with an offset; else 0.
    pub(super) offsets: [i32; COUNT],
}

impl<const COUNT: usize, const OTHERS: usize> ByteKernel for Against<'_, COUNT, OTHERS> {
    type Output = Found<COUNT>;

    fn scalar(self) -> Found<COUNT> {
        let mut products = [[0; 3]; COUNT];
        for (row, products) in self.rows.into_iter().zip(&mut products) {
            products[0] = product(row, row);
            for (other, sum) in self.others.into_iter().zip(&mut products[1..]) {
                *sum = product(row, other);
            }
        }
        Found {
            products,
            offsets: [0; COUNT],
        }
    }

    #[inline(always)]
    fn run<D: Dots>(self, dots: D) -> Found<COUNT> {
        const { assert!(OTHERS <= 2) };
        let mut products = [[0; 3]; COUNT];
        let mut offsets = [0_i32; COUNT];
        let len = self.rows[0].len();
        let mut start = 0;
        while start < len {
            let end = len.min(start + PIECE);
            // SAFETY: within the rows, which are checked to be of one length.
            let sums = unsafe { self.piece(dots, start, end) };
            for row in 0..COUNT {
                products[row][0] += i64::from(sums.own(dots, row));
                for other in 0..OTHERS {
                    products[row][1 + other] += i64::from(sums.other(dots, row, other));
                }
                offsets[row] = offsets[row].wrapping_add(dots.sum(sums.offsets[row]));
            }
            start = end;
        }
        Found { products, offsets }
    }
}

impl<const COUNT: usize, const OTHERS: usize> Against<'_, COUNT, OTHERS> {
    /// The sums over some columns.
    ///
    /// # Safety
    ///
    /// The columns must be there.
    #[inline(always)]
    unsafe fn piece<D: Dots>(
        &self,
        dots: D,
        start: usize,
        end: usize,
    ) -> Partial<D, COUNT, OTHERS> {
        let step = <D::Register as Sums<D>>::LANES * D::LAYOUT.group;
        let mut rows = [std::ptr::null(); COUNT];
        for (row, source) in rows.iter_mut().zip(self.rows) {
            *row = source.range(start..end).as_ptr();
        }
        let mut others = [std::ptr::null(); OTHERS];
        for (other, source) in others.iter_mut().zip(self.others) {
            *other = source.range(start..end).as_ptr();
        }
        let mut sums = Partial::new(dots);
        let mut left = end - start;
        while left >= step {
            // SAFETY: as many bytes are left; the pointers then go on, or end, behind them.
            unsafe {
                sums.add(dots, &rows, &others);
                for row in &mut rows {
                    *row = row.add(step);
                }
                for other in &mut others {
                    *other = other.add(step);
                }
            }
            left -= step;
        }
        if left > 0 {
            let (mut rest, mut rest_others) =
                ([[0_i8; MAX_BYTES]; COUNT], [[0_i8; MAX_BYTES]; OTHERS]);
            for index in 0..left {
                // SAFETY: as many bytes are left.
                unsafe {
                    for row in 0..COUNT {
                        rest[row][index] = rows[row].add(index).read();
                    }
                    for other in 0..OTHERS {
                        rest_others[other][index] = others[other].add(index).read();
                    }
                }
            }
            for row in 0..COUNT {
                rows[row] = rest[row].as_ptr();
            }
            for other in 0..OTHERS {
                others[other] = rest_others[other].as_ptr();
            }
            // SAFETY: no register holds more bytes.
            unsafe { sums.add(dots, &rows, &others) };
        }
        sums
    }
}

/// Registers of sums modulo 2^32. Where the instruction takes one factor without a sign, 128 is added to that factor, and
/// 128 times the sum of the other factor is to be taken off.
struct Partial<D: Dots, const COUNT: usize, const OTHERS: usize> {
    own: [D::Register; COUNT],
    others: [[D::Register; OTHERS]; COUNT],
    offsets: [D::Register; COUNT],
}

impl<D: Dots, const COUNT: usize, const OTHERS: usize> Partial<D, COUNT, OTHERS> {
    #[inline(always)]
    fn new(dots: D) -> Self {
        let zero = <D::Register as Sums<D>>::zero(dots);
        Self {
            own: [zero; COUNT],
            others: [[zero; OTHERS]; COUNT],
            offsets: [zero; COUNT],
        }
    }

    /// Adds the products of a register's worth of bytes of each row.
    ///
    /// # Safety
    ///
    /// They must be readable.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "through iterators, the compiler leaves sums in memory"
    )]
    unsafe fn add(&mut self, dots: D, rows: &[*const i8; COUNT], others: &[*const i8; OTHERS]) {
        let zero = <D::Register as Sums<D>>::zero(dots);
        let mut right = [zero; OTHERS];
        for other in 0..OTHERS {
            // SAFETY: the caller's promise.
            right[other] = dots.as_corpus(unsafe { dots.load_bytes(others[other]) });
        }
        for row in 0..COUNT {
            let next = rows[row].wrapping_add(AHEAD);
            <D::Register as Sums<D>>::prefetch(dots, next.cast());
            // SAFETY: the caller's promise.
            let bytes = unsafe { dots.load_bytes(rows[row]) };
            self.own[row] = self.own[row].add_products(bytes, dots.as_corpus(bytes));
            for other in 0..OTHERS {
                self.others[row][other] = self.others[row][other].add_products(bytes, right[other]);
            }
            if D::LAYOUT.offset {
                let all = <D::Register as Sums<D>>::splat(dots, FLIP);
                self.offsets[row] = self.offsets[row].add_products(bytes, all);
            }
        }
    }

    /// The product of a row with itself.
    #[inline(always)]
    fn own(&self, dots: D, row: usize) -> i32 {
        dots.sum(dots.sub(self.own[row], self.offsets[row]))
    }

    /// The product of a row with another one.
    #[inline(always)]
    fn other(&self, dots: D, row: usize, other: usize) -> i32 {
        dots.sum(dots.sub(self.others[row][other], self.offsets[row]))
    }
}

/// Hands the products of rows with themselves and with others to `put`.
pub(super) fn products<const OTHERS: usize>(
    unit: ByteUnit,
    rows: [Source<'_, i8>; ROWS],
    others: [Source<'_, i8>; OTHERS],
    put: &mut dyn FnMut(usize, [f64; 3]),
) {
    let found = Against { rows, others }.at(unit);
    for (number, products) in found.products.into_iter().enumerate() {
        put(number, products.map(|product| product as f64));
    }
}
