//! Where in a pattern of at most 64 or 128 units a unit stands, as bits: what the bit-parallel algorithms read.

use std::mem::MaybeUninit;
use std::ops::{BitAnd, BitOr, BitOrAssign, BitXor, Not, Shl};

use super::units::Symbol;

/// A word of 64 or 128 bits.
pub(crate) trait Bits:
    Copy
    + Eq
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + BitOrAssign
    + Not<Output = Self>
    + Shl<usize, Output = Self>
{
    /// How many.
    const COUNT: usize;
    /// No bit, and the lowest one.
    const NONE: Self;
    const ONE: Self;
    /// A table with a slot for each different unit that so many positions may hold, and as many free ones.
    type Slots: AsMut<[(u32, Self)]> + AsRef<[(u32, Self)]>;

    /// All slots free.
    fn slots() -> Self::Slots;

    /// The sum, wrapping around.
    fn plus(self, b: Self) -> Self;

    /// How many of the lowest `count` bits are set.
    fn ones(self, count: usize) -> usize;
}

macro_rules! bits {
    ($($word:ty),*) => {$(
        impl Bits for $word {
            const COUNT: usize = <$word>::BITS as usize;
            const NONE: Self = 0;
            const ONE: Self = 1;
            type Slots = [(u32, Self); 2 * Self::COUNT];

            #[inline(always)]
            fn slots() -> Self::Slots {
                [(0, 0); 2 * Self::COUNT]
            }

            #[inline(always)]
            fn plus(self, b: Self) -> Self {
                self.wrapping_add(b)
            }

            #[inline(always)]
            fn ones(self, count: usize) -> usize {
                (self << (Self::COUNT - count)).count_ones() as usize
            }
        }
    )*};
}
bits!(u64, u128);

/// Calls `step` for each unit of the text, in order, with the positions that it has in the pattern: bit i for unit i. The
/// pattern has at least one unit, and no more than the word has bits.
#[inline(always)]
pub(crate) fn scan<B: Bits, T: Symbol>(pattern: &[T], text: &[T], mut step: impl FnMut(B)) {
    debug_assert!(!pattern.is_empty() && pattern.len() <= B::COUNT);
    let index = |unit: T| unit.into() as usize & 0xFF;
    // Only the entries that are read are written: all 256 would take longer than two names do.
    if T::BYTE {
        let mut table = [const { MaybeUninit::<B>::uninit() }; 256];
        for &unit in text.iter().chain(pattern) {
            table[index(unit)].write(B::NONE);
        }
        for (position, &unit) in pattern.iter().enumerate() {
            // SAFETY: the entries of all units of the pattern were written.
            *unsafe { table[index(unit)].assume_init_mut() } |= B::ONE << position;
        }
        for &unit in text {
            // SAFETY: the entries of all units of the text were written.
            step(unsafe { table[index(unit)].assume_init() });
        }
        return;
    }
    // By the lowest 8 bits, beside the unit itself.
    let mut table = [const { MaybeUninit::<(T, B)>::uninit() }; 256];
    for &unit in text.iter().chain(pattern) {
        table[index(unit)].write((unit, B::NONE));
    }
    for (position, &unit) in pattern.iter().enumerate() {
        // SAFETY: the entries of all units of the pattern were written.
        let (owner, mask) = unsafe { table[index(unit)].assume_init_mut() };
        if *owner != unit && *mask != B::NONE {
            return scan_far(pattern, text, step);
        }
        *owner = unit;
        *mask |= B::ONE << position;
    }
    for &unit in text {
        // SAFETY: the entries of all units of the text were written.
        let (owner, mask) = unsafe { table[index(unit)].assume_init() };
        step(if owner == unit { mask } else { B::NONE });
    }
}

/// The same for patterns with units that have their lowest 8 bits in common.
#[inline(never)]
fn scan_far<B: Bits, T: Symbol>(pattern: &[T], text: &[T], mut step: impl FnMut(B)) {
    let mut table = B::slots();
    let table = table.as_mut();
    for (position, &unit) in pattern.iter().enumerate() {
        let slot = slot(table, unit.into());
        table[slot].0 = unit.into();
        table[slot].1 |= B::ONE << position;
    }
    for &unit in text {
        step(table[slot(table, unit.into())].1);
    }
}

/// The slot of the unit, or the free one where it would be: open addressing, linear probing. One without bits is free.
#[inline(always)]
fn slot<B: Bits>(table: &[(u32, B)], unit: u32) -> usize {
    // Neighbours in the code space stay neighbours; multiples of the table's size do not all meet.
    let mut slot = (unit ^ (unit >> 7)) as usize % (2 * B::COUNT);
    while table[slot].1 != B::NONE && table[slot].0 != unit {
        slot = (slot + 1) % (2 * B::COUNT);
    }
    slot
}

/// The lowest `count` bits.
#[inline(always)]
pub(crate) fn low(count: usize) -> u64 {
    if count >= 64 { !0 } else { (1 << count) - 1 }
}
