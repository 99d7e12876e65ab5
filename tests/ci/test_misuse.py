"""The first classic error of a binding does not compile here: Python touched without the interpreter attached."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from ci.paths import ROOT

COMMAND = ("cargo", "rustc", "--quiet", "--locked", "--profile=check", "--package=hotkernels-bindings", "--features=abi3")
"""Checks the bindings alone; what they depend on is compiled once, beside clippy's. The limited API needs no interpreter."""


def check(misuse: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--target-dir=target/checks", "--", "--cfg", "misuse", "--cfg", f'misuse="{misuse}"']
    env = os.environ | {"PYO3_NO_PYTHON": "1", "PYO3_BUILD_EXTENSION_MODULE": "1", "CARGO_TERM_COLOR": "never"}
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)


pytestmark = pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")


def test_a_kernel_alone_compiles() -> None:
    """Else the others would be refused for some other reason."""
    result = check("none")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("misuse", ["token", "object", "buffer", "array"])
def test_what_belongs_to_python_cannot_be_used_detached(misuse: str) -> None:
    result = check(misuse)
    assert result.returncode != 0
    codes = set(re.findall(r"^error\[(\w+)\]", result.stderr, re.MULTILINE))
    assert codes == {"E0277"}, result.stderr  # a trait is missing: Send
    assert re.search(r"cannot be (sent|shared) between threads safely", result.stderr)
