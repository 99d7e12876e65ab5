"""The command line: exit statuses, what is printed, the plan's formats, both reports."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ci import __main__, checks, evidence, folder, matrix, plan
from ci.errors import CiError
from ci.matrix import Artifact, Matrix
from tests.ci import factory


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for argv, status in (([], 2), (["fly"], 2), (["gate", "--moon"], 2), (["--help"], 0), (["gate", "--help"], 0)):
        with pytest.raises(SystemExit) as caught:
            __main__.main(argv)
        assert caught.value.code == status
    out = capsys.readouterr().out
    assert all(verb in out for verb in __main__.VERBS)


def test_refusals_are_lines_and_exit_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert __main__.main(["plan", "--platform", "moon"]) == 1
    assert __main__.main(["gate", str(tmp_path / "nowhere")]) == 1
    assert __main__.main(["audit", str(tmp_path)]) == 1
    assert __main__.main(["audit", str(tmp_path), "--only", "cp27-cp27m"]) == 1
    for pair in ("linux-x86_64=moon", "linux-x86_64/cp27=static", "all=static"):
        assert __main__.main(["gate", str(tmp_path), "--accept", pair]) == 1
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert err.count("expected: ") == 7
    assert err.count("do: ") == 7


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "run", interrupted)
    assert __main__.main(["plan"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_plan_text_names_every_artifact(declared: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["plan"]) == 0
    out = capsys.readouterr().out
    artifacts = declared.artifacts(matrix.project_version())
    assert all(artifact.filename in out for artifact in artifacts)
    assert f"{len(artifacts)} artifacts" in out


def test_plan_json(declared: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["plan", "--platform", "linux-x86_64", "--format", "json"]) == 0
    rows = {row["label"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {wheel.tag for wheel in declared.wheels} | {"sdist"}
    assert rows["cp312-abi3"]["tested_on"] == ["cp312", "cp313", "cp314", "cp315"]
    assert rows["cp315-abi3.abi3t"]["tested_on"] == ["cp315", "cp315t"]
    assert rows["cp313-cp313t"]["maturin"] == "1.13.3"


def test_plan_github_is_one_line_with_every_wheel_once(declared: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["plan", "--format", "github"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    jobs = json.loads(out)["include"]
    built = [(job["platform"], tag) for job in jobs for tag in job["tags"].split()]
    assert sorted(built) == sorted((p.name, w.tag) for p in declared.platforms for w in declared.wheels)
    assert {"platform", "runner", "lane", "tags", "interpreters", "cibuildwheel", "maturin"} == set(jobs[0])


def test_gate_prints_the_verdict_last(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["gate", str(dist), "--platform", "linux-x86_64"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "complete (linux-x86_64 native)"
    assert __main__.main(["gate", str(dist), "--platform", "linux-x86_64", "--version", "v9.9.9"]) == 1
    out = capsys.readouterr().out
    assert "the version to release is not the workspace's" in out
    assert out.splitlines()[-1].startswith("refused: ")


def test_gate_takes_the_tag_s_spelling(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["gate", str(dist), "--platform", "linux-x86_64", "--version", f"v{matrix.project_version()}"]) == 0


def test_audit_refuses_strangers_and_goes_on(
    dist: Path, by_label: dict[str, Artifact], capsys: pytest.CaptureFixture[str]
) -> None:
    for path in dist.iterdir():
        if path.is_file() and path.name != by_label["sdist"].filename:
            path.unlink()
    (dist / "hotkernels-9.9.9-py3-none-any.whl").write_bytes(b"x")
    assert __main__.main(["audit", str(dist)]) == 1
    out = capsys.readouterr().out
    assert "hotkernels-9.9.9-py3-none-any.whl: not a declared artifact" in out
    assert by_label["sdist"].filename in out


def test_selection_by_tag(dist: Path, by_label: dict[str, Artifact]) -> None:
    assert folder.selected(dist, ["sdist"]) == ([by_label["sdist"]], [])
    (dist / by_label["sdist"].filename).unlink()
    with pytest.raises(CiError, match="nothing to work on"):
        folder.selected(dist, ["sdist"])


class Page(HTMLParser):
    """Collects what the tests ask of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_report_is_one_page_that_asks_for_nothing(
    dist: Path, by_label: dict[str, Artifact], capsys: pytest.CaptureFixture[str]
) -> None:
    (dist / "evidence" / f"{by_label['cp312-abi3'].filename}.tests.cp315.json").unlink()
    (dist / "<b>.txt").write_text("x")
    assert __main__.main(["report", str(dist), "--platform", "linux-x86_64"]) == 0
    text = (dist / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert not {"link", "img", "iframe", "object", "base"}.intersection(tag for tag, _ in page.tags)
    given = {(name, value) for _, attrs in page.tags for name, value in attrs.items()}
    assert not {name for name, _ in given if name.startswith("on") or name in ("src", "style", "action")} - {"data-on"}
    assert all((value or "").startswith("#") for name, value in given if name == "href")
    assert "&lt;b&gt;.txt: does not belong here" in text
    assert f"{by_label['cp312-abi3'].filename}: tests on cp315: no evidence" in text
    headings = [attrs for tag, attrs in page.tags if tag == "th"]
    assert all(attrs.get("scope") in ("row", "col", "rowgroup", "colgroup") for attrs in headings)
    groups = [attrs for _, attrs in page.tags if attrs.get("role") == "group"]
    names = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert groups
    assert all(attrs["aria-labelledby"] in names and attrs["tabindex"] == "0" for attrs in groups)
    assert len(names) == len(set(names))
    assert {str(value)[1:] for name, value in given if name == "href"} <= set(names)
    policy = next(str(attrs["content"]) for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    markdown = (dist / "report.md").read_text(encoding="utf-8")
    assert markdown.startswith(f"# hotkernels {matrix.project_version()}: refused: 2 problems")
    assert "## What is refused" in markdown


def test_report_of_a_complete_set(released: Path, tmp_path: Path, dist: Path, artifacts: tuple[Artifact, ...]) -> None:
    assert __main__.main(["report", str(dist), "--platform", "linux-x86_64"]) == 0
    markdown = (dist / "report.md").read_text(encoding="utf-8")
    assert "complete (linux-x86_64 native)" in markdown
    assert "refused" not in markdown
    for artifact in artifacts:
        line = next(line for line in markdown.splitlines() if line.startswith(f"| {artifact.filename}".replace("_", "\\_")))
        columns = line.count("✓")
        assert columns == 1 + len(checks.audit_checks(artifact))
    assert "hotkernels-kernels was compiled 0 times from Cargo.lock" in markdown
    assert re.search(r"\| Cargo.lock \| 2.0 \| 1.00 \|", markdown)
    sums = {line[66:]: line[:64] for line in (dist / "SHA256SUMS").read_text().splitlines()}
    assert sums == {artifact.filename: evidence.sha256(dist / artifact.filename) for artifact in artifacts}
    # The reports themselves do not make the folder unfit for release.
    assert __main__.main(["gate", str(dist), "--platform", "linux-x86_64"]) == 0
    next((dist / "evidence").glob("*.size.json")).unlink()
    assert __main__.main(["report", str(dist), "--platform", "linux-x86_64"]) == 0
    assert not (dist / "SHA256SUMS").exists()


def test_a_rehearsed_set_has_no_sums(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not run on its own platform is not for release, however complete it is here."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    name = next((dist / "evidence").glob("*.tests.cp312.json"))
    name.write_text(json.dumps(json.loads(name.read_text()) | {"host": "emulated", "machine": "aarch64 linux"}))
    options = [str(dist), "--platform", "linux-x86_64", "--accept", "linux-x86_64=emulated"]
    assert __main__.main(["report", *options]) == 0
    assert "complete (linux-x86_64 emulated)" in (dist / "report.md").read_text(encoding="utf-8")
    assert not (dist / "SHA256SUMS").exists()


def test_report_of_nothing(tmp_path: Path) -> None:
    assert __main__.main(["report", str(tmp_path), "--platform", "linux-x86_64"]) == 0
    assert "✗ missing" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_factory_makes_the_same_bytes_twice(by_label: dict[str, Artifact], tmp_path: Path, dist: Path) -> None:
    wheel = by_label["cp312-cp312"]
    again = factory.write_wheel(tmp_path / wheel.filename, factory.wheel_members(wheel))
    assert again.read_bytes() == (dist / wheel.filename).read_bytes()
