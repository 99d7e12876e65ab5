"""What is said of anybody's bytes is harmless: to a terminal, to a file, and to the runner that reads a job's output."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci import __main__, client, tools
from ci.errors import CiError, harmless, printable

RUNNER = ("::stop-commands::x", "  ::add-mask::x", "##[command]x")


@pytest.mark.parametrize("text", RUNNER)
def test_no_line_is_a_command_to_the_runner(text: str) -> None:
    said = str(CiError(text, expected=f"a\n{text}", found=text, todo=f"\n\n{text}"))
    assert not any(line.lstrip().startswith(("::", "##[")) for line in said.splitlines())
    assert text.strip() in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb", "a\\x0db"),
        ("a\u202eb", "a\\x202eb"),
        ("\udcff", "\\udcff"),
        ("lines\n\tstay", "lines\n\tstay"),
    ],
)
def test_every_terminal_and_file_takes_it(text: str, shown: str) -> None:
    assert printable(text) == shown
    shown.encode("utf-8")
    assert harmless(shown) == shown


def test_the_gate_and_the_report_show_any_name(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [b"\xff.whl", b"y\n::stop-commands::x", b"\x1b[2Jz"]
    for name in names:
        (dist / os.fsdecode(name)).write_bytes(name)
    assert __main__.main(["gate", str(dist), "--platform", "linux-x86_64"]) == 1
    assert __main__.main(["report", str(dist), "--platform", "linux-x86_64"]) == 0
    out = capsys.readouterr().out
    assert "\\udcff.whl: does not belong here" in out
    assert "\x1b[2J" not in out
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert "refused: 3 problems" in (dist / "report.md").read_text(encoding="utf-8")


def test_an_index_gives_the_runner_no_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a server answers is printed; to mask a token is the one command that may pass, from its first column."""
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho '::add-mask::token'\necho 'error: the server said'\necho '  ::stop-commands::x'\nexit 2\n")
    uv.chmod(0o755)
    monkeypatch.setattr(tools, "uv", lambda: uv)
    problem = client.send([], "http://127.0.0.1:1/", "http://127.0.0.1:1/simple/")
    assert problem is not None
    lines = [line.strip() for line in (capsys.readouterr().out + str(problem)).splitlines()]
    assert [line for line in lines if line.startswith("::")] == ["::add-mask::token"]
