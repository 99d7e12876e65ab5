//! Fuzz targets: each takes bytes, makes an input of them, runs a family of kernels on it at one or all of the SIMD levels that
//! this CPU has, and panics where the answer is not the specification's. `fuzz_targets/` has a program for each.

pub mod batch;
pub mod chance;
pub mod chart;
pub mod columns;
pub mod image;
pub mod layout;
pub mod matrix;
pub mod numbers;
pub mod phonetic;
pub mod reduce;
pub mod strings;
pub mod text;
pub mod vector;

use std::num::NonZeroUsize;

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::memory::Source;
use hotkernels_kernels::threads::Team;

#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// A target: an error says that the bytes are no input.
pub type Run = fn(&mut Unstructured<'_>) -> Result<()>;

/// Every target by its name.
pub const TARGETS: [(&str, Run); 10] = [
    ("vector", vector::run),
    ("matrix", matrix::run),
    ("reduce", reduce::run),
    ("text", text::run),
    ("phonetic", phonetic::run),
    ("batch", batch::run),
    ("image", image::run),
    ("chart", chart::run),
    ("columns", columns::run),
    ("layout", layout::run),
];

/// The program of a target: libFuzzer's where cargo-fuzz builds it; else one that runs the files that it is given.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        use $crate::libfuzzer_sys;
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| -> libfuzzer_sys::Corpus {
            match $crate::$name::run(&mut $crate::bytes(data)) {
                Ok(()) => libfuzzer_sys::Corpus::Keep,
                Err(_) => libfuzzer_sys::Corpus::Reject,
            }
        });

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay($crate::$name::run)
        }
    };
}

/// Bytes to make an input of.
pub fn bytes(data: &[u8]) -> Unstructured<'_> {
    Unstructured::new(data)
}

/// Runs a target on the files that the program is given.
///
/// # Errors
///
/// A file cannot be read.
pub fn replay(run: Run) -> std::io::Result<()> {
    for path in std::env::args_os().skip(1) {
        let data = std::fs::read(&path)?;
        let what = match run(&mut bytes(&data)) {
            Ok(()) => "as specified",
            Err(_) => "no input",
        };
        println!("{}: {what}", path.display());
    }
    Ok(())
}

/// Never to be stopped.
pub fn on() -> bool {
    false
}

/// A team of so many threads.
pub fn team(threads: usize) -> Team<'static> {
    Team::new(
        NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN),
        &|| false,
    )
}

/// Elements in memory of their own that ends with the last of them and starts `skip` elements before the first: a sanitizer
/// sees what is read past either end.
#[derive(Debug)]
pub struct Placed<T> {
    memory: Box<[T]>,
    skip: usize,
}

impl<T: Copy + Default> Placed<T> {
    pub fn new(elements: &[T], skip: usize) -> Self {
        let before = std::iter::repeat_n(T::default(), skip);
        Self {
            memory: before.chain(elements.iter().copied()).collect(),
            skip,
        }
    }

    pub fn source(&self) -> Source<'_, T> {
        Source::from(&self.memory[self.skip..])
    }
}

/// Whether two numbers are the same, any NaN another one.
pub fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}
