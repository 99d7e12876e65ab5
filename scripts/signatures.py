"""What two versions of the stubs promise to callers, compared: the rules of what breaks whom, on syntax trees alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

ANY = "object"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference; breaking where code that was right before may be wrong now."""

    name: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """kind: positional, either, keyword, *args or **kwargs. default: its source, or None where it must be given."""

    name: str
    kind: str
    default: str | None
    types: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Signature:
    parameters: tuple[Parameter, ...]
    returns: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Value:
    """An attribute; fixed where it cannot be set."""

    types: frozenset[str]
    fixed: bool


@dataclass(frozen=True, kw_only=True)
class Public:
    """functions: overloads by dotted name; values: attributes; classes: whether each may be a base."""

    functions: dict[str, list[Signature]] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    classes: dict[str, bool] = field(default_factory=dict)


def normal(stubs: str) -> str:
    """The stubs without comments and layout."""
    return ast.unparse(parsed(stubs)) + "\n"


def parsed(stubs: str) -> ast.Module:
    """The syntax tree, on Python 3.11 too, which neither knows `type X = ...` nor type parameters of a function.

    A parameter that must be a Buffer becomes Bound[T, Buffer] wherever it stands: another bound is another type.
    """
    text = re.sub(r"^type (\w+) = ", r"\1: TypeAlias = ", stubs, flags=re.MULTILINE)
    pieces = re.split(r"(?m)^(?=\s*(?:def|@|class) ?)", text)
    return ast.parse("".join(map(plain, pieces)))


def plain(piece: str) -> str:
    """One function's text without the list of its type parameters."""
    match = re.match(r"(\s*def \w+)\[([^\[\]]+)\]\(", piece)
    if match is None:
        return piece
    rest = piece[match.end() :]
    for parameter in match[2].split(","):
        name, _, bound = (word.strip() for word in parameter.partition(":"))
        rest = re.sub(rf"\b{name}\b", f"Bound[{name}, {bound or ANY}]", rest)
    return f"{match[1]}({rest}"


def public(stubs: str) -> Public:
    """What __all__ lists, classes with their members; names that begin with one underscore are nobody's but ours."""
    tree = parsed(stubs)
    (listed,) = (ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and of(node) == "__all__")
    aliases = {
        of(node): node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and node.value and ast.unparse(node.annotation) == "TypeAlias"
    }
    found = Public()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in listed:
            found.classes[node.name] = not any(isinstance(d, ast.Name) and d.id == "final" for d in node.decorator_list)
            for member in node.body:
                add(found, member, f"{node.name}.", aliases)
        elif isinstance(node, ast.FunctionDef | ast.AnnAssign) and of(node) in listed:
            add(found, node, "", aliases)
    return found


def of(node: ast.stmt) -> str:
    """The name that a statement gives something."""
    match node:
        case ast.FunctionDef(name=name):
            return name
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def add(found: Public, node: ast.stmt, where: str, aliases: Mapping[str, ast.expr]) -> None:
    name = of(node)
    if not name or (name.startswith("_") and not name.startswith("__")):
        return
    if isinstance(node, ast.AnnAssign):
        constant = isinstance(node.annotation, ast.Subscript) and ast.unparse(node.annotation.value) in {"ClassVar", "Final"}
        inner = node.annotation.slice if constant and isinstance(node.annotation, ast.Subscript) else node.annotation
        found.values[where + name] = Value(types=frozenset(types(inner, aliases)), fixed=constant or not where)
    elif isinstance(node, ast.FunctionDef):
        decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
        if "property" in decorators:
            found.values[where + name] = Value(types=frozenset(types(node.returns, aliases)), fixed=True)
        elif f"{name}.setter" in decorators:
            found.values[where + name] = Value(types=found.values[where + name].types, fixed=False)
        else:
            bound = bool(where) and "staticmethod" not in decorators
            found.functions.setdefault(where + name, []).append(signature(node, aliases, bound=bound))


def signature(node: ast.FunctionDef, aliases: Mapping[str, ast.expr], *, bound: bool) -> Signature:
    """As a caller sees it: without self."""
    arguments = node.args
    plain = [*((a, "positional") for a in arguments.posonlyargs), *((a, "either") for a in arguments.args)]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    rows = [(a, kind, default) for (a, kind), default in zip(plain, defaults, strict=True)][1 if bound else 0 :]
    if arguments.vararg:
        rows.append((arguments.vararg, "*args", None))
    rows += [(a, "keyword", default) for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        rows.append((arguments.kwarg, "**kwargs", None))
    parameters = tuple(
        Parameter(
            name=a.arg,
            kind=kind,
            default=None if default is None else ast.unparse(default),
            types=frozenset(types(a.annotation, aliases)),
        )
        for a, kind, default in rows
    )
    return Signature(parameters=parameters, returns=frozenset(types(node.returns, aliases)))


def types(node: ast.expr | None, aliases: Mapping[str, ast.expr]) -> Iterator[str]:
    """The members of a union, aliases and Literals taken apart; `object` where nothing is said."""
    match node:
        case None:
            yield ANY
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from types(left, aliases)
            yield from types(right, aliases)
        case ast.Name(id=name) if name in aliases:
            yield from types(aliases[name], aliases)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
            yield from (f"Literal[{ast.unparse(value)}]" for value in values)
        case ast.Subscript(value=value, slice=inner) if not isinstance(inner, ast.Constant):
            members = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            yield f"{ast.unparse(value)}[{', '.join(' | '.join(sorted(types(member, aliases))) for member in members)}]"
        case _:
            yield ast.unparse(node)


def changes(old: Public, new: Public) -> list[Change]:
    """All differences, breaking ones first."""
    found = [*functions(old, new), *values(old, new), *classes(old, new)]
    return sorted(found, key=lambda change: (not change.breaking, change.name, change.what))


def gone_and_new(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    yield from (Change(name=name, what="gone", breaking=True) for name in old.keys() - new.keys())
    yield from (Change(name=name, what="new", breaking=False) for name in new.keys() - old.keys())


def classes(old: Public, new: Public) -> Iterator[Change]:
    yield from gone_and_new(old.classes, new.classes)
    for name in old.classes.keys() & new.classes.keys():
        if old.classes[name] != new.classes[name]:
            what = "can be a base now" if new.classes[name] else "cannot be a base any more"
            yield Change(name=name, what=what, breaking=old.classes[name])


def values(old: Public, new: Public) -> Iterator[Change]:
    yield from gone_and_new({name: value for name, value in old.values.items() if name not in new.functions}, new.values)
    for name, before in old.values.items():
        after = new.values.get(name)
        if after is None:
            if name in new.functions:
                yield Change(name=name, what="was a value, is a function", breaking=True)
            continue
        if before.fixed != after.fixed:
            yield Change(name=name, what="cannot be set any more" if after.fixed else "can be set now", breaking=after.fixed)
        if wider := after.types - before.types:
            yield Change(name=name, what=f"may be {listed(wider)} now", breaking=True)
        if narrower := before.types - after.types:
            # Who sets it may have set just this.
            what = f"is never {listed(narrower)} any more"
            yield Change(name=name, what=what, breaking=not after.fixed or not wider <= set())


def functions(old: Public, new: Public) -> Iterator[Change]:
    yield from gone_and_new({n: f for n, f in old.functions.items() if n not in new.values}, new.functions)
    for name, before in old.functions.items():
        if name not in new.functions:
            if name in new.values:
                yield Change(name=name, what="was a function, is a value", breaking=True)
            continue
        after = new.functions[name]
        if before == after:
            continue
        for one in before:
            # An overload of before is kept where any of now takes all of its calls; else the nearest one says why not.
            tried = [list(signatures_differ(one, other)) for other in after]
            best = min(tried, key=lambda found: sum(change.breaking for change in found))
            yield from (Change(name=name, what=change.what, breaking=change.breaking) for change in best)
        if len(after) > len(before):
            yield Change(name=name, what=f"{len(after) - len(before)} more ways to call it", breaking=False)


def signatures_differ(old: Signature, new: Signature) -> Iterator[Change]:
    def change(what: str, *, breaking: bool) -> Change:
        return Change(name="", what=what, breaking=breaking)

    yield from (change(what, breaking=breaking) for what, breaking in order(old.parameters, new.parameters))
    now = {parameter.name: parameter for parameter in new.parameters}
    for before in old.parameters:
        if before.name in now:
            yield from (change(what, breaking=breaking) for what, breaking in parameter_differs(before, now[before.name]))
    if more := new.returns - old.returns:
        yield change(f"may return {listed(more)} now", breaking=True)
    elif fewer := old.returns - new.returns:
        yield change(f"never returns {listed(fewer)} any more", breaking=False)


def parameter_differs(before: Parameter, after: Parameter) -> Iterator[tuple[str, bool]]:
    """Its default, and what it takes."""
    if before.default is None and after.default is not None:
        yield f"{before.name} may be left out now", False
    elif before.default != after.default:
        what = "must be given now" if after.default is None else f"is {after.default} by default, was {before.default}"
        yield f"{before.name} {what}", True
    if ANY not in after.types:
        if lost := before.types - after.types:
            yield f"{before.name} does not take {listed(lost)} any more", True
        if more := after.types - before.types:
            yield f"{before.name} takes {listed(more)} too", False


def order(old: Sequence[Parameter], new: Sequence[Parameter]) -> Iterator[tuple[str, bool]]:
    """Parameters that came, went, moved, or are given in other ways."""
    now, then = {p.name: p for p in new}, {p.name: p for p in old}
    for parameter in old:
        if parameter.name not in now:
            yield f"{parameter.name} is gone", True
        elif parameter.kind != now[parameter.name].kind:
            freer = parameter.kind in {"positional", "keyword"} and now[parameter.name].kind == "either"
            yield f"{parameter.name} was given as {parameter.kind}, is given as {now[parameter.name].kind}", not freer
    for parameter in new:
        if parameter.name not in then:
            must = parameter.default is None and parameter.kind not in {"*args", "**kwargs"}
            yield f"{parameter.name} is new" + (", and must be given" if must else ""), must
    places = [[p.name for p in side if p.kind in {"positional", "either"}] for side in (old, new)]
    for place, (before, after) in enumerate(zip_longest(*places)):
        if before is not None and before != after and before in now and now[before].kind in {"positional", "either"}:
            yield f"{before} is not argument {place + 1} any more", True


def listed(names: frozenset[str] | set[str]) -> str:
    return " or ".join(sorted(names))
