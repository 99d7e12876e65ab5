"""Makes small but whole artifacts, and bad ones, for the tests of the release line."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ci import checks, evidence, matrix, notices
from ci.audit.names import suffix
from ci.evidence import Evidence
from ci.matrix import Artifact

UNWINDER = ("-Wl,--push-state,--no-as-needed", "-lgcc_s", "-Wl,--pop-state")
HARDENED = ("-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,noexecstack")
SAFE = (*UNWINDER, "-shared", "-fPIC", "-fvisibility=hidden", *HARDENED, "-Wl,--build-id=none")
LICENCE = b"Permission is hereby granted, free of charge, to any person ...\n"
CHECKSUMS = {"pyo3": "a" * 64, "pyo3-ffi": "b" * 64, "libc": "c" * 64}
CLASSIFIERS = [f"Programming Language :: Python :: 3.{minor}" for minor in (12, 13, 14, 15)]
CRATES = {"hotkernels-kernels": "0.1.0", "pyo3": "0.30.1", "pyo3-ffi": "0.30.1", "libc": "0.2.191"}


def checkout(root: Path) -> Path:
    """A checkout as the audit reads it: manifests, lock files, the package's sources."""
    texts = {
        "Cargo.toml": '[workspace.package]\nversion = "0.1.0"\nlicense = "MIT OR Apache-2.0"\n',
        "pyproject.toml": f"""
            [project]
            name = "hotkernels"
            requires-python = ">=3.12"
            classifiers = {json.dumps(CLASSIFIERS)}
            [project.optional-dependencies]
            numpy = ["numpy>=1.26"]
        """,
        "README.md": "# hotkernels\n",
        "LICENSE-MIT": LICENCE.decode(),
        "LICENSE-APACHE": LICENCE.decode(),
        notices.NAME: third_party(),
        "src/hotkernels/__init__.py": "from hotkernels._native import __version__, build_info\n",
        "src/hotkernels/_native.pyi": "",
        "src/hotkernels/py.typed": "",
        "src/kernels/Cargo.toml": "[package]\n",
        "src/kernels/src/lib.rs": "//! Kernels.\n",
        "src/bindings/Cargo.toml": "[package]\n",
        "src/bindings/src/lib.rs": "//! Bindings.\n",
    }
    packages = [f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in CRATES.items()]
    packages = [p + f'checksum = "{CHECKSUMS[n]}"\n' if n in CHECKSUMS else p for p, n in zip(packages, CRATES, strict=True)]
    packages.append('[[package]]\nname = "hotkernels-bindings"\nversion = "0.1.0"\n')
    texts["Cargo.lock"] = texts["ci/cp313t/Cargo.lock"] = "\n".join(packages)
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def third_party(crates: Iterable[str] = CRATES) -> str:
    """The licences of the crates of `sbom`, of one text all of them, and of Rust's own library."""
    entries = [
        notices.Entry(name=name, version=CRATES[name], licence="MIT OR Apache-2.0", texts=(1,))
        for name in crates
        if name in CHECKSUMS
    ]
    entries.append(notices.Entry(name="rust-std", version=matrix.load().rust, licence="MIT OR Apache-2.0", texts=(1,)))
    return notices.render("Made by: nox -s notices", entries, {1: LICENCE.decode()})


@cache
def compiled(source: str, flags: tuple[str, ...] = SAFE) -> bytes:
    """A shared object of this C source."""
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "m.c", Path(folder) / "m.so"
        file.write_text(source, encoding="utf-8")
        subprocess.run(["cc", "-O1", "-o", out, file, *flags], check=True, capture_output=True)
        return out.read_bytes()


def module(abi: str, *, init: str = "", more: str = "", flags: tuple[str, ...] = SAFE) -> bytes:
    """An extension module as the checks see one: the mark, one Python symbol, one exported function."""
    init = init or ("PyModExport__native" if abi.endswith("abi3t") else "PyInit__native")
    mark = f'static const char mark[] __attribute__((used)) = "hotkernels-abi:{abi};";' if abi else ""
    source = f"""
        extern void *PyLong_FromLong(long);
        {mark}
        {more}
        __attribute__((visibility("default"))) void *{init}(void) {{ return PyLong_FromLong(1); }}
    """
    return compiled(source, flags)


def sbom(version: str) -> dict[str, object]:
    """A CycloneDX file that agrees with the lock files of `checkout`."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"component": {"name": "hotkernels-bindings", "version": version}},
        "components": [
            {
                "name": name,
                "version": at,
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "hashes": [{"alg": "SHA-256", "content": CHECKSUMS[name]}] if name in CHECKSUMS else [],
            }
            for name, at in CRATES.items()
        ],
    }


def metadata(version: str) -> bytes:
    lines = ["Metadata-Version: 2.4", "Name: hotkernels", f"Version: {version}", "Requires-Python: >=3.12"]
    lines += ["License-Expression: MIT OR Apache-2.0", "License-File: LICENSE-MIT", "License-File: LICENSE-APACHE"]
    lines += [f"License-File: {notices.NAME}"]
    lines += [f"Classifier: {row}" for row in CLASSIFIERS]
    lines += ["Provides-Extra: numpy", "Requires-Dist: numpy>=1.26 ; extra == 'numpy'"]
    return ("\n".join(lines) + "\n\n# hotkernels\n").encode()


def wheel_members(artifact: Artifact, extension: bytes | None = None) -> dict[str, bytes]:
    """What a good wheel holds, RECORD left out."""
    info = f"hotkernels-{artifact.version}.dist-info"
    tags = "".join(f"Tag: {tag}\n" for tag in sorted(map(str, artifact.tags)))
    return {
        "hotkernels/__init__.py": b"from hotkernels._native import __version__, build_info\n",
        "hotkernels/_native.pyi": b"",
        "hotkernels/py.typed": b"",
        f"hotkernels/_native{suffix(artifact)}": extension if extension is not None else module(checks.abi(artifact)),
        f"{info}/METADATA": metadata(artifact.version),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: maturin (1.16.0)\nRoot-Is-Purelib: false\n{tags}".encode(),
        f"{info}/licenses/LICENSE-MIT": LICENCE,
        f"{info}/licenses/LICENSE-APACHE": LICENCE,
        f"{info}/licenses/{notices.NAME}": third_party().encode(),
        f"{info}/sboms/hotkernels-bindings.cyclonedx.json": json.dumps(sbom(artifact.version)).encode(),
    }


def with_record(members: dict[str, bytes], info: str) -> dict[str, bytes]:
    """The members with a RECORD that is right."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for name, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        writer.writerow((name, f"sha256={digest}", len(data)))
    writer.writerow((f"{info}/RECORD", "", ""))
    return {**members, f"{info}/RECORD": text.getvalue().encode()}


def write_wheel(path: Path, members: dict[str, bytes], *, record: bool = True) -> Path:
    """A zip archive of the members, in order, always the same bytes."""
    if record:
        info = next(name.split("/")[0] for name in members if ".dist-info/" in name)
        members = with_record(members, info)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def sdist_members(root: Path, version: str) -> dict[str, bytes]:
    """What a good sdist of `checkout` holds."""
    names = [
        p.relative_to(root).as_posix() for p in sorted(root.rglob("*")) if p.is_file() and p.parts[len(root.parts)] != "ci"
    ]
    members = {f"hotkernels-{version}/{name}": (root / name).read_bytes() for name in names}
    return {**members, f"hotkernels-{version}/PKG-INFO": metadata(version)}


def write_sdist(path: Path, members: dict[str, bytes], *, odd: tuple[tarfile.TarInfo, ...] = ()) -> Path:
    """A .tar.gz of the members, and of odd ones as they are."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in odd:
            archive.addfile(info)
    path.write_bytes(gzip.compress(raw.getvalue(), mtime=0))
    return path


def attestation(name: str, sha256: str) -> dict[str, object]:
    """What a signer leaves beside an artifact (PEP 740), without the signature."""
    subject = [{"name": name, "digest": {"sha256": sha256}}]
    statement = json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": "x"})
    envelope = {"statement": base64.b64encode(statement.encode()).decode(), "signature": "AAAA"}
    return {"version": 1, "verification_material": {}, "envelope": envelope}


def prove(dist: Path, artifact: Artifact, *, commit: str = "0" * 40, machine: str = "x86_64 linux") -> None:
    """Passing evidence of every check that the gate asks for."""
    digest = evidence.sha256(dist / artifact.filename)
    lane = artifact.wheel.lane if artifact.wheel else None
    for expected in checks.expected_checks(artifact):
        word = Evidence(
            artifact=artifact.filename,
            sha256=digest,
            check=expected.check,
            subject=expected.subject or None,
            verdict="pass",
            tool="maturin" if expected.check == "build" else "a tool",
            version=lane.maturin if lane and expected.check == "build" else "1.0",
            detail=details(artifact, expected.check, commit),
            host="native" if expected.hosts[0] == "native" else "static",
            machine=machine,
        )
        evidence.write(dist, word)


def details(artifact: Artifact, check: str, commit: str) -> dict[str, object]:
    """What a passing check says besides."""
    wheel, platform = artifact.wheel, artifact.platform
    target = platform.target if platform else None
    if check == "build":
        spent = {"cpu_seconds": 2.0, "wall_seconds": 1.0, "compiled": ["pyo3"]}
        made = {"lane": wheel.lane.name, "lock": wheel.lane.lock, "features": list(wheel.lane.features)} if wheel else {}
        return {"commit": commit, "lock": "Cargo.lock", **made, "target": target, **spent}
    if check == "import":
        return {"build_info": {"abi": checks.abi(artifact), "target": target}}
    if check == "gil":
        return {"gil_before": False, "gil_after": False}
    return {"tests": 3, "passed": 3, "skipped": 0, "failures": 0, "errors": 0} if check in ("tests", "threads") else {}
