//! The batch functions' work on int8: exact sums, in whole numbers.

use super::element::Side;
use super::pack::Panel;
use crate::arch::bytes::{Layout, TRAILER};
use crate::arch::{Arch, Kernel};
use crate::memory::Source;
use crate::simd::Level;

/// What a row's sums are multiplied with, and what is taken off them first where the corpus is packed with an offset.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scale {
    factor: f32,
    offset: i32,
}

impl Scale {
    /// That of a row: its factor brings it to unit length, where a cosine is wanted.
    pub(super) fn of(level: Level, row: Source<'_, i8>, cosine: bool) -> Self {
        let factor = if cosine {
            let [square] = Products { row, others: [row] }.at(level);
            if square == 0 {
                0.0
            } else {
                (1.0 / (square as f64).sqrt()) as f32
            }
        } else {
            1.0
        };
        let offset = Total(row).at(level).wrapping_mul(128);
        Self { factor, offset }
    }

    /// Whether the row has a direction.
    pub(super) fn has_direction(self) -> bool {
        self.factor > 0.0
    }
}

/// The sum of a row, modulo 2^32.
struct Total<'a>(Source<'a, i8>);

impl Total<'_> {
    #[inline(always)]
    fn sum(self) -> i32 {
        let mut total = 0_i32;
        for index in 0..self.0.len() {
            // SAFETY: within the row.
            let byte = unsafe { self.0.as_ptr().add(index).read() };
            total = total.wrapping_add(i32::from(byte));
        }
        total
    }
}

impl Kernel for Total<'_> {
    type Output = i32;

    fn scalar(self) -> i32 {
        self.sum()
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> i32 {
        self.sum()
    }
}

/// The dot products of a row with others of its length, exactly. The loops are plain: the compiler makes of them what each
/// instruction set has for products of 16 bits.
pub(super) struct Products<'a, const N: usize> {
    pub(super) row: Source<'a, i8>,
    pub(super) others: [Source<'a, i8>; N],
}

impl<const N: usize> Products<'_, N> {
    #[inline(always)]
    fn sums(self) -> [i64; N] {
        const PIECE: usize = 1 << 16; // its sum of products is 2^30 at most
        let len = self.row.len();
        let mut totals = [0; N];
        let mut start = 0;
        while start < len {
            let end = len.min(start + PIECE);
            for (total, other) in totals.iter_mut().zip(self.others) {
                let (row, other) = (self.row.range(start..end), other.range(start..end));
                let mut sum = 0_i32;
                for index in 0..row.len() {
                    // SAFETY: within both rows.
                    let (a, b) = unsafe {
                        (
                            row.as_ptr().add(index).read(),
                            other.as_ptr().add(index).read(),
                        )
                    };
                    sum = sum.wrapping_add(i32::from(a) * i32::from(b));
                }
                *total += i64::from(sum);
            }
            start = end;
        }
        totals
    }
}

impl<const N: usize> Kernel for Products<'_, N> {
    type Output = [i64; N];

    fn scalar(self) -> [i64; N] {
        self.sums()
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) -> [i64; N] {
        self.sums()
    }
}

/// Packs rows for a tile.
pub(super) struct Pack<'a> {
    pub(super) panel: Panel<'a, i8>,
    pub(super) layout: Layout,
}

impl Pack<'_> {
    #[inline(always)]
    fn pack(self) {
        let Self { panel, layout } = self;
        let (width, columns) = (panel.width, panel.columns.len());
        let depth = columns.div_ceil(layout.group);
        let flip = if layout.offset && panel.side == Side::Corpus {
            0x8080_8080
        } else {
            0
        };
        let to = &mut panel.to[..(depth + TRAILER) * width];
        for lane in 0..width {
            let Some(scale) = panel.scales.get(lane) else {
                for index in 0..depth + TRAILER {
                    to[index * width + lane] = 0;
                }
                continue;
            };
            let row = panel.rows.row(panel.first + lane);
            let row = row.range(panel.columns.clone()).as_ptr();
            let whole = columns / layout.group;
            if layout.group == 4 {
                for index in 0..whole {
                    // SAFETY: within the columns.
                    let word = unsafe { row.add(4 * index).cast::<u32>().read_unaligned() };
                    to[index * width + lane] = word ^ flip;
                }
            } else {
                for index in 0..whole {
                    // SAFETY: within the columns.
                    let pair =
                        unsafe { [row.add(2 * index).read(), row.add(2 * index + 1).read()] };
                    to[index * width + lane] = wide(pair);
                }
            }
            if whole < depth {
                let mut rest = [0_i8; 4];
                for (place, rest) in rest
                    .iter_mut()
                    .enumerate()
                    .take(columns - whole * layout.group)
                {
                    // SAFETY: within the columns.
                    *rest = unsafe { row.add(whole * layout.group + place).read() };
                }
                to[whole * width + lane] = if layout.group == 4 {
                    u32::from_ne_bytes(rest.map(i8::cast_unsigned)) ^ flip
                } else {
                    wide([rest[0], rest[1]])
                };
            }
            to[depth * width + lane] = scale.factor.to_bits();
            let offset = if layout.offset { scale.offset } else { 0 };
            to[(depth + 1) * width + lane] = offset.cast_unsigned();
        }
    }
}

/// Two bytes as numbers of 16 bits in a word.
#[inline(always)]
fn wide([a, b]: [i8; 2]) -> u32 {
    u32::from(i16::from(a).cast_unsigned()) | u32::from(i16::from(b).cast_unsigned()) << 16
}

impl Kernel for Pack<'_> {
    type Output = ();

    fn scalar(self) {
        self.pack();
    }

    #[inline(always)]
    fn run<A: Arch>(self, _arch: A) {
        self.pack();
    }
}
