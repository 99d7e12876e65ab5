"""What a macOS extension must not be: unsigned, bound to what is not there, too new. Each is made here, and refused."""

from __future__ import annotations

import stat
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci import audit, checks, matrix
from ci.audit import delocated
from ci.audit.macho import MachO
from ci.audit.names import suffix
from ci.audit.opened import Opened
from ci.audit.signature import check as check_signature
from ci.errors import CiError
from ci.evidence import Evidence
from ci.matrix import Artifact, Matrix
from tests.ci import factory
from tests.ci.macho_factory import (
    BUNDLE,
    DYNAMIC,
    EXECUTABLE,
    IMPORTS,
    PAGE,
    SYSTEM,
    X86_64,
    Extension,
    Signature,
    chained,
    fat,
    opcodes,
)

Judge = Callable[[Artifact, bytes], dict[str, Evidence]]
WHOLE = {chained: Extension(chained=chained).build() for chained in (True, False)}
ICONV = "/usr/lib/libiconv.2.dylib"

OTOOL = f"""#!{sys.executable}
import sys
from pathlib import Path
from ci.audit.macho import MachO
path = Path(sys.argv[-1])
file = MachO.read(path.read_bytes())
print(f"{{path}}:")
if "-D" in sys.argv:
    print(file.install_name)
elif "-L" in sys.argv:
    for name in (file.install_name, *file.libraries):
        print(f"\\t{{name}} (compatibility version 1.0.0, current version 1.0.0)")
"""


@pytest.fixture(scope="module")
def macos(declared: Matrix) -> dict[str, Artifact]:
    artifacts = declared.artifacts(matrix.project_version(), declared.select_platforms(["macos-arm64"]))
    return {artifact.label: artifact for artifact in artifacts if not artifact.is_sdist}


@pytest.fixture
def judge(declared: Matrix, checkout: Path, tmp_path: Path) -> Judge:
    """Audits a wheel of the artifact's name with this extension in it; the failed evidence by check."""

    def run(artifact: Artifact, extension: bytes) -> dict[str, Evidence]:
        factory.write_wheel(tmp_path / artifact.filename, factory.wheel_members(artifact, extension))
        words = audit.audit(declared, artifact, tmp_path, checkout)
        assert [word.check for word in words] == [expected.check for expected in checks.audit_checks(artifact)]
        return {word.check: word for word in words if word.verdict == "fail"}

    return run


@pytest.fixture
def otool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for otool, first on delocate's path, which says of a file what it says itself."""
    program = tmp_path / "bin" / "otool"
    program.parent.mkdir()
    program.write_text(OTOOL)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(delocated, "tool_folders", lambda: [program.parent])
    monkeypatch.setenv("PYTHONPATH", str(Path(audit.__file__).parents[2]))
    return program


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """delocate takes half a second a file; it speaks in the tests that use `otool`."""
    monkeypatch.setattr(delocated, "check", lambda _: {})


@pytest.mark.parametrize("label", ["cp312-cp312", "cp313-cp313t", "cp312-abi3", "cp315-abi3.abi3t"])
def test_a_good_wheel_passes(label: str, macos: dict[str, Artifact], judge: Judge, otool: Path) -> None:
    assert judge(macos[label], Extension(abi=checks.abi(macos[label])).build()) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"chained": False},
        {"file_type": BUNDLE, "install_name": ""},
        {"builds": ((1, 10, 15),)},
        {"libraries": (SYSTEM, ICONV), "imports": {**IMPORTS, "iconv": 2}},
        {"imports": {**IMPORTS, "dyld_stub_binder": 1}, "bound": IMPORTS},
        {"signature": Signature(flags=2, page=14)},
        {
            "signature": Signature(
                flags=2, slots={2: struct.pack(">3I", 0xFADE0C01, 12, 0), 0x10000: struct.pack(">2I", 0xFADE0B01, 8)}
            )
        },
        {"signature": Signature(after=bytes(4))},
    ],
)
@pytest.mark.usefixtures("quick")
def test_other_good_ones(change: dict[str, object], macos: dict[str, Artifact], judge: Judge) -> None:
    """Both import tables, a bundle, an older system, what codesign writes instead of the linker."""
    assert judge(macos["cp312-cp312"], replace(Extension(), **change).build()) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message", "found"),
    [
        ({"processor": X86_64}, "made for another processor", "for x86_64"),
        ({"subtype": 0x80000002}, "made for another processor", "for arm64e"),
        ({"file_type": 2}, "made for another processor, or no library", "execute"),
        ({"builds": ((1, 12, 0),)}, "does not load on what macosx_11_0_arm64 promises", "macOS 12.0"),
        ({"builds": ((1, 11, 1),)}, "does not load on", "macOS 11.1"),
        ({"builds": ((2, 11, 0),)}, "does not load on", "iOS 11.0"),
        ({"builds": ()}, "does not load on", "none"),
        ({"run_paths": ("/opt/lib",)}, "not linked safely", "RPATH /opt/lib"),
        ({"run_paths": ("@loader_path/.",)}, "not linked safely", "RPATH @loader_path/."),
        ({"protection": 7}, "not linked safely", "__TEXT writable and executable"),
        ({"data": "__LLVM"}, "not linked safely", "segment __LLVM"),
        ({"flags": 0x05}, "not linked safely", "a flat name space"),
        ({"flags": 0x20085}, "not linked safely", "an executable stack"),
        ({"install_name": "/home/ann/target/lib.dylib"}, "not linked safely", "install name /home/ann/target/lib.dylib"),
        ({"install_name": "@rpath/../x/lib.dylib"}, "not linked safely", "install name @rpath/../x/lib.dylib"),
        ({"commands": (struct.pack("<4I", 0x27, 16, 12, 0),)}, "not linked safely", "load command LC_DYLD_ENVIRONMENT"),
        ({"libraries": (SYSTEM, "/opt/x/libx.dylib")}, "loads libraries that are not the system's", "/opt/x/libx.dylib"),
        ({"libraries": (SYSTEM, "@rpath/libx.dylib")}, "loads libraries that are not the system's", "@rpath/libx.dylib"),
        ({"libraries": (SYSTEM, "/usr/lib/libz.1.dylib")}, "loads libraries that are not the system's", "libz"),
        ({"imports": {**IMPORTS, "forgotten": DYNAMIC}}, "neither Python's nor bound", "forgotten (a dynamic lookup)"),
        ({"imports": {**IMPORTS, "PyLong_AsLong": 1}}, "neither Python's nor bound", f"PyLong_AsLong ({SYSTEM})"),
        ({"imports": {**IMPORTS, "PyLong_AsLong": EXECUTABLE}}, "neither Python's nor bound", "PyLong_AsLong (the executable)"),
        ({"bound": {**IMPORTS, "malloc": DYNAMIC}}, "neither Python's nor bound", "malloc (a dynamic lookup)"),
        ({"bound": {**IMPORTS, "free": 1}}, "what dyld binds is not what the symbol table says", f"free ({SYSTEM})"),
        ({"libraries": (SYSTEM, ICONV), "bound": {**IMPORTS, "malloc": 2}}, "what dyld binds is not", f"malloc ({ICONV})"),
        ({"chained": False, "bound": {**IMPORTS, "malloc": DYNAMIC}}, "neither Python's nor bound", "malloc"),
        ({"chained": False, "bound": {**IMPORTS, "free": 1}}, "what dyld binds is not", f"free ({SYSTEM})"),
        ({"signature": None}, "no valid ad-hoc code signature", "none"),
        ({"after": b"more"}, "no valid ad-hoc code signature", "the signature ends at"),
        ({"signature": Signature(magic=0)}, "no valid ad-hoc code signature", "magic 0x0"),
        ({"signature": Signature(directory=0)}, "no valid ad-hoc code signature", "no CodeDirectory"),
        ({"signature": Signature(flags=0)}, "no valid ad-hoc code signature", "flags 0x0"),
        ({"signature": Signature(flags=0x10002)}, "no valid ad-hoc code signature", "flags 0x10002"),
        ({"signature": Signature(hash_type=1)}, "no valid ad-hoc code signature", "hash type 1"),
        ({"signature": Signature(page=0)}, "no valid ad-hoc code signature", "pages of 2^0"),
        ({"signature": Signature(limit=0x2000)}, "no valid ad-hoc code signature", "a code limit of 8,192"),
        ({"signature": Signature(pages=3)}, "no valid ad-hoc code signature", "3 hashes"),
        ({"signature": Signature(after=b"x")}, "no valid ad-hoc code signature", "bytes"),
        (
            {"signature": Signature(sealed={1: b"i" * 32})},
            "no valid ad-hoc code signature",
            "slot 1 seals what is not in the file",
        ),
        ({"signature": Signature(slots={2: bytes(8)})}, "no valid ad-hoc code signature", "out of bounds"),
        (
            {"signature": Signature(slots={2: struct.pack(">2I", 0xFADE0C01, 8)}, sealed={2: b"x" * 32})},
            "no valid ad-hoc code signature",
            "slot 2 has another hash",
        ),
        (
            {"signature": Signature(slots={0x1000: struct.pack(">2I", 0xFADE0C02, 8)})},
            "no valid ad-hoc",
            "slots 0x1000 that nothing",
        ),
        ({"signature": Signature(slots={0x10000: struct.pack(">3I", 0xFADE0B01, 12, 7)})}, "no valid ad-hoc", "of somebody's"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_refused_by_platform(
    change: dict[str, object], message: str, found: str, macos: dict[str, Artifact], judge: Judge
) -> None:
    failed = judge(macos["cp312-cp312"], replace(Extension(), **change).build())  # type: ignore[arg-type]
    # A path in an install name is seen by the check of paths, too.
    assert set(failed) - {"paths"} == {"platform"}
    assert message in failed["platform"].detail["message"]
    assert found in failed["platform"].detail["found"]


@pytest.mark.usefixtures("quick")
def test_a_changed_page(macos: dict[str, Artifact], judge: Judge) -> None:
    data = bytearray(Extension().build())
    data[0x3000] ^= 1
    failed = judge(macos["cp312-cp312"], bytes(data))
    assert set(failed) == {"platform"}
    assert failed["platform"].detail["found"] == "1 of 13 pages have another hash, the first at 0x3000"


@pytest.mark.usefixtures("quick")
def test_a_universal_file(macos: dict[str, Artifact], judge: Judge) -> None:
    """Of one slice too: not what the tag promises, and judged by nobody beyond the first slice."""
    for slices, words in (((Extension(),), "arm64"), ((Extension(), Extension(processor=X86_64)), "arm64, x86_64")):
        failed = judge(macos["cp312-cp312"], fat(*(each.build() for each in slices)))
        assert failed["platform"].detail["found"] == f"a fat file of type dylib for {words}"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"in_trie": ("PyInit__native", "helper"), "in_table": ("PyInit__native", "helper")}, "helper"),
        ({"in_trie": ("PyInit__native", "helper")}, "helper"),
        ({"in_table": ("PyInit__native", "helper")}, "helper"),
        ({"in_trie": ()}, "no PyInit__native"),
        ({"in_trie": ("PyModExport__native",), "in_table": ("PyModExport__native",)}, "no PyInit__native, PyModExport__native"),
        ({"chained": False, "in_trie": ("PyInit__native", "helper")}, "helper"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_exports(change: dict[str, object], found: str, macos: dict[str, Artifact], judge: Judge) -> None:
    failed = judge(macos["cp312-cp312"], replace(Extension(), **change).build())  # type: ignore[arg-type]
    assert set(failed) == {"exports"}
    assert "does not export exactly" in failed["exports"].detail["message"]
    assert failed["exports"].detail["found"] == found


@pytest.mark.usefixtures("quick")
def test_the_mark_of_another_abi(macos: dict[str, Artifact], judge: Judge) -> None:
    for abi, found in (("cp312", "cp312"), ("", "no such mark")):
        failed = judge(macos["cp312-abi3"], Extension(abi=abi).build())
        assert set(failed) == {"abi"}
        assert failed["abi"].detail["found"] == found


@pytest.mark.parametrize(
    ("symbol", "found"),
    [("_PyUnicode_Ready", "_PyUnicode_Ready"), ("PyDict_GetItemRef", "PyDict_GetItemRef (since 3.13)")],
)
@pytest.mark.usefixtures("quick")
def test_outside_the_limited_api(symbol: str, found: str, macos: dict[str, Artifact], judge: Judge) -> None:
    failed = judge(macos["cp312-abi3"], Extension(abi="cp312-abi3", imports={**IMPORTS, symbol: DYNAMIC}).build())
    assert set(failed) == {"abi"}
    assert "outside the limited API of 3.12" in failed["abi"].detail["message"]
    assert failed["abi"].detail["found"] == found


@pytest.mark.usefixtures("quick")
def test_a_path_in_the_binary(macos: dict[str, Artifact], judge: Judge) -> None:
    failed = judge(macos["cp312-cp312"], Extension(bytes_more=b"/Users/ann/.cargo/registry/src/x/lib.rs\0").build())
    assert set(failed) == {"paths"}
    assert "/Users/ann/.cargo/registry/src/x/lib.rs" in failed["paths"].detail["found"]


@pytest.mark.parametrize(
    "data", [b"\xcf\xfa\xed\xfe", b"\xcf\xfa\xed\xfe" + bytes(200), b"\x7fELF" + bytes(100), b"\xca\xfe\xba\xbe"]
)
@pytest.mark.usefixtures("quick")
def test_no_mach_o_at_all(data: bytes, macos: dict[str, Artifact], judge: Judge) -> None:
    failed = judge(macos["cp312-cp312"], data)
    assert {"abi", "exports", "platform"} <= set(failed)
    assert "does not read as Mach-O" in failed["platform"].detail["message"]


def test_a_file_cut_off_anywhere_is_refused_in_words() -> None:
    """Its tables are at the end: without them nothing is read; without the signature alone everything is."""
    for whole in (Extension().build(), Extension(chained=False).build()):
        start, _ = MachO.read(whole).signature or (0, 0)
        for size in (*range(0, start - 16, 97), start - 16):
            with pytest.raises(CiError, match="does not read as Mach-O"):
                MachO.read(whole[:size])
        for size in range(start, len(whole), 97):
            with pytest.raises(CiError, match="the signature ends at") as caught:
                check_signature(whole[:size], MachO.read(whole[:size]))
            assert caught.value.message == "no valid ad-hoc code signature"


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4), st.booleans())
def test_whatever_is_in_it_is_refused_in_words_or_read(changes: list[tuple[int, bytes]], chained: bool) -> None:
    """Bytes changed in the commands and the tables, where a reader believes what it finds."""
    whole = WHOLE[chained]
    data = bytearray(whole)
    places = [*range(0x400), *range(3 * PAGE, len(whole) - 8)]
    for place, new in changes:
        start = places[place % len(places)]
        data[start : start + len(new)] = new
    try:
        check_signature(bytes(data), MachO.read(bytes(data)))
    except CiError as error:
        assert error.expected  # noqa: PT017  # it may also be read well
    else:
        signed, _ = MachO.read(whole).signature or (0, 0)
        assert data[:signed] == whole[:signed]


def test_without_otool(macos: dict[str, Artifact], judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(delocated, "tool_folders", list)
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = judge(macos["cp312-cp312"], Extension().build())
    assert set(failed) == {"platform"}
    assert failed["platform"].detail["message"] == "no otool, without which delocate sees nothing"
    assert "nox -s toolchain" in failed["platform"].detail["todo"]


def test_an_otool_that_sees_nothing(macos: dict[str, Artifact], judge: Judge, otool: Path) -> None:
    """delocate then says that nothing is needed, and passes the wheel."""
    otool.write_text("#!/bin/sh\necho 'x: is not an object file'\n")
    failed = judge(macos["cp312-cp312"], Extension().build())
    assert failed["platform"].detail["message"] == "delocate does not see the libraries that the load commands name"
    assert failed["platform"].detail["found"] == "none"


def test_an_otool_that_fails(macos: dict[str, Artifact], judge: Judge, otool: Path) -> None:
    otool.write_text("#!/bin/sh\necho 'otool: unknown option -m' >&2; exit 1\n")
    failed = judge(macos["cp312-cp312"], Extension().build())
    assert "delocate-listdeps refuses it" in failed["platform"].detail["message"]
    assert "unknown option -m" in failed["platform"].detail["found"]


@pytest.mark.parametrize(
    ("name", "found"), [("x.dylib", "hotkernels/.dylibs/x.dylib"), ("", "{extension}"), (None, "{renamed}")]
)
def test_a_wheel_that_delocate_changes(
    name: str | None, found: str, macos: dict[str, Artifact], judge: Judge, otool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library grafted, the extension changed, the name changed: what the repaired wheel shows."""
    wheel, run = macos["cp312-cp312"], delocated.run
    renamed = wheel.filename.replace("11_0", "12_0")
    extension = f"hotkernels/_native{suffix(wheel)}"

    def repaired(file: Opened, env: dict[str, str], program: str, *words: str) -> str:
        if program == "delocate_listdeps":
            return run(file, env, program, *words)
        members = {**file.members, **({f"hotkernels/.dylibs/{name}": b""} if name else {extension: b"changed"})}
        factory.write_wheel(Path(words[-2]) / (renamed if name is None else wheel.filename), members, record=False)
        return ""

    monkeypatch.setattr(delocated, "run", repaired)
    failed = judge(wheel, Extension().build())
    assert failed["platform"].detail["message"] == "delocate would change it"
    assert failed["platform"].detail["found"] == found.format(extension=extension, renamed=renamed)


def test_both_import_tables_are_read_alike() -> None:
    assert MachO.read(Extension().build()).bound == MachO.read(Extension(chained=False).build()).bound
    assert chained(IMPORTS) != opcodes(IMPORTS)
