//! Faults on purpose, for tests/ci/test_faults.py, which compiles them with `--cfg faulty`. No other build has them.

use std::num::NonZeroUsize;

use hotkernels_kernels::room;
use hotkernels_kernels::threads::Team;
use pyo3::prelude::*;

use crate::run;

/// Adds `_fault` to the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fault, module)?)
}

/// Ends as a kernel must not: what is asked for happens in one of the pieces of work of so many threads; of 0, in a call that stays
/// attached, as short ones do.
#[pyfunction]
#[pyo3(name = "_fault")]
fn fault(py: Python<'_>, what: &str, threads: usize) -> PyResult<usize> {
    let what = what.to_owned();
    let work = move |piece: usize| match what.as_str() {
        "index" if piece == 7 => {
            let nothing: Vec<usize> = Vec::new();
            assert_eq!(nothing[piece], 0);
        }
        "message" if piece == 7 => panic!("piece {piece} is one too many"),
        "memory" if piece == 7 => drop(room::with_room::<u64>(usize::MAX / 16)),
        "every" => panic!("on every thread"),
        _ => {}
    };
    let Some(team) = NonZeroUsize::new(threads) else {
        run::attached(|| (0..100).for_each(&work))?;
        return Ok(threads);
    };
    run::detached(py, move |stop| {
        let _ = Team::new(team, stop).for_each(100, &work);
        threads
    })
}
