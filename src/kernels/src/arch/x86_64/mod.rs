//! The instruction sets of x86-64.

#![allow(
    clippy::wildcard_imports,
    reason = "the intrinsics have names of their own, and each file uses dozens"
)]

pub(crate) mod avx2;
pub(crate) mod avx512;
pub(crate) mod bytes;
mod counts;
mod lanes;
mod offsets;
mod order;
pub(crate) mod sse2;
mod transpose;
mod words;
