"""What every test of the installed package shares. The tests run outside the checkout too, against a wheel alone."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine must not fail a test: no deadline. The same examples each time where CI says so.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
# Under emulation each example takes ten times as long: a tenth of them, the same each time.
settings.register_profile("emulated", settings.get_profile("ci"), max_examples=10)
# Under a sanitizer too, whose short run looks at the ways through the code and not at the numbers.
settings.register_profile("sanitized", settings.get_profile("ci"), max_examples=3)
# For a night: pytest --hypothesis-profile=nightly. Not the same examples every night.
settings.register_profile("nightly", settings.get_profile("default"), max_examples=1000, derandomize=False)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture
def patience(pytestconfig: pytest.Config) -> int:
    """How many times longer than natively something may take."""
    return 10 if pytestconfig.getoption("--hypothesis-profile") in {"emulated", "sanitized"} else 1


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thread_unsafe: changes the state of the whole process; not run in many threads at once")
    config.addinivalue_line("markers", "parallel_threads(n): how many threads pytest-run-parallel gives the test")
