//! The median of every pixel of a tile, as one network: what the windows share is sorted once (Adams 2021, Fast median
//! filters using separable sorting networks; Sugy 2025, Median filtering by hierarchical tiling).
//!
//! All windows of a tile have a rectangle in common, its core. Sorted are the core, each row and each column that some
//! window has beyond it. Then the tile is cut in two again and again: each half's windows have more in common, and the rows or
//! columns that come in are merged into the core. A core's values that cannot be a median any more, whatever comes in, are
//! dropped; when the tile is one pixel, one value is left.

use super::network::{Network, Value};

/// Axes, in this order wherever there are two: down (rows) and across (columns).
const AXES: [usize; 2] = [0, 1];

/// A tile on the way from the whole one to a pixel.
#[derive(Clone)]
struct Tile {
    /// Its first pixel and how many it has, along each axis. A pixel's window starts at the same index in the input.
    at: [usize; 2],
    len: [usize; 2],
    /// The candidates among the core's values, in order, and the place of the median among them and what will come in.
    core: Vec<Value>,
    rank: usize,
    /// Along each axis, the lines beyond the core that some window has, each in order, as far as the core reaches.
    lines: [Vec<(usize, Vec<Value>)>; 2],
}

/// The network for tiles of that many rows and columns, each at most the window's.
pub(super) fn network(window: [usize; 2], tile: [usize; 2]) -> Network {
    assert!(
        AXES.iter()
            .all(|&axis| (1..=window[axis]).contains(&tile[axis]))
    );
    let mut tiling = Tiling {
        window,
        network: Network::default(),
    };
    let whole = tiling.whole(tile);
    tiling.divide(&whole);
    tiling.network
}

struct Tiling {
    window: [usize; 2],
    network: Network,
}

impl Tiling {
    /// What all windows of a tile reach along an axis.
    fn common(&self, at: usize, len: usize, axis: usize) -> std::ops::Range<usize> {
        at + len - 1..at + self.window[axis]
    }

    /// The pixel `along` an axis and `across` it.
    fn pixel(&mut self, axis: usize, along: usize, across: usize) -> Value {
        if axis == 0 {
            self.network.input(along, across)
        } else {
            self.network.input(across, along)
        }
    }

    /// The line at `along` on an axis, sorted, as far as the core reaches the other way.
    fn line(&mut self, tile: [usize; 2], axis: usize, along: usize) -> Vec<Value> {
        let other = 1 - axis;
        let values: Vec<_> = self
            .common(0, tile[other], other)
            .map(|across| self.pixel(axis, along, across))
            .collect();
        self.network.sort(&values)
    }

    /// The whole tile.
    fn whole(&mut self, tile: [usize; 2]) -> Tile {
        let columns: Vec<_> = self
            .common(0, tile[1], 1)
            .map(|column| (column, self.line(tile, 1, column)))
            .collect();
        let core = self.together(&columns);
        let lines = AXES.map(|axis| {
            let common = self.common(0, tile[axis], axis);
            (0..self.window[axis] + tile[axis] - 1)
                .filter(|along| !common.contains(along))
                .map(|along| (along, self.line(tile, axis, along)))
                .collect()
        });
        let rank = self.window[0] * self.window[1] / 2;
        self.candidates(Tile {
            at: [0, 0],
            len: tile,
            core,
            rank,
            lines,
        })
    }

    /// The values of neighbouring lines as one list in order. Always cut at the same places, so that lists that two tiles
    /// need are made once.
    fn together(&mut self, lines: &[(usize, Vec<Value>)]) -> Vec<Value> {
        match lines {
            [] => Vec::new(),
            [(_, only)] => only.clone(),
            _ => {
                let (first, last) = (lines[0].0, lines[lines.len() - 1].0);
                let cut = last & (!0 << (first ^ last).ilog2());
                let (left, right) = lines.split_at(cut - first);
                let (left, right) = (self.together(left), self.together(right));
                self.network.merge(&left, &right)
            }
        }
    }

    /// Drops the values that at least `rank` + 1 others are below of, or too few even if all that comes in is below.
    fn candidates(&self, mut tile: Tile) -> Tile {
        let common: usize = AXES
            .map(|axis| self.common(0, tile.len[axis], axis).len())
            .iter()
            .product();
        let to_come = self.window[0] * self.window[1] - common;
        tile.core.truncate(tile.rank + 1);
        let low = tile.rank.saturating_sub(to_come);
        tile.core.drain(..low);
        tile.rank -= low;
        tile
    }

    /// Gives the median of each pixel of the tile.
    fn divide(&mut self, tile: &Tile) {
        if tile.len == [1, 1] {
            let [row, column] = tile.at;
            self.network.output(tile.core[tile.rank], row, column);
            return;
        }
        let axis = usize::from(tile.len[1] >= tile.len[0]);
        let half = tile.len[axis] / 2;
        let (start, end) = (tile.at[axis], tile.at[axis] + tile.len[axis]);
        for (at, len) in [(start, half), (start + half, end - start - half)] {
            let part = self.part(tile, axis, at, len);
            self.divide(&part);
        }
    }

    /// The part of a tile that has `len` pixels from `at` on along an axis.
    fn part(&mut self, tile: &Tile, axis: usize, at: usize, len: usize) -> Tile {
        let other = 1 - axis;
        let common = self.common(at, len, axis);
        let reach = at..at + self.window[axis] + len - 1;
        let (mut gained, mut kept) = (Vec::new(), Vec::new());
        for (along, line) in &tile.lines[axis] {
            if common.contains(along) {
                gained.push((*along, line.clone()));
            } else if reach.contains(along) {
                kept.push((*along, line.clone()));
            }
        }
        // All on one side of the core.
        let incoming = self.together(&gained);
        let core = self.network.merge(&tile.core, &incoming);
        let mut across = Vec::new();
        for (place, line) in &tile.lines[other] {
            let corner: Vec<_> = gained
                .iter()
                .map(|(along, _)| self.pixel(axis, *along, *place))
                .collect();
            let corner = self.network.sort(&corner);
            across.push((*place, self.network.merge(line, &corner)));
        }
        let mut part = Tile {
            core,
            ..tile.clone()
        };
        part.at[axis] = at;
        part.len[axis] = len;
        part.lines[axis] = kept;
        part.lines[other] = across;
        self.candidates(part)
    }
}
