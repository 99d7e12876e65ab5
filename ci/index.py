"""Reads a Simple index (PEP 503 HTML, PEP 691 JSON), and says how a release stands there: what is up, missing, or wrong."""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from ci.errors import CiError

JSON = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
TIMEOUT = 30.0
PAUSES = (1.0, 3.0)
"""Seconds between attempts to read; one attempt more than there are pauses."""


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a project page. sha256 is empty where the index does not say it; yanked: withdrawn by its owner."""

    filename: str
    url: str
    sha256: str = ""
    yanked: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a release stands on an index: declared files that are up as wanted, those that are not up, what is wrong."""

    there: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    problems: list[CiError] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return bool(self.there) and not self.missing and not self.problems


def standing(simple: str, project: str, version: str, wanted: Mapping[str, str]) -> Standing:
    """Asks the index now; wanted: the sha256 of every declared file by its name."""
    return compare(wanted, [identified(file) for file in files(simple, project) if belongs(file.filename, version)])


def compare(wanted: Mapping[str, str], found: Sequence[File]) -> Standing:
    """found: all files of the version that the index has, each with its sha256."""
    by_name = {file.filename: file for file in found}
    problems = []
    for file in found:
        if file.filename not in wanted:
            problems.append(
                CiError(
                    f"{file.filename}: on the index, and not declared",
                    expected="the declared files of this version alone",
                    found=f"{file.filename}, sha256 {file.sha256}",
                    todo="whoever put it there published something else under this version: take the next version number",
                )
            )
        elif file.sha256 != wanted[file.filename]:
            problems.append(
                CiError(
                    f"{file.filename}: on the index with other bytes",
                    expected=f"sha256 {wanted[file.filename]}, as gated",
                    found=f"sha256 {file.sha256}, on the index",
                    todo="an index keeps what it has: publish the very files of the first attempt; or, if what is up is "
                    "damaged or other work, yank this version and take the next version number",
                )
            )
        elif file.yanked:
            problems.append(
                CiError(
                    f"{file.filename}: yanked",
                    expected="no file of this version withdrawn",
                    found="the index marks it as yanked: installers pass it over",
                    todo="its owner withdrew it: undo that on the index, or take the next version number",
                )
            )
    there = [name for name in wanted if name in by_name and by_name[name].sha256 == wanted[name]]
    return Standing(there=there, missing=[name for name in wanted if name not in by_name], problems=problems)


def files(simple: str, project: str) -> list[File]:
    """Every file that the index has of the project; none where it does not know the project."""
    page = f"{simple.rstrip('/')}/{project}/"
    answer = get(page, absent_is_empty=True)
    if answer is None:
        return []
    kind, url, body = answer
    try:
        return list(from_json(body, url) if kind == JSON else from_html(body, url))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CiError(
            f"{page}: does not read as a page of a Simple index",
            expected="PEP 691 JSON, version 1; or PEP 503 HTML",
            found=f"{kind}: {error}",
            todo="--check-url is the address of the Simple index, as pip's --index-url",
        ) from error


def from_json(body: bytes, base: str) -> Iterator[File]:
    raw = json.loads(body)
    if (api := str(raw["meta"]["api-version"])).partition(".")[0] != "1":
        raise ValueError(f"version {api} of the API")
    for row in raw["files"]:
        yield File(
            filename=row["filename"],
            url=urljoin(base, row["url"]),
            sha256=row["hashes"].get("sha256", ""),
            yanked=row.get("yanked", False) is not False,
        )


def from_html(body: bytes, base: str) -> Iterator[File]:
    page = Anchors()
    page.feed(body.decode("utf-8"))
    for attributes in page.found:
        url, fragment = urldefrag(urljoin(base, attributes.get("href") or ""))
        hashed = re.fullmatch(r"sha256=([0-9a-f]{64})", fragment)
        yield File(
            filename=unquote(urlsplit(url).path.rpartition("/")[2]),
            url=url,
            sha256=hashed[1] if hashed else "",
            yanked="data-yanked" in attributes,
        )


class Anchors(HTMLParser):
    """The attributes of every link of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


def identified(file: File) -> File:
    """The file with its sha256: an index need not state one, and then what it serves is hashed."""
    if file.sha256:
        return file
    answer = get(file.url)
    digest = hashlib.sha256(answer[2]).hexdigest() if answer else ""
    return File(filename=file.filename, url=file.url, sha256=digest, yanked=file.yanked)


def get(url: str, *, absent_is_empty: bool = False) -> tuple[str, str, bytes] | None:
    """Media type, final address and body; None for a 404 that is to mean empty. Transient errors are tried again."""
    checked(url)
    # Not from a cache on the way: what is asked is how it stands now.
    request = urllib.request.Request(url, headers={"Accept": ACCEPT, "Cache-Control": "no-cache"})  # noqa: S310  # checked
    for pause in (*PAUSES, None):
        try:
            # A context of its own: the one that urllib keeps knows the certificates of when it was first asked.
            context = ssl.create_default_context()
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as answer:  # noqa: S310  # checked
                return answer.headers.get_content_type(), answer.url, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404 and absent_is_empty:
                    return None
                said, transient = f"status {error.code} {error.reason}", error.code >= 500 or error.code in (408, 429)
        except (OSError, http.client.HTTPException) as error:
            said, transient = str(getattr(error, "reason", error)) or type(error).__name__, True
        if pause is None or not transient:
            break
        time.sleep(pause)
    raise CiError(
        f"{url}: the index does not answer as it should",
        expected="status 200, or 404 for a project that is not there yet",
        found=said,
        todo="check the address; run it again when the index is well",
    )


def checked(url: str) -> str:
    """The address, if it may be used: https, or http to this very machine."""
    if urlsplit(url).scheme == "https" or (urlsplit(url).scheme == "http" and loopback(url)):
        return url
    raise CiError(
        f"{url}: not an address that is spoken to",
        expected="https://…, or http:// to a server on loopback",
        found=url,
        todo="give the index's https address",
    )


def loopback(url: str) -> bool:
    """Whether this address is this machine, by its very name: no name server is asked."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def belongs(filename: str, version: str) -> bool:
    """Whether a file is of this version. One that does not parse (an .egg, an installer) goes by its spelling."""
    try:
        parsed = parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return re.search(rf"-{re.escape(version)}(?![0-9])(?!\.[0-9])", filename) is not None
    return parsed == Version(version)
