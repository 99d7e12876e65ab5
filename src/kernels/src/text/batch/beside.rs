//! Pairs of strings in the lanes of registers: a pair a lane, the texts of one length.
//!
//! A [`Block`]'s table says for each symbol which places of a string have it, and serves any number of queries. Here each string
//! meets one other: for each place of its text a row is made that says where its pattern has the same unit, by comparing the two
//! lane by lane. That takes about as many steps as the recurrences behind it, which are those of blocks: to them the rows are a
//! block's, picked one after the other.

use super::blocks::{self, BESIDE, Block};
use super::choices::{Item, Lanes as Laid, Spare};
use super::measure::Measure;
use super::queries::Query;
use super::scores::{Asked, MOST};
use super::tile::{self, SIDE};
use crate::arch::{Arch, Kernel, Lanes, Word};
use crate::simd::Level;
use crate::text::units::Symbol;

/// The most units of a text.
const TEXT: usize = BESIDE;

/// Widths of words: patterns of up to 8, 16, 32 and 64 units.
const WIDTHS: usize = 4;

/// Lanes of which this part is filled take about as long as the function for two strings does, pair by pair.
const PART: usize = 8;

/// Where a pair is worked on: with those of the same width of word whose texts are as long.
#[derive(Clone, Copy)]
pub(super) struct Place {
    width: usize,
    text: usize,
}

impl Place {
    /// How many numbers there are for places.
    pub(super) const COUNT: usize = WIDTHS * (TEXT + 1);

    /// A number for the place.
    #[inline(always)]
    pub(super) fn number(self) -> usize {
        self.width * (TEXT + 1) + self.text
    }

    /// The same with words that the strings' units fit in.
    #[inline(always)]
    pub(super) fn with_room_for<U: Symbol>(self, strings: [&[U]; 2]) -> Self {
        let all = strings
            .into_iter()
            .flatten()
            .fold(0, |all, &unit| all | unit.into());
        let width = self.width.max(match all {
            ..=0xFF => 0,
            0x100..=0xFFFF => 1,
            _ => 2, // no unit is wider
        });
        Self { width, ..self }
    }

    /// The place of a number.
    pub(super) fn of(number: usize) -> Self {
        Self {
            width: number / (TEXT + 1),
            text: number % (TEXT + 1),
        }
    }
}

/// The text and the pattern, by the lengths: of strings that may change places, the longer one is the text.
#[inline(always)]
pub(super) fn in_order<T>(
    may_change: bool,
    strings: [T; 2],
    length: impl Fn(&T) -> usize,
) -> [T; 2] {
    let [a, b] = strings;
    if may_change && length(&a) < length(&b) {
        [b, a]
    } else {
        [a, b]
    }
}

/// A text and a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a, U> {
    pub(super) text: &'a [U],
    /// From its first unit on; others may follow it.
    pub(super) pattern: &'a [U],
    /// How many units the pattern has.
    pub(super) length: usize,
}

/// Pairs in lanes, for each width of word, and memory for what is made of them.
#[derive(Debug)]
pub(super) struct Tiles {
    /// Of each width, how many pairs are worked on together.
    lanes: [usize; WIDTHS],
    /// Of each length of a pattern, the width that it takes; no width where it is worked on alone.
    widths: [Option<u8>; TEXT + 1],
    /// Made when they are wanted.
    u8: Option<Tile<u8>>,
    u16: Option<Tile<u16>>,
    u32: Option<Tile<u32>>,
    u64: Option<Tile<u64>>,
    spare: Spare,
}

impl Tiles {
    /// For a level.
    pub(super) fn new(level: Level) -> Self {
        let counts = tile::lanes(level);
        let lanes = [counts.u8, counts.u16, counts.u32, counts.u64];
        let mut widths = [None; TEXT + 1];
        for (length, width) in widths.iter_mut().enumerate().skip(1) {
            let number = length.div_ceil(8).next_power_of_two().trailing_zeros();
            // Comparing takes a step for each place of the pattern and each register: few lanes do not make up for it.
            let (lanes, bits) = (lanes[number as usize], 8 << number);
            *width = (lanes > SIDE && 4 * lanes >= bits).then_some(number as u8);
        }
        Self {
            lanes,
            widths,
            u8: None,
            u16: None,
            u32: None,
            u64: None,
            spare: Spare::default(),
        }
    }

    /// Where a text and a pattern of those lengths are worked on, if their units are bytes; `None` where that is not in lanes.
    #[inline(always)]
    pub(super) fn place(&self, [text, pattern]: [usize; 2]) -> Option<Place> {
        if text == 0 || text > TEXT {
            return None;
        }
        let width = usize::from((*self.widths.get(pattern)?)?);
        Some(Place { width, text })
    }

    /// How many pairs of a place are worked on together, at most.
    pub(super) fn lanes(&self, place: Place) -> usize {
        self.lanes[place.width]
    }

    /// Whether so many are done sooner one by one.
    pub(super) fn are_few(&self, place: Place, count: usize) -> bool {
        count <= self.lanes(place) / PART
    }

    /// The scores of pairs of a place, and behind them any.
    pub(super) fn scores<'a, M: Measure, U: Symbol + 'a>(
        &mut self,
        level: Level,
        measure: M,
        place: Place,
        pairs: impl Iterator<Item = Pair<'a, U>>,
        scores: &mut [M::Score; MOST],
    ) {
        let (lanes, text) = (self.lanes(place), place.text);
        macro_rules! laid_out {
            ($tile:expr, $width:ident) => {{
                let tile = $tile.get_or_insert_with(|| Tile {
                    item: item(lanes, Laid::$width(Block::beside(lanes))),
                    sides: Sides::new(lanes),
                });
                let Laid::$width(block) = &mut tile.item.lanes else {
                    unreachable!("laid out so above")
                };
                tile.sides.compare(level, block, text, pairs);
                &tile.item
            }};
        }
        let item = match place.width {
            0 => laid_out!(self.u8, U8),
            1 => laid_out!(self.u16, U16),
            2 => laid_out!(self.u32, U32),
            _ => laid_out!(self.u64, U64),
        };
        let query = Query {
            row: 0,
            symbols: &SYMBOLS[..place.text],
            dense: Some(&BYTES[..place.text]),
        };
        let asked = Asked {
            queries: &[query],
            limits: None,
            each: &mut |_, found| scores[..found.len()].copy_from_slice(found),
        };
        measure.scores(level, item, asked, &mut self.spare);
    }
}

/// Pairs of one width of word.
#[derive(Debug)]
struct Tile<W> {
    item: Item,
    sides: Sides<W>,
}

/// All lanes of a block of pairs.
fn item(lanes: usize, laid: Laid) -> Item {
    Item {
        first: 0,
        count: lanes,
        lengths: [0, TEXT],
        is_run: false,
        lanes: laid,
    }
}

/// The symbols of a text in a block of pairs: its places.
static SYMBOLS: [u32; TEXT] = {
    let mut symbols = [0; TEXT];
    let mut place = 0;
    while place < TEXT {
        symbols[place] = place as u32;
        place += 1;
    }
    symbols
};

/// The same in bytes.
static BYTES: [u8; TEXT] = {
    let mut bytes = [0; TEXT];
    let mut place = 0;
    while place < TEXT {
        bytes[place] = place as u8;
        place += 1;
    }
    bytes
};

/// The units of pairs, a pair a lane and a row for each place: of the texts, then of the patterns.
#[derive(Debug)]
struct Sides<W>(blocks::Rows<W>);

impl<W: Word> Sides<W> {
    /// Where the patterns begin.
    const PATTERNS: usize = TEXT;

    fn new(lanes: usize) -> Self {
        Self(blocks::Rows::new(Self::PATTERNS + W::BITS, lanes))
    }

    /// Makes a block of pairs, of which there are as many as lanes at most: each its text, of that length, and its pattern. What is
    /// in lanes without a pair is of no use, and does no harm.
    fn compare<'a, U: Symbol + 'a>(
        &mut self,
        level: Level,
        block: &mut Block<W>,
        text: usize,
        pairs: impl Iterator<Item = Pair<'a, U>>,
    ) {
        let mut longest = 0;
        for (lane, pair) in pairs.enumerate() {
            assert!(pair.text.len() == text && pair.length <= W::BITS);
            self.0.set_lane(0, lane, pair.text);
            // As many for each, what is behind them too, takes no branch that depends on their number.
            let pattern = pair.pattern.get(..W::BITS);
            self.0
                .set_lane(Self::PATTERNS, lane, pattern.unwrap_or(pair.pattern));
            block.set_length(lane, pair.length);
            longest = longest.max(pair.length);
        }
        Compare {
            sides: self,
            block,
            text,
            longest,
        }
        .at(level);
    }
}

/// Makes the rows that say where the patterns have the units of the texts.
struct Compare<'a, W> {
    sides: &'a Sides<W>,
    block: &'a mut Block<W>,
    text: usize,
    longest: usize,
}

impl<W: Word> Kernel for Compare<'_, W> {
    type Output = ();

    fn scalar(self) {
        self.compare::<(), W::One>(());
    }

    #[inline(always)]
    fn run<A: Arch>(self, arch: A) {
        self.compare::<A, W::Lanes<A>>(arch);
    }
}

impl<W: Word> Compare<'_, W> {
    #[inline(always)]
    fn compare<A: Copy, L: Lanes<A, Word = W>>(self, arch: A) {
        let lanes = SIDE * L::COUNT;
        let rows = &self.sides.0;
        assert!(rows.lanes() == lanes && self.block.lanes() == lanes);
        assert!(self.text <= TEXT && self.longest <= W::BITS);
        let units = rows.first();
        let patterns = rows.row(Sides::<W>::PATTERNS).as_ptr();
        let (masks, equal) = self.block.beside_mut();
        let one = L::splat(arch, W::from_u64(1));
        let zero = L::splat(arch, W::default());
        for place in 0..self.text {
            // SAFETY: a row for each place of the texts and of the patterns is there, of `SIDE` registers, and so are the
            // block's for its masks and for each place of the texts.
            unsafe {
                let unit = units.add(place * lanes);
                let unit = [L::load(arch, unit), L::load(arch, unit.add(L::COUNT))];
                let mut same = [zero; SIDE];
                let mut bit = one;
                for number in 0..self.longest {
                    let pattern = patterns.add(number * lanes);
                    let first = L::load(arch, pattern);
                    let second = L::load(arch, pattern.add(L::COUNT));
                    same[0] = same[0].or(bit.and(first.equal(unit[0])));
                    same[1] = same[1].or(bit.and(second.equal(unit[1])));
                    bit = bit.add(bit);
                }
                let to = equal.add(place * lanes);
                let mask = [L::load(arch, masks), L::load(arch, masks.add(L::COUNT))];
                same[0].and(mask[0]).store(to);
                same[1].and(mask[1]).store(to.add(L::COUNT));
            }
        }
    }
}
