"""The ways to write an extension that are compared: a row each, and what builds it."""

from __future__ import annotations

import shutil
import sys
import sysconfig

from benchmarks.bindings.building import HERE, Build, Way, package

LIBRARY = HERE / "library"

C_COMPILER, CPP_COMPILER, HEADERS, RUST = "a C compiler", "a C++17 compiler", "CPython's headers", "Rust, cargo"


def python(build: Build) -> None:
    copied(build)


def ctypes(build: Build) -> None:
    """Its own part is Python; the library is any of C."""
    copied(build)
    build.c(LIBRARY / "loops.c", build.to / "libloops.so", "-fvisibility=default")


def cffi_api(build: Build) -> None:
    """cffi writes C, of the limited API where there is the GIL, and the compiler makes a module of that and the library."""
    copied(build)
    build.run([sys.executable, build.source / "build.py", build.work / "_loops.c"])
    free_threaded = sysconfig.get_config_var("Py_GIL_DISABLED")
    module = build.to / f"_loops{sysconfig.get_config_var('EXT_SUFFIX') if free_threaded else '.abi3.so'}"
    build.c(build.work / "_loops.c", module, "-I", LIBRARY, LIBRARY / "loops.c")


def cython(build: Build) -> None:
    """Cython writes C."""
    written = build.work / "binding.c"
    build.run([sys.executable, "-m", "cython", build.source / "binding.pyx", "-o", written])
    build.c(written, build.module)


def pybind11(build: Build) -> None:
    build.cpp("-I", package("pybind11") / "include", build.source / "binding.cpp")


def nanobind(build: Build) -> None:
    """nanobind's own part is compiled beside ours, as its authors say to without CMake."""
    root = package("nanobind")
    include = ("-I", root / "include", "-I", root / "ext" / "robin_map" / "include")
    free_threaded = ("-DNB_FREE_THREADED",) if sysconfig.get_config_var("Py_GIL_DISABLED") else ()
    flags = ("-DNB_COMPACT_ASSERTIONS", "-fno-strict-aliasing", *free_threaded)
    build.cpp(*flags, *include, root / "src" / "nb_combined.cpp", build.source / "binding.cpp")


def c(build: Build) -> None:
    build.c(build.source / "binding.c", build.module)


def pyo3(build: Build) -> None:
    build.cargo()


def pyo3_abi3(build: Build) -> None:
    """The same for the limited API of 3.12."""
    build.cargo("--features", "abi3")


def copied(build: Build) -> None:
    """The module is a file of Python."""
    shutil.copyfile(build.source / "binding.py", build.to / "binding.py")


ALL = (
    Way(name="Python", folder=HERE / "python", build=python, serves="every Python"),
    Way(
        name="ctypes",
        folder=HERE / "ctypes",
        also=(LIBRARY,),
        build=ctypes,
        needs=(C_COMPILER,),
        serves="every Python of a platform",
    ),
    Way(
        name="cffi, ABI",
        folder=HERE / "cffi_abi",
        also=(LIBRARY,),
        build=ctypes,
        packages=("cffi",),
        needs=(C_COMPILER,),
        runs_with=("cffi",),
        serves="every Python of a platform",
    ),
    Way(
        name="cffi, API",
        folder=HERE / "cffi_api",
        also=(LIBRARY,),
        build=cffi_api,
        packages=("cffi",),
        needs=(C_COMPILER, HEADERS, "cffi"),
        runs_with=("cffi",),
        serves="every GIL CPython",
    ),
    Way(
        name="Cython",
        folder=HERE / "cython",
        build=cython,
        packages=("cython",),
        needs=(C_COMPILER, HEADERS, "Cython"),
    ),
    Way(
        name="pybind11",
        folder=HERE / "pybind11",
        build=pybind11,
        packages=("pybind11",),
        needs=(CPP_COMPILER, HEADERS, "pybind11"),
    ),
    Way(
        name="nanobind",
        folder=HERE / "nanobind",
        build=nanobind,
        packages=("nanobind",),
        needs=(CPP_COMPILER, HEADERS, "nanobind"),
    ),
    Way(name="C", folder=HERE / "c", build=c, needs=(C_COMPILER, HEADERS)),
    Way(name="pyo3", folder=HERE / "pyo3", build=pyo3, packages=(), needs=(RUST, "the crate pyo3")),
    Way(
        name="pyo3, abi3",
        folder=HERE / "pyo3",
        build=pyo3_abi3,
        needs=(RUST, "the crate pyo3"),
        serves="every GIL CPython from 3.12",
    ),
)
