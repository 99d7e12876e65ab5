"""Builds wheels with cibuildwheel: one run for each platform and lane, told by the matrix what to make and with what.

What is the same for every wheel of a lane stands in ci/cibuildwheel/<lane>.toml. What ci/matrix.toml declares is not
repeated there: it is added here, as settings for each identifier and as the environment of the run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ci import cross, evidence, finish, head, host, process, recipe, tools, unwinder
from ci.errors import CiError
from ci.matrix import Artifact, Lane, Matrix, Platform, Wheel
from ci.paths import ROOT, cache

SETTINGS = ROOT / "ci" / "cibuildwheel"
PROJECT = Path("/project")  # where cibuildwheel puts the sources in a container

# The crates come along, from the lock file: nothing is fetched in the container, whatever registry this machine uses.
CARGO_CONFIG = """\
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "vendor"

[net]
offline = true
"""

# A person's or a runner's own word on where a container comes from. Any other CIBW_ variable would change what is built.
KEPT = re.compile(r"CIBW_(CONTAINER_ENGINE|MANYLINUX_\w+_IMAGE|DEBUG_\w+)")


def build_all(declared: Matrix, artifacts: Iterable[Artifact], dist: Path) -> Iterator[evidence.Evidence]:
    """Makes these wheels, run by run, puts each into dist under its declared name, and writes its evidence."""
    runs: dict[tuple[Platform, Lane], list[Artifact]] = {}
    for artifact in artifacts:
        if artifact.wheel is None or artifact.platform is None:
            raise CiError(f"{artifact.filename}: cibuildwheel makes no sdist", todo="python -m ci build --only sdist")
        runs.setdefault((artifact.platform, artifact.wheel.lane), []).append(artifact)
    for (platform, lane), group in runs.items():
        yield from build_lane(declared, platform, lane, group, dist)


def build_lane(
    declared: Matrix, platform: Platform, lane: Lane, artifacts: list[Artifact], dist: Path
) -> Iterator[evidence.Evidence]:
    """One run of cibuildwheel, and what came of it."""
    if not host.runs(platform):
        raise CiError(
            f"cibuildwheel builds {platform.name} on {platform.name}",
            found=host.here(),
            todo=f"run it there (hosted CI: {platform.runner}); or leave out --with cibuildwheel, which builds it from here",
        )
    program = tools.environment(requirements("cibuildwheel", lane.cibuildwheel)) / "cibuildwheel"
    with tempfile.TemporaryDirectory(prefix="hotkernels-cibuildwheel-") as folder:
        tree, out = Path(folder).resolve() / "tree", Path(folder).resolve() / "out"
        stage(lane, tree)
        config = tree / "cibuildwheel.toml"
        config.write_text(configuration(lane, artifacts), encoding="utf-8")
        env = environment(declared, platform, lane, artifacts, PROJECT if is_linux(platform) else tree)
        if is_linux(platform):
            made_of = tools.environment(requirements("maturin", lane.maturin))
            shutil.copyfile(unwinder.library(made_of, platform), tree / unwinder.NAME)
        command: list[str | Path] = [
            program,
            "--platform",
            system(platform),
            "--output-dir",
            out,
            "--config-file",
            config,
            tree,
        ]
        logs = dist / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"cibuildwheel-{platform.name}-{lane.name}.log"
        log.unlink(missing_ok=True)
        started = time.monotonic()
        todo = f"its whole log: {log}; docs/cibuildwheel.md says what it needs"
        said = process.run(command, what=f"cibuildwheel of {lane.name}", cwd=tree, env=env, log=log, lines=60, todo=todo)
        seconds = time.monotonic() - started
        made = taken(out, artifacts)
        for artifact in artifacts:
            finished(made[artifact.filename], artifact, dist, epoch=int(env["SOURCE_DATE_EPOCH"]))
            word = evidence.Evidence(
                artifact=artifact.filename,
                sha256=evidence.sha256(dist / artifact.filename),
                check="build",
                verdict="pass",
                tool="cibuildwheel",
                version=lane.cibuildwheel,
                host="native",
                detail=detail(artifact, said)
                | {
                    "run_seconds": round(seconds, 2),
                    "run_wheels": len(artifacts),
                    "commit": env["HOTKERNELS_COMMIT"],
                    "bytes": (dist / artifact.filename).stat().st_size,
                },
            )
            evidence.write(dist, word)
            yield word


def requirements(tool: str, version: str) -> Path:
    """The lock of one tool's version."""
    return ROOT / "ci" / "requirements" / f"{tool}-{version}.txt"


def is_linux(platform: Platform) -> bool:
    return "-linux-" in platform.target


def system(platform: Platform) -> str:
    """As cibuildwheel calls it."""
    return "linux" if is_linux(platform) else "macos"


def identifier(wheel: Wheel, platform: Platform) -> str:
    """cp313t-manylinux_x86_64: what cibuildwheel calls a build on this interpreter."""
    family, arch = family_and_arch(platform)
    return f"{wheel.interpreter.name}-{family}_{arch}"


def family_and_arch(platform: Platform) -> tuple[str, str]:
    """("manylinux", "x86_64") of manylinux_2_28_x86_64, ("macosx", "arm64") of macosx_11_0_arm64."""
    match = re.fullmatch(r"(manylinux|macosx)_\d+_\d+_(\w+)", platform.tag)
    if match is None:
        raise CiError(f"{platform.name}: no platform of cibuildwheel's", expected="manylinux or macosx", found=platform.tag)
    return match[1], match[2]


def stage(lane: Lane, tree: Path) -> None:
    """A folder with what a build reads, and nothing else: cibuildwheel copies all of it into the container.

    The sources, the lane's lock file as Cargo.lock, the crates that it names, the lock of maturin, and rust.sh.
    """
    extra = (SETTINGS / "rust.sh", requirements("maturin", lane.maturin))
    wanted = {path.relative_to(ROOT): path for path in (*recipe.sources(ROOT), *extra)} | {Path("Cargo.lock"): ROOT / lane.lock}
    for relative, path in wanted.items():
        (tree / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, tree / relative)
    vendor = ["cargo", "vendor", "--quiet", "--locked", "--versioned-dirs", "vendor"]
    process.run(vendor, what="fetching the crates of the lock file", cwd=tree)
    (tree / ".cargo").mkdir()
    (tree / ".cargo" / "config.toml").write_text(CARGO_CONFIG, encoding="utf-8")


def configuration(lane: Lane, artifacts: Iterable[Artifact]) -> str:
    """The lane's file, and below it what the matrix says of each identifier."""
    path = SETTINGS / f"{lane.name}.toml"
    if not path.is_file():
        raise CiError(f"lane {lane.name}: no settings", expected=str(path.relative_to(ROOT)), todo="write them, as for full")
    rows = []
    for artifact in artifacts:
        if artifact.wheel and artifact.platform:
            name = json.dumps(identifier(artifact.wheel, artifact.platform))  # a JSON string is a TOML string
            words = json.dumps(" ".join(build_arguments(artifact.wheel, artifact.platform)))
            rows.append(f"\n[[tool.cibuildwheel.overrides]]\nselect = {name}\nconfig-settings = {{ build-args = {words} }}\n")
    return path.read_text(encoding="utf-8") + "".join(rows)


def build_arguments(wheel: Wheel, platform: Platform) -> list[str]:
    """What maturin is told beyond pyproject.toml: as `python -m ci build` tells it, so that the code comes out the same."""
    return [
        "--locked",
        f"--target={platform.target}",
        f"--config={recipe.slot(f'{wheel.tag}-{platform.tag}')}",
        *(f"--features={feature}" for feature in wheel.lane.features),
    ]


def environment(
    declared: Matrix, platform: Platform, lane: Lane, artifacts: Iterable[Artifact], project: Path
) -> dict[str, str]:
    """The environment of a run. project: the folder of the sources where they are compiled."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CIBW_") or KEPT.fullmatch(name)}
    for name in [*recipe.CHANGES_THE_BUILD, *(name for name in env if name.startswith("PYO3_"))]:
        env.pop(name, None)
    flags = [*recipe.remap_flags([(project, "."), (project / "vendor", "/crates")]), *cross.flags(platform)]
    if is_linux(platform):
        flags.append(unwinder.flag(project / unwinder.NAME))
    passed = {
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),  # cargo's separator
        "HOTKERNELS_COMMIT": head.commit(),
        "HOTKERNELS_RUST": declared.rust,
        # uv holds the maturin that pyproject.toml asks for to this version, and compares its hash.
        "UV_CONSTRAINT": str(project / requirements("maturin", lane.maturin).relative_to(ROOT)),
    }
    env |= passed | cross.environment(platform, env)
    env.setdefault("SOURCE_DATE_EPOCH", recipe.commit_time())
    env["PATH"] = os.pathsep.join([str(Path(tools.uv()).parent), env.get("PATH", os.defpath)])
    _, arch = family_and_arch(platform)
    env["CIBW_ARCHS"] = arch
    env["CIBW_BUILD"] = " ".join(selected(platform, artifacts))
    env["CIBW_CACHE_PATH"] = str(cache() / "cibuildwheel")
    if is_linux(platform):
        env["CIBW_ENVIRONMENT_PASS_LINUX"] = " ".join([*passed, "SOURCE_DATE_EPOCH"])
        env.setdefault(f"CIBW_MANYLINUX_{arch.upper()}_IMAGE", platform.tag.removesuffix(f"_{arch}"))
    return env


def selected(platform: Platform, artifacts: Iterable[Artifact]) -> list[str]:
    """The identifiers of a run; a CiError when two wheels want the same, for one run makes one wheel of each."""
    names = [identifier(artifact.wheel, platform) for artifact in artifacts if artifact.wheel]
    if twice := {name for name in names if names.count(name) > 1}:
        raise CiError(
            f"two wheels of one lane are built as {min(twice)}",
            expected="one wheel of each interpreter in a lane",
            found=", ".join(names),
            todo="give one of them a lane of its own in ci/matrix.toml",
        )
    return names


def taken(out: Path, artifacts: Iterable[Artifact]) -> dict[str, Path]:
    """What came out, by name; a CiError unless it is exactly what is declared."""
    expected = sorted(artifact.filename for artifact in artifacts)
    made = {path.name: path for path in out.iterdir()} if out.is_dir() else {}
    if sorted(made) != expected:
        raise CiError(
            "cibuildwheel gave something else than what is declared",
            expected=", ".join(expected),
            found=", ".join(sorted(made)) or "nothing",
            todo="a feature that does nothing on this interpreter gives another ABI, another image another platform tag",
        )
    return made


def finished(source: Path, artifact: Artifact, dist: Path, *, epoch: int) -> None:
    """Puts a wheel into dist, finished; what was known of the bytes before is discarded."""
    part = dist / f".{artifact.filename}.{os.getpid()}.part"
    finish.wheel(source, part, epoch=epoch)
    evidence.discard(dist, artifact.filename)
    part.replace(dist / artifact.filename)


def detail(artifact: Artifact, log: str) -> dict[str, object]:
    """What the log and the matrix say of one wheel: its tools, its compiler, its image, the crates that were compiled."""
    if artifact.wheel is None or artifact.platform is None:
        raise CiError(f"{artifact.filename}: not a wheel")
    lane, name = artifact.wheel.lane, identifier(artifact.wheel, artifact.platform)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    # The log of one identifier goes from its own heading to the next one's.
    parts = re.split(r"^Building (\S+) wheel$", plain, flags=re.MULTILINE)
    own = dict(zip(parts[1::2], parts[2::2], strict=True)).get(name, "")
    return {
        "lane": lane.name,
        "lock": lane.lock,
        "features": list(lane.features),
        "target": artifact.platform.target,
        "identifier": name,
        "compiled": recipe.compiled_crates(own),
        "rustc": first(r"^rustc \d.*$", plain),
        "image": first(r"Starting container image (\S+?)\.\.\.", plain),
        "tools": {"maturin": lane.maturin},
    }


def first(expression: str, text: str) -> str | None:
    """The first match: its group where it has one."""
    match = re.search(expression, text, re.MULTILINE)
    return match[match.re.groups] if match else None
