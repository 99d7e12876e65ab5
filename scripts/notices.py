"""Writes THIRD-PARTY-LICENSES.txt: the licence texts of all that a wheel is linked from and built with, crate by crate.

The crates are those of both lock files as far as the bindings reach, the texts the files that each crate carries. With them go
the standard library of the release's compiler, the crates that it is linked from (ci/std), and Zig's run time, which is linked
into the wheels that are made without a container. `--check` says whether the file is what would be written now.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci import build, matrix, notices, tools
from ci.errors import CiError
from ci.evidence import write_text
from ci.paths import ROOT
from ci.process import run
from scripts import rust

FILE = ROOT / notices.NAME
STD = "rust-std"
LICENCES = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)([-_.].*)?$", re.IGNORECASE)
HEAD = """Made by: nox -s notices

The licences of what hotkernels' wheels are made of besides hotkernels itself, whose own are LICENSE-MIT and LICENSE-APACHE.
Crates are named with their version and their licence as an SPDX expression; where that leaves a choice, so do we. Some of them
only take part in the build. zig is the run time of wheels that are linked by Zig; LLVM's libunwind beside it (Apache-2.0 WITH
LLVM-exception) asks for no notice in compiled form."""


@dataclass(frozen=True, kw_only=True, order=True)
class Part:
    """One piece of software with the texts that it comes with."""

    name: str
    version: str
    licence: str
    texts: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s notices --", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="say whether the file is stale; write nothing")
    args = parser.parse_args()
    try:
        text = written(sorted(parts()))
        if args.check:
            compare(text)
        else:
            write_text(FILE, text)
            print(f"{FILE.name}  {len(notices.parse(text).entries)} entries, {len(notices.parse(text).texts)} texts")
    except CiError as error:
        print(error)
        return 1
    return 0


def compare(text: str) -> None:
    old = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""
    if old != text:
        now, then = set(text.splitlines()), set(old.splitlines())
        lines = [f"+ {line}" for line in sorted(now - then)] + [f"- {line}" for line in sorted(then - now)]
        raise CiError(
            f"{FILE.name} is not that of what is linked",
            expected="the crates of both lock files, with the texts that they carry",
            found="\n".join(lines[:20]) or "the same lines in another order",
            todo=notices.TODO,
        )


def written(found: list[Part]) -> str:
    """The file: each text once, numbered as it first comes; white space does not make two of one."""
    numbers: dict[str, int] = {}
    texts: dict[int, str] = {}
    entries = []
    for part in found:
        mine = []
        for text in part.texts:
            number = numbers.setdefault(" ".join(text.split()), len(numbers) + 1)
            texts.setdefault(number, text)
            mine.append(number)
        used = tuple(dict.fromkeys(mine))
        entries.append(notices.Entry(name=part.name, version=part.version, licence=part.licence, texts=used))
    return notices.render(HEAD, entries, texts)


def parts() -> Iterator[Part]:
    """All of them, each once."""
    declared = matrix.load()
    folders = {lane.lock: build.tree_for(lane) for lane in declared.lanes}
    seen = {}
    for folder in (*folders.values(), ROOT / "ci" / "std"):
        for package in linked(folder, tuple(platform.target for platform in declared.platforms)):
            seen[package["name"], package["version"]] = package
    yield from map(of_crate, seen.values())
    yield standard_library(declared.rust)
    yield zig(declared.lanes[0].maturin)


def linked(folder: Path, targets: tuple[str, ...]) -> list[dict[str, Any]]:
    """The packages from a registry that the root package of `folder` is built with for any of the targets, its tests aside."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--quiet"]
    command += ["--manifest-path", str(folder / "Cargo.toml")]
    for target in targets:
        command += ["--filter-platform", target]
    said = run(command, what="asking cargo what is linked", cwd=folder, todo="see above: a registry that cannot be reached?")
    # What cargo says of its downloads comes with it.
    answer = json.loads(next(line for line in said.splitlines() if line.startswith('{"packages"')))
    packages = {package["id"]: package for package in answer["packages"]}
    nodes = {node["id"]: node for node in answer["resolve"]["nodes"]}
    wanted, todo = set(), list(answer["workspace_members"])
    while todo:
        if (node := todo.pop()) not in wanted:
            wanted.add(node)
            kept = (d for d in nodes[node]["deps"] if any(kind["kind"] != "dev" for kind in d["dep_kinds"]))
            todo += [dependency["pkg"] for dependency in kept]
    return [packages[node] for node in sorted(wanted) if packages[node]["source"]]


def of_crate(package: dict[str, Any]) -> Part:
    """A crate and the licence files of its sources; a CiError for one that has none."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and LICENCES.match(path.name))
    if not files or not package["license"]:
        raise CiError(
            f"{package['name']} {package['version']}: no licence text",
            expected=f"files such as LICENSE-MIT in its sources, and a licence in its manifest ({package['license']})",
            found=", ".join(sorted(path.name for path in folder.iterdir())),
            todo="a crate whose terms nobody can pass on cannot be shipped: take another, or ask its authors",
        )
    texts = tuple(tidy(path.read_text(encoding="utf-8")) for path in files)
    return Part(name=package["name"], version=package["version"], licence=notices.expression(package["license"]), texts=texts)


def standard_library(wanted: str) -> Part:
    """Rust's standard library: what its own notices say of its files, and the licences that they name.

    Only the release's compiler carries those of the release: with another one, what was collected before stays.
    """
    if rust.version() != wanted:
        kept = notices.parse(FILE.read_text(encoding="utf-8")) if FILE.is_file() else None
        if kept is None or (STD, wanted) not in kept.entries:
            raise CiError(
                f"the licences of Rust {wanted}'s standard library", found=rust.version(), todo="nox -s rust brings it"
            )
        entry = kept.entries[STD, wanted]
        return Part(name=STD, version=wanted, licence=entry.licence, texts=tuple(kept.texts[n] for n in entry.texts))
    folder = Path(run(["rustc", "--print", "sysroot"], what="asking rustc").strip()) / "share" / "doc" / "rust"
    try:
        page = (folder / "COPYRIGHT-library.html").read_text(encoding="utf-8")
        names = ("Apache-2.0", "MIT", "LLVM-exception", "Unicode-3.0")
        licences = [(folder / "licenses" / f"{name}.txt").read_text(encoding="utf-8") for name in names]
    except OSError as error:
        raise CiError(
            f"Rust {wanted} without its licences: {error}", todo="nox -s rust brings rustup's, which has them"
        ) from error
    own = page.partition("<body>")[2].partition('<h2 id="out-of-tree-dependencies">')[0]
    lines = (line.strip() for line in html.unescape(re.sub(r"<[^>]+>", "", own)).splitlines())
    text = tidy("\n".join(line for line in lines if line and line not in ("Table of Contents", "Out-of-tree dependencies")))
    licence = "(MIT OR Apache-2.0) AND Unicode-3.0 AND Apache-2.0 WITH LLVM-exception"
    return Part(name=STD, version=wanted, licence=licence, texts=(text, *map(tidy, licences)))


def zig(maturin: str) -> Part:
    """The run time of the linker that the locked build environment holds."""
    environment = tools.environment(ROOT / "ci" / "requirements" / f"maturin-{maturin}.txt").parent
    (package,) = environment.glob("lib/python*/site-packages/ziglang")
    (metadata,) = environment.glob("lib/python*/site-packages/ziglang-*.dist-info")
    version = metadata.name.removeprefix("ziglang-").removesuffix(".dist-info")
    text = (package / "LICENSE").read_text(encoding="utf-8")
    return Part(name="zig", version=version, licence="MIT", texts=(tidy(text),))


def tidy(text: str) -> str:
    """Without what no reader sees: trailing spaces, other line ends, a form feed, empty lines around."""
    lines = [line.rstrip() for line in text.replace("\f", "\n").splitlines()]
    return "\n".join(lines).strip("\n")


if __name__ == "__main__":
    sys.exit(main())
