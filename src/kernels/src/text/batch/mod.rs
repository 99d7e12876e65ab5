//! Many strings against many: the choices in the lanes of vector registers, each query against all lanes at once.
//!
//! The units of the choices are numbered ([`Choices`]), and the choices laid out in blocks: as many strings of like length
//! as two registers have lanes, and for each symbol of the block one row of words that say where each string has it. A
//! block is made once and serves every query; each query's symbols pick rows, and the bit-parallel recurrences of the
//! functions for two strings run in all lanes at once. Strings of more than 64 units go to those functions, which are the
//! specification of all this: a property test holds every scorer, width and level to them.
//!
//! A measure is a variant of [`Distance`] or [`Similarity`] and has three parts: the function for two strings, a
//! `tile::Scan`, which finds some words for each string in the lanes of registers, and a `scores::Decode`, which tells the
//! scores by them, or that none can pass a limit; `measure` names the three for each variant. `cdist` and `best_match` take
//! the scores of a query and a block as soon as they are there, and know nothing of how they came about.

mod alphabet;
pub mod arrow;
mod beside;
mod best;
mod blocks;
mod cdist;
mod choices;
mod column;
mod counts;
mod edits;
mod hamming;
mod jaro;
mod measure;
mod pairs;
mod queries;
mod scores;
mod sets;
mod shared;
mod similarity;
mod strings;
mod tables;
mod tile;
mod ucs4;

pub use best::{Best, best_match};
pub use cdist::{Cell, cdist};
pub use choices::{Choices, Order};
pub use measure::{Distance, Measure};
pub use pairs::{Pairs, cpdist};
pub use queries::Queries;
pub use similarity::Similarity;
pub use strings::{Clusters, Reader, Strings};
pub use ucs4::{Ucs4, Ucs4Error};

#[cfg(test)]
mod tests;
