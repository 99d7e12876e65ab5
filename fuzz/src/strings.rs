//! Strings for the inputs, as code points, and every form that a kernel takes them in.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::text::{Text, Units};

use crate::numbers::Mix;

/// Letters with their code points' first and last: what a string has is drawn from one or two of these.
const RANGES: [(u32, u32); 22] = [
    (0x61, 0x62),
    (0x61, 0x7A),
    (0x41, 0x5A),
    (0x00, 0x7F),
    (0x00, 0xFF),
    (0x09, 0x0D), // line ends, CR LF among them
    (0x20, 0x20),
    (0xC0, 0x17F),  // letters with marks
    (0x300, 0x315), // marks
    (0x370, 0x3FF),
    (0x4E00, 0x4E20),
    (0x600, 0x605),     // Prepend
    (0x900, 0x94D),     // Devanagari
    (0x1100, 0x11FF),   // jamo
    (0xAC00, 0xAC1F),   // syllables
    (0x200B, 0x200F),   // joiners
    (0xFB00, 0xFB06),   // ligatures
    (0xFE00, 0xFE0F),   // variation selectors
    (0x1F1E6, 0x1F1FF), // regional indicators
    (0x1F3FB, 0x1F3FF), // modifiers
    (0x1F600, 0x1F64F),
    (0x10_FFF0, 0x10_FFFF),
];

/// An alphabet of one to many letters.
#[derive(Clone, Debug)]
pub struct Alphabet(Vec<(u32, u32)>);

impl Alphabet {
    pub fn of(u: &mut Unstructured<'_>) -> Result<Self> {
        let mut ranges = Vec::new();
        for _ in 0..u.int_in_range(1..=3)? {
            let (first, last) = *u.choose(&RANGES)?;
            // As few letters as the input says.
            let letters = u.int_in_range(0..=last - first)?;
            ranges.push((first, first + letters));
        }
        Ok(Self(ranges))
    }

    fn letter(&self, mix: &mut Mix) -> u32 {
        let (first, last) = self.0[mix.below(self.0.len())];
        first + mix.below((last - first + 1) as usize) as u32
    }

    /// So many letters, by a seed of the input's.
    pub fn string(&self, u: &mut Unstructured<'_>, length: usize) -> Result<Vec<u32>> {
        let mut mix = Mix(u.arbitrary::<u16>()?.into());
        Ok((0..length).map(|_| self.letter(&mut mix)).collect())
    }

    /// The same with some edits, some of them at the ends.
    pub fn edited(&self, u: &mut Unstructured<'_>, string: &[u32]) -> Result<Vec<u32>> {
        let mut other = string.to_vec();
        let mut mix = Mix(u.arbitrary::<u16>()?.into());
        for _ in 0..u.int_in_range(0..=12)? {
            let place = match u.int_in_range(0..=3_u8)? {
                0 => 0,
                1 => other.len(),
                _ => mix.below(other.len() + 1),
            };
            match u.int_in_range(0..=4_u8)? {
                0 => other.insert(place, self.letter(&mut mix)),
                1 if place < other.len() => drop(other.remove(place)),
                2 if place + 1 < other.len() => other.swap(place, place + 1),
                3 if place < other.len() => other[place] = self.letter(&mut mix),
                4 if place < other.len() => {
                    let letter = other.remove(place);
                    other.insert(mix.below(other.len() + 1), letter);
                }
                _ => {}
            }
        }
        Ok(other)
    }
}

/// A length about a word's bits, or any.
pub fn length(u: &mut Unstructured<'_>, most: usize) -> Result<usize> {
    let found = match u.int_in_range(0..=4_u8)? {
        0 | 1 => u.int_in_range(0..=12_usize)?,
        2 => *u.choose(&[8, 16, 32, 64, 128, 192, 256])? + u.int_in_range(0..=3_usize)? - 1,
        3 => u.int_in_range(0..=100_usize)?,
        _ => u.int_in_range(0..=most)?,
    };
    Ok(found.min(most))
}

/// A string in each form that can hold it.
#[derive(Clone, Debug)]
pub struct Forms {
    points: Vec<u32>,
    u8: Option<Vec<u8>>,
    u16: Option<Vec<u16>>,
    utf8: Option<String>,
}

impl Forms {
    pub fn new(points: &[u32]) -> Self {
        Self {
            points: points.to_vec(),
            u8: points.iter().map(|&point| point.try_into().ok()).collect(),
            u16: points.iter().map(|&point| point.try_into().ok()).collect(),
            utf8: points.iter().map(|&point| char::from_u32(point)).collect(),
        }
    }

    pub fn all(&self) -> Vec<Text<'_>> {
        let forms = [
            self.u8
                .as_deref()
                .map(|units| Text::Points(Units::U8(units))),
            self.u16
                .as_deref()
                .map(|units| Text::Points(Units::U16(units))),
            Some(Text::Points(Units::U32(&self.points))),
            self.utf8.as_deref().map(Text::Utf8),
        ];
        forms.into_iter().flatten().collect()
    }

    /// UTF-8 where it can be, or else code points.
    pub fn last(&self) -> Text<'_> {
        match &self.utf8 {
            Some(text) => Text::Utf8(text),
            None => Text::Points(Units::U32(&self.points)),
        }
    }

    /// As UTF-8; `None` with lone surrogates.
    pub fn utf8(&self) -> Option<&str> {
        self.utf8.as_deref()
    }
}
