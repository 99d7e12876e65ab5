"""What two releases are linked from, compared: the crates of their SBOMs, wheel by wheel."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ci.audit import sbom
from ci.errors import CiError

Crates = Mapping[str, tuple[str, str]]
"""Name to version and licence; of a crate in two versions, all of them, joined."""

EVERY = ""
"""The name of an SBOM that is not in a wheel: each wheel is compared with it."""


def read(paths: Iterable[Path]) -> dict[str, Crates]:
    """The crates of each wheel by its tags; paths are wheels, folders of wheels, or a CycloneDX file."""
    found: dict[str, Crates] = {}
    for path in paths:
        if path.is_dir():
            wheels = sorted(path.glob("*.whl"))
            if not wheels:
                raise nothing(path, "a folder with wheels")
            found |= read(wheels)
        elif path.suffix == ".whl" and path.is_file():
            found[tags(path)] = of(sbom.read(inside(path)))
        elif path.is_file():
            found[EVERY] = of(sbom.read(path.read_text(encoding="utf-8", errors="replace")))
        else:
            raise nothing(path, "a wheel, a folder of wheels, or an SBOM (CycloneDX, JSON)")
    return found


def tags(path: Path) -> str:
    """The tags of a wheel's name, which stay the same from one release to the next."""
    try:
        parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise nothing(path, "a wheel's name") from error
    return "-".join(path.stem.split("-")[-3:])


def inside(path: Path) -> str:
    """The one SBOM of a wheel, as text."""
    try:
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if ".dist-info/sboms/" in name and name.endswith(".json")]
            if len(names) != 1:
                raise nothing(path, "a wheel with one SBOM")
            if wheel.getinfo(names[0]).file_size > 10_000_000:
                raise nothing(path, "an SBOM of less than 10 MB")
            return wheel.read(names[0]).decode("utf-8", errors="replace")
    except (OSError, zipfile.BadZipFile) as error:
        raise nothing(path, f"a wheel that can be read ({error})") from error


def of(bom: Mapping[str, object]) -> Crates:
    """The components of a CycloneDX document, its root aside."""
    found: dict[str, list[tuple[str, str]]] = {}
    parts = bom["components"]
    for part in parts if isinstance(parts, list) else ():
        found.setdefault(part["name"], []).append((part["version"], sbom.licence(part)))
    return {
        name: (", ".join(version for version, _ in sorted(rows)), ", ".join(sorted({licence for _, licence in rows})))
        for name, rows in found.items()
    }


def compare(before: Mapping[str, Crates], after: Mapping[str, Crates]) -> list[list[str]]:
    """A row for each difference: crate, what happened, before, after, and in which wheels."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    known = {label: before.get(label, before.get(EVERY)) for label in after}
    for label, now in after.items():
        then = known[label]
        if then is None:
            continue
        for name in sorted(then.keys() | now.keys()):
            for row in differences(then.get(name), now.get(name)):
                rows.setdefault((name, *row), []).append(label)
    compared = sum(then is not None for then in known.values())
    return [[*row, f"all {compared}" if len(labels) == compared else ", ".join(labels)] for row, labels in sorted(rows.items())]


def differences(then: tuple[str, str] | None, now: tuple[str, str] | None) -> list[tuple[str, str, str]]:
    """What happened to one crate: nothing, one thing, or another version under another licence."""
    if then is None or now is None:
        either = then or now or ("", "")
        shown = f"{either[0]} ({either[1] or 'no licence stated'})"
        return [("added", "", shown)] if then is None else [("removed", shown, "")]
    found = []
    if then[0] != now[0]:
        found.append(("another version", then[0], now[0]))
    if then[1] != now[1]:
        found.append(("another licence", then[1] or "none stated", now[1] or "none stated"))
    return found


def without(before: Mapping[str, Crates], after: Mapping[str, Crates]) -> list[str]:
    """The wheels of either side that the other one does not have, which no row tells of."""
    if EVERY in before:
        return []
    return [f"{label} is new" for label in after.keys() - before.keys()] + [
        f"{label} is gone" for label in before.keys() - after.keys()
    ]


def nothing(path: Path, expected: str) -> CiError:
    return CiError(
        f"{path.name}: nothing to compare with",
        expected=expected,
        found=str(path) if path.exists() else f"no such file: {path}",
        todo="--against takes the files of the release before: gh release download, or pip download --no-deps",
    )
