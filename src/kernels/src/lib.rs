//! Kernels that Python calls through `hotkernels-bindings`, in Rust alone: vectors, exact sums, text, images, charts, threads,
//! a counter.
//!
//! Each family is a module of plain functions. They take a [`simd::Level`], views of [`memory`] that other threads may
//! write in the meantime, and, where they may run long, a way to be stopped: a function that is asked from time to time,
//! or a [`threads::Team`] that asks it.
//!
//! | module | what it has |
//! | --- | --- |
//! | [`vector`] | dot products, norms, cosines; of many with many, the matrix or the best, blocked |
//! | [`reduce`] | correctly rounded sums of floats, exact sums of integers |
//! | [`text`] | edit distances and similarities of strings, phonetic codes |
//! | [`image`] | the median filter of images |
//! | [`chart`] | candlestick charts as rectangles in pixels, at any zoom |
//! | [`counter`] | a counter for any number of threads |
//! | [`simd`] | which instruction sets this CPU has, and which one is used |
//! | [`memory`] | views of vectors and matrices |
//! | [`room`], [`reserve`] | memory that there may be none of |
//! | [`threads`] | work split over threads that last for one call |
//!
//! The algorithm of a SIMD kernel is written once, over the small traits of `arch`, and compiled for each instruction set;
//! a scalar function of the same name beside it is the specification that property tests hold it to.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into a function with target features is compiled without them"
)]
#![cfg_attr(
    miri,
    allow(
        dead_code,
        reason = "it has no instruction set to run the kernels' SIMD at: see simd::Level"
    )
)]

mod arch;
pub mod chart;
pub mod counter;
mod float;
pub mod image;
pub mod memory;
pub mod reduce;
pub mod reserve;
pub mod room;
pub mod simd;
mod sync;
pub mod text;
pub mod threads;
pub mod vector;

/// The specifications, as plain functions; no part of the interface.
#[cfg(any(test, feature = "specification"))]
#[doc(hidden)]
pub mod specification {
    pub use crate::chart::specification::frame;
    pub use crate::image::specification::median;
    pub use crate::reduce::specification::fsum;
    pub use crate::text::specification::{damerau_levenshtein, edits, jaro};
}

#[cfg(test)]
mod testing;

pub use float::Float;
