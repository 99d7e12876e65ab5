"""What the sanitizers', memcheck's and miri's sessions make of what the tools say: a report is never passed over."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ci import matrix
from ci.errors import CiError
from ci.paths import ROOT
from scripts import memcheck, miri, sanitize
from scripts.sanitizers import compilers, cpython

RACE = "==================\nWARNING: ThreadSanitizer: data race (pid=7)\n  Write of size 8 …\n"
OVERFLOW = (
    "=================================================================\n==7==ERROR: AddressSanitizer: heap-buffer-overflow\n"
)
LEAK = "\n==7==ERROR: LeakSanitizer: detected memory leaks\n"
REFUSED = "==7==WARNING: AddressSanitizer failed to allocate 0x3fffffffffffffff bytes\n"


class TestVerdict:
    def test_nothing_said_and_all_passed(self, tmp_path: Path) -> None:
        assert sanitize.verdict(tmp_path, 0)

    def test_tests_that_fail_fail(self, tmp_path: Path) -> None:
        assert not sanitize.verdict(tmp_path, 1)

    def test_memory_that_is_not_to_be_had_is_no_report(self, tmp_path: Path) -> None:
        (tmp_path / "report.7").write_text(REFUSED * 2)
        (tmp_path / "report.8").write_text(REFUSED.replace("Address", "Thread"))
        assert sanitize.verdict(tmp_path, 0)

    @pytest.mark.parametrize("said", [RACE, OVERFLOW, LEAK, REFUSED + LEAK, "FATAL: something new\n", ""])
    def test_a_report_fails_though_the_tests_pass(self, tmp_path: Path, said: str) -> None:
        (tmp_path / "report.4711").write_text(said)
        assert not sanitize.verdict(tmp_path, 0)

    def test_all_are_counted_and_the_first_are_shown(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "report.1").write_text(RACE * 3)
        (tmp_path / "report.2").write_text(OVERFLOW)
        assert not sanitize.verdict(tmp_path, 0)
        said = capsys.readouterr().err
        assert "4 reports" in said
        assert "data race" in said


class TestOptions:
    made = compilers.Compilers(clang=Path("/c/clang"), symbolizer=Path("/c/llvm-symbolizer"))

    def test_reports_go_to_files_and_suppressions_are_one_file(self, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs.txt"
        theirs.write_text("race:_PyTheirs")
        said = sanitize.options("thread", self.made, tmp_path, [theirs])["TSAN_OPTIONS"]
        assert f"log_path={tmp_path}/report" in said.split(":")
        known = (tmp_path / "suppressions.txt").read_text()
        assert "race:_PyTheirs" in known
        assert (ROOT / "scripts/sanitizers/thread.supp").read_text() in known

    @pytest.mark.parametrize("leaks", [True, False])
    def test_leaks_are_looked_for_in_the_kernels_alone(self, tmp_path: Path, leaks: bool) -> None:
        said = sanitize.options("address", self.made, tmp_path, [], leaks=leaks)
        assert f"detect_leaks={int(leaks)}" in said["ASAN_OPTIONS"].split(":")

    def test_each_suppression_has_a_reason_before_it(self) -> None:
        for path in (ROOT / "scripts" / "sanitizers").glob("*.supp"):
            blocks = path.read_text().split("\n\n")
            for block in blocks:
                lines = block.strip().splitlines()
                if any(not line.startswith("#") for line in lines):
                    assert lines[0].startswith("# "), block

    def test_tests_that_mean_to_race_or_are_left_out_are_there(self) -> None:
        for test in (*sanitize.MEANT, *sanitize.LEFT_OUT):
            path, _, name = test.partition("::")
            assert f"def {name or 'test_'}" in (ROOT / path).read_text()

    def test_the_short_run_names_tests_that_are_there(self) -> None:
        for sanitizer in sanitize.PACKAGE:
            for size in ("short", "full"):
                assert all((ROOT / name).exists() for name in sanitize.files(sanitizer, size))


def test_an_interpreter_that_cannot_be_built_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path))
    made = compilers.Compilers(clang=Path("clang"), symbolizer=Path("llvm-symbolizer"))
    with pytest.raises(CiError, match="no CPython") as caught:
        cpython.provide("address", matrix.load().interpreters[0], None, made)
    assert "--sources" in caught.value.todo


ERROR = """<error><kind>InvalidRead</kind><what>Invalid read of size 8</what>
<stack><frame><ip>0x1</ip><obj>{inner}</obj></frame><frame><ip>0x2</ip><obj>{outer}</obj></frame></stack>
<auxwhat>Address is 0 bytes after a block</auxwhat><stack><frame><obj>{from_}</obj></frame></stack></error>"""
PYTHON, NUMPY = "/usr/bin/python3.14", "/x/numpy/_core/_multiarray_umath.cpython-314-x86_64-linux-gnu.so"
OURS = "/x/hotkernels/_native.cpython-314-x86_64-linux-gnu.so"


class TestMemcheck:
    @pytest.mark.parametrize(
        ("inner", "outer", "from_", "ours"),
        [
            (OURS, PYTHON, PYTHON, True),
            (PYTHON, OURS, PYTHON, True),
            (NUMPY, PYTHON, PYTHON, False),
            (PYTHON, PYTHON, OURS, False),  # what we allocated, misused by another
        ],
    )
    def test_an_error_is_ours_where_our_code_was_at_work(self, inner: str, outer: str, from_: str, ours: bool) -> None:
        error = ElementTree.fromstring(ERROR.format(inner=inner, outer=outer, from_=from_))
        assert memcheck.ours(error) is ours
        assert "Invalid read of size 8" in memcheck.shown(error)

    def test_without_valgrind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: None)
        with pytest.raises(CiError, match="valgrind is not there"):
            memcheck.program(install=False)

    def test_no_tests_made_is_an_error(self) -> None:
        with pytest.raises(CiError, match="no tests"):
            memcheck.executables('{"reason":"build-finished","success":true}\n')


def test_without_miri_it_says_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CiError, match="no miri here") as caught:
        miri.program(install=False)
    assert "--dry" in caught.value.todo


def test_what_is_compiled_for_miri_uses_no_instruction_set() -> None:
    """Each use of core::arch is in a module, or behind a cfg, that miri does not have."""
    folders = {ROOT / "src/kernels/src/arch/x86_64", ROOT / "src/kernels/src/arch/aarch64"}
    arch = (ROOT / "src/kernels/src/arch/mod.rs").read_text()
    for folder in folders:
        assert f'#[cfg(all(target_arch = "{folder.name}", not(miri)))]\nmod {folder.name};' in arch
    for path in (ROOT / "src/kernels/src").rglob("*.rs"):
        if path.parent in folders:
            continue
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if ("std::arch::" in line or "core::arch::" in line or "asm!" in line) and "//" not in line:
                before = "\n".join(lines[:number])
                gate = before.rfind("#[cfg(")
                assert "not(miri)" in before[gate:].splitlines()[0], f"{path}:{number + 1}"
