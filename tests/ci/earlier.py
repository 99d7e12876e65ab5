"""Makes the release before the one that factory.py makes: smaller, linked with other things, and built in other times."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from ci import checks, evidence
from ci.matrix import Artifact, Matrix, Platform
from tests.ci import factory

VERSION = "0.0.9"
NEW = "cp315-abi3.abi3t"
"""The wheel that the release before did not have."""

OLD = "cp311-abi3"
"""The wheel that only the release before had."""

MORE = "extern void *PyList_New(long); void *use(void) { return PyList_New(0); }"
CRATES = {**factory.CRATES, "pyo3": "0.29.0", "memoffset": "0.9.1"}


def release(folder: Path, declared: Matrix, platforms: tuple[Platform, ...]) -> Path:
    """A folder of it, with its evidence."""
    folder.mkdir()
    for artifact in declared.artifacts(VERSION, platforms):
        if artifact.label == NEW:
            continue
        path = folder / artifact.filename
        if artifact.is_sdist:
            factory.write_sdist(path, {f"hotkernels-{VERSION}/PKG-INFO": factory.metadata(VERSION)})
        else:
            factory.write_wheel(path, members(artifact))
        factory.prove(folder, artifact)
        for word in map(evidence.read, sorted(evidence.folder(folder).glob(f"{artifact.filename}.*.json"))):
            spent = {"cpu_seconds": 4.0} if word.check == "build" else {"seconds": 10.0}
            if word.check in ("build", "tests", "threads"):
                evidence.write(folder, dataclasses.replace(word, detail=word.detail | spent))
    other = next(folder.glob("*cp312-abi3-*"))
    (folder / other.name.replace("cp312-abi3", OLD)).write_bytes(other.read_bytes())
    return folder


def members(artifact: Artifact) -> dict[str, bytes]:
    components = [{"name": n, "version": v, "licenses": [{"expression": "MIT OR Apache-2.0"}]} for n, v in CRATES.items()]
    bom = factory.sbom(VERSION) | {"components": components}
    made = factory.wheel_members(artifact, factory.module(checks.abi(artifact), more=MORE))
    return made | {f"hotkernels-{VERSION}.dist-info/sboms/hotkernels-bindings.cyclonedx.json": json.dumps(bom).encode()}


def timed(folder: Path) -> None:
    """Gives the evidence of a release the times that a check takes."""
    for word in map(evidence.read, sorted(evidence.folder(folder).glob("*.json"))):
        if word.check in ("tests", "threads"):
            evidence.write(folder, dataclasses.replace(word, detail=word.detail | {"seconds": 12.5}))
