"""The ways to do the workload: a row each, and what builds it."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.bindings.building import Build, Way
from benchmarks.bindings.ways import C_COMPILER, HEADERS, RUST, copied

HERE = Path(__file__).resolve().parent

FAST = ("-march=native", "-ffast-math")
"""What lets a C compiler use the processor's own instructions, and add in another order, in which it needs fewer."""


def cython(build: Build, *options: str) -> None:
    written = build.work / "binding.c"
    build.run([sys.executable, "-m", "cython", build.source / "binding.pyx", "-o", written])
    build.c(written, build.module, *options)


def cython_fast(build: Build) -> None:
    cython(build, *FAST)


def rust(build: Build) -> None:
    build.cargo()


CYTHON = (C_COMPILER, HEADERS, "Cython")

ALL = (
    Way(name="Python", folder=HERE / "python", build=copied, serves="every Python"),
    Way(name="NumPy", folder=HERE / "numpy", build=copied, runs_with=("NumPy",), serves="every Python"),
    Way(name="Cython", folder=HERE / "cython", build=cython, packages=("cython",), needs=CYTHON),
    Way(
        name="Cython, fast-math, native",
        folder=HERE / "cython",
        build=cython_fast,
        packages=("cython",),
        needs=CYTHON,
        serves="one CPython version and ABI, processors as this one",
    ),
    Way(name="Rust, plain", folder=HERE / "rust", build=rust, needs=(RUST, "the crate pyo3")),
    Way(
        name="hotkernels",
        folder=HERE / "hotkernels",
        build=copied,
        runs_with=("hotkernels",),
        serves="every CPython from 3.12",
    ),
)
