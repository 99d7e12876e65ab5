"""The bindings that a call is compared with: the table says what there is, and what is built does what it should."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

import pytest

from benchmarks import bindings


def test_every_folder_is_built_by_a_row_and_every_row_has_a_folder() -> None:
    folders = {path.name for path in bindings.HERE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {binding.folder for binding in bindings.ALL} == folders
    names = [binding.name for binding in bindings.ALL]
    assert len(set(names)) == len(names)


def test_modules_of_one_folder_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [bindings.place(binding) for binding in bindings.ALL]
    assert len(set(places)) == len(places)
    monkeypatch.setenv("CC", "another compiler")
    assert all(bindings.place(binding) not in places for binding in bindings.ALL)


@pytest.mark.skipif(
    shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").exists(),
    reason="no C compiler, or no headers of this interpreter",
)
def test_the_binding_in_c_is_built_once_and_refuses_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTKERNELS_CACHE", str(tmp_path))
    (binding,) = (binding for binding in bindings.ALL if binding.name == "C")
    module = bindings.opened(binding)
    file = bindings.built(binding)
    assert file.stat().st_mtime_ns == bindings.built(binding).stat().st_mtime_ns
    assert module.add(2**63 - 1, 1) == -(2**63)
    for call in (lambda: module.add(1), lambda: module.add(1, "2"), module.nothing, lambda: module.buffers(b"", 1)):
        with pytest.raises(TypeError):
            call()
    held = bytearray(4)
    with pytest.raises(TypeError):
        module.buffers(held, None)
    held.clear()  # the first buffer was let go of when the second was not to be had
    with pytest.raises(OverflowError):
        module.add(2**64, 1)


def test_a_compiler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(FileNotFoundError, match="'no-such-compiler' on PATH; name one with CC"):
        bindings.compiler("CC", "cc")


def test_a_function_that_does_something_else_is_not_measured() -> None:
    class Wrong:
        add = staticmethod(lambda a, b: a - b)
        nothing = staticmethod(lambda _a, _b: None)

    with pytest.raises(ArithmeticError, match="wrong: add and nothing give"):
        bindings.check(Wrong, "wrong")  # type: ignore[arg-type]
