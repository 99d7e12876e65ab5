//! What a string is counted in: code points, or the extended grapheme clusters that a reader sees as one character.

use std::fmt::Debug;
use std::hash::Hash;
use std::mem::MaybeUninit;

use super::graphemes::{Interner, may_cluster};
use crate::room::Grow;
use crate::threads::Interrupted;

/// What the distances and similarities count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Extended grapheme clusters (UAX #29): `e` with a combining acute is one, and so is a family of four.
    Grapheme,
    /// Code points.
    CodePoint,
}

/// A string as numbers, one a unit: code points, and above them the numbers of clusters of several code points. Equal
/// units have equal numbers within one call. No code point is a surrogate.
#[derive(Clone, Copy, Debug)]
pub enum Units<'a> {
    /// All below 2^8.
    U8(&'a [u8]),
    /// All below 2^16.
    U16(&'a [u16]),
    /// Any.
    U32(&'a [u32]),
}

impl Units<'_> {
    /// How many units.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(units) => units.len(),
            Self::U16(units) => units.len(),
            Self::U32(units) => units.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends them to `out`.
    pub fn widen(&self, out: &mut Vec<u32>) {
        out.room(self.len());
        match self {
            Self::U8(units) => out.extend(units.iter().map(|&unit| u32::from(unit))),
            Self::U16(units) => out.extend(units.iter().map(|&unit| u32::from(unit))),
            Self::U32(units) => out.extend_from_slice(units),
        }
    }

    /// Appends them to `out`, or none where one is no byte; whether it did.
    #[inline]
    pub(crate) fn narrow(&self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::U8(units) => {
                out.room(units.len());
                out.extend_from_slice(units);
                true
            }
            Self::U16(units) => narrow(units, out),
            Self::U32(units) => narrow(units, out),
        }
    }
}

#[inline]
fn narrow<T: Symbol>(units: &[T], out: &mut Vec<u8>) -> bool {
    let all = units.iter().fold(0, |all, &unit| all | unit.into());
    if all > 0xFF {
        return false;
    }
    out.room(units.len());
    out.extend(units.iter().map(|&unit| unit.into() as u8));
    true
}

/// Two strings in units of one width.
#[derive(Clone, Copy, Debug)]
pub enum Pair<'a> {
    /// All below 2^8.
    U8(&'a [u8], &'a [u8]),
    /// All below 2^16.
    U16(&'a [u16], &'a [u16]),
    /// Any.
    U32(&'a [u32], &'a [u32]),
}

/// A unit: an unsigned integer of 8, 16 or 32 bits.
pub(crate) trait Symbol: Copy + Eq + Ord + Hash + Debug + Into<u32> {
    /// Whether there are but 256 of them, so that a table can have an entry for each.
    const BYTE: bool;

    /// Two strings of such units.
    fn pair<'a>(a: &'a [Self], b: &'a [Self]) -> Pair<'a>;
}

impl Symbol for u8 {
    const BYTE: bool = true;

    fn pair<'a>(a: &'a [Self], b: &'a [Self]) -> Pair<'a> {
        Pair::U8(a, b)
    }
}

impl Symbol for u16 {
    const BYTE: bool = false;

    fn pair<'a>(a: &'a [Self], b: &'a [Self]) -> Pair<'a> {
        Pair::U16(a, b)
    }
}

impl Symbol for u32 {
    const BYTE: bool = false;

    fn pair<'a>(a: &'a [Self], b: &'a [Self]) -> Pair<'a> {
        Pair::U32(a, b)
    }
}

/// A string as it comes.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// Code points, none of them a surrogate.
    Points(Units<'a>),
    /// UTF-8.
    Utf8(&'a str),
}

impl<'a> Text<'a> {
    /// A number of bytes that the string takes, within a factor of four: what reading it costs.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Points(units) => units.len(),
            Self::Utf8(text) => text.len(),
        }
    }

    /// Its code points.
    pub(crate) fn points(self, decoded: &'a mut Vec<u32>) -> Units<'a> {
        match self {
            Self::Points(units) => units,
            Self::Utf8(text) if text.is_ascii() => Units::U8(text.as_bytes()),
            Self::Utf8(text) => {
                decoded.room(text.len()); // no more points than bytes
                decoded.extend(text.chars().map(u32::from));
                Units::U32(decoded)
            }
        }
    }

    /// Its code points as characters.
    pub(crate) fn chars(self) -> impl Iterator<Item = char> + use<'a> {
        let scalar = |point: u32| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
        // One of these has something.
        let (mut narrow, mut middle, mut wide, mut utf8) = (&[][..], &[][..], &[][..], "");
        match self {
            Self::Points(Units::U8(units)) => narrow = units,
            Self::Points(Units::U16(units)) => middle = units,
            Self::Points(Units::U32(units)) => wide = units,
            Self::Utf8(text) => utf8 = text,
        }
        let narrow = narrow.iter().map(|&unit| char::from(unit));
        let middle = middle.iter().map(move |&unit| scalar(unit.into()));
        let wide = wide.iter().map(move |&unit| scalar(unit));
        narrow.chain(middle).chain(wide).chain(utf8.chars())
    }
}

/// Memory for the units of strings that have to be decoded, segmented or widened.
#[derive(Debug, Default)]
pub struct Scratch {
    points: [Vec<u32>; 2],
    clusters: [Vec<u32>; 2],
    narrow: Vec<u16>,
}

/// Units that a short string may have to be decoded or widened without memory from the allocator.
const SHORT: usize = 64;

/// Memory for the units of two short strings.
#[derive(Debug)]
pub struct Room([[MaybeUninit<u16>; SHORT]; 2]);

impl Default for Room {
    #[inline]
    fn default() -> Self {
        Self([[MaybeUninit::uninit(); SHORT]; 2])
    }
}

impl<'a> Pair<'a> {
    /// The strings as they are, where both come in code points of one width and neither can hold a cluster that counts;
    /// or their code points of 16 bits, where they are short. `None` says nothing about the strings: ask [`pair`].
    #[inline]
    #[must_use]
    pub fn direct(a: Text<'a>, b: Text<'a>, unit: Unit, room: &'a mut Room) -> Option<Self> {
        let single =
            |units: [Units<'_>; 2]| unit == Unit::CodePoint || !units.into_iter().any(may_cluster);
        match (a, b) {
            (Text::Points(Units::U8(a)), Text::Points(Units::U8(b))) => {
                single([Units::U8(a), Units::U8(b)]).then_some(Self::U8(a, b))
            }
            (Text::Points(Units::U32(a)), Text::Points(Units::U32(b))) => {
                single([Units::U32(a), Units::U32(b)]).then_some(Self::U32(a, b))
            }
            (a, b) => {
                let Room([room_a, room_b]) = room;
                let (a, b) = (short(a, room_a)?, short(b, room_b)?);
                single([Units::U16(a), Units::U16(b)]).then_some(Self::U16(a, b))
            }
        }
    }
}

/// Its code points, of 16 bits; `None` where one is of more, or there is no room.
#[inline]
fn short<'a>(text: Text<'a>, room: &'a mut [MaybeUninit<u16>; SHORT]) -> Option<&'a [u16]> {
    let mut count = 0;
    match text {
        Text::Points(Units::U16(units)) => return Some(units),
        Text::Points(Units::U32(_)) => return None,
        Text::Points(Units::U8(units)) => {
            for (place, &unit) in room.get_mut(..units.len())?.iter_mut().zip(units) {
                place.write(unit.into());
            }
            count = units.len();
        }
        Text::Utf8(text) => {
            let mut places = room.iter_mut();
            for character in text.chars() {
                places.next()?.write(u32::from(character).try_into().ok()?);
                count += 1;
            }
        }
    }
    // SAFETY: the first `count` places were written, and a place has the layout of what is written there.
    Some(unsafe { std::slice::from_raw_parts(room.as_ptr().cast(), count) })
}

/// Two strings in the units asked for, decoded, cut into clusters and widened as needs be. `stop` is asked every millisecond or
/// so.
///
/// # Errors
///
/// `stop` said true.
#[inline(never)]
pub fn pair<'s>(
    a: Text<'s>,
    b: Text<'s>,
    unit: Unit,
    scratch: &'s mut Scratch,
    stop: &dyn Fn() -> bool,
) -> Result<Pair<'s>, Interrupted> {
    let Scratch {
        points: [points_a, points_b],
        clusters: [clusters_a, clusters_b],
        narrow,
    } = scratch;
    let units = [a.points(points_a), b.points(points_b)];
    let segment = unit == Unit::Grapheme && units.into_iter().any(may_cluster);
    Ok(match units {
        [a, b] if segment => {
            let mut interner = Interner::default();
            interner.units(a, clusters_a, stop)?;
            interner.units(b, clusters_b, stop)?;
            Pair::U32(clusters_a, clusters_b)
        }
        [Units::U8(a), Units::U8(b)] => Pair::U8(a, b),
        [Units::U16(a), Units::U16(b)] => Pair::U16(a, b),
        [Units::U32(a), Units::U32(b)] => Pair::U32(a, b),
        [Units::U16(a), Units::U8(b)] => {
            narrow.room(b.len());
            narrow.extend(b.iter().map(|&unit| u16::from(unit)));
            Pair::U16(a, narrow)
        }
        [Units::U8(a), Units::U16(b)] => {
            narrow.room(a.len());
            narrow.extend(a.iter().map(|&unit| u16::from(unit)));
            Pair::U16(narrow, b)
        }
        [Units::U32(a), b] => {
            b.widen(clusters_b);
            Pair::U32(a, clusters_b)
        }
        [a, Units::U32(b)] => {
            a.widen(clusters_a);
            Pair::U32(clusters_a, b)
        }
    })
}
