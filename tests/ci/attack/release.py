"""A release to be spoilt: one change at a time, then what the release line itself would do about it, up to its decision.

A mutation is a function of this package's modules, registered by `mutation` with the words of its own refusal. The line goes on
as it would: what was changed in an artifact's bytes is audited again, as in the job that built it; then the gate decides.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ci import audit, decision, evidence, matrix
from ci.errors import CiError
from ci.matrix import Artifact, Matrix, Platform
from tests.ci import factory
from tests.ci.attack import tars, zips

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FINISHED = "2026-11-21T11:00:00+00:00"

Stage = Literal["bytes", "evidence", "folder", "matrix"]
STAGES: tuple[Stage, ...] = ("bytes", "evidence", "folder", "matrix")
"""The order in which mutations are made: the audit comes after the first, the decision after the last."""


@dataclass(kw_only=True)
class Release:
    """A copy of a whole release. target: the wheel that a mutation of a wheel changes; sdist: the other kind."""

    dist: Path
    checkout: Path
    declared: Matrix
    artifacts: tuple[Artifact, ...]
    target: Artifact
    matrix_text: str
    changed: dict[str, Artifact] = field(default_factory=dict)

    @property
    def sdist(self) -> Artifact:
        return next(artifact for artifact in self.artifacts if artifact.is_sdist)

    @property
    def info(self) -> str:
        return f"hotkernels-{self.target.version}.dist-info"

    @property
    def top(self) -> str:
        return f"hotkernels-{self.sdist.version}"

    @property
    def path(self) -> Path:
        return self.dist / self.target.filename

    def other(self) -> Artifact:
        """A wheel that no mutation of a wheel changes."""
        return next(artifact for artifact in self.artifacts if artifact.label == "cp313-cp313t")

    def members(self) -> dict[str, bytes]:
        """What the target holds, RECORD left out."""
        return factory.wheel_members(self.target)

    def rewrite(self, data: bytes, artifact: Artifact | None = None) -> None:
        """Other bytes under an artifact's name."""
        artifact = artifact or self.target
        path = self.dist / artifact.filename
        path.unlink()
        path.write_bytes(data)
        self.changed[artifact.filename] = artifact

    def write(self, members: dict[str, bytes], *, record: bool = True) -> None:
        """The target anew, of these members, with a RECORD that is right."""
        self.path.unlink()
        factory.write_wheel(self.path, members, record=record)
        self.changed[self.target.filename] = self.target

    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """The target with one member changed and RECORD right; {info} in its name is the folder of the metadata."""
        members, name = self.members(), name.format(info=self.info)
        new = change(members[name])
        assert new != members[name], "a mutation changes something"
        self.write({**members, name: new})

    def recorded(self) -> dict[str, bytes]:
        """What the target holds, its RECORD too."""
        return factory.with_record(self.members(), self.info)

    def zipped(self) -> list[zips.Member]:
        return zips.members(self.recorded())

    def sources(self) -> dict[str, bytes]:
        """What the sdist holds."""
        return factory.sdist_members(self.checkout, self.sdist.version)

    def tarred(self, *more: tars.Header, **end: Any) -> None:
        """The sdist anew, with these headers behind its own."""
        self.rewrite(tars.pack(tars.build([*tars.headers(self.sources()), *more], **end)), self.sdist)

    def word(self, check: str = "size", subject: str = "") -> Path:
        """An evidence file of the target."""
        return self.dist / "evidence" / ".".join(filter(None, (self.target.filename, check, subject, "json")))

    def tested(self, check: str = "tests") -> Path:
        """The evidence of a check that ran the target's code."""
        return self.word(check, self.target.tested_on[0].name)

    def edit(self, path: Path, **values: object) -> None:
        """One evidence file with other values."""
        said = json.loads(path.read_text(encoding="utf-8"))
        old, new = json.dumps(said), json.dumps(said | values)
        assert old != new, "a mutation changes something"
        replace(path, new.encode())

    def judge(self) -> list[str]:
        """What the release line says against it, from the matrix to the gate."""
        declaration = self.dist.parent / "matrix.toml"
        declaration.write_text(self.matrix_text, encoding="utf-8")
        try:
            declared = matrix.load(declaration)
        except CiError as error:
            return [text(error)]
        platforms: tuple[Platform, ...] = tuple(p for p in declared.platforms if p.name == "linux-x86_64")
        version = self.sdist.version
        return [text(problem) for problem in decision.decide(self.dist, declared, version, platforms, now=NOW).all_problems]

    def audit(self) -> None:
        """What the job that built the changed artifacts goes on to do: evidence of these bytes."""
        for artifact in self.changed.values():
            factory.prove(self.dist, artifact)
            audit.audit(self.declared, artifact, self.dist, self.checkout)
            for path in (self.dist / "evidence").glob(f"{artifact.filename}.*"):
                replace(path, json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"finished": FINISHED}).encode())
        self.changed.clear()


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """reason: words of the refusal that no other mutation has; {name}, the target's file name, and other fields are filled in.

    unreadable: the artifact cannot be read, so that nothing more is said of it. lone: nothing is as the matrix has it, or that
    cannot be read, so that nothing more is said of the rest.
    """

    name: str
    stage: Stage
    change: Callable[[Release], None]
    reason: str
    of: Literal["wheel", "sdist", "release"] = "wheel"
    unreadable: bool = False
    lone: bool = False

    def words(self, release: Release) -> str:
        artifact = release.sdist if self.of == "sdist" else release.target
        tag = artifact.filename.removeprefix(f"hotkernels-{artifact.version}-")
        names = {"name": artifact.filename, "tag": tag, "abi": artifact.label.split("-")[-1], "other": release.other().filename}
        return self.reason.format(**names, info=release.info)


MUTATIONS: dict[str, Mutation] = {}


def mutation(
    stage: Stage,
    reason: str,
    *,
    of: Literal["wheel", "sdist", "release"] = "wheel",
    unreadable: bool = False,
    lone: bool = False,
) -> Callable[[Callable[[Release], None]], Callable[[Release], None]]:
    """Registers a function that spoils a release; its name is the mutation's."""

    def register(change: Callable[[Release], None]) -> Callable[[Release], None]:
        name = change.__name__
        assert name not in MUTATIONS, name
        MUTATIONS[name] = Mutation(
            name=name, stage=stage, change=change, reason=reason, of=of, unreadable=unreadable, lone=lone
        )
        return change

    return register


def text(problem: CiError) -> str:
    """All that a refusal says, in one line."""
    return f"{problem.message} | {problem.expected} | {problem.found} | {problem.todo}".replace("\n", " ")


def replace(path: Path, data: bytes) -> None:
    """Other bytes under a name; a file that it is a link to keeps its own."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def copy(released: Path, into: Path) -> Path:
    """A copy made of hard links: whoever changes a file of it takes the name away first."""
    return Path(shutil.copytree(released, into, copy_function=lambda a, b: Path(b).hardlink_to(a)))


def spoil(release: Release, chosen: Iterable[tuple[Mutation, Artifact]]) -> None:
    """Makes the mutations in the order of their stages, each on its artifact; what they changed is audited in between."""
    for stage in STAGES:
        for each, target in chosen:
            if each.stage == stage:
                release.target = target
                each.change(release)
        if stage == "bytes":
            release.audit()


def evidence_files(dist: Path) -> list[Path]:
    return sorted(evidence.folder(dist).iterdir())
