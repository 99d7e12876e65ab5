"""More than one interpreter in a process: the first that imports the package works, others are told that they cannot.

Classes and names stand in static variables, as PyO3 has them, which all interpreters would share. Python refuses an interpreter
with a GIL of its own, and the package any other.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import hotkernels as hk
{create}
tries = '''
import sys
sys.path[:] = {path!r}
try:
    import hotkernels
except ImportError as error:
    said = str(error)
else:
    said = "imported"
import builtins
open({output!r}, "w").write(said)
'''
for _ in range(3):
    {run}
    said = open({output!r}).read()
    assert "hotkernels" in said and "subinterpreters" in said, said
    assert hk.levenshtein_distance("kitten", "sitting") == 3
    assert hk.sum([1, 2]) == 3
"""

FIRST = """
import sys
{create}
{run}
try:
    import hotkernels
except ImportError as error:
    assert str(error).startswith("hotkernels does not support subinterpreters: interpreter 1 "), error
else:
    raise AssertionError("imported")
"""
"""The other interpreter comes first, and is gone."""

KINDS = {
    "its own GIL": (
        "import _interpreters",
        "number = _interpreters.create('isolated'); CHECK(_interpreters.exec(number, tries)); _interpreters.destroy(number)",
    ),
    "a shared GIL": (
        "import _interpreters",
        "number = _interpreters.create('legacy'); CHECK(_interpreters.exec(number, tries)); _interpreters.destroy(number)",
    ),
    "concurrent.interpreters": (
        "from concurrent import interpreters",
        "made = interpreters.create(); made.exec(tries); made.close()",
    ),
    "by the C API's tests": ("from test import support", "CHECK(support.run_in_subinterp(tries) or None)"),
}
"""How another interpreter is made, and run; each needs a module that not all versions have."""

NEEDS = {
    "its own GIL": "_interpreters",
    "a shared GIL": "_interpreters",
    "concurrent.interpreters": "concurrent.interpreters",
    "by the C API's tests": "_testcapi",
}


def there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parallel_threads(1)
@pytest.mark.parametrize("kind", KINDS)
def test_another_interpreter_is_told_that_it_cannot(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    if not there(NEEDS[kind]):
        pytest.skip(f"no {NEEDS[kind]} here")
    create, run = KINDS[kind]
    output = str(tmp_path_factory.mktemp("interpreters") / "said")
    check = "\ndef CHECK(failure):\n    assert failure is None, failure\n"
    program = PROGRAM.format(create=create + check, run=run, output=output, path=sys.path)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr


@pytest.mark.parallel_threads(1)
@pytest.mark.skipif(not there("_interpreters"), reason="no _interpreters here")
def test_the_main_interpreter_is_told_where_another_was_first() -> None:
    create = "import _interpreters; number = _interpreters.create('legacy')"
    work = f"import sys; sys.path[:] = {sys.path!r}; import hotkernels as hk; assert hk.sum([1, 2]) == 3"
    run = f"failure = _interpreters.exec(number, {work!r}); assert failure is None, failure; _interpreters.destroy(number)"
    program = FIRST.format(create=create, run=run)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
