//! Choices: strings laid out in blocks, by the width of word that they need, to be compared with any number of queries.

use super::blocks::Block;
use super::measure::Measure;
use super::queries::Query;
use super::strings::{Alphabet, Strings};
use super::tables::Tables;
use super::tile::{self, Counts};
use crate::simd::Level;

/// The most symbols of a string in a block; the words have no more bits.
pub(super) const LONGEST: usize = 64;

/// Strings that are not in blocks, worked on together: they are long.
const FEW: usize = 16;

/// Which strings share a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those that need words of one width, as they come: their scores stand side by side.
    AsGiven,
    /// Those of like length, so that a cutoff passes over whole blocks.
    ByLength,
}

/// Strings to compare queries with, laid out for a measure and a level.
#[derive(Debug)]
pub struct Choices {
    strings: Strings,
    alphabet: Alphabet,
    /// The strings that are not missing, by length, or by the width of word that they need.
    order: Vec<u32>,
    longest: usize,
    items: Vec<Item>,
}

/// Strings that stand together in the order.
#[derive(Debug)]
pub struct Item {
    /// The first of them, in the order, and how many.
    pub(super) first: usize,
    pub(super) count: usize,
    /// The lengths of the shortest and of the longest one.
    pub(super) lengths: [usize; 2],
    /// Whether they stand side by side among the strings that were given too.
    pub(super) is_run: bool,
    pub(super) lanes: Lanes,
}

/// Their layout.
#[derive(Debug)]
pub(super) enum Lanes {
    U8(Block<u8>),
    U16(Block<u16>),
    U32(Block<u32>),
    U64(Block<u64>),
    /// None: they are too long.
    Long,
}

/// Memory of a thread's.
#[derive(Debug, Default)]
pub struct Spare {
    pub(super) u8: tile::Spare<u8>,
    pub(super) u16: tile::Spare<u16>,
    pub(super) u32: tile::Spare<u32>,
    pub(super) u64: tile::Spare<u64>,
    pub(super) tables: Tables,
}

impl Choices {
    /// Lays the strings out, in an order that the measure may have reasons not to follow.
    ///
    /// # Panics
    ///
    /// This CPU lacks the level.
    #[must_use]
    pub fn new<M: Measure>(level: Level, measure: M, strings: Strings, order: Order) -> Self {
        let alphabet = Alphabet::new(&strings);
        let strings = alphabet.encode(strings);
        let by_length = strings.by_length();
        let longest = by_length
            .last()
            .map_or(0, |&index| strings.get(index as usize).len());
        let order = match order {
            Order::AsGiven if measure.takes_any_order() => by_width(&strings, by_length),
            Order::AsGiven | Order::ByLength => by_length,
        };
        let mut choices = Self {
            strings,
            alphabet,
            order,
            longest,
            items: Vec::new(),
        };
        let counts = tile::lanes(level);
        while let Some(item) = choices.next_item(counts) {
            choices.items.push(item);
        }
        choices
    }

    /// The item behind the last one.
    fn next_item(&self, counts: Counts) -> Option<Item> {
        let first = self.items.last().map_or(0, |item| item.first + item.count);
        let rest = &self.order[first..];
        let length = |&index: &u32| self.strings.get(index as usize).len();
        let longest = width(length(rest.first()?));
        let most = match longest {
            8 => counts.u8,
            16 => counts.u16,
            32 => counts.u32,
            LONGEST => counts.u64,
            _ => FEW,
        };
        let strings: Vec<&[u32]> = rest
            .iter()
            .take(most)
            .take_while(|index| length(index) <= longest)
            .map(|&index| self.strings.get(index as usize))
            .collect();
        let lanes = match longest {
            8 => Lanes::U8(Block::new(&strings, most)),
            16 => Lanes::U16(Block::new(&strings, most)),
            32 => Lanes::U32(Block::new(&strings, most)),
            LONGEST => Lanes::U64(Block::new(&strings, most)),
            _ => Lanes::Long,
        };
        let lengths = strings.iter().map(|string| string.len());
        let places = &rest[..strings.len()];
        Some(Item {
            first,
            count: strings.len(),
            lengths: [lengths.clone().min()?, lengths.max()?],
            is_run: places.windows(2).all(|two| two[0] + 1 == two[1]),
            lanes,
        })
    }

    /// How many strings, those that are missing among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }

    /// How many strings are not missing.
    #[must_use]
    pub fn known(&self) -> usize {
        self.order.len()
    }

    /// The most symbols that one of them has.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The numbers of their units.
    pub(super) fn alphabet(&self) -> &Alphabet {
        &self.alphabet
    }

    /// The strings that are missing.
    pub(super) fn missing(&self) -> &[usize] {
        self.strings.missing()
    }

    /// The others, in pieces, the shorter ones first.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The places of an item's strings among those that were given.
    #[inline(always)]
    pub(super) fn places(&self, item: &Item) -> &[u32] {
        &self.order[item.first..][..item.count]
    }

    /// The symbols of the string at a place.
    pub(super) fn symbols(&self, place: u32) -> &[u32] {
        self.strings.get(place as usize)
    }
}

/// The bits of the word that a string of that length needs; more than there are where none has as many.
fn width(length: usize) -> usize {
    match length {
        0..=8 => 8,
        9..=16 => 16,
        17..=32 => 32,
        33..=LONGEST => LONGEST,
        _ => usize::MAX,
    }
}

/// Strings by the width of word that they need, those of one width in the order in which they were given.
fn by_width(strings: &Strings, mut order: Vec<u32>) -> Vec<u32> {
    order.sort_unstable_by_key(|&index| (width(strings.get(index as usize).len()), index));
    order
}

impl Item {
    /// The queries that its strings are compared with in lanes, and those that they are pair by pair: all or none.
    pub(super) fn split<'a, 'q>(&self, queries: &'a [Query<'q>]) -> [&'a [Query<'q>]; 2] {
        match self.lanes {
            Lanes::Long => [&[], queries],
            _ => [queries, &[]],
        }
    }
}
