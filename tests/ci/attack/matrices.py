"""Mutations of ci/matrix.toml after the release was made: rows dropped, doubled, bent, so that the gate would ask for less."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.ci.attack.release import Release, mutation


def edit(release: Release, change: Callable[[str], str]) -> None:
    changed = change(release.matrix_text)
    assert changed != release.matrix_text
    release.matrix_text = changed


def without(release: Release, table: str, row: str) -> None:
    """Without the table that holds this line."""
    pieces = re.split(r"(?m)^(?=\[)", release.matrix_text)
    kept = [piece for piece in pieces if not (piece.startswith(f"[[{table}]]") and row in piece)]
    assert len(kept) == len(pieces) - 1
    release.matrix_text = "".join(kept)


@mutation("matrix", "[wheel] of ci/matrix.toml is not what evidence was made under", of="release")
def a_wheel_dropped_with_its_files(release: Release) -> None:
    """Nothing is left of it that could be missed."""
    without(release, "wheel", 'tag = "cp312-abi3"')
    for path in [*release.dist.glob("*-cp312-abi3-*"), *(release.dist / "evidence").glob("*-cp312-abi3-*")]:
        path.unlink()


@mutation("matrix", "-cp314-cp314-manylinux_2_28_x86_64.whl: does not belong here", of="release")
def a_wheel_dropped(release: Release) -> None:
    without(release, "wheel", 'tag = "cp314-cp314"\n')


@mutation("matrix", "cp315t takes no wheel on linux-x86_64", of="release")
def an_interpreter_without_a_wheel(release: Release) -> None:
    without(release, "wheel", 'tag = "cp315-abi3.abi3t"')


@mutation("matrix", "-cp312-abi3-manylinux_2_28_x86_64.whl.tests.cp315.json: evidence that nobody asks for", of="release")
def an_interpreter_dropped(release: Release) -> None:
    edit(release, lambda text: text.replace('interpreter = "cp315"\n', 'interpreter = "cp315t"\n'))
    without(release, "interpreter", 'name = "cp315"\n')


@mutation("matrix", "[interpreter] of ci/matrix.toml is not what evidence was made under", of="release")
def an_interpreter_more(release: Release) -> None:
    edit(release, lambda text: text + '\n[[interpreter]]\nname = "cp316"\nversion = "3.16"\nfree-threaded = false\n')


@mutation("matrix", "[platform] of ci/matrix.toml is not what evidence was made under", of="release")
def a_platform_dropped(release: Release) -> None:
    without(release, "platform", 'name = "macos-arm64"')


@mutation("matrix", "every declared artifact | not in dist/ | build it, audit it and test it", of="release", lone=True)
def a_platform_renamed(release: Release) -> None:
    edit(release, lambda text: text.replace("manylinux_2_28_x86_64", "manylinux_2_27_x86_64"))


@mutation("matrix", "[project] of ci/matrix.toml is not what evidence was made under", of="release")
def a_budget_raised(release: Release) -> None:
    edit(release, lambda text: text.replace("wheel-budget = 2_000_000", "wheel-budget = 9_000_000"))


@mutation("matrix", "crate hotkernels-kernels: ../kernels is no folder of the checkout", of="release", lone=True)
def a_crate_from_elsewhere(release: Release) -> None:
    edit(release, lambda text: text.replace('"src/kernels"', '"../kernels"'))


@mutation("matrix", "crates names none", of="release", lone=True)
def no_crate_of_our_own(release: Release) -> None:
    edit(release, lambda text: re.sub(r"(?m)^crates = .*", "crates = {}", text))


@mutation("matrix", "[sdist] of ci/matrix.toml is not what evidence was made under", of="release")
def another_interpreter_for_the_sdist(release: Release) -> None:
    edit(release, lambda text: re.sub(r'(\[sdist\]\ninterpreter = )"cp314"', r'\1"cp313"', text))


@mutation("matrix", "build: passes, and yet: built with another version of the tool | 1.15.0 |", of="release")
def another_tool_for_a_lane(release: Release) -> None:
    edit(release, lambda text: text.replace('maturin = "1.16.0"', 'maturin = "1.15.0"', 1))


@mutation("matrix", "build: passes, and yet: built from another lock file | other/Cargo.lock |", of="release")
def another_lock_file_for_a_lane(release: Release) -> None:
    edit(release, lambda text: text.replace('lock = "Cargo.lock"', 'lock = "other/Cargo.lock"', 1))


@mutation("matrix", "does not read as a matrix: the name cp312 twice", of="release", lone=True)
def an_interpreter_twice(release: Release) -> None:
    edit(release, lambda text: text + '\n[[interpreter]]\nname = "cp312"\nversion = "3.12"\nfree-threaded = false\n')


@mutation("matrix", "contradicts itself: wheel cp313-cp313t twice", of="release", lone=True)
def a_wheel_twice(release: Release) -> None:
    edit(release, lambda text: text + '\n[[wheel]]\ntag = "cp313-cp313t"\nlane = "full"\ninterpreter = "cp313t"\n')


@mutation("matrix", "contradicts itself: interpreter cp312 is not CPython 3.14", of="release", lone=True)
def an_interpreter_of_another_version(release: Release) -> None:
    edit(release, lambda text: text.replace('name = "cp312"\nversion = "3.12"', 'name = "cp312"\nversion = "3.14"'))


@mutation(
    "matrix", "contradicts itself: platform linux-x86_64: tag manylinux_2_28_x86_64 is not of target", of="release", lone=True
)
def a_target_of_another_platform(release: Release) -> None:
    edit(release, lambda text: text.replace('target = "x86_64-unknown-linux-gnu"', 'target = "aarch64-unknown-linux-gnu"'))


@mutation("matrix", "rehearsed 'released' is none of native, emulated, static", of="release", lone=True)
def a_host_that_is_none(release: Release) -> None:
    edit(release, lambda text: text.replace('rehearsed = "static" ', 'rehearsed = "released" '))


@mutation("matrix", "wheel cp314-cp314t is built on cp314, which does not take it", of="release", lone=True)
def a_wheel_that_its_interpreter_does_not_take(release: Release) -> None:
    edit(release, lambda text: text.replace('interpreter = "cp314t"', 'interpreter = "cp314"'))


@mutation("matrix", "wheel-budget True is no number of bytes", of="release", lone=True)
def a_budget_that_is_none(release: Release) -> None:
    edit(release, lambda text: text.replace("wheel-budget = 2_000_000", "wheel-budget = true"))


@mutation("matrix", "does not read as a matrix: 'platforms'", of="release", lone=True)
def a_table_that_there_is_not(release: Release) -> None:
    edit(release, lambda text: text + '\n[[platforms]]\nname = "x"\n')


@mutation("matrix", "does not read as a matrix: 'platform'", of="release", lone=True)
def no_platform(release: Release) -> None:
    edit(release, lambda text: text[: text.index("[[platform]]")])


@mutation("matrix", "does not read as a matrix: 'slow'", of="release", lone=True)
def a_lane_that_there_is_not(release: Release) -> None:
    edit(release, lambda text: text.replace('lane = "abi3"\n', 'lane = "slow"\n', 1))


@mutation("matrix", "does not read as a matrix: Invalid value", of="release", lone=True)
def a_matrix_cut_off(release: Release) -> None:
    edit(release, lambda text: text[: text.index('tag = "cp312-abi3"') + 5])
