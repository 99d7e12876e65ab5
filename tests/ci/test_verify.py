"""docs/verify.md: the commands that can be run here are run as they stand there; of the others their options are looked at."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ci import __main__, evidence
from ci.matrix import Artifact
from ci.paths import ROOT
from scripts import reproduce
from tests.ci import factory

TEXT = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
NAMES = ("sums", "github", "reproduce", "sbom")
BLOCKS = dict(zip(NAMES, re.findall(r"(?ms)^```sh\n(.*?)^```$", TEXT), strict=True))


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # The python3 of the commands is the one that runs this.
    command = command.replace("python3 ", f"{shlex.quote(sys.executable)} ")
    return subprocess.run(["bash", "-euc", command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum")
def test_sums(dist: Path, tmp_path: Path, by_label: dict[str, Artifact]) -> None:
    """As report writes them; for all files and for one that was downloaded; not for changed bytes."""
    assert __main__.main(["report", str(dist), "--platform", "linux-x86_64"]) == 0
    done = shell(BLOCKS["sums"], dist)
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.partition("  ")[2] for line in (dist / "SHA256SUMS").read_text().splitlines()]
    assert done.stdout.splitlines() == [f"{name}: OK" for name in listed]
    assert listed == sorted(artifact.filename for artifact in by_label.values())
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    wheel = by_label["cp312-abi3"].filename
    for name in (wheel, "SHA256SUMS"):
        shutil.copyfile(dist / name, downloads / name)
    assert shell(BLOCKS["sums"], downloads).stdout == f"{wheel}: OK\n"
    (downloads / wheel).write_bytes(b"changed")
    done = shell(BLOCKS["sums"], downloads)
    assert done.returncode == 1
    assert f"{wheel}: FAILED" in done.stdout


def test_no_sums_of_a_set_that_is_refused_or_changes(dist: Path, by_label: dict[str, Artifact]) -> None:
    words = ["report", str(dist), "--platform", "linux-x86_64"]
    assert __main__.main(words) == 0
    assert (dist / "SHA256SUMS").is_file()
    # A build that is about to replace a file takes the evidence away, and with it what was decided on it.
    evidence.discard(dist, by_label["cp312-abi3"].filename)
    assert not (dist / "SHA256SUMS").exists()
    assert __main__.main(words) == 0
    assert not (dist / "SHA256SUMS").exists()


def test_sbom(dist: Path) -> None:
    done = shell(BLOCKS["sbom"], dist)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    wheels = sorted(path.name for path in dist.glob("*.whl"))
    assert [line.split()[0] for line in lines[:: len(factory.CRATES)]] == wheels
    assert f"{wheels[0]} pyo3 {factory.CRATES['pyo3']} {factory.CHECKSUMS['pyo3']}" in lines


def test_reproduce(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The very options, up to the build, which takes minutes."""
    seen: dict[str, object] = {}

    def make(_: Path, place: reproduce.Place, commit: str, wanted: list[Artifact]) -> Path:
        seen.update(place=place, commit=commit, labels={artifact.label for artifact in wanted})
        return Path("nowhere")

    words = shlex.split(BLOCKS["reproduce"])
    assert words[:5] == ["python3", "noxfile.py", "-s", "reproduce", "--"]
    monkeypatch.setattr(reproduce, "make", make)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["reproduce", *words[5:], "--platform", "linux-x86_64"])
    assert reproduce.main() == 1  # nothing is in downloads/
    assert seen["labels"] == {"cp312-abi3"}


def test_github() -> None:
    """gh asks the network; here its words are held against the workflow that signs."""
    words = shlex.split(BLOCKS["github"].replace("\\\n", ""))
    assert words[:3] == ["gh", "attestation", "verify"]
    assert re.sub(r"-\d[^-]*-", "-*-", words[3]) == "hotkernels-*-cp312-abi3-manylinux_2_28_x86_64.whl"
    assert words[4:6] == ["--repo", "OWNER/REPO"]
    text = (ROOT / words[words.index("--signer-workflow") + 1].removeprefix("OWNER/REPO/")).read_text(encoding="utf-8")
    assert "actions/attest@" in text
    assert "subject-checksums: dist/SHA256SUMS" in text
