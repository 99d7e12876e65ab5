"""The verb build: makes the declared artifacts with maturin, finishes each one, and says how long it took.

All wheels of one lock file share one cargo target folder, so that the kernels and everything that does not depend on the
interpreter are compiled once; see `recipe.slot` for what keeps the interpreters' own crates apart in it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from ci import cibw, cross, evidence, finish, head, host, interpreters, matrix, process, recipe, tools, unwinder
from ci.console import console
from ci.errors import CiError
from ci.paths import DIST, ROOT

TARGETS = ROOT / "target" / "wheels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dist", nargs="?", type=Path, default=DIST, metavar="DIR", help="where artifacts go (dist/)")
    parser.add_argument("--platform", action="append", default=[], metavar="P", help="a platform of the matrix, or all")
    parser.add_argument("--only", action="append", default=[], metavar="TAG", help="cp312-abi3, …, or sdist")
    parser.add_argument("--lane", action="append", default=[], metavar="LANE", help="the wheels of a lane of the matrix")
    parser.add_argument(
        "--with",
        dest="tool",
        choices=("maturin", "cibuildwheel"),
        default="maturin",
        help="cibuildwheel: as hosted CI does, in a container on Linux (docs/cibuildwheel.md); the sdist is maturin's",
    )


def run(args: argparse.Namespace) -> int:
    declared = matrix.load()
    version = matrix.project_version()
    artifacts = declared.artifacts(version, declared.select_platforms(args.platform))
    if unknown := set(args.only) - {artifact.label for artifact in artifacts}:
        raise CiError(
            f"--only {min(unknown)}: nothing of that tag is declared",
            expected=", ".join(artifact.label for artifact in artifacts),
            found=min(unknown),
            todo="name a tag of the plan: python -m ci plan",
        )
    wanted = of_lanes(declared, [artifact for artifact in artifacts if not args.only or artifact.label in args.only], args.lane)
    args.dist.mkdir(parents=True, exist_ok=True)
    if args.tool == "cibuildwheel":
        with_cibuildwheel(declared, [artifact for artifact in wanted if artifact.wheel], args.dist)
        wanted = [artifact for artifact in wanted if artifact.is_sdist]
    first: dict[tuple[str, str], float] = {}
    for number, artifact in enumerate(wanted, 1):
        with console.status(f"{number} of {len(wanted)}: building {artifact.filename}"):
            made = build(declared, artifact, args.dist)
        cpu = made.detail["cpu_seconds"]
        ratio = ""
        if artifact.wheel:
            mine = (made.detail["lock"], made.detail["target"])
            ratio = f", {cpu / first[mine]:.2f} of the first of its lock file" if mine in first else ""
            first.setdefault(mine, cpu)
        console.print(
            f"built  {artifact.filename}  {made.detail['bytes']:,} bytes  "
            f"{len(made.detail['compiled'])} crates in {made.detail['wall_seconds']:.0f} s, {cpu:.1f} s CPU{ratio}"
        )
    return 0


def of_lanes(declared: matrix.Matrix, artifacts: list[matrix.Artifact], names: list[str]) -> list[matrix.Artifact]:
    """Those of the lanes of these names; without a name, all. The sdist is of no lane."""
    known = [lane.name for lane in declared.lanes]
    if unknown := [name for name in names if name not in known]:
        raise CiError(f"--lane {unknown[0]}: no such lane", expected=f"one of {', '.join(known)}", found=unknown[0])
    return [a for a in artifacts if not names or (a.wheel and a.wheel.lane.name in names)]


def with_cibuildwheel(declared: matrix.Matrix, artifacts: list[matrix.Artifact], dist: Path) -> None:
    """Makes these wheels with cibuildwheel, and says so as each one comes."""
    with console.status(f"cibuildwheel: {len(artifacts)} wheels"):
        for made in cibw.build_all(declared, artifacts, dist):
            console.print(f"built  {made.artifact}  {made.detail['bytes']:,} bytes  by {made.tool} {made.version}")


def build(declared: matrix.Matrix, artifact: matrix.Artifact, dist: Path) -> evidence.Evidence:
    """Makes one artifact, puts it into dist under its declared name, and writes its evidence."""
    lane = artifact.wheel.lane if artifact.wheel else declared.lanes[0]
    tree = tree_for(lane)
    maturin = tools.environment(ROOT / "ci" / "requirements" / f"maturin-{lane.maturin}.txt")
    environment = build_environment(maturin, tree, artifact.platform)
    interpreter = interpreter_for(artifact)
    with tempfile.TemporaryDirectory(prefix="hotkernels-build-") as folder:
        out = Path(folder)
        before, started = children_cpu(), time.monotonic()
        log = maturin_build(artifact, lane, tree, out, interpreter, environment)
        cpu, wall = children_cpu() - before, time.monotonic() - started
        made = [path for path in out.iterdir() if path.is_file()]
        if [path.name for path in made] != [artifact.filename]:
            raise CiError(
                f"{artifact.filename}: the build gave something else",
                expected=artifact.filename,
                found=", ".join(path.name for path in made) or "nothing",
                todo="an abi3 feature that does nothing on this interpreter, or a wrong interpreter, gives another tag",
            )
        part = dist / f".{artifact.filename}.{os.getpid()}.part"
        if artifact.is_sdist:
            shutil.copyfile(made[0], part)
        else:
            finish.wheel(made[0], part, epoch=int(environment["SOURCE_DATE_EPOCH"]))
        evidence.discard(dist, artifact.filename)
        part.replace(dist / artifact.filename)
    written = evidence.Evidence(
        artifact=artifact.filename,
        sha256=evidence.sha256(dist / artifact.filename),
        check="build",
        verdict="pass",
        tool="maturin",
        version=lane.maturin,
        host="native",
        detail={
            "cpu_seconds": round(cpu, 2),
            "wall_seconds": round(wall, 2),
            "compiled": recipe.compiled_crates(log),
            "lock": lane.lock,
            "lane": lane.name,
            "features": list(lane.features),
            "commit": environment["HOTKERNELS_COMMIT"],
            "rustc": head.output(cross.compiler(environment), "--version"),
            "machine": host.here(),
            "target": artifact.platform.target if artifact.platform else None,
            "bytes": (dist / artifact.filename).stat().st_size,
        },
    )
    evidence.write(dist, written)
    return written


def interpreter_for(artifact: matrix.Artifact) -> str:
    """What maturin is told to build on: the interpreter itself; for another platform its name, which maturin knows."""
    if artifact.wheel is None or artifact.platform is None:
        return ""
    if not host.runs(artifact.platform):
        return artifact.wheel.interpreter.command
    if (found := interpreters.find(artifact.wheel.interpreter)) is None:
        raise CiError(
            f"{artifact.filename}: no {artifact.wheel.interpreter.command} to build it on",
            expected=f"CPython {artifact.wheel.interpreter.name}",
            todo="nox -s interpreters finds or builds it",
        )
    return str(found)


def maturin_build(
    artifact: matrix.Artifact,
    lane: matrix.Lane,
    tree: Path,
    out: Path,
    interpreter: str,
    environment: dict[str, str],
) -> str:
    """Runs maturin in `tree`, into `out`; its log, or a CiError with the end of it."""
    command = ["maturin"]
    if artifact.wheel is None or artifact.platform is None:
        command += ["sdist", "--out", str(out)]
    else:
        platform = artifact.platform
        command += ["build", "--release", "--locked", "--target", platform.target]
        if platform.tag.startswith("manylinux"):
            # zig links against the glibc that the platform tag promises, whatever this host has.
            command += ["--zig", "--auditwheel", "check"]
            command += ["--compatibility", platform.tag.removesuffix(f"_{platform.target.partition('-')[0]}")]
        command += ["--interpreter", interpreter, "--out", str(out)]
        command += ["--target-dir", str(TARGETS / Path(lane.lock).parent)]
        command += ["--config", recipe.slot(f"{artifact.wheel.tag}-{platform.tag}")]
        command += [f"--features={feature}" for feature in lane.features]
    done = subprocess.run(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise CiError(
            f"{artifact.filename}: maturin {command[1]} failed with status {done.returncode}",
            found="\n".join(done.stdout.splitlines()[-40:]),
            todo="correct what it says; the command runs again from where cargo stopped",
        )
    return done.stdout


def tree_for(lane: matrix.Lane) -> Path:
    """The folder to build in: the checkout, or for another lock file a copy of the sources with that lock.

    Stable cargo takes no lock file by name. The copy keeps the files' times and leaves unchanged ones alone, so that
    cargo sees as changed what has changed.
    """
    if lane.lock == "Cargo.lock":
        return ROOT
    tree = ROOT / "target" / "trees" / lane.name
    wanted = {path.relative_to(ROOT): path for path in recipe.sources(ROOT)} | {Path("Cargo.lock"): ROOT / lane.lock}
    for relative, path in wanted.items():
        copy = tree / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        here = path.stat()
        if not copy.exists() or (copy.stat().st_size, copy.stat().st_mtime_ns) != (here.st_size, here.st_mtime_ns):
            shutil.copy2(path, copy)
    for path in [path for path in tree.rglob("*") if path.is_file() and path.relative_to(tree) not in wanted]:
        path.unlink()
    return tree


def build_environment(maturin: Path, tree: Path, platform: matrix.Platform | None) -> dict[str, str]:
    """The environment of a build in `tree`: the tools first on PATH, no path of this machine in what is compiled."""
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join([str(maturin), environment["PATH"]])
    for name in [*recipe.CHANGES_THE_BUILD, *(name for name in environment if name.startswith("PYO3_"))]:
        environment.pop(name, None)
    if platform:
        environment |= cross.environment(platform, environment)
    # The folders that the crates are unpacked in must be there to be remapped.
    fetch = ["cargo", "fetch", "--locked", "--manifest-path", str(tree / "Cargo.toml")]
    process.run(fetch, what="fetching the crates of the lock file", cwd=tree, env=environment)
    flags = [*recipe.remap_flags(remapped(environment)), *(cross.flags(platform) if platform else [])]
    if platform and platform.tag.startswith("manylinux"):
        flags.append(unwinder.flag(unwinder.library(maturin, platform)))
    environment["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join(flags)  # cargo's separator
    environment["HOTKERNELS_COMMIT"] = head.commit()
    environment.setdefault("SOURCE_DATE_EPOCH", recipe.commit_time())
    return environment


def remapped(environment: dict[str, str]) -> Iterable[tuple[Path, str]]:
    """Absolute folders that rustc would write into the binary, and what is written instead."""
    home = Path(environment.get("CARGO_HOME") or Path.home() / ".cargo")
    yield ROOT, "."  # what a build script is handed; the workspace's own sources are named relative to it anyway
    # One folder a registry, its name a hash of the registry's address: the crates in it are the same whatever it is.
    for registry in sorted((home / "registry" / "src").glob("*")):
        yield registry, "/crates"
    yield from cross.remapped()


def children_cpu() -> float:
    """User and system seconds of all child processes that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if sys.platform == "win32":
    raise CiError("builds run on Linux and macOS", todo="use WSL")
