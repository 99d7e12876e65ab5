//! Dot products, norms and cosines of vectors of `f32` or `f64`, computed in `f64`; and of many vectors with many, in blocks,
//! also of narrower types.

mod aligned;
mod bytes;
mod compiled;
mod element;
mod few;
mod matrix;
mod pack;
mod pack_bytes;
mod product;
mod scaled;
mod sums;
mod tiles;
mod top_k;
mod wide;
mod widen;

use crate::Float;
use crate::memory::{Rows, Source, Target};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

pub(crate) use compiled::Compiled;
pub use element::{Bfloat16, Element, Half};
pub use top_k::Metric;

/// The dot product of two vectors.
///
/// Products and sums are in `f64`, also for `f32`, whose products are exact. Sums are of 32 terms at most; the sums of
/// these are compensated (Ogita, Rump and Oishi 2005). The error is at most 4.5e-15 of the sum of `|a[i] * b[i]|`, whatever
/// the length, and mostly below 2e-16 of it; for `f64`, underflow of a product may add 2^-1074. An overflow on the way
/// gives an infinity or NaN, as in any plain loop. Levels differ in the last digits.
///
/// # Panics
///
/// The lengths differ, or this CPU lacks the level.
#[must_use]
pub fn dot<T: Float>(level: Level, a: Source<'_, T>, b: Source<'_, T>) -> f64 {
    same_length(a, b);
    T::dot(level, a, b)
}

/// The three sums that a cosine is made of; those of two pieces of the same vectors can be merged.
///
/// Errors, overflow and panics are those of [`dot`].
///
/// # Panics
///
/// The lengths differ, or this CPU lacks the level.
#[must_use]
pub fn products<T: Float>(level: Level, a: Source<'_, T>, b: Source<'_, T>) -> Products {
    same_length(a, b);
    T::products(level, a, b)
}

/// The Euclidean norm of a vector, to a relative error of 3e-15.
///
/// It overflows only where the norm itself does, and a vector has norm 0 only where all its elements are 0. An infinity
/// gives an infinity, NaN gives NaN.
///
/// # Panics
///
/// This CPU lacks the level.
#[must_use]
pub fn norm<T: Float>(level: Level, a: Source<'_, T>) -> f64 {
    T::norm(level, a)
}

/// The cosine of the angle between two vectors: the dot product over the product of the norms, within [-1, 1].
///
/// A vector of zeros has no direction: its cosine with any vector of finite numbers is 0, as scikit-learn has it. NaN or
/// an infinity in either vector gives NaN. The absolute error is at most 1e-14, and mostly below 2e-16: neither overflow
/// nor underflow of squares does harm, as they are computed again of vectors scaled by powers of two.
///
/// # Panics
///
/// The lengths differ, or this CPU lacks the level.
#[must_use]
pub fn cosine_similarity<T: Float>(level: Level, a: Source<'_, T>, b: Source<'_, T>) -> f64 {
    products(level, a, b)
        .cosine()
        .unwrap_or_else(|| T::scaled_cosine(a, b))
}

/// The cosine of each query with each row of the corpus: `out[i][j]` is that of `queries[i]` and `corpus[j]`, within
/// [-1, 1]. Without a corpus the queries are their own: half is computed, the result is exactly symmetric, and 1 on the
/// diagonal wherever a row has a direction.
///
/// A row of zeros gives 0, a row with NaN or an infinity gives NaN, in its own row and column alone. With at most 4 rows on
/// either side, cosines are computed in `f64`, as precisely as [`cosine_similarity`] does, and rounded; that takes one pass
/// over the larger side, at the speed of memory. Else rows are scaled by powers of two, multiplied and summed in the result's
/// type, at most 128 terms at a time, whose sums are added up and then brought to unit length: for rows of d elements the
/// absolute error is at most (min(d, 128) + d / 128 + 6) * 2^-24 for `f32`, [`Half`] and [`Bfloat16`], which are widened
/// exactly, and (min(d, 128) + d / 128 + 50) * 2^-53 for `f64`, and mostly a hundredth of that. `i8` is summed exactly, and
/// multiplied with what is left of both norms: the error is at most 5 * 2^-24 of the cosine. The result does not depend on
/// the number of threads; levels differ in the last digits.
///
/// It takes up to 48 MiB of memory besides its arguments. When interrupted, it leaves `out` written in part.
///
/// # Errors
///
/// `Interrupted` if the team was told to stop.
///
/// # Panics
///
/// The rows differ in length, `out` has another shape, or this CPU lacks the level.
pub fn cosine_matrix<E: Element>(
    level: Level,
    queries: Rows<'_, E>,
    corpus: Option<Rows<'_, E>>,
    out: Target<'_, E::Result>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    E::cosine_matrix(level, queries, corpus, out, team)
}

/// The best rows of the corpus for each query, the best one first: their row numbers, and their scores. There are as many
/// of each as the results have columns, which are at most as many as the corpus has rows.
///
/// Scores are those of [`cosine_matrix`], or dot products by the same arithmetic; the larger the better. Of equal scores the
/// lower row comes first, and NaN comes last. The result does not depend on the number of threads. No matrix of scores is
/// made: it takes up to 48 MiB of memory besides its arguments.
///
/// # Errors
///
/// `Interrupted` if the team was told to stop; the results are then anything.
///
/// # Panics
///
/// The rows differ in length, the results have other shapes, or this CPU lacks the level.
pub fn top_k<E: Element>(
    level: Level,
    queries: Rows<'_, E>,
    corpus: Rows<'_, E>,
    metric: Metric,
    indices: Target<'_, i64>,
    scores: Target<'_, E::Result>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    E::top_k(level, queries, corpus, metric, indices, scores, team)
}

/// The sums that a cosine is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Products {
    /// The dot product of the two vectors.
    pub ab: f64,
    /// The first one's with itself.
    pub aa: f64,
    /// The second one's with itself.
    pub bb: f64,
}

/// Sums of squares in this range lost nothing to underflow that matters, and nothing overflowed next to them.
const SAFE: std::ops::Range<f64> = 1e-270..1e270;

impl Products {
    /// Adds those of another piece of the same two vectors.
    pub fn merge(&mut self, other: Self) {
        self.ab += other.ab;
        self.aa += other.aa;
        self.bb += other.bb;
    }

    /// The cosine, within [-1, 1], or NaN where there was NaN. `None` where squares overflowed or came near underflow, or
    /// a vector is zero: [`cosine_similarity`] of the whole vectors has the answer then.
    #[must_use]
    pub fn cosine(self) -> Option<f64> {
        let Self { ab, aa, bb } = self;
        if aa.is_nan() || bb.is_nan() {
            return Some(f64::NAN);
        }
        if !(SAFE.contains(&aa) && SAFE.contains(&bb)) {
            return None;
        }
        // One root where the product has room: of a vector with itself it gives exactly 1.
        let both = aa * bb;
        let norms = if SAFE.contains(&both) {
            both.sqrt()
        } else {
            aa.sqrt() * bb.sqrt()
        };
        Some((ab / norms).clamp(-1.0, 1.0))
    }
}

fn same_length<T: Copy>(a: Source<'_, T>, b: Source<'_, T>) {
    assert_eq!(
        a.len(),
        b.len(),
        "both vectors must have the same number of elements"
    );
}

#[cfg(test)]
mod tests;
