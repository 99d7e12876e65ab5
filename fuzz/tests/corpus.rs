//! The kept corpus, replayed without libFuzzer: what fuzzing has found its way to stays as it is specified.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hotkernels_fuzz::{Run, TARGETS, bytes};

/// Bytes of all packs together, at most: they are in the repository.
const BUDGET: u64 = 2_000_000;

fn pack(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(format!("{name}.pack"))
}

/// The inputs of a pack: each has its length before it, four bytes, the lowest first.
fn inputs(pack: &[u8]) -> Vec<&[u8]> {
    let (mut all, mut rest) = (Vec::new(), pack);
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<4>().expect("a length");
        let length = u32::from_le_bytes(*length) as usize;
        assert!(length <= behind.len(), "a pack that was cut off");
        let (input, behind) = behind.split_at(length);
        all.push(input);
        rest = behind;
    }
    all
}

fn replay(name: &str, run: Run) {
    let pack = fs::read(pack(name)).expect("a pack: nox -s fuzz -- --keep makes it");
    let (mut kept, mut last) = (0, 0);
    for (number, input) in inputs(&pack).into_iter().enumerate() {
        last = number;
        // Told before: a panic says the rest.
        print!("\r{name}: input {number} of the pack");
        kept += usize::from(run(&mut bytes(input)).is_ok());
    }
    // All were inputs when they were kept; a target that reads its bytes otherwise now wants a corpus made anew.
    assert!(2 * kept > last, "{name}: {kept} of {} are inputs", last + 1);
}

macro_rules! replayed {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                let name = stringify!($name);
                let (_, run) = TARGETS.iter().find(|target| target.0 == name).expect("a target");
                replay(name, *run);
            }
        )*

        #[test]
        fn every_target_has_its_program_and_its_pack() {
            let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.0.to_owned()).collect();
            assert_eq!(targets, [$(stringify!($name).to_owned()),*].into());
            let names = |folder: &str, ending: &str| -> BTreeSet<String> {
                let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
                files
                    .expect("the folder")
                    .filter_map(|file| file.expect("a file").file_name().into_string().ok())
                    .filter_map(|name| name.strip_suffix(ending).map(ToOwned::to_owned))
                    .collect()
            };
            assert_eq!(names("fuzz_targets", ".rs"), targets);
            assert_eq!(names("corpus", ".pack"), targets);
            let size = |name: &String| fs::metadata(pack(name)).expect("a pack").len();
            assert!(targets.iter().map(size).sum::<u64>() < BUDGET);
        }
    };
}

replayed!(
    vector, matrix, reduce, text, phonetic, batch, image, chart, columns, layout
);
