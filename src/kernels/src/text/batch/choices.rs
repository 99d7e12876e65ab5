//! Choices: strings laid out in blocks, by the width of word that they need, to be compared with any number of queries.

use super::blocks::Block;
use super::columns::{Columns, SYMBOLS};
use super::queries::Query;
use super::strings::{Alphabet, Strings};
use super::tables::Tables;
use super::tile::{self, Counts};
use super::{damerau, measure::Measure};
use crate::simd::Level;
use crate::threads::Interrupted;

/// The most symbols of a string in a block; the words have no more bits.
pub(super) const LONGEST: usize = 64;

/// Strings that are not in blocks, worked on together: they are long.
const FEW: usize = 16;

/// Blocks that are made between two looks at whether to stop: about a millisecond.
const LOOK: usize = 64;

/// What a block is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Words with a bit for each place.
    Bits,
    /// Symbols.
    Columns,
}

/// Which strings share a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those that need words of one width, as they come: their scores stand side by side.
    AsGiven,
    /// Those of like length, so that a cutoff passes over whole blocks.
    ByLength,
}

/// Strings to compare queries with, laid out for a kind of measure and a level.
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
    Columns(Columns),
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
    pub(super) columns: damerau::Spare,
    pub(super) tables: Tables,
}

impl Choices {
    /// Lays the strings out, in an order that the measure may have reasons not to follow. `stop` is asked every few
    /// milliseconds.
    ///
    /// # Errors
    ///
    /// `stop` said true.
    ///
    /// # Panics
    ///
    /// This CPU lacks the level.
    pub fn new<M: Measure>(
        level: Level,
        measure: M,
        strings: Strings,
        order: Order,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, Interrupted> {
        let alphabet = Alphabet::new(&strings, stop)?;
        let strings = alphabet.encode(strings, stop)?;
        let longest = strings.longest();
        let order = match order {
            Order::AsGiven if measure.takes_any_order() => strings.by_key(width_class, stop)?,
            Order::AsGiven | Order::ByLength => strings.by_length(stop)?,
        };
        let mut choices = Self {
            strings,
            alphabet,
            order,
            longest,
            items: Vec::new(),
        };
        let counts = tile::lanes(level);
        while let Some(item) = choices.next_item(measure.layout(), counts) {
            if choices.items.len().is_multiple_of(LOOK) && stop() {
                return Err(Interrupted);
            }
            choices.items.push(item);
        }
        Ok(choices)
    }

    /// The item behind the last one.
    fn next_item(&self, layout: Layout, counts: Counts) -> Option<Item> {
        let first = self.items.last().map_or(0, |item| item.first + item.count);
        let rest = &self.order[first..];
        let length = |&index: &u32| self.strings.get(index as usize).len();
        let longest = width(length(rest.first()?));
        let (most, longest) = match (layout, longest) {
            (_, usize::MAX) => (FEW, usize::MAX),
            (Layout::Columns, _) => (counts.columns, LONGEST),
            (Layout::Bits, 8) => (counts.u8, 8),
            (Layout::Bits, 16) => (counts.u16, 16),
            (Layout::Bits, 32) => (counts.u32, 32),
            (Layout::Bits, _) => (counts.u64, LONGEST),
        };
        let fit = rest
            .iter()
            .take(most)
            .take_while(|index| length(index) <= longest)
            .count();
        let mut strings: Vec<&[u32]> = rest[..fit]
            .iter()
            .map(|&index| self.strings.get(index as usize))
            .collect();
        let lanes = match (layout, longest) {
            (_, usize::MAX) => Lanes::Long,
            (Layout::Columns, _) => {
                strings.truncate(few_symbols(&strings));
                Lanes::Columns(Columns::new(&strings, most))
            }
            (Layout::Bits, 8) => Lanes::U8(Block::new(&strings, most)),
            (Layout::Bits, 16) => Lanes::U16(Block::new(&strings, most)),
            (Layout::Bits, 32) => Lanes::U32(Block::new(&strings, most)),
            (Layout::Bits, _) => Lanes::U64(Block::new(&strings, most)),
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

/// The widths in order, from 0 on.
fn width_class(length: usize) -> usize {
    match width(length) {
        usize::MAX => 4,
        bits => bits.trailing_zeros() as usize - 3,
    }
}

/// How many of the strings have at most [`SYMBOLS`] different symbols together.
fn few_symbols(strings: &[&[u32]]) -> usize {
    let mut seen = std::collections::HashSet::new();
    let fits = |string: &&&[u32]| {
        seen.extend(string.iter().copied());
        seen.len() <= SYMBOLS
    };
    strings.iter().take_while(fits).count()
}

/// The queries that an item's strings are compared with in lanes; the others have to be, pair by pair.
pub(super) fn in_lanes(item: &Item, query: &Query<'_>) -> bool {
    match item.lanes {
        Lanes::Long => false,
        Lanes::Columns(_) => query.symbols.len() <= damerau::LONGEST,
        _ => true,
    }
}
