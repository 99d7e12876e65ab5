"""How the verbs speak: one line an artifact, refusals as a few lines below it, a bar on a terminal alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ci.errors import CiError

console = Console(soft_wrap=True, highlight=False)
errors = Console(soft_wrap=True, highlight=False, stderr=True)


def passed(text: str) -> None:
    console.print(f"[green]pass[/]  {escape(text)}")


def failed(text: str) -> None:
    console.print(f"[bold red]FAIL[/]  {escape(text)}")


def skipped(text: str) -> None:
    console.print(f"[yellow]skip[/]  {escape(text)}")


def refusal(error: CiError) -> None:
    """What was expected, what was found and what to do, indented below the artifact's line."""
    for line in str(error).splitlines():
        console.print(f"      {escape(line)}")


@contextmanager
def progress(what: str, total: int) -> Iterator[Progress]:
    """A bar that moves while lines are printed above it; nothing at all in a log.

    Its one task has the number 0: `bar.advance(TASK)`, `bar.update(TASK, description=…)`.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(escape(what), total=total)
        yield bar


def shorten(text: str, limit: int = 600) -> str:
    """Text for a message: the middle of what is long is left out."""
    return text if len(text) <= limit else f"{text[: limit // 2]} … {text[-limit // 2 :]}"
