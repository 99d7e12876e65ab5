//! The Python module `hotkernels._native`: each function takes buffers or strings, lets go of the interpreter, calls one kernel and
//! wraps the result. What is computed, and how, is in `hotkernels-kernels`.

#![expect(
    clippy::doc_markdown,
    reason = "docstrings are Python's, and read there as they stand"
)]

mod argument;
mod array;
mod arrow;
mod batch;
mod chart;
mod choices;
mod commands;
mod counter;
mod dlpack;
mod dtype;
mod export;
mod fault;
#[cfg(faulty)]
mod faulty;
mod hint;
mod image;
mod matrix;
mod meta;
#[cfg(misuse)]
mod misuse;
mod pairs;
mod progress;
mod reduce;
mod run;
mod scorer;
mod scores;
mod string;
mod strings;
mod text;
mod vector;
mod vector_class;

use hotkernels_kernels::reserve::Reserve;
use pyo3::prelude::*;

/// A process without memory gets a MemoryError from a call, not an abort by it.
#[global_allocator]
static ALLOCATOR: Reserve = Reserve(std::alloc::System);

/// What Python's allocator aligns an object to, on every platform that is served: a class of ours that wants more would lie
/// where it must not.
const OBJECT_ALIGNMENT: usize = 16;
const _: () = assert!(
    align_of::<counter::ThreadSafeCounter>() <= OBJECT_ALIGNMENT
        && align_of::<vector_class::Vector>() <= OBJECT_ALIGNMENT
        && align_of::<chart::CandleRenderer>() <= OBJECT_ALIGNMENT
        && align_of::<choices::GivenChoices>() <= OBJECT_ALIGNMENT
        && align_of::<commands::RenderCommands>() <= OBJECT_ALIGNMENT
        && align_of::<commands::RecordDtype>() <= OBJECT_ALIGNMENT
);

/// The compiled half of `hotkernels`; import from there.
#[pymodule(gil_used = false)]
mod _native {
    use super::{PyModule, PyModuleMethods, PyResult, meta, run};
    use pyo3::Bound;

    #[pymodule_export]
    use super::batch::{best_match, cdist};
    #[pymodule_export]
    use super::chart::CandleRenderer;
    #[pymodule_export]
    use super::choices::GivenChoices;
    #[pymodule_export]
    use super::commands::RenderCommands;
    #[pymodule_export]
    use super::counter::ThreadSafeCounter;
    #[pymodule_export]
    use super::image::median_filter;
    #[pymodule_export]
    use super::matrix::{cosine_matrix, top_k};
    #[pymodule_export]
    use super::meta::build_info;
    #[pymodule_export]
    use super::pairs::cpdist;
    #[pymodule_export]
    use super::reduce::sum;
    #[pymodule_export]
    use super::text::{
        damerau_levenshtein_distance, hamming_distance, jaccard_similarity, jaro_similarity,
        jaro_winkler_similarity, levenshtein_distance, match_rating_codex, match_rating_comparison,
        metaphone, nysiis, osa_distance, soundex,
    };
    #[pymodule_export]
    use super::vector::{cosine_similarity, dot};
    #[pymodule_export]
    use super::vector_class::Vector;

    /// Reads the settings once, so that a wrong one is said at import and not in the middle of somebody's work.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        run::one_interpreter(module.py())?;
        run::settings(module.py())?;
        #[cfg(faulty)]
        super::faulty::add(module)?;
        module.add("__version__", meta::VERSION)
    }
}
