"""A release on one machine: dist/ to a real index on loopback, from there into every interpreter, and every fault seen through.

`nox -s rehearse` runs it after `nox -s wheels`. Nothing but loopback is spoken to, save once for the build backend's wheel.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from ci import decision, evidence, host, matrix, once
from ci.console import console, failed, passed, refusal
from ci.errors import CiError
from ci.matrix import Artifact, Matrix
from ci.paths import DIST, ROOT, cache
from ci.process import run
from scripts.rehearsal import installs
from scripts.rehearsal.faults import Proxy
from scripts.rehearsal.scenarios import Scenario, scenarios
from scripts.rehearsal.server import serving


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What is rehearsed: the artifacts of this machine's platform, their bytes, and a folder that goes afterwards."""

    declared: Matrix
    artifacts: tuple[Artifact, ...]
    wanted: dict[str, str]
    dist: Path
    folder: Path

    @property
    def order(self) -> list[str]:
        """The names as the client sends them: wheels by name, then the sdist."""
        return sorted(self.wanted, key=lambda name: (name.endswith(".tar.gz"), name))

    def verb(self, verb: str, *words: str, env: dict[str, str] | None = None) -> tuple[int, str]:
        """One verb of the release line in a process of its own, as a person runs it: status and all that it said."""
        platforms = [word for platform in host.native(self.declared) for word in ("--platform", platform.name)]
        command = [sys.executable, "-m", "ci", verb, str(self.dist), *platforms, *words]
        hosted = {"GITHUB_ACTIONS", "FORCE_COLOR"}
        kept = {name: value for name, value in os.environ.items() if name not in hosted and not name.startswith("UV_PUBLISH_")}
        kept |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"} | (env or {})
        done = subprocess.run(
            command, cwd=ROOT, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return done.returncode, done.stdout

    def stored(self, index: Path) -> dict[str, str]:
        """What the index really has."""
        return {path.name: evidence.sha256(path) for path in index.iterdir() if path.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s rehearse --", description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="the artifacts (default: dist/)")
    parser.add_argument("--only", choices=("installs", "faults"), help="one half of it")
    args = parser.parse_args()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="hotkernels-rehearse-") as name:
            this = prepared(args.dist, Path(name).resolve())
            bad = 0
            if args.only != "faults":
                bad += publish_and_install(this)
            if args.only != "installs":
                bad += faults(this)
    except CiError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    console.print(f"{f'{bad} failed' if bad else 'all as promised'}, {time.monotonic() - started:.0f} s")
    return 1 if bad else 0


def prepared(dist: Path, folder: Path) -> Rehearsal:
    """A CiError unless `dist` is what a release of this machine's platform would be."""
    declared = matrix.load()
    platforms = host.native(declared)
    made = decision.decide(dist, declared, matrix.project_version(), platforms)
    if not made.complete:
        raise CiError(
            f"{dist.name}/ is not a whole, proven release of {', '.join(platform.name for platform in platforms)}",
            expected="what the gate lets out",
            found="\n".join([problem.message for problem in made.all_problems[:5]] + [made.verdict]),
            todo="nox -s wheels makes it; python -m ci gate says all that it lacks",
        )
    return Rehearsal(
        declared=declared,
        artifacts=tuple(row.artifact for row in made.rows),
        wanted={row.artifact.filename: row.sha256 for row in made.rows},
        dist=dist.resolve(),
        folder=folder,
    )


def publish_and_install(this: Rehearsal) -> int:
    """The whole release, and one without the stable ABI for both builds; how many installations were not as promised."""
    found, name = installs.interpreters_of(this.declared), this.declared.name
    console.rule("published, and installed by name", align="left")
    whole = this.folder / "whole"
    with serving(whole, this.folder / "whole.log") as url:
        status, said = this.verb("publish", "--index", url)
        if status or this.stored(whole) != this.wanted:
            raise CiError("publishing failed", expected="status 0 and every file", found=said, todo="see what it says")
        passed(f"published  {len(this.wanted)} files")
        bad = installs.everywhere(name, f"{url}simple/", this.artifacts, found, this.dist, this.folder)
    console.rule("a release without abi3t", align="left")
    part = this.folder / "part"
    part.mkdir()
    fewer = tuple(artifact for artifact in this.artifacts if "abi3t" not in artifact.label)
    for artifact in fewer:
        shutil.copyfile(this.dist / artifact.filename, part / artifact.filename)
    newest = {i: python for i, python in found.items() if i.version == "3.15"}
    shutil.copy(build_backend(this.declared), part)
    with serving(part, this.folder / "part.log") as url:
        return bad + installs.everywhere(name, f"{url}simple/", fewer, newest, this.dist, this.folder)


def build_backend(declared: Matrix) -> Path:
    """The wheel of maturin, which a build from the sdist asks the index for; kept, with the hash of the lock file."""
    version = declared.lanes[0].maturin
    lock = (ROOT / "ci" / "requirements" / f"maturin-{version}.txt").read_text(encoding="utf-8")
    lines = re.search(rf"^maturin=={re.escape(version)} \\\n(?:    --hash=\S+(?: \\)?\n)+", lock, re.MULTILINE)
    if lines is None:
        raise CiError(f"maturin-{version}.txt does not lock maturin", todo="nox -s lock")

    def download(folder: Path) -> None:
        wanted = folder / "wanted.txt"
        wanted.write_text(lines[0], encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--require-hashes",
        ]
        run([*command, "--dest", folder, "-r", wanted], what="fetching maturin", todo="it is needed once; then it is kept")

    kept = once.folder(cache() / "rehearsal" / f"maturin-{version}", download)
    return next(kept.glob("*.whl"))


def faults(this: Rehearsal) -> int:
    """Every scenario, two at a time, each on an index of its own; how many did not come out as they must."""
    console.rule("faults", align="left")

    def one(number: int, scenario: Scenario) -> tuple[list[CiError], float]:
        started = time.monotonic()
        return list(played(this, scenario, this.folder / f"index-{number}")), time.monotonic() - started

    rows = scenarios(len(this.wanted))
    bad = 0
    with ThreadPoolExecutor(2) as pool:
        for scenario, (problems, seconds) in zip(rows, pool.map(one, range(len(rows)), rows), strict=True):
            line = f"{scenario.name}  status {scenario.status}, {scenario.up} of {len(this.wanted)} up"
            line += "; then whole" if scenario.again == 0 else "; refused until it is removed from the index; then whole"
            line += f"  {seconds:.1f} s"
            (failed if problems else passed)(line)
            for problem in problems:
                refusal(problem)
            bad += bool(problems)
    return bad


def played(this: Rehearsal, scenario: Scenario, index: Path) -> Iterator[CiError]:
    """Publishes under the fault, and again without it; what did not come out as it must."""
    index.mkdir()
    scenario.before(index, this.dist, this.order)
    with serving(index, this.folder / f"{index.name}.log") as url:
        with Proxy(url, scenario.fault(this.order)) as proxy:
            options = ("--index", proxy.url, "--attempts", "2", "--wait", "2")
            status, said = this.verb("publish", *options, env=scenario.env)
        up = {name for name, sha256 in this.stored(index).items() if this.wanted.get(name) == sha256}
        rows: list[tuple[str, object, object]] = [("the status", scenario.status, status), ("files up", scenario.up, len(up))]
        rows += [(f"“{words}”", True, words in said) for words in scenario.says]
        if scenario.uploads is not None:
            rows.append(("files sent", scenario.uploads, len(proxy.uploads)))
        if not scenario.sdist:
            rows.append(("the sdist sent", False, any(name.endswith(".tar.gz") for name in proxy.uploads)))
        rows.append(("`published`", int(len(up) < len(this.wanted)), this.verb("published", "--index", f"{url}simple/")[0]))
        again, said_again = this.verb("publish", "--index", url)
        rows.append(("the next run", scenario.again, again))
        if scenario.again:
            for name in this.stored(index):
                if this.wanted.get(name) != this.stored(index)[name]:
                    (index / name).unlink()
            rows.append(("the run after that", 0, this.verb("publish", "--index", url)[0]))
        rows.append(("all files, and no other", this.wanted, this.stored(index)))
        rows.append(("`published`, at last", 0, this.verb("published", "--index", f"{url}simple/")[0]))
    wrong = [CiError(f"{what} is not as it must be", expected=str(e), found=str(f)) for what, e, f in rows if e != f]
    yield from wrong
    if wrong:
        yield CiError("what the publisher read", found=f"{said}\nand the next time:\n{said_again}")


if __name__ == "__main__":
    sys.exit(main())
