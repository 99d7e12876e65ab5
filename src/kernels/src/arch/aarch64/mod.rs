//! The instruction sets of aarch64.

#![allow(
    clippy::wildcard_imports,
    reason = "the intrinsics have names of their own, and each file uses dozens"
)]

pub(crate) mod bytes;
mod counts;
mod lanes;
pub(crate) mod neon;
mod order;
mod words;
