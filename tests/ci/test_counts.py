"""Instruction counts: callgrind's files are read right, and a kernel that takes more than its baseline is never passed over."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ci import host, matrix
from ci.errors import CiError
from ci.paths import ROOT
from scripts import counts, memcheck
from scripts.counts import Count, Counts

PROGRAM = "/checkout/target/counts/release/examples/counts"
PART = f"""# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 7
cmd:  {PROGRAM}
part: 2

desc: I1 cache:
desc: Trigger: --dump-after=counts::counted::h0123
desc: Timerange: Basic block 10 - 20

positions: line
events: Ir
summary: 1000

ob={PROGRAM}
fl=src/kernels/examples/counts.rs
fn=counts::counted
18 40
cfn=hotkernels_kernels::vector::dot
calls=1 0
19 860
20 3

fn=hotkernels_kernels::vector::dot
* 700
cob=/lib/x86_64-linux-gnu/libc.so.6
cfi=???
cfn=memcpy
calls=2 0
+3 100
30 57
fe=src/kernels/src/memory.rs
7 3

ob=/lib/x86_64-linux-gnu/libc.so.6
fl=???
fn=memcpy
0 197

totals: 1000
"""


class TestCallgrind:
    def test_own_instructions_and_those_of_libraries(self) -> None:
        part = PART.replace("* 700", "29 700").replace("+3 100", "30 197")
        assert counts.parse(part, PROGRAM) == Count(own=803, library=197)

    @pytest.mark.parametrize(
        ("before", "after"),
        [("summary: 1000", "summary: 1001"), ("0 197", "0 196"), (f"ob={PROGRAM}", "ob=/another"), (PART, "")],
    )
    def test_a_file_that_is_not_understood_is_no_count(self, before: str, after: str) -> None:
        part = PART.replace("* 700", "29 700").replace("+3 100", "30 197").replace("totals: 1000\n", "")
        with pytest.raises(CiError, match="callgrind's output"):
            counts.parse(part.replace(before, after) if after else "", PROGRAM)


BEFORE = Counts(
    rustc="1.95.0",
    libc="glibc 2.36",
    valgrind="valgrind-3.19.0",
    kernels={
        ("scalar", "dot, 128 float32"): Count(own=500),
        ("avx2", "dot, 128 float32"): Count(own=60),
        ("avx2", "cdist, 256 × 256 names"): Count(own=2_000_000, library=30_000),
    },
)
CDIST = ("avx2", "cdist, 256 × 256 names")


def after(own: int, library: int = 30_000, **made: str) -> Counts:
    return replace(BEFORE, kernels=BEFORE.kernels | {CDIST: Count(own=own, library=library)}, **made)


class TestBaseline:
    def test_the_same_passes(self) -> None:
        assert {(each.worse, each.better) for each in counts.compare(BEFORE, BEFORE)} == {(False, False)}
        assert counts.show(counts.compare(BEFORE, BEFORE)) == 0

    @pytest.mark.parametrize(("own", "worse", "better"), [(2_039_000, False, False), (2_041_000, True, False),
                                                          (1_961_000, False, False), (1_959_000, False, True)])  # fmt: skip
    def test_two_hundredths_are_the_limit(
        self, own: int, worse: bool, better: bool, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = counts.compare(BEFORE, after(own))
        assert counts.show(found) == int(worse)
        assert [each.name for each in found if each.worse or each.better] == [" ".join(CDIST)] * (worse or better)
        out = capsys.readouterr().out
        assert ("FAIL  avx2 cdist" in out) == worse
        assert ("can be lowered" in out) == better
        if worse:
            assert "2,041,000 instructions, 2,000,000 before (+2.0%)" in out

    def test_a_few_more_are_none(self) -> None:
        kernels = BEFORE.kernels | {("avx2", "dot, 128 float32"): Count(own=70)}
        assert not any(each.worse for each in counts.compare(BEFORE, replace(BEFORE, kernels=kernels)))
        kernels[("avx2", "dot, 128 float32")] = Count(own=90)
        assert any(each.worse for each in counts.compare(BEFORE, replace(BEFORE, kernels=kernels)))

    def test_the_c_library_counts_where_it_is_the_same(self) -> None:
        assert any(each.worse for each in counts.compare(BEFORE, after(2_000_000, 60_000)))
        assert not any(each.worse for each in counts.compare(BEFORE, after(2_000_000, 60_000, libc="glibc 2.39")))

    def test_a_kernel_that_comes_or_goes_fails(self) -> None:
        less = replace(BEFORE, kernels={key: count for key, count in BEFORE.kernels.items() if key != CDIST})
        assert counts.show(counts.compare(BEFORE, less)) == counts.show(counts.compare(less, BEFORE)) == 1

    def test_another_compiler_is_no_regression(self) -> None:
        with pytest.raises(CiError, match="another compiler") as caught:
            counts.compare(BEFORE, after(9_000_000, rustc="1.96.0"))
        assert "--keep" in caught.value.todo

    def test_it_is_written_and_read(self, tmp_path: Path) -> None:
        (tmp_path / "instructions.toml").write_text(counts.text(BEFORE), encoding="utf-8")
        assert counts.read(tmp_path / "instructions.toml") == BEFORE
        assert counts.text(BEFORE).startswith(f"{counts.MADE_BY}.")


@pytest.fixture(scope="module")
def kept() -> Counts:
    return counts.read(counts.BASELINE)


class TestKept:
    def test_it_is_of_the_compiler_of_a_release(self, kept: Counts) -> None:
        assert kept.rustc == matrix.load().rust

    def test_it_has_every_kernel_at_each_level(self, kept: Counts) -> None:
        names = {level: {name for at, name in kept.kernels if at == level} for level, _ in kept.kernels}
        assert names["scalar"] == names["avx2"]
        assert len(names["avx2"]) >= 30
        assert all(count.own > 0 for count in kept.kernels.values())

    def test_a_baseline_that_was_lower_is_a_regression_now(self, kept: Counts) -> None:
        """Each kernel by itself: 3 % and some more instructions than its baseline fail."""
        for key, count in kept.kernels.items():
            lower = Count(own=int(count.own / 1.03) - counts.MORE, library=count.library)
            found = counts.compare(replace(kept, kernels=kept.kernels | {key: lower}), kept)
            assert [each.name for each in found if each.worse] == [" ".join(key)]

    def test_levels_take_fewer_instructions(self, kept: Counts) -> None:
        """What SIMD is for: the largest kernels take less than a third of what they take without."""
        for name in ("cosine_matrix, 256 × self × 256 float32", "cdist, Levenshtein, 256 × 256 names"):
            assert kept.kernels["avx2", name].own * 3 < kept.kernels["scalar", name].own


class TestCommand:
    def test_without_valgrind_a_sentence_says_how_to_install_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
        monkeypatch.setattr(host, "here", lambda: "x86_64 linux")
        assert counts.main([]) == 1
        assert "apt-get install valgrind" in re.sub(r"\s+", " ", capsys.readouterr().err)

    def test_elsewhere_there_is_nothing_to_count(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(host, "here", lambda: "aarch64 darwin")
        assert counts.main([]) == 1
        assert "x86_64 Linux" in capsys.readouterr().err

    def test_variables_that_change_the_code_are_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RUSTFLAGS", "-C target-cpu=native")
        monkeypatch.setenv("HOTKERNELS_SIMD", "scalar")
        left = counts.plain(os.environ)
        assert "RUSTFLAGS" not in left
        assert "HOTKERNELS_SIMD" not in left
        assert left["PATH"] == os.environ["PATH"]

    @pytest.fixture
    def valgrind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A program that says and writes what valgrind would."""
        made = tmp_path / "valgrind"
        made.write_text(
            f"""#!{shutil.which("python3")}
import sys
if sys.argv[1] == "--version":
    sys.exit(print("valgrind-3.19.0"))
(out,) = (word.partition("=")[2] for word in sys.argv if word.startswith("--callgrind-out-file="))
for number, level in enumerate(("scalar", "avx2"), 1):
    print(f"{{level}}\\tdot")
    open(f"{{out}}.{{number}}", "w").write(f"summary: {{90 // number}}\\nob={{sys.argv[-1]}}\\n1 {{90 // number}}\\n")
"""
        )
        made.chmod(0o755)
        monkeypatch.setattr(memcheck, "program", lambda *, install: made)
        monkeypatch.setattr(counts, "build", lambda: Path("/counts"))
        monkeypatch.setattr(host, "here", lambda: "x86_64 linux")
        monkeypatch.setattr(counts, "BASELINE", ROOT / "target" / f"instructions-{os.getpid()}.toml")
        return made

    def test_a_regression_fails_until_it_is_kept(self, valgrind: Path, capsys: pytest.CaptureFixture[str]) -> None:
        try:
            counts.BASELINE.parent.mkdir(exist_ok=True)
            assert counts.main(["--keep"]) == 0
            assert counts.main([]) == 0
            kept = counts.read(counts.BASELINE)
            assert kept.kernels == {("scalar", "dot"): Count(own=90), ("avx2", "dot"): Count(own=45)}
            valgrind.write_text(valgrind.read_text().replace("90 // number", "180 // number"))
            assert counts.main([]) == 1
            assert "FAIL  scalar dot: 180 instructions, 90 before (+100.0%)" in capsys.readouterr().out
            assert counts.main(["--keep"]) == 0
            assert counts.main([]) == 0
        finally:
            counts.BASELINE.unlink(missing_ok=True)
