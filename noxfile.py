#!/usr/bin/env python3
"""Every task a person runs: `python3 noxfile.py -l` lists them, `python3 noxfile.py -s NAME` runs one.

Run as a script it needs Python 3.11 and a Rust toolchain, and brings the rest; `nox -s NAME` is the same for who has nox.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # for a nox that was started as a script of its own

from scripts import bootstrap

if __name__ == "__main__":
    bootstrap.main(sys.argv[1:])  # does not return

import functools
from collections.abc import Callable

import nox

from ci import environment

environment.apply()
bootstrap.add_uv_to_path()

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"


Task = Callable[[nox.Session], None]


def session(requirements: str, *, default: bool = False, nightly: bool = False) -> Callable[[Task], Task]:
    """A session with exactly the packages of ci/requirements/<requirements>.txt, on the Python that runs nox.

    nightly: too long for each change; `nox -t nightly` runs them all.
    """

    def wrap(function: Task) -> Task:
        @functools.wraps(function)
        def run(session: nox.Session) -> None:
            command = ["uv", "pip", "sync", "--quiet", "--require-hashes", "--only-binary", ":all:", "--compile-bytecode"]
            session.run_install(*command, f"ci/requirements/{requirements}.txt", silent=True)
            function(session)

        task: Task = nox.session(default=default, tags=["nightly"] if nightly else [])(run)
        return task

    return wrap


@session("ci", default=True)
def tests(session: nox.Session) -> None:
    """Test the source as it is, on every interpreter found: nox -s tests -- [cp314t …] [pytest options]"""
    session.run("python", "-m", "scripts.tests", "--sources", *session.posargs)


@session("ci")
def wheels(session: nox.Session) -> None:
    """Build, audit, test and gate all that ships: nox -s wheels -- [--platform P …]"""
    session.run("python", "-m", "scripts.wheels", *session.posargs)


@session("ci", nightly=True)
def everywhere(session: nox.Session) -> None:
    """Every platform's wheels on this machine, to the gate: the toolchain, then nox -s wheels -- --platform all"""
    session.run("python", "-m", "scripts.toolchain")
    session.run("python", "-m", "scripts.wheels", "--platform", "all")


@session("ci", nightly=True)
def cibuildwheel(session: nox.Session) -> None:
    """Build with the real cibuildwheel in a container, prove what it makes, compare it with dist/ (Linux, as root)"""
    session.run("python", "-m", "scripts.cibuildwheel", *session.posargs)


@session("ci", nightly=True)
def reproduce(session: nox.Session) -> None:
    """Build what is committed twice and compare every byte: nox -s reproduce -- [--only TAG …] [--against DIR]"""
    session.run("python", "-m", "scripts.reproduce", *session.posargs)


@session("ci", nightly=True)
def attack(session: nox.Session) -> None:
    """Spoil releases in every known way, and in pairs of ways, and see each one refused: nox -s attack -- [PAIRS]"""
    pairs = {"HOTKERNELS_PAIRS": session.posargs[0] if session.posargs else "3000"}
    session.run("pytest", "-s", "tests/ci/test_attack.py", "tests/ci/test_canary.py", "tests/ci/test_trust.py", env=pairs)


@session("publish")
def publish(session: nox.Session) -> None:
    """Send the gated files of dist/ to an index, and see every one there: nox -s publish -- --index URL"""
    session.run("python", "-m", "ci", "publish", *session.posargs)


@session("rehearse")
def rehearse(session: nox.Session) -> None:
    """Publish dist/ to an index on this machine, install from it everywhere, and see every fault end well"""
    session.run("python", "-m", "scripts.rehearse", *session.posargs)


@session("lint", default=True)
def lint(session: nox.Session) -> None:
    """Check style, types, stubs, workflows, metadata and locks; nox -s lint -- --fix corrects what can be"""
    session.run("python", "-m", "scripts.lint", *session.posargs)


@session("workflows", nightly=True)
def workflows(session: nox.Session) -> None:
    """Execute the hosted workflows here, up to files on a local index: nox -s workflows -- [ci release refused]"""
    session.run("python", "-m", "scripts.workflows", *session.posargs)


@session("rehearse")
def installed(session: nox.Session) -> None:
    """Install a version from an index into every interpreter, as users do: nox -s installed -- --version V --index URL"""
    session.run("python", "-m", "scripts.installed", *session.posargs)


@session("ci")
def announce(session: nox.Session) -> None:
    """Make the release's page with its files, or find that it is there with the same: nox -s announce -- --tag V"""
    session.run("python", "-m", "scripts.announce", *session.posargs)


@session("ci", nightly=True)
def peers(session: nox.Session) -> None:
    """Hold text to jellyfish and RapidFuzz by 100,000 pairs an algorithm, and to polars, pyarrow, pandas by their columns"""
    held = ["tests/test_text_peers.py", "tests/test_text_seeded.py", "--hypothesis-profile=nightly"]
    session.run("python", "-m", "scripts.tests", *held, *(session.posargs or ["cp314"]))
    # Columns of the libraries themselves; on every interpreter they are made by hand.
    read = ["tests/test_columns.py", "tests/test_polars.py"]
    session.run("python", "-m", "scripts.tests", "--with=columns", *read, *(session.posargs or ["cp314"]))


@session("ci", nightly=True)
def endure(session: nox.Session) -> None:
    """Test memory, threads and endings for a night: a million calls each, a hundred endings, 16 threads a test"""
    long = ["growth", "no_memory", "shutdown", "races", "interpreters", "interrupt", "threads"]
    held = [f"tests/test_{name}.py" for name in long]
    chosen = session.posargs or ["cp314", "cp314t"]
    # One at a time: a night is for what only a quiet machine shows.
    session.run("python", "-m", "scripts.tests", "--jobs=1", *held, "--hypothesis-profile=nightly", *chosen)
    # Every test in many threads at once, again and again, where threads are free.
    many = ["--jobs=1", "--threads=16", "--iterations=3"]
    free = [name for name in chosen if name.endswith("t")]
    if free:
        session.run("python", "-m", "scripts.tests", *many, *free)


@session("ci", nightly=True)
def load(session: nox.Session) -> None:
    """Call everything from many threads for an hour, each answer known: nox -s load -- [--minutes N] [--threads N]"""
    session.run("python", "-m", "scripts.endure", "load", *session.posargs)


@session("ci", nightly=True)
def large(session: nox.Session) -> None:
    """Inputs as large as memory allows, in no more beside them than is documented: nox -s large -- [--gigabytes N]"""
    session.run("python", "-m", "scripts.endure", "large", *session.posargs)


@session("ci", nightly=True)
def fuzz(session: nox.Session) -> None:
    """Fuzz the kernels and the import layer, on a nightly Rust: nox -s fuzz -- [TARGET …] [--seconds N] [--keep] [--install]"""
    session.run("python", "-m", "scripts.fuzz", *session.posargs)


@session("ci", nightly=True)
def dask(session: nox.Session) -> None:
    """Hold hotkernels.dask to one call's answers, on a cluster of processes too, one of which is killed"""
    session.run("python", "-m", "scripts.tests", "--with=dask", "tests/test_dask.py", *(session.posargs or ["cp314"]))


@session("ci")
def cov(session: nox.Session) -> None:
    """Measure which lines the tests run, Python and Rust, and fail below the floor"""
    session.run("python", "-m", "scripts.cov", *session.posargs)


@session("ci", nightly=True)
def deny(session: nox.Session) -> None:
    """Hold every crate of every lock file to deny.toml: licences, duplicates, sources, advisories (cargo-deny)"""
    session.run("python", "-m", "scripts.deny", *session.posargs)


@session("ci", nightly=True)
def semver(session: nox.Session) -> None:
    """Hold the kernels crate's API to the release before (cargo-semver-checks); nox -s semver -- --keep before the first"""
    session.run("python", "-m", "scripts.semver", *session.posargs)


@session("ci")
def api(session: nox.Session) -> None:
    """Hold the Python API to the release before, as lint does: nox -s api -- [--keep | --release | --tag V]"""
    session.run("python", "-m", "scripts.api", *session.posargs)


@session("ci")
def notices(session: nox.Session) -> None:
    """Write THIRD-PARTY-LICENSES.txt anew: the licences of all that a wheel is linked from"""
    session.run("python", "-m", "scripts.notices", *session.posargs)


@session("ci")
def unsafe(session: nox.Session) -> None:
    """Write docs/unsafe.md anew: every unsafe place of the sources, with its reason"""
    session.run("python", "-m", "scripts.unsafety", *session.posargs)


@session("ci")
def interpreters(session: nox.Session) -> None:
    """Find, fetch or build every interpreter that is served: nox -s interpreters -- [--sources DIR]"""
    session.run("python", "-m", "scripts.interpreters", *session.posargs)


@session("ci")
def rust(session: nox.Session) -> None:
    """Make the Rust that releases are built with the default, through rustup where it is not there yet"""
    session.run("python", "-m", "scripts.rust", *session.posargs)


@session("ci")
def toolchain(session: nox.Session) -> None:
    """Provide what builds and runs other platforms' wheels on Linux x86_64: nox -s toolchain -- [--sources DIR]"""
    session.run("python", "-m", "scripts.toolchain", *session.posargs)


@session("ci", nightly=True)
def emulated(session: nox.Session) -> None:
    """Run the kernels' own tests as aarch64 code under emulation: nox -s emulated -- [TEST …]"""
    session.run("python", "-m", "scripts.kernels", *session.posargs)


@session("ci", nightly=True)
def sanitize(session: nox.Session) -> None:
    """Test the kernels, and the package in a CPython built alike, under sanitizers: nox -s sanitize -- [address | thread]"""
    session.run("python", "-m", "scripts.sanitize", *session.posargs)


@session("ci", nightly=True)
def memcheck(session: nox.Session) -> None:
    """Test the kernels, and use each function of the wheel, under valgrind: nox -s memcheck -- [--full]"""
    session.run("python", "-m", "scripts.memcheck", *session.posargs)


@session("ci", nightly=True)
def models(session: nox.Session) -> None:
    """Try what threads share in every order that can be: nox -s models -- [MODEL …]"""
    session.run("python", "-m", "scripts.models", *session.posargs)


@session("ci")
def miri(session: nox.Session) -> None:
    """Test the kernels under miri, on a nightly of rustup that has it; without one: nox -s miri -- --dry"""
    session.run("python", "-m", "scripts.miri", *session.posargs)


@session("ci")
def examples(session: nox.Session) -> None:
    """Test the examples, with Qt painting off screen: nox -s examples -- [pytest options]"""
    session.run("python", "-m", "scripts.examples", *session.posargs)


@session("ci")
def docs(session: nox.Session) -> None:
    """Build the documentation, warnings being errors, and run the code in it: nox -s docs -- [pages for pytest]"""
    session.run("python", "-m", "scripts.docs", *session.posargs)


@session("browser", nightly=True)
def browser(session: nox.Session) -> None:
    """Look at the report's page and the documentation in headless Chromium: nox -s browser -- [pytest options]"""
    session.run("python", "-m", "scripts.browser", *session.posargs)


@session("ci")
def bench(session: nox.Session) -> None:
    """Measure the kernels beside their peers: nox -s bench -- [FAMILY …]; two runs beside each other: --compare A B"""
    session.run("python", "-m", "scripts.bench", *session.posargs)


@session("ci", nightly=True)
def counts(session: nox.Session) -> None:
    """Hold the instructions of the hot kernels to their baseline (valgrind, x86_64 Linux): nox -s counts -- [--keep]"""
    session.run("python", "-m", "scripts.counts", *session.posargs)


@session("nox")
def lock(session: nox.Session) -> None:
    """Write ci/requirements anew after a change of the groups; nox -s lock -- --upgrade takes the newest"""
    session.run("python", "-m", "scripts.lock", *session.posargs)


@session("ci")
def ci(session: nox.Session) -> None:
    """Run one verb of the release line: nox -s ci -- plan | build | audit | test | gate | report | publish | published"""
    session.run("python", "-m", "ci", *session.posargs)
