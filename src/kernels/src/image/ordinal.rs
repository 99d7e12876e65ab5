//! Pixels of any type by their rank in a patch: sorted once, then in 256 bins of as many pixels each, so that histograms tell
//! the bin of a median, and the pixels of that bin, looked through in order, tell which one it is.

use super::histogram::BINS;
use crate::arch::Word;
use crate::room::Grow;

/// The pixels of a patch in order.
#[derive(Debug)]
pub(super) struct Ordinal<K> {
    /// Pixels in a bin.
    size: usize,
    keys: Vec<K>,
    indices: Vec<u32>,
    /// For sorting.
    other_keys: Vec<K>,
    other_indices: Vec<u32>,
    rows: Vec<u32>,
    columns: Vec<u32>,
}

/// Pixels of a bin that are looked at together.
const TOGETHER: usize = 32;

impl<K: Word> Ordinal<K> {
    pub(super) fn new() -> Self {
        Self {
            size: 0,
            keys: Vec::new(),
            indices: Vec::new(),
            other_keys: Vec::new(),
            other_indices: Vec::new(),
            rows: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Puts the pixels of a patch of so many columns in order, and gives each one's bin.
    #[inline(always)]
    pub(super) fn sort(&mut self, keys: &[K], columns: usize, bins: &mut [u8]) {
        assert_eq!(keys.len(), bins.len());
        let count = u32::try_from(keys.len()).expect("a patch has fewer than 2^32 pixels");
        self.size = keys.len().div_ceil(BINS).max(1);
        self.keys.clear();
        self.keys.room(keys.len());
        self.keys.extend_from_slice(keys);
        self.indices.clear();
        self.indices.room(keys.len());
        self.indices.extend(0..count);
        self.other_keys
            .room(keys.len().saturating_sub(self.other_keys.len()));
        self.other_indices
            .room(keys.len().saturating_sub(self.other_indices.len()));
        self.other_keys.resize(keys.len(), K::default());
        self.other_indices.resize(keys.len(), 0);
        for byte in 0..K::BITS / 8 {
            self.by_byte(8 * byte);
        }
        self.rows.clear();
        self.columns.clear();
        self.rows.room(keys.len());
        self.columns.room(keys.len());
        for (place, &index) in self.indices.iter().enumerate() {
            bins[index as usize] = (place / self.size) as u8;
            self.rows.push(index / columns as u32);
            self.columns.push(index % columns as u32);
        }
    }

    /// Sorts by 8 bits, and leaves those in order that have the same.
    #[inline(always)]
    fn by_byte(&mut self, shift: usize) {
        let mut starts = [0_usize; 256];
        for key in &self.keys {
            starts[(key.to_u64() >> shift) as usize & 0xff] += 1;
        }
        if starts.contains(&self.keys.len()) {
            return;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for (key, index) in self.keys.iter().zip(&self.indices) {
            let place = &mut starts[(key.to_u64() >> shift) as usize & 0xff];
            self.other_keys[*place] = *key;
            self.other_indices[*place] = *index;
            *place += 1;
        }
        std::mem::swap(&mut self.keys, &mut self.other_keys);
        std::mem::swap(&mut self.indices, &mut self.other_indices);
    }

    /// The pixel of some rank among those of a bin that lie in a window: its key.
    #[inline(always)]
    pub(super) fn find(
        &self,
        bin: usize,
        mut rank: usize,
        at: [usize; 2],
        window: [usize; 2],
    ) -> K {
        let start = bin * self.size;
        let end = (start + self.size).min(self.keys.len());
        let [top, left] = at.map(|place| place as u32);
        let [height, width] = window.map(|length| length as u32);
        let inside = |row: u32, column: u32| {
            u32::from(row.wrapping_sub(top) < height) & u32::from(column.wrapping_sub(left) < width)
        };
        let (rows, columns) = (&self.rows[start..end], &self.columns[start..end]);
        let mut first = 0;
        for (rows, columns) in rows
            .chunks_exact(TOGETHER)
            .zip(columns.chunks_exact(TOGETHER))
        {
            let mut count = 0;
            for (row, column) in rows.iter().zip(columns) {
                count += inside(*row, *column);
            }
            if (count as usize) > rank {
                break;
            }
            rank -= count as usize;
            first += TOGETHER;
        }
        for (place, (row, column)) in rows[first..].iter().zip(&columns[first..]).enumerate() {
            if inside(*row, *column) == 1 {
                if rank == 0 {
                    return self.keys[start + first + place];
                }
                rank -= 1;
            }
        }
        unreachable!("the window has more pixels in this bin than the rank")
    }

    /// The same where each pixel counts as often as its row and its column do together.
    #[inline(always)]
    pub(super) fn find_weighted(
        &self,
        bin: usize,
        mut rank: u64,
        rows: &[u64],
        columns: &[u64],
    ) -> K {
        let start = bin * self.size;
        let end = (start + self.size).min(self.keys.len());
        for place in start..end {
            let weight = rows[self.rows[place] as usize] * columns[self.columns[place] as usize];
            if rank < weight {
                return self.keys[place];
            }
            rank -= weight;
        }
        unreachable!("the pixels of this bin count less than the rank")
    }
}
