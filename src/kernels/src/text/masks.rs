//! Where in a pattern of at most 64 units a unit stands, as bits: what the bit-parallel algorithms read.

use std::mem::MaybeUninit;

use super::units::Symbol;

/// Slots of the table for units of more than 8 bits: twice as many as there can be different ones.
const SLOTS: usize = 128;

/// Calls `step` for each unit of the text, in order, with the positions that it has in the pattern: bit i for unit i.
#[inline(always)]
pub(crate) fn scan<T: Symbol>(pattern: &[T], text: &[T], mut step: impl FnMut(u64)) {
    debug_assert!(pattern.len() <= 64);
    if T::BYTE {
        // Only the entries that are read are written: all 256 would take longer than two names do.
        let mut table = [const { MaybeUninit::<u64>::uninit() }; 256];
        let index = |unit: T| unit.into() as usize & 0xFF;
        for &unit in text.iter().chain(pattern) {
            table[index(unit)].write(0);
        }
        for (position, &unit) in pattern.iter().enumerate() {
            // SAFETY: the entries of all units of the pattern were written.
            *unsafe { table[index(unit)].assume_init_mut() } |= 1 << position;
        }
        for &unit in text {
            // SAFETY: the entries of all units of the text were written.
            step(unsafe { table[index(unit)].assume_init() });
        }
    } else {
        let mut table = Hashed::new();
        for (position, &unit) in pattern.iter().enumerate() {
            let slot = table.slot(unit.into());
            table.units[slot] = unit.into();
            table.masks[slot] |= 1 << position;
        }
        for &unit in text {
            step(table.masks[table.slot(unit.into())]);
        }
    }
}

/// Open addressing, linear probing. A slot whose mask is 0 is free.
struct Hashed {
    units: [u32; SLOTS],
    masks: [u64; SLOTS],
}

impl Hashed {
    #[inline(always)]
    fn new() -> Self {
        Self {
            units: [0; SLOTS],
            masks: [0; SLOTS],
        }
    }

    /// The slot of the unit, or the free one where it would be.
    #[inline(always)]
    fn slot(&self, unit: u32) -> usize {
        // Neighbours in the code space stay neighbours; multiples of 128 do not all meet.
        let mut slot = (unit ^ (unit >> 7)) as usize % SLOTS;
        while self.masks[slot] != 0 && self.units[slot] != unit {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }
}

/// The lowest `count` bits.
#[inline(always)]
pub(crate) fn low(count: usize) -> u64 {
    if count >= 64 { !0 } else { (1 << count) - 1 }
}
