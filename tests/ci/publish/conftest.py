"""An index in memory, what it should hold in the end, and no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci import evidence, index, publish
from ci.matrix import Artifact
from tests.ci.memory_index import MemoryIndex


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "PAUSE", 0.0)
    monkeypatch.setattr(index, "PAUSES", (0.0,))
    for name in ("UV_PUBLISH_TOKEN", "UV_PUBLISH_USERNAME", "UV_PUBLISH_PASSWORD", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def memory() -> Iterator[MemoryIndex]:
    with MemoryIndex() as made:
        yield made


@pytest.fixture
def wanted(released: Path, artifacts: tuple[Artifact, ...]) -> dict[str, str]:
    return {artifact.filename: evidence.sha256(released / artifact.filename) for artifact in artifacts}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """All that was printed since the last call."""

    def read() -> str:
        out, err = capsys.readouterr()
        return out + err

    return read
