"""`python -m ci VERB`: the release line's one command."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from rich.markup import escape

from ci import environment
from ci.console import errors
from ci.errors import CiError

VERBS = {
    "plan": "list what is declared, what it is built with and what it is tested on",
    "build": "make the artifacts of the plan",
    "audit": "check every artifact without running it",
    "test": "install each wheel in clean environments and run the tests on it",
    "gate": "decide whether what is there may be released; reads only",
    "report": "write report.html and report.md; SHA256SUMS and evidence.zip of what may be released",
    "publish": "send the gated files to an index, and see every one there",
    "published": "say whether a version on an index is whole; reads only",
}

EPILOG = """\
All verbs work on one folder, dist/ unless told otherwise, and leave what they find in dist/evidence. In order:

  python -m ci build && python -m ci audit && python -m ci test && python -m ci gate

`nox -s wheels` is all of them, for the platforms that this machine is; the verbs take every platform unless told otherwise.
What ships is declared in ci/matrix.toml and nowhere else. Exit status: 0 all is well, 1 something was refused, 2 wrong
usage, 130 interrupted.
"""


def parser(chosen: str | None) -> argparse.ArgumentParser:
    """The command line. Only the chosen verb is imported: the gate runs where the auditing tools are not installed."""
    top = argparse.ArgumentParser(
        prog="python -m ci",
        description="Builds, audits, tests and gates what is released.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = top.add_subparsers(title="verbs", dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        sub = verbs.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False)
        if name == chosen:
            module = importlib.import_module(f"ci.{name}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else list(argv)
    environment.apply()  # tools keep their caches in the one folder, however they are started
    try:
        args = parser(next((word for word in argv if not word.startswith("-")), None)).parse_args(argv)
        status: int = args.run(args)
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        errors.print("interrupted")
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
