"""Other ways to write an extension, each with the same functions: what a call costs in each, beside ours.

`python -m benchmarks.bindings` builds them all for this interpreter and says where they are. Another binding is a folder here
and a row of ALL. Each has add(a, b), of two integers of 64 bits; nothing(a, b), which takes any two objects; and, where the
binding gives the means, buffers(a, b), which asks for both buffers and lets go of them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ci import environment
from ci.paths import cache

HERE = Path(__file__).resolve().parent
MODULE = "binding"
"""What every one of the modules is called; each lies in a folder of its own."""


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One way. build: makes the module of the sources in the first folder, in the second one."""

    name: str
    folder: str
    build: Callable[[Path, Path], Path]


def c(source: Path, to: Path) -> Path:
    """With the C compiler that CC names, or cc."""
    module = to / f"{MODULE}{sysconfig.get_config_var('EXT_SUFFIX')}"
    run([*compiler("CC", "cc"), "-std=c11", *OPTIONS, source / "binding.c", "-o", module])
    return module


def nanobind(source: Path, to: Path) -> Path:
    """With the C++ compiler that CXX names, or c++; nanobind's own part beside it, as its authors say to without CMake."""
    package = importlib.util.find_spec("nanobind")
    if package is None or package.origin is None:
        raise ImportError("nanobind is not installed; it is in the dependency group bench")
    root = Path(package.origin).parent
    module = to / f"{MODULE}{sysconfig.get_config_var('EXT_SUFFIX')}"
    include: list[str | Path] = ["-I", root / "include", "-I", root / "ext" / "robin_map" / "include"]
    free_threaded = ["-DNB_FREE_THREADED"] if sysconfig.get_config_var("Py_GIL_DISABLED") else []
    sources = [root / "src" / "nb_combined.cpp", source / "binding.cpp"]
    flags = ["-std=c++17", "-DNB_COMPACT_ASSERTIONS", "-fno-strict-aliasing", *free_threaded]
    run([*compiler("CXX", "c++"), *OPTIONS, *flags, *include, *sources, "-o", module])
    return module


def pyo3(source: Path, to: Path, *options: str) -> Path:
    """With cargo, and the workspace's profile."""
    target = cache() / "bindings" / "target"  # what does not depend on the interpreter is compiled once
    command: list[str | Path] = [
        "cargo",
        "rustc",
        "--release",
        "--locked",
        "--manifest-path",
        source / "Cargo.toml",
        "--target-dir",
        target,
    ]
    link = ["--", "-Clink-arg=-undefined", "-Clink-arg=dynamic_lookup"] if sys.platform == "darwin" else []
    # As maturin does: the symbols are the interpreter's own, and no library of it is linked.
    run([*command, *options, *link], PYO3_PYTHON=sys.executable, PYO3_BUILD_EXTENSION_MODULE="1")
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    module = to / f"{MODULE}.so"
    shutil.copyfile(target / "release" / f"lib{MODULE}{suffix}", module)
    return module


def pyo3_abi3(source: Path, to: Path) -> Path:
    """The same for the limited API of 3.12."""
    return pyo3(source, to, "--features", "abi3")


ALL = (
    Binding(name="C", folder="c", build=c),
    Binding(name="nanobind", folder="nanobind", build=nanobind),
    Binding(name="pyo3", folder="pyo3", build=pyo3),
    Binding(name="pyo3, abi3", folder="pyo3", build=pyo3_abi3),
)

OPTIONS = [
    *("-O3", "-DNDEBUG", "-shared", "-fPIC", "-fvisibility=hidden", "-I", sysconfig.get_path("include")),
    *(("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()),
]
"""What every compiler of C is told."""


def compiler(variable: str, usual: str) -> list[str]:
    """The compiler's command: what the variable says, or the usual name."""
    command = os.environ.get(variable, usual).split()
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"no compiler {command[0]!r} on PATH; name one with {variable}")
    return command


def run(command: list[str | Path], **variables: str) -> None:
    subprocess.run(command, check=True, env=os.environ | environment.settings(os.environ) | variables)


def place(binding: Binding) -> Path:
    """Where a module is kept: another place for other sources, another interpreter, or other ways to build."""
    content = hashlib.sha256(f"{sys.version} {os.environ.get('CC')} {os.environ.get('CXX')} {binding.name}".encode())
    sources = [path for path in (HERE / binding.folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for path in sorted([*sources, Path(__file__)]):
        content.update(f"{path.relative_to(HERE)}\0".encode() + path.read_bytes())
    return cache() / "bindings" / f"{binding.folder}-{content.hexdigest()[:16]}"


def built(binding: Binding) -> Path:
    """The module's file, built if it is not there yet."""
    folder = place(binding)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            module = binding.build(HERE / binding.folder, Path(work))
            done = Path(work) / "done"
            done.mkdir()
            shutil.copyfile(module, done / module.name)
            done.rename(folder)
    (module,) = folder.iterdir()
    return module


def load() -> dict[str, ModuleType]:
    """Every module by its binding's name."""
    return {binding.name: opened(binding) for binding in ALL}


def opened(binding: Binding) -> ModuleType:
    """The module, built first where it was not. It does what it says, or is not measured."""
    file = built(binding)
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no extension of {sys.executable}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check(module, binding.name)
    return module


def check(module: ModuleType, name: str) -> None:
    """An ArithmeticError or BufferError where a function does not do what the others do."""
    found = (module.add(2**62, -3), module.nothing(1, "2"))
    if found != (2**62 - 3, None):
        raise ArithmeticError(f"{name}: add and nothing give {found}")
    if hasattr(module, "buffers"):
        exporter = bytearray(8)
        module.buffers(exporter, exporter)
        exporter.append(1)  # raises BufferError where a buffer is still held
