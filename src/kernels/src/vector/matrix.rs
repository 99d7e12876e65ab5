//! The cosine matrix: all cosines, written where they belong.

use std::ops::Range;

use super::element::Element;
use super::few;
use super::product::{Product, Sink};
use crate::Float;
use crate::memory::{Rows, Target};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// [`cosine_matrix`](super::cosine_matrix), for any type.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a target is the one way to its memory, as &mut is"
)]
pub(super) fn cosine_matrix<E: Element>(
    level: Level,
    queries: Rows<'_, E>,
    corpus: Option<Rows<'_, E>>,
    out: Target<'_, E::Result>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let symmetric = corpus.is_none();
    let corpus = corpus.unwrap_or(queries);
    assert_eq!(
        queries.cols(),
        corpus.cols(),
        "queries and corpus must have rows of one length"
    );
    assert_eq!(
        (out.rows(), out.cols()),
        (queries.rows(), corpus.rows()),
        "the result has a row for each query and a column for each row of the corpus"
    );
    let put = |row, col, cosine| {
        let same = symmetric && row == col && cosine > 0.0;
        let cosine = E::Result::from_f64(if same { 1.0 } else { cosine });
        // SAFETY: each element is put once, by one thread, and lies within the result by the shapes above.
        unsafe { out.at(row, col).write(cosine) };
    };
    let long = queries.cols() > E::LONGEST;
    if queries.rows() <= few::FEW || queries.cols() == 0 || long {
        few::scores(level, queries, corpus, true, put, team)
    } else if corpus.rows() <= few::FEW {
        let put = |row, col, cosine| put(col, row, cosine);
        few::scores(level, corpus, queries, true, put, team)
    } else {
        let sink = Matrix {
            out: &out,
            symmetric,
        };
        Product {
            level,
            queries,
            corpus,
            cosine: true,
            symmetric,
            sink: &sink,
        }
        .compute(team)
    }
}

/// Takes products in their place.
struct Matrix<'a, S> {
    out: &'a Target<'a, S>,
    symmetric: bool,
}

impl<S: Float> Sink<S> for Matrix<'_, S> {
    const WAITS: bool = true;

    fn place(
        &self,
        rows: &Range<usize>,
        cols: &Range<usize>,
        _scratch: &mut [S],
    ) -> (*mut S, usize) {
        (self.out.at(rows.start, cols.start), self.out.stride())
    }

    fn take(&self, _rows: &Range<usize>, _cols: &Range<usize>, _at: (*const S, usize)) {}

    /// Writes the other half of a symmetric result.
    fn finish(&self, rows: &Range<usize>, cols: &Range<usize>) {
        const STEP: usize = 16; // rows and columns at a time that stay in the first cache
        if !self.symmetric {
            return;
        }
        // The block on the diagonal is computed whole, and one half of it then written again.
        for left in cols.clone().step_by(STEP) {
            for top in rows.clone().step_by(STEP) {
                for col in left..cols.end.min(left + STEP) {
                    for row in top..rows.end.min(top + STEP).min(col) {
                        // SAFETY: both are this piece's alone: one it computed, one is that one's mirror image.
                        unsafe { self.out.at(col, row).write(self.out.at(row, col).read()) };
                    }
                }
            }
        }
    }
}
