"""A headless Chromium, a server on loopback, and what both found wrong: for `nox -s browser`, which brings Playwright."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ci import __main__
from ci.matrix import Matrix, Platform
from ci.paths import ROOT
from tests.ci import earlier

THERE = all(map(importlib.util.find_spec, ("playwright", "axe_playwright_python")))
collect_ignore_glob = [] if THERE else ["*"]
if THERE:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Browser, Page, sync_playwright

SITE = ROOT / "target" / "site"
WIDTHS = {"phone": 390, "desktop": 1300}
SCHEMES = ("light", "dark")
LOOKS = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]


@dataclass
class Seen:
    """A page as it is open, with all that went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def overflow(self) -> int:
        """Pixels that the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def violations(self, known: dict[str, str]) -> list[str]:
        """What axe-core finds, without the rules that are known to be broken by others, a reason beside each."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{rule['id']}: {rule['help']}: {node['html'][:200]}"
            for rule in found
            if rule["id"] not in known
            for node in rule["nodes"]
        ]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("HOTKERNELS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Seen]]:
    """Opens an address; options: width, scheme, scripts."""
    contexts = []

    def start(address: str, width: str = "desktop", scheme: str = "light", *, scripts: bool = True) -> Seen:
        options: dict[str, Any] = {"color_scheme": scheme, "java_script_enabled": scripts, "reduced_motion": "reduce"}
        context = browser.new_context(viewport={"width": WIDTHS[width], "height": 900}, **options)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.set_default_timeout(10_000)

        def route(request: Any) -> None:
            if request.request.url.startswith(("file:", "data:", "http://127.0.0.1:")):
                request.continue_()
            else:
                seen.left.append(request.request.url)
                request.abort()

        context.route("**/*", route)
        seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type in ("error", "warning") else None)
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.goto(address)
        return seen

    yield start
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def report(released: Path, declared: Matrix, linux: tuple[Platform, ...], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page of a release with one failure and one gap, and a release before it."""
    folder = tmp_path_factory.mktemp("report")
    dist = Path(shutil.copytree(released, folder / "dist"))
    earlier.timed(dist)
    before = earlier.release(folder / "before", declared, linux)
    failed = next((dist / "evidence").glob("*-cp314-cp314-*.tests.cp314.json"))
    detail = {"message": "the tests failed", "expected": "status 0", "found": "1 failed, <b>bold</b>"}
    failed.write_text(json.dumps(json.loads(failed.read_text()) | {"verdict": "fail", "detail": detail}))
    next((dist / "evidence").glob("*-cp312-abi3-*.import.cp315.json")).unlink()
    assert __main__.main(["report", str(dist), "--platform", "linux-x86_64", "--against", str(before)]) == 0
    return (dist / "report.html").as_uri()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Says nothing: what is missing is an error of the page."""


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the documentation, on a server of its own."""
    if not (SITE / "index.html").is_file():
        pytest.exit("the documentation is not built: nox -s browser builds it", returncode=1)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def pages() -> list[str]:
    """Every page of the site, by its path."""
    return sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
