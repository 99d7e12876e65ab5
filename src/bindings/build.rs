//! Hands the crate what only the build knows: pyo3's cfgs, the compiler and the target.
fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
