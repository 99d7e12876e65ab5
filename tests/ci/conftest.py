"""What the tests of the release line share: the matrix, a small checkout, and a folder that the gate lets pass."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import matrix
from ci.matrix import Artifact, Matrix, Platform
from tests.ci import factory

LINUX = "linux-x86_64"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The bad ELF files are made by this machine's C compiler."""
    if (sys.platform, platform.machine()) == ("linux", "x86_64") and shutil.which("cc"):
        return
    if os.environ.get("CI"):
        pytest.exit("these tests need a C compiler on Linux x86_64; CI skips none of them", returncode=1)
    for item in items:
        if {"dist", "wheel", "elf"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.skip(reason="needs a C compiler on Linux x86_64"))


@pytest.fixture(scope="session")
def declared() -> Matrix:
    return matrix.load()


@pytest.fixture(scope="session")
def linux(declared: Matrix) -> tuple[Platform, ...]:
    """The one platform that these tests make files for, whatever else the matrix declares."""
    return declared.select_platforms([LINUX])


@pytest.fixture(scope="session")
def artifacts(declared: Matrix, linux: tuple[Platform, ...]) -> tuple[Artifact, ...]:
    return declared.artifacts(matrix.project_version(), linux)


@pytest.fixture(scope="session")
def by_label(artifacts: tuple[Artifact, ...]) -> dict[str, Artifact]:
    return {artifact.label: artifact for artifact in artifacts}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return factory.checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory, artifacts: tuple[Artifact, ...], checkout: Path) -> Path:
    """A folder with every declared artifact and all evidence. Not to be changed: `dist` is a copy."""
    folder = tmp_path_factory.mktemp("released")
    for artifact in artifacts:
        if artifact.is_sdist:
            factory.write_sdist(folder / artifact.filename, factory.sdist_members(checkout, artifact.version))
        else:
            factory.write_wheel(folder / artifact.filename, factory.wheel_members(artifact))
        factory.prove(folder, artifact)
    return folder


@pytest.fixture
def dist(released: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(released, tmp_path / "dist"))


@pytest.fixture
def elf() -> Callable[..., bytes]:
    """factory.module: an extension module, compiled now."""
    return factory.module
