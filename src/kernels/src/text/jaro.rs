//! Jaro's similarity and Winkler's: units in common, near each other, and how many of them are out of order.
//!
//! Each unit of the first string takes the first unit of the second that is the same, not taken and within reach. As the
//! reach moves on with the first string, what it has passed never comes back: for each unit of the alphabet one pointer
//! into its positions will do, and all takes linear time. Up to 64 units positions are bits of a word.

use super::ids::Ids;
use super::masks::{low, scan};
use super::units::Symbol;
use crate::room::{filled, with_room};
use crate::threads::Interrupted;

/// Units between two looks at whether to stop: about a millisecond, as what is looked up lies all over memory.
const PIECE: usize = 1 << 16;

/// Units that a common prefix counts for at most (Winkler, 1990).
const PREFIX: usize = 4;

/// What Winkler's variants add to Jaro's similarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winkler {
    /// Nothing.
    Not,
    /// Something for a common prefix.
    Prefix,
    /// The same, and something for long strings.
    LongTolerance,
}

/// The similarity; 0 where either string is empty.
pub(crate) fn similarity<T: Symbol>(
    a: &[T],
    b: &[T],
    winkler: Winkler,
    stop: &dyn Fn() -> bool,
) -> Result<f64, Interrupted> {
    if a.is_empty() || b.is_empty() {
        return Ok(0.0);
    }
    let (common, unordered) = if a.len() <= 64 && b.len() <= 64 {
        short(a, b)
    } else {
        long(a, b, stop)?
    };
    if common == 0 {
        return Ok(0.0);
    }
    let (count, a_length, b_length) = (common as f64, a.len() as f64, b.len() as f64);
    let ordered = count - (unordered / 2) as f64;
    let jaro = (count / a_length + count / b_length + ordered / count) / 3.0;
    if winkler == Winkler::Not || jaro <= 0.7 {
        return Ok(jaro);
    }
    let pairs = a.iter().zip(b).take(PREFIX);
    let prefix = pairs.take_while(|(a, b)| a == b).count();
    let mut similarity = jaro;
    if prefix > 0 {
        similarity += prefix as f64 * 0.1 * (1.0 - similarity);
    }
    let least = a.len().min(b.len());
    if winkler == Winkler::LongTolerance
        && least > PREFIX
        && common > prefix + 1
        && 2 * common >= least + prefix
    {
        let prefix = prefix as f64;
        similarity += (1.0 - similarity) * (count - prefix - 1.0)
            / (a_length + b_length - prefix * 2.0 + 2.0);
    }
    Ok(similarity)
}

/// How far from a unit's position another may be to be in common with it.
fn reach(a: usize, b: usize) -> usize {
    (a.max(b) / 2).saturating_sub(1)
}

/// Units in common, and pairs of them that differ when both strings' are taken in order.
fn short<T: Symbol>(a: &[T], b: &[T]) -> (usize, usize) {
    let reach = reach(a.len(), b.len());
    let (mut from_a, mut from_b) = (0_u64, 0_u64);
    let mut position = 0;
    scan(b, a, |equal: u64| {
        let within = low(position + reach + 1) & !low(position.saturating_sub(reach));
        let free = equal & within & !from_b;
        from_b |= free & free.wrapping_neg();
        from_a |= u64::from(free != 0) << position;
        position += 1;
    });
    let common = from_a.count_ones() as usize;
    let mut unordered = 0;
    while from_a != 0 {
        let (i, j) = (from_a.trailing_zeros(), from_b.trailing_zeros());
        unordered += usize::from(a[i as usize] != b[j as usize]);
        from_a &= from_a - 1;
        from_b &= from_b - 1;
    }
    (common, unordered)
}

/// The same for strings of any length. `stop` is asked every millisecond or so.
fn long<T: Symbol>(
    a: &[T],
    b: &[T],
    stop: &dyn Fn() -> bool,
) -> Result<(usize, usize), Interrupted> {
    const NONE: usize = usize::MAX;
    let go_on = || if stop() { Err(Interrupted) } else { Ok(()) };
    let reach = reach(a.len(), b.len());
    let mut ids = Ids::new();
    let mut numbers: Vec<u32> = with_room(b.len());
    for piece in b.chunks(PIECE) {
        go_on()?;
        numbers.extend(piece.iter().map(|&unit| ids.number(unit)));
    }
    // For each unit the first position that is still to be had, and from each position the next one of its unit.
    let mut first = filled(NONE, ids.count() + 1);
    let mut next = filled(NONE, b.len());
    for end in (1..=b.len()).rev().step_by(PIECE) {
        go_on()?;
        for position in (end.saturating_sub(PIECE)..end).rev() {
            let number = numbers[position] as usize;
            next[position] = std::mem::replace(&mut first[number], position);
        }
    }
    let mut from_a = with_room(a.len().min(b.len()));
    let mut taken = filled(false, b.len());
    for (piece, units) in a.chunks(PIECE).enumerate() {
        go_on()?;
        for (position, &unit) in (piece * PIECE..).zip(units) {
            let number = ids.get(unit) as usize;
            let mut candidate = first[number];
            while candidate != NONE && candidate + reach < position {
                candidate = next[candidate];
            }
            if candidate != NONE && candidate <= position + reach {
                taken[candidate] = true;
                from_a.push(unit);
                candidate = next[candidate];
            }
            first[number] = candidate;
        }
    }
    let mut left = from_a.as_slice();
    let mut unordered = 0;
    for (units, taken) in b.chunks(PIECE).zip(taken.chunks(PIECE)) {
        go_on()?;
        let from_b = units.iter().zip(taken).filter(|(_, taken)| **taken);
        let (these, rest) = left.split_at(from_b.clone().count());
        unordered += these
            .iter()
            .zip(from_b)
            .filter(|(a, (b, _))| a != b)
            .count();
        left = rest;
    }
    Ok((from_a.len(), unordered))
}
