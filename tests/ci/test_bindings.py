"""The ways to write an extension that are compared: what there is of each, and that a wrong answer ends a run."""

from __future__ import annotations

import json
import shutil
import sysconfig
import types
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bindings
from benchmarks.bindings import building, cost, ways


def a_way(name: str) -> bindings.Way:
    (found,) = (way for way in ways.ALL if way.name == name)
    return found


def test_every_folder_is_built_by_a_row_and_every_row_has_a_folder() -> None:
    folders = {path for path in building.HERE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {folder for way in ways.ALL for folder in (way.folder, *way.also)} == folders
    names = [way.name for way in ways.ALL]
    assert len(set(names)) == len(names)


def test_modules_of_one_folder_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [building.place(way) for way in ways.ALL]
    assert len(set(places)) == len(places)
    monkeypatch.setenv("CC", "another compiler")
    assert all(building.place(way) not in places for way in ways.ALL)


compiled = pytest.mark.skipif(
    shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").exists(),
    reason="no C compiler, or no headers of this interpreter",
)


@compiled
def test_the_way_in_c_is_built_once_and_refuses_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path))
    module = bindings.load("C")["C"]
    file = building.built(a_way("C"))
    assert file.stat().st_mtime_ns == building.built(a_way("C")).stat().st_mtime_ns
    assert module.add(2**63 - 1, 1) == -(2**63)
    for call in (
        lambda: module.add(1),
        lambda: module.add(1, "2"),
        module.nothing,
        lambda: module.buffers(b"", 1),
        lambda: module.dot_of_lists([1.0], ["1"]),
        lambda: module.dot_of_lists((1.0,), [1.0]),
        lambda: module.total(b"12345678", 1),
        lambda: module.total_of_dlpack(1, "1"),
    ):
        with pytest.raises(TypeError):
            call()
    held = bytearray(4)
    with pytest.raises(TypeError):
        module.buffers(held, None)
    held.clear()  # the first buffer was let go of when the second was not to be had
    with pytest.raises(OverflowError):
        module.add(2**64, 1)


@compiled
def test_a_build_is_described_without_a_path_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path))
    said = building.described(a_way("ctypes"))
    (command,) = said["commands"]
    assert command == f"cc -std=c11 {command.partition('-std=c11 ')[2]}"
    assert "-O3" in command
    assert command.endswith("./benchmarks/bindings/library/loops.c -o OUT/libloops.so")
    assert str(tmp_path) not in json.dumps(said)
    assert said["bytes"] > 0
    # A sum of floating-point numbers may not be put in another order: no compiler adds several at once.
    assert said["arithmetic"] is None or said["arithmetic"]["packed additions"] == 0


def test_a_compiler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(FileNotFoundError, match="'no-such-compiler' on PATH; name one with CC"):
        building.compiler("CC", "cc")


def python() -> types.SimpleNamespace:
    """The functions of the way that needs no build, to spoil."""
    text = (building.HERE / "python" / "binding.py").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    # collections.abc has Buffer from 3.12 on; as a name in annotations alone it is not missed.
    exec(text.replace("import Buffer, Sequence", "import Sequence"), names)
    return types.SimpleNamespace(**names)


def test_python_is_a_way() -> None:
    bindings.check(python(), "Python")  # type: ignore[arg-type]


@pytest.mark.parametrize("function", ["add", "dot", "dot_of_lists", "total", "total_of_copy"])
def test_a_function_that_does_something_else_is_not_measured(function: str) -> None:
    spoilt = python()
    right = getattr(spoilt, function)
    setattr(spoilt, function, lambda *words: right(*words) + (1 if function == "add" else 1e-9))
    with pytest.raises(ArithmeticError, match=f"wrong: {{'{function}'"):
        bindings.check(spoilt, "wrong")  # type: ignore[arg-type]


def test_what_takes_anything_is_not_measured() -> None:
    lax = python()
    right = lax.dot
    lax.dot = lambda a, b: right(a[: len(b)], b)
    with pytest.raises(ArithmeticError, match="of what has to be refused"):
        bindings.check(lax, "lax")  # type: ignore[arg-type]


def test_what_holds_a_buffer_is_not_measured() -> None:
    holding, kept = python(), list[memoryview]()
    right = holding.total

    def total(x: Any, count: int) -> Any:
        kept.append(memoryview(x))
        return right(x, count)

    holding.total = total
    with pytest.raises(BufferError, match="Python: a buffer is still held"):
        bindings.check(holding, "Python")  # type: ignore[arg-type]
    assert kept


def test_what_reads_a_tensor_wrongly_is_not_measured() -> None:
    wrong = types.SimpleNamespace(total=lambda x, count: sum(x[:count]), total_of_dlpack=lambda _x, _count: 1.0)
    with pytest.raises(ArithmeticError, match=r"wrong: total_of_dlpack is 1.0, not 3.0"):
        bindings.check_tensor(wrong, "wrong", [1.0, 2.0])  # type: ignore[arg-type]


def test_lines_are_those_of_code(tmp_path: Path) -> None:
    functions = 'def f():\n    """Five\n    six.\n    """\n'
    (tmp_path / "binding.py").write_text(f'"""One."""\n\n# two\nx = """three\nfour\n"""\n\n{functions}')
    (tmp_path / "lib.rs").write_text("//! One.\n\n/// Two.\nfn f() {} // three\n")
    (tmp_path / "build.py").write_text("import this\n")
    (tmp_path / "dlpack.h").write_text("#include <stdint.h>\n// no line\n")
    (tmp_path / "Cargo.lock").write_text("nobody wrote this\n")
    (tmp_path / "parts.h").write_text("int parts;\n")
    way = bindings.Way(name="a", folder=tmp_path, build=lambda _: None)
    assert cost.lines(way) == {"all": 7, "build": 1, "dlpack": 1, "library": 0}
    counted = {way.name: cost.lines(way) for way in ways.ALL}
    assert counted["ctypes"]["library"] == counted["cffi, ABI"]["library"] > 0
    assert all(count["all"] > count["build"] + count["dlpack"] + count["library"] for count in counted.values())
