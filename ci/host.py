"""Which platforms this machine is, and how it runs the code of the others."""

from __future__ import annotations

import platform
import sys

from ci.errors import CiError
from ci.matrix import Host, Matrix, Platform


def here() -> str:
    """This machine as the first and third part of a rustc target have it: x86_64 linux, aarch64 darwin."""
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    return f"{machine} {sys.platform}"


def runs(declared: Platform) -> bool:
    """Whether this machine runs the platform's code natively."""
    return is_of(declared, here())


def is_of(declared: Platform, machine: str) -> bool:
    """Whether a machine, named as `here` does, is of this platform."""
    processor, _, system = machine.partition(" ")
    return bool(processor and system) and declared.target.startswith(f"{processor}-") and f"-{system}" in declared.target


def way(declared: Platform) -> Host:
    """How this machine runs the platform's code: natively, under emulation, or not at all."""
    if runs(declared):
        return "native"
    return declared.rehearsed if here() == "x86_64 linux" else "static"


def native(declared: Matrix) -> tuple[Platform, ...]:
    """The platforms of the matrix that this machine is; a CiError when there is none."""
    found = tuple(platform for platform in declared.platforms if runs(platform))
    if not found:
        raise CiError(
            f"no wheel is declared for {here()}",
            expected=", ".join(platform.name for platform in declared.platforms),
            found=here(),
            todo="name a platform with --platform; or add this one to ci/matrix.toml",
        )
    return found
