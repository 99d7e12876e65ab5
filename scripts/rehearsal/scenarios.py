"""What can go wrong while publishing, each with what must come of it: exit status, words, what is up, and the next run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.rehearsal import faults
from scripts.rehearsal.faults import Fault

Prepare = Callable[[Path, Path, Sequence[str]], None]
"""Given the index's folder, dist and the names in the order in which they are sent: what is there before."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """fault: made of the names in the order in which they are sent. up: how many files the index has as gated after it.

    says: what the publisher must read. again: the status of the next run, without the fault; 1 where a person has to
    remove something from the index first, and then the run after that ends whole. sdist: whether it may be sent.
    """

    name: str
    fault: Callable[[Sequence[str]], Fault] = lambda _: faults.none
    before: Prepare = lambda *_: None
    status: int
    up: int
    says: tuple[str, ...]
    uploads: int | None = None
    again: int = 0
    sdist: bool = True
    env: dict[str, str] = field(default_factory=dict)


def put(index: Path, dist: Path, names: Sequence[str]) -> None:
    for name in names:
        shutil.copyfile(dist / name, index / name)


def put_other(index: Path, dist: Path, name: str) -> None:
    (index / name).write_bytes((dist / name).read_bytes() + b"\n")


def put_undeclared(index: Path, dist: Path, names: Sequence[str]) -> None:
    """A second sdist, as .zip."""
    shutil.copyfile(dist / names[-1], index / names[-1].replace(".tar.gz", ".zip"))


def scenarios(count: int) -> list[Scenario]:
    """count: how many files a release has."""
    not_whole = ("is NOT whole", "run it again")
    return [
        Scenario(name="nothing goes wrong", status=0, up=count, uploads=count, says=("is whole",)),
        Scenario(
            name="all is up already",
            before=put,
            status=0,
            up=count,
            uploads=0,
            says=("already there, with the gated bytes", "is whole"),
        ),
        Scenario(
            name="one is up with the same bytes",
            before=lambda index, dist, names: put(index, dist, names[2:3]),
            status=0,
            up=count,
            uploads=count - 1,
            says=("already there, with the gated bytes",),
        ),
        Scenario(
            name="one is up with other bytes",
            before=lambda index, dist, names: put_other(index, dist, names[2]),
            status=1,
            up=0,
            uploads=0,
            says=("on the index with other bytes", "as gated", "on the index", "nothing was uploaded"),
            again=1,
        ),
        Scenario(
            name="the version has a file that is not declared",
            before=put_undeclared,
            status=1,
            up=0,
            uploads=0,
            says=("on the index, and not declared", "nothing was uploaded"),
            again=1,
        ),
        Scenario(
            name="the server dies after three files",
            fault=lambda _: faults.dies_after(3),
            status=1,
            up=3,
            says=(*not_whole, "what is up is not known: the index does not answer"),
        ),
        Scenario(
            name="the connection breaks inside a file, once",
            fault=lambda names: faults.cut_body(names[2], 1, half=False),
            status=0,
            up=count,
            uploads=count + 1,
            says=("next attempt in", "is whole"),
        ),
        Scenario(
            name="the connection breaks inside a file, always",
            fault=lambda names: faults.cut_body(names[2], half=False),
            status=1,
            up=2,
            says=(*not_whole, f"2 of {count} files are up"),
        ),
        Scenario(
            name="the connection breaks, and the index keeps half a file",
            fault=lambda names: faults.cut_body(names[2], half=True),
            status=1,
            up=2,
            says=("on the index with other bytes", "is NOT whole"),
            again=1,
        ),
        Scenario(
            name="500 for one file, once",
            fault=lambda names: faults.status(500, names[2], 1),
            status=0,
            up=count,
            uploads=count + 1,
            says=("status code 500", "next attempt in", "is whole"),
        ),
        Scenario(
            name="500 for one file, always",
            fault=lambda names: faults.status(500, names[2]),
            status=1,
            up=2,
            says=(*not_whole, "status code 500", f"2 of {count} files are up"),
        ),
        Scenario(
            name="500 for the last wheel: no sdist without it",
            fault=lambda names: faults.status(500, names[-2]),
            status=1,
            up=count - 2,
            says=(*not_whole, f"{count - 2} of {count} files are up"),
            sdist=False,
        ),
        Scenario(
            name="503 for everything",
            fault=lambda _: faults.status(503),
            status=1,
            up=0,
            says=(*not_whole, "status code 503", f"0 of {count} files are up"),
        ),
        Scenario(
            name="the credentials are refused",
            fault=lambda _: faults.status(403),
            status=1,
            up=0,
            uploads=1,
            says=(*not_whole, "status code 403"),
        ),
        Scenario(
            name="the index keeps a file and its answer is lost",
            fault=lambda names: faults.loses_answer(names[2]),
            status=0,
            up=count,
            uploads=count,
            says=("next attempt in", "is whole"),
        ),
        Scenario(
            name="the index says 200 and does not keep a file",
            fault=lambda names: faults.forgets(names[2]),
            status=1,
            up=count - 2,
            says=(*not_whole, "the index took what it does not show"),
        ),
        Scenario(name="a slow server", fault=lambda _: faults.slow(0.3), status=0, up=count, says=("is whole",)),
        Scenario(
            name="a server that does not answer in time",
            fault=lambda _: faults.hangs(3),
            status=1,
            up=0,
            says=(*not_whole, "timed out"),
            env={"UV_UPLOAD_HTTP_TIMEOUT": "1"},
        ),
    ]
