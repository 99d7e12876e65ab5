"""How a way is built for this interpreter and kept in the cache folder; and what the build was: commands, time, size."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from ci import environment
from ci.paths import ROOT, cache

HERE = Path(__file__).resolve().parent
MODULE = "binding"
"""What every one of the modules is called; each lies in a folder of its own."""

NOTE = "build.json"
"""Beside a module: how it was built."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to write an extension: a folder, and what builds it.

    build: a function of the build. also: folders whose sources it takes too. packages: distributions that build it.
    needs: what a person has to have to build it; runs_with: what a user has to have, beside the file. serves: which Pythons one
    file is for.
    """

    name: str
    folder: Path
    build: Callable[[Build], None]
    also: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    runs_with: tuple[str, ...] = ()
    serves: str = "one CPython version and ABI"

    @property
    def sources(self) -> list[Path]:
        """Every file that is written by hand, or locked."""
        found = [path for folder in (self.folder, *self.also) for path in folder.rglob("*")]
        return sorted(path for path in found if path.is_file() and path.suffix != ".pyc" and "target" not in path.parts)


@dataclass
class Build:
    """A build under way: source, the way's folder; to, where what is kept goes; work, where what is not kept does."""

    way: Way
    to: Path
    work: Path
    commands: list[str] = field(default_factory=list)

    @property
    def source(self) -> Path:
        return self.way.folder

    @property
    def module(self) -> Path:
        """Where an extension module has to come out."""
        return self.to / f"{MODULE}{sysconfig.get_config_var('EXT_SUFFIX')}"

    def run(self, command: list[str | Path], **variables: str) -> None:
        """Runs a command in the work folder, and notes it."""
        said = shlex.join([*(f"{name}={value}" for name, value in variables.items()), *map(str, command)])
        # No path of this machine: longest first, for one may lie in another.
        places = {str(self.work): "WORK", str(self.to): "OUT", sysconfig.get_path("include"): "INCLUDE", str(ROOT): "."}
        places |= {sysconfig.get_path("purelib"): "SITE", sys.executable: "python"}
        for path in sorted(places, key=len, reverse=True):
            said = said.replace(path, places[path])
        self.commands.append(said)
        subprocess.run(command, check=True, cwd=self.work, env=os.environ | environment.settings(os.environ) | variables)

    def c(self, source: Path, to: Path, *options: str | Path) -> None:
        """With the C compiler that CC names, or cc."""
        self.run([*compiler("CC", "cc"), "-std=c11", *OPTIONS, *options, source, "-o", to])

    def cpp(self, *words: str | Path) -> None:
        """With the C++ compiler that CXX names, or c++."""
        self.run([*compiler("CXX", "c++"), "-std=c++17", *OPTIONS, *words, "-o", self.module])

    def cargo(self, *options: str) -> None:
        """With cargo, and the workspace's profile."""
        target = self.work / "target"
        command: list[str | Path] = ["cargo", "rustc", "--release", "--locked", "--quiet"]
        command += ["--manifest-path", self.source / "Cargo.toml", "--target-dir", target, *options]
        link = ["--", "-Clink-arg=-undefined", "-Clink-arg=dynamic_lookup"] if sys.platform == "darwin" else []
        # As maturin does: the symbols are the interpreter's own, and no library of it is linked.
        self.run([*command, *link], PYO3_PYTHON=sys.executable, PYO3_BUILD_EXTENSION_MODULE="1")
        suffix = ".dylib" if sys.platform == "darwin" else ".so"
        (made,) = (target / "release").glob(f"lib*{suffix}")
        shutil.copyfile(made, self.to / f"{MODULE}.so")


OPTIONS = [
    "-O3",
    "-DNDEBUG",
    "-ffp-contract=off",  # no fused multiplication and addition, which would round otherwise than Python does
    *("-shared", "-fPIC", "-fvisibility=hidden", "-I", sysconfig.get_path("include")),
    *(("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()),
]
"""What every compiler of C and C++ is told. Nothing of the processor: as wheels are built, for all of its family."""


def compiler(variable: str, usual: str) -> list[str]:
    """The compiler's command: what the variable says, or the usual name."""
    command = os.environ.get(variable, usual).split()
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"no compiler {command[0]!r} on PATH; name one with {variable}")
    return command


def package(name: str) -> Path:
    """The folder of a package that brings headers."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ImportError(f"{name} is not installed; it is in the dependency group bindings")
    return Path(spec.origin).parent


def version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def place(way: Way) -> Path:
    """Where a module is kept: another place for other sources, another interpreter, or other ways to build."""
    tools = [os.environ.get("CC"), os.environ.get("CXX"), *map(version, way.packages), *OPTIONS]
    functions = vars(inspect.getmodule(way.build)).values()
    recipes = [inspect.getsource(Build), *(inspect.getsource(each) for each in functions if inspect.isfunction(each))]
    content = hashlib.sha256(f"{sys.version} {tools} {way.name} {recipes}".encode())
    for path in way.sources:
        content.update(f"{path.relative_to(HERE.parent)}\0".encode() + path.read_bytes())
    return cache() / "bindings" / f"{way.folder.name}-{content.hexdigest()[:16]}"


def built(way: Way) -> Path:
    """The module's file, built if it is not there yet."""
    folder = place(way)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            build = Build(way=way, to=Path(name) / "done", work=Path(name) / "work")
            build.to.mkdir()
            build.work.mkdir()
            before = children()
            way.build(build)
            note = {"commands": build.commands, "seconds": children() - before}
            (build.to / NOTE).write_text(json.dumps(note), encoding="utf-8")
            try:
                build.to.rename(folder)
            except OSError:
                if not folder.exists():  # else another process was first, with the same
                    raise
    (module,) = (path for path in folder.glob(f"{MODULE}.*") if path.suffix in {".so", ".py"})
    return module


def children() -> float:
    """Processor seconds of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def opened(way: Way) -> ModuleType:
    """The module, built first where it was not; what it imports lies beside it."""
    file = built(way)
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no extension of {sys.executable}")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(file.parent))
    return module


def described(way: Way) -> dict[str, Any]:
    """What a way costs to have: how it was built, and how large that is; its arithmetic, where that is known."""
    file = built(way)
    note = json.loads((file.parent / NOTE).read_text(encoding="utf-8"))
    compiled = [path for path in file.parent.iterdir() if path.suffix == ".so"]
    return {
        "name": way.name,
        "needs": list(way.needs),
        "runs_with": list(way.runs_with),
        "serves": way.serves,
        "commands": note["commands"],
        "build_seconds": note["seconds"],
        "bytes": sum(path.stat().st_size for path in compiled),
        "arithmetic": arithmetic(compiled),
    }


KINDS = {
    "packed multiplications": r"\sv?(mul|fn?m(add|sub)\d+)p[ds]\s",
    "packed additions": r"\sv?(add|fn?m(add|sub)\d+)p[ds]\s",
    "single additions": r"\sv?(add|fn?m(add|sub)\d+)s[ds]\s",
}
"""Instructions on floating-point numbers, of x86-64."""


def arithmetic(files: list[Path]) -> dict[str, int] | None:
    """How many instructions of each kind the files have; None where nothing can say."""
    if not files or os.uname().machine != "x86_64" or shutil.which("objdump") is None:
        return None
    said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", *files], check=True, capture_output=True, text=True).stdout
    return {kind: len(re.findall(pattern, said)) for kind, pattern in KINDS.items()}


def compilers() -> dict[str, str]:
    """The first line of what each says of itself."""
    commands = {"C": compiler("CC", "cc"), "C++": compiler("CXX", "c++"), "Rust": ["rustc"]}
    return {
        name: subprocess.run([*command, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
        for name, command in commands.items()
    }
