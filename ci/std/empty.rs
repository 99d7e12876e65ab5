//! Nothing is built from this package: it stands for its dependencies.
