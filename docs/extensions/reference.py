"""The directive `reference`: what the stub and the docstring say of functions and classes, as Sphinx's own domain has it.

Signatures come from the stub, which has the types; the words from the installed module, which has nothing else. So neither is
written twice, and both are checked: the stub against the module by stubtest, the names here against both.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "hotkernels"
SOURCES = {
    "hotkernels": PACKAGE / "_native.pyi",
    "hotkernels.dask": PACKAGE / "dask.py",
    "hotkernels.polars": PACKAGE / "polars.py",
}
"""Where the signatures of a module stand."""

ITEM = re.compile(r"^(?P<names>[a-z_]+(?:, [a-z_]+)*): (?P<text>.*)", re.DOTALL)
"""How a docstring tells of arguments: their names, a colon, and what they are."""


class Reference(SphinxDirective):
    """One function or class a line; module: of which module, where it is not the package itself."""

    has_content = True
    option_spec = {"module": directives.unchanged}  # noqa: RUF012 - docutils declares it so

    def run(self) -> list[nodes.Node]:
        module = self.options.get("module", "hotkernels")
        source = SOURCES[module]
        self.env.note_dependency(str(source))
        stub = ast.parse(source.read_text(encoding="utf-8"))
        names = [line.strip() for line in self.content if line.strip()]
        text = "\n".join(line for name in names for line in described(stub, module, name))
        return self.parse_text_to_nodes(text, allow_section_headings=False)


def described(stub: ast.Module, module: str, name: str) -> Iterator[str]:
    """Markdown of a function or a class with its members."""
    found = getattr(import_module(module), name)
    written = [node for node in stub.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name]
    if not written:
        raise LookupError(f"{name} is not in the sources of {module}")
    first = written[0]
    if isinstance(first, ast.FunctionDef):
        functions = [node for node in written if isinstance(node, ast.FunctionDef)]
        yield from block("function", signature(general(functions), name), documented(found, general(functions)), 3, module)
        return
    init = [node for node in first.body if isinstance(node, ast.FunctionDef) and node.name == "__new__"]
    head = signature(init[0], name, skip=1, returns=False) if init else name
    body = list(documented(found))
    for member in dict.fromkeys(public(first)):
        body += ["", *described_member(first, found, member)]
    yield from block("class", head, body, 5, module)


def public(owner: ast.ClassDef) -> Iterator[str]:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def described_member(owner: ast.ClassDef, found: type, name: str) -> Iterator[str]:
    member = inspect.getattr_static(found, name)
    text = list(documented(member))
    for node in owner.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            yield from block("attribute", f"{name}: {ast.unparse(node.annotation)}", text, 3)
            return
    written = [node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name]
    if any(isinstance(mark, ast.Name) and mark.id == "property" for mark in written[0].decorator_list):
        kind = public_names(ast.unparse(written[0].returns)) if written[0].returns else "object"
        yield from block("attribute", f"{name}: {kind}", text, 3)
    else:
        yield from block("method", signature(written[0], name, skip=1), documented(member, written[0]), 3)


def general(written: list[ast.FunctionDef]) -> ast.FunctionDef:
    """Of overloads the one for any array; those for one dtype, and for an out that is there, serve type checkers."""
    for node in written:
        first = node.args.args[0].annotation if node.args.args else None
        if isinstance(first, ast.Name) and first.id in {"_Array", "_Strings"}:
            return node
    return written[0]


def signature(node: ast.FunctionDef, name: str, *, skip: int = 0, returns: bool = True) -> str:
    """On one line, without `self`."""
    arguments = ast.parse(f"def f({ast.unparse(node.args)}): ...").body[0]
    assert isinstance(arguments, ast.FunctionDef)  # noqa: S101 - it was just written
    arguments.args.args = arguments.args.args[skip:] if not arguments.args.posonlyargs else arguments.args.args
    arguments.args.posonlyargs = arguments.args.posonlyargs[skip:]
    back = f" -> {ast.unparse(node.returns)}" if returns and node.returns else ""
    text = f"{name}({ast.unparse(arguments.args)}){back}".replace("out: None = None", "out: Buffer | None = None")
    text = re.sub(r"\b\d{8,}\b", lambda number: f"0x{int(number[0]):08X}", text)  # colours
    return public_names(text)


def public_names(text: str) -> str:
    """The names of the stub's own aliases without their underscore."""
    return re.sub(r"\b_([A-Z])", r"\1", text)


def block(kind: str, head: str, body: list[str] | Iterator[str], colons: int, module: str = "") -> Iterator[str]:
    """A directive of the Python domain."""
    fence = ":" * colons
    yield f"{fence}{{py:{kind}}} {head}"
    if module:
        yield f":module: {module}"
    yield ""
    yield from body
    yield fence
    yield ""


def documented(found: object, written: ast.FunctionDef | None = None) -> Iterator[str]:
    """A docstring as Markdown: arguments as a list of definitions, all else as it stands."""
    known = {argument.arg for argument in (*written.args.args, *written.args.kwonlyargs)} if written else set()
    text = inspect.cleandoc(found.__doc__ or "")
    if not text:
        raise LookupError(f"{found} has no docstring")
    for paragraph in text.split("\n\n"):
        items: list[list[str]] = []
        for line in paragraph.splitlines():
            if (match := ITEM.match(line)) and known.issuperset(match["names"].split(", ")):
                items.append([match["names"], match["text"]])
            elif items:
                items[-1][1] += f"\n{line}"
            else:
                yield escaped(line)
        for names, words in items:
            lines = escaped(words).splitlines()
            yield from (
                "",
                ", ".join(f"`{name}`" for name in names.split(", ")),
                f": {lines[0]}",
                *(f"  {line}" for line in lines[1:]),
            )
        yield ""


def escaped(text: str) -> str:
    """Stars and brackets are meant as they stand."""
    return re.sub(r"([*\[\]<])", r"\\\1", text)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("reference", Reference)
    return {"parallel_read_safe": True}
