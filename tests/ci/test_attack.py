"""Bad releases of every kind, alone and in pairs: each is refused, for its own reason, and none hides another.

`python3 noxfile.py -s attack -- 3000` prints the numbers: HOTKERNELS_PAIRS says how many pairs are drawn,
HOTKERNELS_SEED which.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest

from ci import evidence
from ci.audit import manylinux
from ci.matrix import Artifact, Matrix
from ci.paths import ROOT
from tests.ci.attack import archives, folders, matrices, sdists, wheels, words, zips
from tests.ci.attack.release import FINISHED, MUTATIONS, Mutation, Release, copy, replace, spoil

Make = Callable[[Artifact], Release]

MODULES = (archives, folders, matrices, sdists, wheels, words)
"""Each registers its mutations when it is imported."""

PAIRS = int(os.environ.get("HOTKERNELS_PAIRS", "150"))
SEED = int(os.environ.get("HOTKERNELS_SEED", "20261121"))
ALL = sorted(MUTATIONS.values(), key=lambda each: each.name)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """auditwheel takes half a second a file; test_audit_elf.py shows what it refuses."""
    with pytest.MonkeyPatch.context() as patch:
        said = {"overall_tag": "manylinux_2_17_x86_64", "external_libs": {}, "policy_upgrades": {}}
        patch.setattr(manylinux, "auditwheel", lambda _: said)
        yield


@pytest.fixture(scope="module")
def whole(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good release, its evidence at a time that the mutations know."""
    folder = copy(released, tmp_path_factory.mktemp("whole") / "dist")
    for path in evidence.folder(folder).iterdir():
        text = path.read_text(encoding="utf-8")
        at = text.index('"finished": "') + len('"finished": "')
        replace(path, (text[:at] + FINISHED + text[at + len(FINISHED) :]).encode())
    return folder


@pytest.fixture(scope="module")
def make(
    whole: Path,
    tmp_path_factory: pytest.TempPathFactory,
    checkout: Path,
    declared: Matrix,
    artifacts: tuple[Artifact, ...],
) -> Make:
    text = (ROOT / "ci" / "matrix.toml").read_text(encoding="utf-8")

    def release(target: Artifact) -> Release:
        dist = copy(whole, tmp_path_factory.mktemp("release") / "dist")
        return Release(dist=dist, checkout=checkout, declared=declared, artifacts=artifacts, target=target, matrix_text=text)

    return release


@pytest.fixture(scope="module")
def targets(by_label: dict[str, Artifact]) -> tuple[Artifact, Artifact]:
    """Two wheels of the full API, whose audit starts no other program."""
    return by_label["cp312-cp312"], by_label["cp313-cp313"]


@pytest.fixture(scope="module")
def refusals(make: Make, targets: tuple[Artifact, Artifact]) -> dict[str, tuple[str, list[str]]]:
    """Of each mutation alone: the words of its reason, and all that the release line says."""
    found = {}
    for each in ALL:
        release = make(targets[0])
        spoil(release, [(each, release.target)])
        found[each.name] = (each.words(release), release.judge())
    return found


def test_there_are_enough() -> None:
    files = {path.stem for path in Path(archives.__file__).parent.glob("*.py")}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == files - {"release", "tars", "zips"}
    assert len(ALL) >= 60
    print(f"\n{len(ALL)} mutations")


def test_the_release_that_they_spoil_passes(make: Make, targets: tuple[Artifact, Artifact]) -> None:
    assert make(targets[0]).judge() == []


def test_it_passes_when_it_is_made_anew(make: Make, targets: tuple[Artifact, Artifact]) -> None:
    """What a mutation does beside its change (writing the archive field by field, auditing it) is no difference."""
    release = make(targets[0])
    release.write(release.members())
    release.rewrite(zips.build(release.zipped()))
    release.tarred()
    release.audit()
    assert release.judge() == []


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_alone(each: Mutation, refusals: dict[str, tuple[str, list[str]]]) -> None:
    """Refused, in its own words."""
    words_, problems = refusals[each.name]
    assert any(words_ in problem for problem in problems), "\n".join([words_, *problems])


def test_each_reason_is_of_one_mutation_alone(refusals: dict[str, tuple[str, list[str]]]) -> None:
    """Who reads two refusals can tell what was done: of two mutations, one at least has words that the other has not.

    One may have the other's words besides, where it does what the other does and more.
    """
    assert len({words_ for words_, _ in refusals.values()}) == len(refusals)
    said = {name: "\n".join(problems) for name, (_, problems) in refusals.items()}
    same = [
        f"{one} and {two}"
        for (one, (first, _)), (two, (second, _)) in combinations(refusals.items(), 2)
        if first in said[two] and second in said[one]
    ]
    assert not same, "\n".join(same)


def test_every_refusal_says_what_to_do(refusals: dict[str, tuple[str, list[str]]]) -> None:
    for name, (_, problems) in refusals.items():
        for problem in problems:
            message, expected, _, todo = problem.rsplit(" | ", 3)
            assert message, name
            assert expected or "failed: " in message, f"{name}: {problem}"
            assert todo, f"{name}: {problem}"


def pairs(targets: tuple[Artifact, Artifact]) -> Iterator[tuple[tuple[Mutation, Artifact], tuple[Mutation, Artifact]]]:
    """Pairs drawn by a fixed seed: two mutations of wheels on two wheels, so that each has its own to spoil."""
    one, two = targets
    drawn = random.Random(SEED).sample(list(combinations(ALL, 2)), PAIRS)
    for first, second in drawn:
        yield (first, one), (second, two)


def test_in_pairs(make: Make, targets: tuple[Artifact, Artifact]) -> None:
    """Both reasons are given. What cannot be read is not judged further: then that is the reason, and the other may wait."""
    tried = 0
    for (first, one), (second, two) in pairs(targets):
        if first.of == second.of == "sdist" or (first.stage == second.stage == "matrix" and (first.lone or second.lone)):
            continue  # there is one sdist and one matrix: the second would take the place of the first
        release = make(one)
        spoil(release, [(first, one), (second, two)])
        problems = "\n".join(release.judge())
        for each, target in ((first, one), (second, two)):
            release.target = target
            if each.lone or not (first.lone or second.lone):
                assert each.words(release) in problems, f"{first.name} and {second.name}: {each.name}\n{problems}"
        tried += 1
    assert tried > PAIRS * 0.8
    print(f"\n{tried} pairs")
