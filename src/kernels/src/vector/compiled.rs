//! The kernels of this family, compiled here for each type.
//!
//! A generic function is compiled by the crate that calls it; the bindings call these, and there are as many builds of the
//! bindings as there are wheels. Methods of a concrete type are compiled once, with this crate.

use crate::arch::Kernel;
use crate::float::Sealed;
use crate::memory::{Rows, Source, Target};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};
use crate::vector::element::{Batch, Bfloat16, Half};
use crate::vector::top_k::Metric;
use crate::vector::{Products, matrix, scaled, sums, top_k};

/// What the public functions of this family call.
pub trait Compiled: Sealed + Copy {
    /// See [`dot`](super::dot).
    fn dot(level: Level, a: Source<'_, Self>, b: Source<'_, Self>) -> f64;
    /// See [`products`](super::products).
    fn products(level: Level, a: Source<'_, Self>, b: Source<'_, Self>) -> Products;
    /// See [`norm`](super::norm).
    fn norm(level: Level, a: Source<'_, Self>) -> f64;
    /// See [`cosine_similarity`](super::cosine_similarity), for vectors whose squares leave the range of `f64`.
    fn scaled_cosine(a: Source<'_, Self>, b: Source<'_, Self>) -> f64;
}

macro_rules! compiled {
    ($($element:ty),*) => {$(
        impl Compiled for $element {
            fn dot(level: Level, a: Source<'_, Self>, b: Source<'_, Self>) -> f64 {
                sums::Dot { a, b }.at(level)
            }

            fn products(level: Level, a: Source<'_, Self>, b: Source<'_, Self>) -> Products {
                let [ab, aa, bb] = sums::Gram { a, b }.at(level);
                Products { ab, aa, bb }
            }

            fn norm(level: Level, a: Source<'_, Self>) -> f64 {
                scaled::norm(level, a).value()
            }

            fn scaled_cosine(a: Source<'_, Self>, b: Source<'_, Self>) -> f64 {
                scaled::cosine(a, b)
            }
        }
    )*};
}
compiled!(f32, f64);

/// What the batch functions call.
pub trait CompiledBatch: Batch {
    /// See [`cosine_matrix`](super::cosine_matrix).
    ///
    /// # Errors
    ///
    /// As there.
    fn cosine_matrix(
        level: Level,
        queries: Rows<'_, Self>,
        corpus: Option<Rows<'_, Self>>,
        out: Target<'_, Self::Result>,
        team: &Team<'_>,
    ) -> Result<(), Interrupted>;
    /// See [`top_k`](super::top_k).
    ///
    /// # Errors
    ///
    /// As there.
    fn top_k(
        level: Level,
        queries: Rows<'_, Self>,
        corpus: Rows<'_, Self>,
        metric: Metric,
        indices: Target<'_, i64>,
        scores: Target<'_, Self::Result>,
        team: &Team<'_>,
    ) -> Result<(), Interrupted>;
}

macro_rules! compiled_batch {
    ($($element:ty),*) => {$(
        impl CompiledBatch for $element {
            fn cosine_matrix(
                level: Level,
                queries: Rows<'_, Self>,
                corpus: Option<Rows<'_, Self>>,
                out: Target<'_, Self::Result>,
                team: &Team<'_>,
            ) -> Result<(), Interrupted> {
                matrix::cosine_matrix(level, queries, corpus, out, team)
            }

            fn top_k(
                level: Level,
                queries: Rows<'_, Self>,
                corpus: Rows<'_, Self>,
                metric: Metric,
                indices: Target<'_, i64>,
                scores: Target<'_, Self::Result>,
                team: &Team<'_>,
            ) -> Result<(), Interrupted> {
                top_k::top_k(level, queries, corpus, metric, indices, scores, team)
            }
        }
    )*};
}
compiled_batch!(f32, f64, Half, Bfloat16, i8);
