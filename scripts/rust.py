"""Makes the compiler of a release the one in use: the version that ci/matrix.toml declares, from rustup where it is not there.

For hosted runners and for who wants the very bytes of a release; any other build takes the compiler that a person has.
"""

from __future__ import annotations

import sys

from rich.markup import escape

from ci import matrix
from ci.console import console, errors
from ci.errors import CiError
from ci.process import run

COMPONENTS = ("clippy", "rustfmt", "llvm-tools")  # nox -s lint and nox -s cov


def main() -> int:
    wanted = matrix.load().rust
    try:
        if version() != wanted:
            install(wanted)
        if (found := version()) != wanted:
            raise CiError(
                "rustc is not the one that releases are made with",
                expected=wanted,
                found=found,
                todo="something on PATH or RUSTUP_TOOLCHAIN comes before rustup's default",
            )
    except CiError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}")
        return 1
    console.print(f"[green]ready[/]  rustc {wanted}")
    return 0


def version() -> str:
    """1.95.0, as the rustc on PATH says it; empty where there is none."""
    try:
        return run(["rustc", "--version"], what="asking rustc").split()[1]
    except CiError:
        return ""


def install(wanted: str) -> None:
    todo = "install rustup, or put this version of rustc and cargo on PATH"
    components = [word for name in COMPONENTS for word in ("--component", name)]
    command = ["rustup", "toolchain", "install", wanted, "--profile", "minimal", "--no-self-update", *components]
    run(command, what=f"installing Rust {wanted}", todo=todo)
    run(["rustup", "default", wanted], what=f"choosing Rust {wanted}", todo=todo)


if __name__ == "__main__":
    sys.exit(main())
