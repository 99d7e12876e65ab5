"""Each wheel's own signatures are those of the stubs it ships: what help() shows and a type checker believes are one thing."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hotkernels as hk
import pytest

STUBS = ast.parse((Path(hk.__file__).parent / "_native.pyi").read_text(encoding="utf-8"))
Shape = list[tuple[str, str, str | None]]


def stated(node: ast.FunctionDef) -> Shape:
    """Name, kind and default of each parameter."""
    given = node.args
    plain = [*((a, "POSITIONAL_ONLY") for a in given.posonlyargs), *((a, "POSITIONAL_OR_KEYWORD") for a in given.args)]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    rows = [(a.arg, kind, default) for (a, kind), default in zip(plain, defaults, strict=True)]
    rows += [(a.arg, "KEYWORD_ONLY", d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return [(name, kind, None if default is None else repr(ast.literal_eval(default))) for name, kind, default in rows]


def real(function: Any) -> Shape:
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind.name, None if p.default is p.empty else repr(p.default)) for p in parameters]


def callables() -> Iterator[tuple[str, Any, list[ast.FunctionDef], bool]]:
    """Name, the thing itself, its overloads, and whether they begin with the class or the object."""
    classes = [node for node in STUBS.body if isinstance(node, ast.ClassDef) and node.name in hk.__all__]
    for owner, body in [(hk, STUBS.body), *((getattr(hk, node.name), node.body) for node in classes)]:
        functions = [node for node in body if isinstance(node, ast.FunctionDef) and not is_property(node)]
        for name in dict.fromkeys(node.name for node in functions):
            if name == "__new__":
                yield owner.__name__, owner, [node for node in functions if node.name == name], True
            elif not name.startswith("_"):
                mine = [node for node in functions if node.name == name]
                yield f"{owner.__name__}.{name}", getattr(owner, name), mine, False


def is_property(node: ast.FunctionDef) -> bool:
    return any(isinstance(decorator, ast.Name) and decorator.id == "property" for decorator in node.decorator_list)


CALLABLES = list(callables())


@pytest.mark.parametrize(("name", "thing", "overloads", "of_class"), CALLABLES, ids=[row[0] for row in CALLABLES])
def test_the_signature_is_the_stubs(name: str, thing: Any, overloads: list[ast.FunctionDef], of_class: bool) -> None:
    found = real(thing)
    for node in overloads:
        wanted = stated(node)[1 if of_class else 0 :]
        # Called on an object, self is not given, by name least of all.
        # Called on an object, self is not given, by name least of all.
        assert [row[:2] for row in found if row[0] != "self"] == [row[:2] for row in wanted if row[0] != "self"]
    # A parameter may be left out where one overload says so, and then is what that overload says.
    defaults = [{row[2] for row in rows} - {None} for rows in zip(*map(stated, overloads), strict=True)][1 if of_class else 0 :]
    assert all(len(said) <= 1 for said in defaults)
    assert [row[2] for row in found] == [next(iter(said), None) for said in defaults]


def test_all_is_the_same_everywhere() -> None:
    (listed,) = (n.value for n in STUBS.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name))
    assert sorted(ast.literal_eval(listed)) == sorted(hk.__all__)
    assert all(hasattr(hk, name) for name in hk.__all__)


def test_every_public_thing_has_a_docstring() -> None:
    bare = [name for name, thing, *_ in CALLABLES if not (getattr(thing, "__doc__", None) or "").strip()]
    assert bare == []
