"""Reads ci/matrix.toml into frozen rows, and derives from it every artifact that a release must hold."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from packaging.tags import Tag, cpython_tags, parse_tag

from ci.errors import CiError
from ci.paths import ROOT

Host = Literal["native", "emulated", "static"]
"""How an artifact's code was run: on a machine of its platform, under emulation, or not at all."""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One way to build: features choose the API, the lock file chooses the pyo3."""

    name: str
    features: tuple[str, ...]
    lock: str
    maturin: str
    cibuildwheel: str


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """One CPython that is served: name is its ABI tag (cp313t)."""

    name: str
    version: str
    free_threaded: bool

    @property
    def command(self) -> str:
        """The name that finds it on PATH and nothing else: python3.13t."""
        return f"python{self.version}{'t' if self.free_threaded else ''}"

    def accepts(self, wheel_tag: str, platform_tag: str) -> bool:
        """Whether this interpreter takes a wheel tagged so; packaging.tags decides, as it does in pip and uv."""
        major, minor = map(int, self.version.split("."))
        mine = set(cpython_tags((major, minor), [self.name], [platform_tag]))
        return not mine.isdisjoint(parse_tag(f"{wheel_tag}-{platform_tag}"))


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One wheel of every platform; tag is its Python and ABI tag (cp312-abi3)."""

    tag: str
    lane: Lane
    interpreter: Interpreter

    @property
    def limited_api(self) -> bool:
        return "abi3" in self.tag or "abi3t" in self.tag


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One platform: tag as in a wheel's file name, target as rustc names it, runner as the host of hosted CI does.

    rehearsed: how a Linux x86_64 machine runs its code: native, emulated, or static, which is not at all; not_rehearsed
    names the interpreters that are missing there.
    """

    name: str
    tag: str
    target: str
    runner: str
    rehearsed: Host
    not_rehearsed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One file of a release. wheel and platform are None for the sdist."""

    filename: str
    version: str
    wheel: Wheel | None
    platform: Platform | None
    tested_on: tuple[Interpreter, ...]

    @property
    def is_sdist(self) -> bool:
        return self.wheel is None

    @property
    def label(self) -> str:
        """What --only takes: the wheel's tag, or sdist."""
        return "sdist" if self.wheel is None else self.wheel.tag

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """The expanded tags of a wheel; empty for the sdist."""
        if self.wheel is None or self.platform is None:
            return frozenset()
        return frozenset(parse_tag(f"{self.wheel.tag}-{self.platform.tag}"))


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The declaration, read. crates: the project's own and their folders, the extension's first."""

    name: str
    module: str
    crates: dict[str, str]
    rust: str
    wheel_budget: int
    sdist_budget: int
    lanes: tuple[Lane, ...]
    interpreters: tuple[Interpreter, ...]
    wheels: tuple[Wheel, ...]
    platforms: tuple[Platform, ...]
    sdist_interpreter: Interpreter

    @cached_property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each table's meaning: comments and layout aside. Evidence carries them."""
        tables = {
            "project": [self.name, self.module, self.crates, self.rust, self.wheel_budget, self.sdist_budget],
            "lane": [asdict(lane) for lane in self.lanes],
            "interpreter": [asdict(interpreter) for interpreter in self.interpreters],
            "wheel": [[wheel.tag, wheel.lane.name, wheel.interpreter.name] for wheel in self.wheels],
            "platform": [asdict(platform) for platform in self.platforms],
            "sdist": [self.sdist_interpreter.name],
        }
        return {name: hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest() for name, rows in tables.items()}

    @property
    def extension_crate(self) -> str:
        """The crate that the extension module is: what an SBOM is of."""
        return next(iter(self.crates))

    @property
    def marker(self) -> str:
        """What stands before the ABI's name in the extension's read-only data."""
        return f"{self.name}-abi:"

    def select_platforms(self, names: Iterable[str]) -> tuple[Platform, ...]:
        """The platforms of these names; none or "all" is every one."""
        names = list(names)
        if not names or "all" in names:
            return self.platforms
        known = {platform.name: platform for platform in self.platforms}
        if unknown := [name for name in names if name not in known]:
            raise CiError(
                f"--platform {unknown[0]}: no such platform",
                expected=f"one of {', '.join(known)}, or all",
                found=unknown[0],
                todo="add it to ci/matrix.toml, or name one that is there",
            )
        return tuple(platform for name, platform in known.items() if name in names)

    def artifacts(self, version: str, platforms: Iterable[Platform] | None = None) -> tuple[Artifact, ...]:
        """Every file that a release of these platforms holds, the sdist last."""
        wheels = [
            Artifact(
                filename=f"{self.name}-{version}-{wheel.tag}-{platform.tag}.whl",
                version=version,
                wheel=wheel,
                platform=platform,
                tested_on=tuple(i for i in self.interpreters if i.accepts(wheel.tag, platform.tag)),
            )
            for platform in (self.platforms if platforms is None else platforms)
            for wheel in self.wheels
        ]
        sdist = Artifact(
            filename=f"{self.name}-{version}.tar.gz",
            version=version,
            wheel=None,
            platform=None,
            tested_on=(self.sdist_interpreter,),
        )
        return (*wheels, sdist)


TABLES = frozenset({"project", "lane", "interpreter", "wheel", "sdist", "platform"})
LARGEST_BUDGET = 100_000_000
"""What an index takes of one file."""

PROJECT = frozenset({"name", "module", "crates", "wheel-budget", "sdist-budget", "rust"})


def load(path: Path = ROOT / "ci" / "matrix.toml") -> Matrix:
    """The matrix in `path`. A missing or unknown key, or a name that stands for nothing or for two, is a CiError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        known = ((raw.keys(), TABLES), (raw["project"].keys(), PROJECT), (raw["sdist"].keys(), {"interpreter"}))
        if odd := sorted(key for keys, wanted in known for key in keys ^ wanted):
            raise KeyError(", ".join(odd))
        project = raw["project"]
        lanes = _named(Lane(**_keys(row, features=tuple(row["features"]))) for row in raw["lane"])
        interpreters = _named(Interpreter(**_keys(row)) for row in raw["interpreter"])
        made = Matrix(
            name=project["name"],
            module=project["module"],
            crates={str(name): str(folder) for name, folder in project["crates"].items()},
            rust=project["rust"],
            wheel_budget=project["wheel-budget"],
            sdist_budget=project["sdist-budget"],
            lanes=tuple(lanes.values()),
            interpreters=tuple(interpreters.values()),
            wheels=tuple(
                Wheel(**_keys(row, lane=lanes[row["lane"]], interpreter=interpreters[row["interpreter"]]))
                for row in raw["wheel"]
            ),
            platforms=tuple(
                _named(
                    Platform(**_keys(row, not_rehearsed=tuple(row.get("not-rehearsed", ())))) for row in raw["platform"]
                ).values()
            ),
            sdist_interpreter=interpreters[raw["sdist"]["interpreter"]],
        )
        found = list(contradictions(made))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CiError(
            f"{path.name} does not read as a matrix: {error}",
            expected="the tables and keys of ci/matrix.py",
            found=str(error),
            todo="correct the row: names refer to [[lane]] and [[interpreter]] rows, keys are the fields of the row's class",
        ) from error
    if found:
        raise CiError(
            f"{path.name} contradicts itself: {'; '.join(found)}",
            expected="rows that agree with each other",
            found="; ".join(found),
            todo="correct the rows",
        )
    return made


@functools.cache
def digests() -> dict[str, str]:
    """The checkout's plan as evidence carries it; read once, for a run of a verb has one plan."""
    return load().digests


def contradictions(made: Matrix) -> Iterator[str]:
    """What cannot be meant: a row that says two things, or that nothing comes of."""
    yield from astray(made.crates)
    for interpreter in made.interpreters:
        if interpreter.name != f"cp{interpreter.version.replace('.', '')}{'t' * interpreter.free_threaded}":
            yield f"interpreter {interpreter.name} is not CPython {interpreter.version}{'t' * interpreter.free_threaded}"
    for wheel in made.wheels:
        if [other.tag for other in made.wheels].count(wheel.tag) > 1:
            yield f"wheel {wheel.tag} twice"
    for platform in made.platforms:
        yield from bent(platform)
    for wheel in made.wheels:
        if not all(wheel.interpreter.accepts(wheel.tag, platform.tag) for platform in made.platforms):
            yield f"wheel {wheel.tag} is built on {wheel.interpreter.name}, which does not take it"
    for name, budget in (("wheel-budget", made.wheel_budget), ("sdist-budget", made.sdist_budget)):
        if type(budget) is not int or not 0 < budget <= LARGEST_BUDGET:
            yield f"{name} {budget!r} is no number of bytes up to {LARGEST_BUDGET:,}"


def astray(crates: dict[str, str]) -> Iterator[str]:
    """What cannot be the project's own crates."""
    if not crates:
        yield "crates names none: the extension's is one"
    for name, folder in crates.items():
        if PurePosixPath(folder).is_absolute() or ".." in PurePosixPath(folder).parts:
            yield f"crate {name}: {folder} is no folder of the checkout"


def bent(platform: Platform) -> Iterator[str]:
    """What a platform says of itself that cannot be."""
    processor, system = platform.target.split("-")[0], "macosx_" if "-darwin" in platform.target else "manylinux_"
    endings = ("_aarch64", "_arm64") if processor == "aarch64" else (f"_{processor}",)
    if not (platform.tag.startswith(system) and platform.tag.endswith(endings)):
        yield f"platform {platform.name}: tag {platform.tag} is not of target {platform.target}"
    if platform.rehearsed not in ("native", "emulated", "static"):
        yield f"platform {platform.name}: rehearsed {platform.rehearsed!r} is none of native, emulated, static"


def project_version(root: Path = ROOT) -> str:
    """The version, as the workspace's Cargo.toml states it."""
    version: str = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]
    # Cargo writes a pre-release 1.0.0-rc.1, PEP 440 1.0.0rc1; maturin converts it the same way.
    return re.sub(r"-(alpha|beta|rc)\.?(\d+)$", lambda m: {"alpha": "a", "beta": "b", "rc": "rc"}[m[1]] + m[2], version)


Row = TypeVar("Row", Lane, Interpreter, Platform)


def _named(rows: Iterable[Row]) -> dict[str, Row]:
    """The rows by name; a ValueError where two have one name: the later would silently take the place of the earlier."""
    found: dict[str, Row] = {}
    for row in rows:
        if row.name in found:
            raise ValueError(f"the name {row.name} twice")
        found[row.name] = row
    return found


def _keys(row: dict[str, Any], **replace: object) -> dict[str, Any]:
    return {key.replace("-", "_"): value for key, value in row.items()} | replace
