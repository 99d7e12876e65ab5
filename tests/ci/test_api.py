"""What counts as a change that breaks callers, and which version each change asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from ci import matrix
from ci.errors import CiError
from scripts import api, signatures

OLD = """
__all__ = ["K", "f", "o", "version"]
version: str
type _Text = str | bytes
type _Mode = Literal["a", "b"]
def f(x: _Text, n: int, /, mode: _Mode = "a", *, out: None = None, k: int) -> int | None: ...
@overload
def o(x: int) -> int: ...
@overload
def o[T: Buffer](x: T) -> T: ...
@final
class K:
    size: int
    LIMIT: ClassVar[int]
    def __new__(cls, data: _Text, dtype: str | None = None) -> K: ...
    @property
    def norm(self) -> float: ...
    def act(self, other: K) -> float: ...
def _private(x: int) -> int: ...
"""

BREAKING = {
    "a function gone": ('"f", ', "", "f: gone"),
    "a class gone": ('"K", ', "", "K: gone"),
    "a method gone": ("    def act(self, other: K) -> float: ...\n", "", "K.act: gone"),
    "a parameter gone": (", n: int, /", ", /", "n is gone"),
    "renamed": ('mode: _Mode = "a"', 'how: _Mode = "a"', "mode is gone"),
    "by name alone": ('/, mode: _Mode = "a", *', '/, *, mode: _Mode = "a"', "mode was given as either, is given as keyword"),
    "by place alone": ('/, mode: _Mode = "a", *', 'mode: _Mode = "a", /, *', "is given as positional"),
    "swapped": ("x: _Text, n: int, /", "n: int, x: _Text, /", "x is not argument 1 any more"),
    "one put before": ("(x: _Text, n: int", "(w: int, x: _Text, n: int", "x is not argument 1 any more"),
    "a new one that must be given": ("k: int)", "k: int, z: int)", "z is new, and must be given"),
    "must be given now": ("out: None = None", "out: None", "out must be given now"),
    "another default": ('mode: _Mode = "a"', 'mode: _Mode = "b"', "mode is 'b' by default, was 'a'"),
    "a value not taken any more": ('Literal["a", "b"]', 'Literal["a", "c"]', "mode does not take Literal['b'] any more"),
    "a type not taken any more": ("str | bytes", "str", "x does not take bytes any more"),
    "another result": ("-> int | None", "-> float | None", "may return float now"),
    "an overload gone": ("@overload\ndef o(x: int) -> int: ...\n", "", "does not take int any more"),
    "another bound": ("o[T: Buffer]", "o[T: Sequence]", "does not take Bound[T, Buffer] any more"),
    "an attribute fixed": ("    size: int", "    @property\n    def size(self) -> int: ...", "cannot be set any more"),
    "an attribute of another type": ("    size: int", "    size: str", "may be str now"),
    "an attribute that takes less": ("    size: int", "    size: Never", "is never int any more"),
    "a property of another type": ("norm(self) -> float", "norm(self) -> str", "may be str now"),
    "a method made an attribute": ("def act(self, other: K) -> float: ...", "act: float", "was a function, is a value"),
    "an attribute made a method": ("    size: int", "    def size(self) -> int: ...", "was a value, is a function"),
    "the constructor": ("data: _Text, dtype", "data: bytes, dtype", "data does not take str any more"),
}

ADDING = {
    "a function": ("def _private", "def g(x: int) -> int: ...\ndef _private"),
    "a method": ("    def act", "    def more(self) -> int: ...\n    def act"),
    "an optional parameter": ("k: int)", "k: int, z: int = 0)"),
    "a default": ("k: int)", "k: int = 3)"),
    "a type taken": ("str | bytes", "str | bytes | memoryview"),
    "a value taken": ('Literal["a", "b"]', 'Literal["a", "b", "c"]'),
    "a narrower result": ("-> int | None", "-> int"),
    "an overload": ("@overload\ndef o(x: int)", "@overload\ndef o(x: str) -> str: ...\n@overload\ndef o(x: int)"),
    "a base": ("@final\n", ""),
    "by name too": ("n: int, /, mode", "n: int, mode"),
}


def compared(before: str, after: str) -> list[signatures.Change]:
    new = OLD.replace(before, after).replace('"f",', '"f", "g",' if "def g(" in after else '"f",')
    assert new != OLD
    return signatures.changes(signatures.public(OLD), signatures.public(new))


def test_the_same_is_no_change() -> None:
    assert signatures.changes(signatures.public(OLD), signatures.public(OLD)) == []


@pytest.mark.parametrize(("before", "after", "said"), BREAKING.values(), ids=BREAKING.keys())
def test_what_breaks_callers(before: str, after: str, said: str) -> None:
    found = [str(change) for change in compared(before, after) if change.breaking]
    assert any(said in text for text in found), found


@pytest.mark.parametrize(("before", "after"), ADDING.values(), ids=ADDING.keys())
def test_what_only_adds(before: str, after: str) -> None:
    found = compared(before, after)
    assert found
    assert not any(change.breaking for change in found), [str(change) for change in found]


def test_what_is_private_may_change() -> None:
    assert compared("_private(x: int)", "_private(y: str)") == []


def test_layout_and_comments_are_no_change() -> None:
    assert signatures.normal(OLD + "# more\n\n") == signatures.normal(OLD)


@pytest.mark.parametrize(
    ("old", "breaking", "adding", "wanted"),
    [
        ("0.1.0", True, True, (0, 2, 0)),
        ("0.1.3", False, True, (0, 1, 4)),
        ("1.2.3", True, True, (2, 0, 0)),
        ("1.2.3", False, True, (1, 3, 0)),
        ("1.2.3", False, False, (1, 2, 3)),
    ],
)
def test_the_version_that_a_change_asks_for(old: str, breaking: bool, adding: bool, wanted: tuple[int, ...]) -> None:
    assert api.needed(Version(old), breaking=breaking, adding=adding) == wanted


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(api, "ROOT", tmp_path)
    monkeypatch.setattr(api, "KEPT", tmp_path / "ci" / "api" / "previous.txt")
    api.keep(OLD, "1.2.0", released=False)
    return tmp_path / "ci" / "api" / "previous.txt"


def test_a_break_in_the_same_version_is_refused(kept: Path) -> None:
    with pytest.raises(CiError) as refused:
        api.judged(api.read(kept), OLD.replace(", n: int, /", ", /"), "1.2.0")
    assert "n is gone" in refused.value.found
    assert "version 2.0.0 or later" in refused.value.expected
    assert "keep it anew" in refused.value.todo


def test_what_is_not_released_is_kept_anew(kept: Path) -> None:
    new = OLD.replace(", n: int, /", ", /")
    api.keep(new, "1.2.0", released=False)
    assert api.judged(api.read(kept), new, "1.2.0") == []


def test_what_is_released_is_followed_by_a_version_that_may(kept: Path) -> None:
    api.keep(OLD, "1.2.0", released=True)
    new = OLD.replace(", n: int, /", ", /")
    with pytest.raises(CiError, match="is not that of"):
        api.keep(new, "1.3.0", released=True)
    with pytest.raises(CiError, match="is not that of"):
        api.keep(new, "1.2.0", released=False)
    with pytest.raises(CiError, match="is released"):
        api.keep(OLD, "1.2.0", released=False)
    api.keep(new, "2.0.0", released=True)
    assert api.read(kept).version == "2.0.0"


def test_a_release_asks_for_its_own(kept: Path) -> None:
    with pytest.raises(CiError, match="is not kept"):
        api.tagged(api.read(kept), OLD, "1.2.0")
    api.keep(OLD, "1.2.0", released=True)
    api.tagged(api.read(kept), OLD + "# a comment\n", "1.2.0")
    with pytest.raises(CiError, match="is not kept"):
        api.tagged(api.read(kept), OLD, "1.3.0")
    with pytest.raises(CiError, match="is not kept"):
        api.tagged(api.read(kept), OLD.replace("k: int", "k: str"), "1.2.0")


def test_a_file_that_nobody_kept(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("def f(): ...\n")
    for path in (tmp_path / "x", tmp_path / "none"):
        with pytest.raises(CiError, match="no kept API"):
            api.read(path)


def test_the_projects_own() -> None:
    """The kept API and the stubs, as nox -s lint compares them."""
    api.judged(api.read(), api.STUBS.read_text(encoding="utf-8"), matrix.project_version())
