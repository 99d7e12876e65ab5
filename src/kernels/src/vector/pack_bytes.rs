//! Bytes laid out for the tile kernel, some to a word, with their scales behind them.

use std::ops::Range;

use super::element::Side;
use super::pack::Panel;
use crate::arch::bytes::{ByteKernel, Dots, FLIP, Layout, ROWS, TRAILER, WORDS};

/// Packs rows for a tile, as their layout says, which must be that of the unit it runs on.
pub(super) struct Pack<'a> {
    pub(super) panel: Panel<'a, i8>,
    pub(super) layout: Layout,
}

impl Pack<'_> {
    /// Packed words of each row, without the trailer.
    #[inline(always)]
    fn depth(&self) -> usize {
        self.panel.columns.len().div_ceil(self.layout.group)
    }

    /// What is flipped of each word.
    #[inline(always)]
    fn flip(&self) -> u32 {
        if self.layout.offset && self.panel.side == Side::Corpus {
            FLIP
        } else {
            0
        }
    }

    /// Packs some words of some rows; where there is no row, zeros.
    #[inline(always)]
    fn one_by_one(&mut self, lanes: Range<usize>, words: Range<usize>) {
        let (group, flip) = (self.layout.group, self.flip());
        let panel = &mut self.panel;
        let columns = panel.columns.len();
        for lane in lanes {
            if lane >= panel.scales.len() {
                for index in words.clone() {
                    panel.to[index * panel.width + lane] = 0;
                }
                continue;
            }
            let row = panel.rows.row(panel.first + lane);
            let row = row.range(panel.columns.clone());
            for index in words.clone() {
                let mut bytes = [0_i8; 4];
                let first = index * group;
                for place in first..columns.min(first + group) {
                    // SAFETY: within the columns.
                    bytes[place - first] = unsafe { row.as_ptr().add(place).read() };
                }
                let word = if group == 4 {
                    u32::from_ne_bytes(bytes.map(i8::cast_unsigned)) ^ flip
                } else {
                    wide([bytes[0], bytes[1]])
                };
                panel.to[index * panel.width + lane] = word;
            }
        }
    }

    /// Writes the factors and the offsets.
    #[inline(always)]
    fn trailer(&mut self) {
        let depth = self.depth();
        let panel = &mut self.panel;
        for lane in 0..panel.width {
            let scale = panel.scales.get(lane).copied().unwrap_or_default();
            let offset = if self.layout.offset { scale.offset } else { 0 };
            panel.to[depth * panel.width + lane] = scale.factor.to_bits();
            panel.to[(depth + 1) * panel.width + lane] = offset.cast_unsigned();
        }
    }
}

/// Two bytes as numbers of 16 bits in a word.
#[inline(always)]
fn wide([a, b]: [i8; 2]) -> u32 {
    u32::from(i16::from(a).cast_unsigned()) | u32::from(i16::from(b).cast_unsigned()) << 16
}

impl ByteKernel for Pack<'_> {
    type Output = ();

    fn scalar(mut self) {
        self.one_by_one(0..self.panel.width, 0..self.depth());
        self.trailer();
    }

    #[inline(always)]
    fn run<D: Dots>(mut self, dots: D) {
        assert_eq!(self.layout, D::LAYOUT, "the layout is the unit's");
        let (width, depth, flip) = (self.panel.width, self.depth(), self.flip());
        assert!((depth + TRAILER) * width <= self.panel.to.len());
        let count = self.panel.scales.len().min(width);
        // Words whose bytes are all there, a register's worth at a time.
        let whole = self.panel.columns.len() / (D::LAYOUT.group * WORDS) * WORDS;
        let packed = if count < ROWS { 0 } else { count };
        let mut lane = 0;
        while lane < packed {
            // The last rows of a tile go with some that are packed already, to the same words.
            let first = lane.min(packed - ROWS);
            let mut rows = [std::ptr::null(); ROWS];
            for (number, row) in rows.iter_mut().enumerate() {
                let source = self.panel.rows.row(self.panel.first + first + number);
                *row = source.range(self.panel.columns.clone()).as_ptr();
            }
            let to = self.panel.to.as_mut_ptr().wrapping_add(first);
            let mut index = 0;
            while index < whole {
                let mut from = rows;
                for row in &mut from {
                    *row = row.wrapping_add(index * D::LAYOUT.group);
                }
                // SAFETY: the rows have these columns, and `to` room for these rows' words.
                unsafe { dots.transpose(from, flip, to.add(index * width), width) };
                index += WORDS;
            }
            lane += ROWS;
        }
        self.one_by_one(0..packed, whole..depth);
        self.one_by_one(packed..width, 0..depth);
        self.trailer();
    }
}
