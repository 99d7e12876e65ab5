//! Tells the crate what only the build knows: pyo3's cfgs, the ABI, the compiler, the target, the commit.

use std::{env, fs, path::Path, process::Command};

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    // What must not compile, one at a time: tests/ci/test_misuse.py asks for each and sees it refused.
    println!(
        "cargo:rustc-check-cfg=cfg(misuse, values(none(), \"none\", \"token\", \"object\", \"buffer\", \"array\"))"
    );
    // Faults on purpose: tests/ci/test_faults.py.
    println!("cargo:rustc-check-cfg=cfg(faulty)");
    set("HOTKERNELS_ABI", &abi());
    set(
        "HOTKERNELS_TARGET",
        &env::var("TARGET").expect("cargo sets TARGET"),
    );
    set("HOTKERNELS_RUSTC", &rustc());
    set("HOTKERNELS_PYO3", &pyo3());
    // The release line hands it in; a build from the sdist has no commit to name.
    println!("cargo:rerun-if-env-changed=HOTKERNELS_COMMIT");
    set(
        "HOTKERNELS_BUILD_COMMIT",
        &env::var("HOTKERNELS_COMMIT").unwrap_or_default(),
    );
}

fn set(name: &str, value: &str) {
    println!("cargo:rustc-env={name}={value}");
}

/// The ABI as wheel tags spell it (cp312, cp313t, cp312-abi3, cp315-abi3.abi3t), read off the cfgs that pyo3 itself is
/// compiled with, so that it says what was built and not what was asked for.
fn abi() -> String {
    let cfgs = pyo3_build_config::get().build_script_outputs();
    let has = |cfg: &str| {
        cfgs.iter()
            .any(|line| line.strip_prefix("cargo:rustc-cfg=") == Some(cfg))
    };
    let minor = (0..100)
        .rev()
        .find(|minor| has(&format!("Py_3_{minor}")))
        .expect("pyo3 names the version it is built for");
    match (has("Py_LIMITED_API"), has("Py_GIL_DISABLED")) {
        (true, true) => format!("cp3{minor}-abi3.abi3t"),
        (true, false) => format!("cp3{minor}-abi3"),
        (false, true) => format!("cp3{minor}t"),
        (false, false) => format!("cp3{minor}"),
    }
}

/// The first line of `rustc --version`.
fn rustc() -> String {
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("the compiler that compiles this runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The version of pyo3 in the lock file; two lock files are built from.
fn pyo3() -> String {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let lock = Path::new(&manifest)
        .ancestors()
        .map(|folder| folder.join("Cargo.lock"))
        .find(|path| path.is_file());
    let Some(lock) = lock else {
        return String::new();
    };
    println!("cargo:rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(lock).expect("Cargo.lock can be read");
    let version = text
        .split("name = \"pyo3\"\nversion = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    version.unwrap_or_default().to_owned()
}
