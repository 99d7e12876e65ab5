//! Choices: strings laid out in blocks, by the width of word that they need, to be compared with any number of queries.

use super::alphabet::Alphabet;
use super::blocks::Block;
use super::column::Column;
use super::counts::Counts;
use super::measure::Measure;
use super::queries::Query;
use super::sets::Sets;
use super::strings::{Stored, Strings};
use super::tables::Tables;
use super::tile::{self, Counts as Lanewise};
use crate::room::{Grow, for_small_things, with_room};
use crate::simd::Level;
use crate::threads::Interrupted;

/// The most symbols of a string in a block; the words have no more bits.
pub(super) const LONGEST: usize = 64;

/// Strings that are not in blocks, worked on together: they are long.
const FEW: usize = 16;

/// Blocks that are made between two looks at whether to stop: about a millisecond.
const LOOK: usize = 64;

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
    strings: Column<u32>,
    /// Where the measure is one of sets, which the strings then are.
    sets: Option<Sets>,
    alphabet: Alphabet,
    /// Of each string, where there are long ones that a limit may pass over.
    counts: Vec<Counts>,
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
    /// Lays the strings out. `stop` is asked every few milliseconds.
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
        let (sets, strings) = match measure.pieces() {
            Some(pieces) => {
                let (sets, strings) = Sets::new(&strings.wide(stop)?, pieces, stop)?;
                (Some(sets), Stored::Any(strings))
            }
            None => (None, strings.stored(stop)?),
        };
        let alphabet = Alphabet::new(&strings, stop)?;
        let strings = encode(sets.is_some(), &alphabet, strings, stop)?;
        let longest = strings.longest();
        // Counting pays where comparing takes long.
        let counts = if order == Order::ByLength && longest > LONGEST {
            Counts::of_each(&strings, stop)?
        } else {
            Vec::new()
        };
        let order = match order {
            Order::AsGiven => strings.by_key(width_class, stop)?,
            Order::ByLength => strings.by_length(stop)?,
        };
        let mut choices = Self {
            strings,
            sets,
            alphabet,
            counts,
            order,
            longest,
            items: Vec::new(),
        };
        let counts = tile::lanes(level);
        while let Some(item) = choices.next_item(counts) {
            if choices.items.len().is_multiple_of(LOOK) && stop() {
                return Err(Interrupted);
            }
            for_small_things();
            choices.items.room(1);
            choices.items.push(item);
        }
        Ok(choices)
    }

    /// The item behind the last one.
    fn next_item(&self, counts: Lanewise) -> Option<Item> {
        let first = self.items.last().map_or(0, |item| item.first + item.count);
        let rest = &self.order[first..];
        let longest = width(self.strings.get(*rest.first()? as usize).len());
        let most = match longest {
            8 => counts.u8,
            16 => counts.u16,
            32 => counts.u32,
            LONGEST => counts.u64,
            _ => FEW,
        };
        let mut strings: Vec<&[u32]> = with_room(most);
        let mut lengths = [usize::MAX, 0];
        // A chain of iterators takes half as many instructions more.
        for &index in rest.iter().take(most) {
            let string = self.strings.get(index as usize);
            if string.len() > longest {
                break;
            }
            lengths = [lengths[0].min(string.len()), lengths[1].max(string.len())];
            strings.push(string);
        }
        let lanes = match longest {
            8 => Lanes::U8(Block::new(&strings, most)),
            16 => Lanes::U16(Block::new(&strings, most)),
            32 => Lanes::U32(Block::new(&strings, most)),
            LONGEST => Lanes::U64(Block::new(&strings, most)),
            _ => Lanes::Long,
        };
        let places = &rest[..strings.len()];
        Some(Item {
            first,
            count: strings.len(),
            lengths,
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

    /// Other strings in the numbers of these strings' units.
    pub(super) fn encode(
        &self,
        strings: Strings,
        stop: &dyn Fn() -> bool,
    ) -> Result<Column<u32>, Interrupted> {
        let strings = match &self.sets {
            Some(sets) => Stored::Any(sets.of(&strings.wide(stop)?, stop)?),
            None => strings.stored(stop)?,
        };
        encode(self.sets.is_some(), &self.alphabet, strings, stop)
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

    /// Those of the string at a place, where they are counted.
    pub(super) fn counts(&self, place: u32) -> Option<&Counts> {
        self.counts.get(place as usize)
    }

    /// Whether it may be known of strings that they are far apart before they are compared.
    pub(super) fn are_counted(&self) -> bool {
        !self.counts.is_empty()
    }

    /// The symbols of the string at a place.
    pub(super) fn symbols(&self, place: u32) -> &[u32] {
        self.strings.get(place as usize)
    }
}

/// The strings in the alphabet's numbers; sets are in order.
fn encode(
    are_sets: bool,
    alphabet: &Alphabet,
    strings: Stored,
    stop: &dyn Fn() -> bool,
) -> Result<Column<u32>, Interrupted> {
    let mut strings = alphabet.encode(strings, stop)?;
    if are_sets {
        strings.sort_units(stop)?;
    }
    Ok(strings)
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

impl Item {
    /// The queries that its strings are compared with in lanes, and those that they are pair by pair: all or none.
    pub(super) fn split<'a, 'q>(&self, queries: &'a [Query<'q>]) -> [&'a [Query<'q>]; 2] {
        match self.lanes {
            Lanes::Long => [&[], queries],
            _ => [queries, &[]],
        }
    }
}
