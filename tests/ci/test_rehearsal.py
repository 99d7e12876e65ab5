"""What the rehearsal looks for is what users were promised, and a release that is not there is not rehearsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ci import host
from ci.errors import CiError
from ci.matrix import Artifact, Matrix, Platform
from ci.paths import ROOT
from scripts import rehearse
from scripts.rehearsal import installs
from scripts.rehearsal.scenarios import scenarios


def test_the_promised_wheel(artifacts: tuple[Artifact, ...], declared: Matrix) -> None:
    def chosen(*without: str) -> dict[str, str | None]:
        there = [artifact for artifact in artifacts if artifact.label not in without]
        found = {interpreter.name: installs.promised(there, interpreter) for interpreter in declared.interpreters}
        return {name: artifact.label if artifact else None for name, artifact in found.items()}

    assert chosen() == {
        "cp312": "cp312-cp312",
        "cp313": "cp313-cp313",
        "cp313t": "cp313-cp313t",
        "cp314": "cp314-cp314",
        "cp314t": "cp314-cp314t",
        "cp315": "cp315-abi3.abi3t",
        "cp315t": "cp315-abi3.abi3t",
    }
    older = chosen("cp315-abi3.abi3t", "cp312-cp312")
    assert (older["cp315"], older["cp315t"], older["cp312"]) == ("cp312-abi3", None, "cp312-abi3")


def test_the_readme_promises_every_wheel(declared: Matrix) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Which wheel you get")[2]
    for wheel in declared.wheels:
        name = wheel.tag if wheel.limited_api else wheel.tag.split("-")[1]
        assert re.search(rf"\b{re.escape(name)}\b", table), name


def test_what_is_not_whole_is_not_rehearsed(
    released: Path, dist: Path, linux: tuple[Platform, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "native", lambda _: linux)
    assert len(rehearse.prepared(released, tmp_path).wanted) == len(list(released.glob("hotkernels-*")))
    next(dist.glob("*cp312-abi3*")).unlink()
    with pytest.raises(CiError, match="is not a whole, proven release") as caught:
        rehearse.prepared(dist, tmp_path)
    assert "nox -s wheels" in caught.value.todo


def test_the_lock_of_the_build_backend_is_found(declared: Matrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path))
    asked: list[str] = []

    def download(command: list[str | Path], **_: object) -> str:
        asked.append(Path(command[-1]).read_text(encoding="utf-8"))
        (Path(command[command.index("--dest") + 1]) / "maturin.whl").write_bytes(b"")
        return ""

    monkeypatch.setattr(rehearse, "run", download)
    assert rehearse.build_backend(declared) == rehearse.build_backend(declared)
    (lines,) = asked
    assert lines.startswith(f"maturin=={declared.lanes[0].maturin} \\\n")
    assert lines.count("--hash=sha256:") == len(lines.splitlines()) - 1


def test_scenarios_have_names_and_words() -> None:
    rows = scenarios(8)
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.says for row in rows)
    assert all(row.up == 8 for row in rows if row.status == 0)
