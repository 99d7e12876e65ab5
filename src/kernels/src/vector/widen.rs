//! Numbers of 16 bits made `f32`, some at a time, for the kernels of `f32`.

use super::element::{Batch, Bfloat16, Half};
use super::pack::{DEPTH, Panel, Scale};
use crate::arch::{Arch, Kernel};
use crate::memory::{Rows, Source};
use crate::simd::Level;

/// A number that an `f32` holds exactly.
pub(super) trait Narrow: Copy {
    /// The number as an `f32`.
    fn widen(self) -> f32;

    /// Widens as many of `len` numbers as the instruction set has conversions for, from the first on. Gives how many.
    ///
    /// # Safety
    ///
    /// `len` numbers must be readable at `from` and writable at `to`.
    #[inline(always)]
    unsafe fn widen_first<A: Arch>(
        _arch: A,
        _from: *const Self,
        _to: *mut f32,
        _len: usize,
    ) -> usize {
        0
    }
}

impl Narrow for Bfloat16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

impl Narrow for Half {
    /// In plain arithmetic of 32 bits, which the compiler turns into SIMD; none of the numbers on the way is subnormal, as
    /// some programs have the CPU take those for zero.
    #[inline(always)]
    fn widen(self) -> f32 {
        const BIAS: u32 = (127 - 15) << 23;
        let sign = u32::from(self.0 & 0x8000) << 16;
        let magnitude = u32::from(self.0 & 0x7fff) << 13;
        let exponent = magnitude & (0x1f << 23);
        let normal = magnitude + BIAS;
        let subnormal = f32::from_bits(normal + (1 << 23)) - f32::from_bits(BIAS + (1 << 23));
        let bits = if exponent == 0 {
            subnormal.to_bits()
        } else if exponent == 0x1f << 23 {
            normal + BIAS
        } else {
            normal
        };
        f32::from_bits(bits | sign)
    }

    /// The instructions, too, widen subnormal numbers whatever the CPU was told to do with those.
    #[inline(always)]
    unsafe fn widen_first<A: Arch>(arch: A, from: *const Self, to: *mut f32, len: usize) -> usize {
        let mut done = 0;
        while A::HALVES > 0 && len - done >= A::HALVES {
            // SAFETY: the caller's promise; as many numbers are left.
            unsafe { arch.widen_halves(from.add(done).cast(), to.add(done)) };
            done += A::HALVES;
        }
        done
    }
}

/// Widens a row.
struct Widen<'a, N> {
    from: Source<'a, N>,
    to: &'a mut [f32],
}

impl<N: Narrow> Widen<'_, N> {
    /// Converts the numbers from this one on.
    #[inline(always)]
    fn convert(self, start: usize) {
        assert_eq!(self.from.len(), self.to.len());
        for (index, to) in self.to.iter_mut().enumerate().skip(start) {
            // SAFETY: the source is as long as the slice.
            *to = unsafe { self.from.as_ptr().add(index).read() }.widen();
        }
    }
}

impl<N: Narrow> Kernel for Widen<'_, N> {
    type Output = ();

    fn scalar(self) {
        self.convert(0);
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        let len = self.from.len();
        assert_eq!(len, self.to.len());
        // SAFETY: both are so long.
        let done = unsafe { N::widen_first(arch, self.from.as_ptr(), self.to.as_mut_ptr(), len) };
        self.convert(done);
    }
}

/// Elements of a row that are widened at a time: with those of five others, they stay in the first cache.
const PIECE: usize = 1024;

/// Hands rows of one length to `take`, a piece of all of them at a time.
pub(super) fn pieces<N: Narrow, const ROWS: usize>(
    level: Level,
    rows: [Source<'_, N>; ROWS],
    mut take: impl FnMut([Source<'_, f32>; ROWS]),
) {
    let mut memory = [[0.0; PIECE]; ROWS];
    let len = rows[0].len();
    for start in (0..len).step_by(PIECE) {
        let range = start..len.min(start + PIECE);
        for (memory, row) in memory.iter_mut().zip(rows) {
            Widen {
                from: row.range(range.clone()),
                to: &mut memory[..range.len()],
            }
            .at(level);
        }
        take(std::array::from_fn(|row| {
            Source::from(&memory[row][..range.len()])
        }));
    }
}

/// Packs rows for a tile of `f32`.
pub(super) fn pack<N>(level: Level, panel: &mut Panel<'_, N>)
where
    N: Narrow + Batch<Scale = Scale<f32>, Packed = f32>,
{
    const ROWS: usize = 4;
    let mut memory = [0.0; ROWS * DEPTH];
    let depth = panel.columns.len();
    for lane in (0..panel.width).step_by(ROWS) {
        let count = ROWS.min(panel.scales.len().saturating_sub(lane));
        for row in 0..count {
            let from = panel.rows.row(panel.first + lane + row);
            Widen {
                from: from.range(panel.columns.clone()),
                to: &mut memory[row * depth..][..depth],
            }
            .at(level);
        }
        let part = Panel::<f32> {
            rows: Rows::from_slice(&memory[..count * depth], count, depth),
            first: 0,
            scales: &panel.scales[panel.scales.len().min(lane)..][..count],
            columns: 0..depth,
            width: panel.width,
            side: panel.side,
            to: &mut *panel.to,
        };
        part.lanes(lane..panel.width.min(lane + ROWS)).at(level);
    }
}
