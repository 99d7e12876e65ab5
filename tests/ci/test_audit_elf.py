"""What an extension must not be: of another ABI, bound to newer systems, linked unsafely. Each is compiled, and refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import audit
from ci.evidence import Evidence
from ci.matrix import Artifact, Matrix
from tests.ci import factory

Compile = Callable[..., bytes]
Judge = Callable[[Artifact, bytes], dict[str, Evidence]]


@pytest.fixture
def judge(declared: Matrix, checkout: Path, tmp_path: Path) -> Judge:
    """Audits a wheel of the artifact's name with this extension in it; the failed evidence by check."""

    def run(artifact: Artifact, extension: bytes) -> dict[str, Evidence]:
        factory.write_wheel(tmp_path / artifact.filename, factory.wheel_members(artifact, extension))
        words = audit.audit(declared, artifact, tmp_path, checkout)
        return {word.check: word for word in words if word.verdict == "fail"}

    return run


def without(flag: str) -> tuple[str, ...]:
    return tuple(other for other in factory.SAFE if other != flag)


def test_abi3_without_the_feature(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    """Built for cp312 and named abi3: the mark tells, though every symbol happens to be of the limited API."""
    failed = judge(by_label["cp312-abi3"], elf("cp312"))
    assert set(failed) == {"abi"}
    assert "not compiled for the ABI" in failed["abi"].detail["message"]
    assert failed["abi"].detail["found"] == "cp312"


def test_full_api_from_a_limited_build(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    assert judge(by_label["cp312-cp312"], elf("cp312-abi3"))["abi"].detail["found"] == "cp312-abi3"


@pytest.mark.parametrize("mark", ["", 'static const char two[] __attribute__((used)) = "hotkernels-abi:cp312;";'])
def test_the_mark_is_there_exactly_once(mark: str, by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    failed = judge(by_label["cp312-cp312"], elf("cp312" if mark else "", more=mark))
    assert failed["abi"].detail["found"] == ("cp312, cp312" if mark else "no such mark")


def test_symbol_outside_the_limited_api(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    more = "extern void *_PyUnicode_Ready(void *); void *use(void) { return _PyUnicode_Ready(0); }"
    failed = judge(by_label["cp312-abi3"], elf("cp312-abi3", more=more))
    assert "outside the limited API of 3.12" in failed["abi"].detail["message"]
    assert "_PyUnicode_Ready" in failed["abi"].detail["found"]


def test_symbol_newer_than_the_limited_api_floor(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    more = "extern void *PyDict_GetItemRef(void *); void *use(void) { return PyDict_GetItemRef(0); }"
    failed = judge(by_label["cp312-abi3"], elf("cp312-abi3", more=more))
    assert "PyDict_GetItemRef (since 3.13)" in failed["abi"].detail["found"]


def test_abi3t_may_use_no_other_unknown_symbol(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    wheel = by_label["cp315-abi3.abi3t"]
    assert judge(wheel, elf("cp315-abi3.abi3t")) == {}
    more = "extern void *PyModExport_other(void); void *use(void) { return PyModExport_other(); }"
    failed = judge(wheel, elf("cp315-abi3.abi3t", more=more))
    assert failed["abi"].detail["found"] == "PyModExport_other"


@pytest.mark.parametrize("label", ["cp312-cp312", "cp315-abi3.abi3t"])
def test_the_other_init_function(label: str, by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    other = {"cp312-cp312": "PyModExport__native", "cp315-abi3.abi3t": "PyInit__native"}[label]
    abi = {"cp312-cp312": "cp312"}.get(label, label)
    failed = judge(by_label[label], elf(abi, init=other))
    assert "does not export exactly" in failed["exports"].detail["message"]
    assert other in failed["exports"].detail["found"]


def test_one_export_too_many(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    more = '__attribute__((visibility("default"))) int helper(void) { return 1; }'
    failed = judge(by_label["cp312-cp312"], elf("cp312", more=more))
    assert set(failed) == {"exports"}
    assert failed["exports"].detail["found"] == "helper"


def test_symbol_newer_than_manylinux(by_label: dict[str, Artifact], elf: Compile, judge: Judge, tmp_path: Path) -> None:
    """A stand-in for a later glibc: a libc.so.6 with a version script."""
    (tmp_path / "libc.c").write_text("int brand_new(void) { return 1; }")
    (tmp_path / "libc.map").write_text("GLIBC_2.38 { brand_new; };")
    library = tmp_path / "libnew.so"
    flags = ["-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.so.6", f"-Wl,--version-script={tmp_path / 'libc.map'}"]
    subprocess.run(["cc", "-o", library, tmp_path / "libc.c", *flags], check=True)
    more = "extern int brand_new(void); int use(void) { return brand_new(); }"
    failed = judge(by_label["cp312-cp312"], elf("cp312", more=more, flags=(*factory.SAFE, str(library))))
    assert set(failed) == {"platform"}
    assert "newer than manylinux_2_28" in failed["platform"].detail["message"]
    assert failed["platform"].detail["found"] == "brand_new@GLIBC_2.38"
    assert failed["platform"].detail["expected"] == "GLIBC_2.28 or older"


def test_library_outside_the_policy(by_label: dict[str, Artifact], elf: Compile, judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int foreign(void) { return 1; }")
    library = tmp_path / "libforeign.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wl,-soname,libforeign.so.1", "-o", library, tmp_path / "x.c"], check=True)
    more = "extern int foreign(void); int use(void) { return foreign(); }"
    failed = judge(by_label["cp312-cp312"], elf("cp312", more=more, flags=(*factory.SAFE, "-Wl,--no-as-needed", str(library))))
    assert "libforeign.so.1" in failed["platform"].detail["found"]


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ((*factory.SAFE, "-Wl,-rpath,/opt/lib"), "RPATH or RUNPATH /opt/lib"),
        ((*factory.SAFE, "-Wl,-rpath,$ORIGIN", "-Wl,--disable-new-dtags"), "RPATH or RUNPATH $ORIGIN"),
        ((*without("-Wl,-z,noexecstack"), "-Wl,-z,execstack"), "an executable stack"),
        ((*without("-Wl,-z,now"), "-Wl,-z,lazy"), "lazy binding"),
        ((*without("-Wl,-z,relro"), "-Wl,-z,norelro"), "no RELRO"),
    ],
)
def test_linked_unsafely(flags: tuple[str, ...], found: str, by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    failed = judge(by_label["cp312-cp312"], elf("cp312", flags=flags))
    assert failed["platform"].detail["message"] == "not linked safely"
    assert failed["platform"].detail["found"] == found


def test_an_unwinder_of_its_own(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    """As zig links one, with nothing that says so but the library that is not asked for."""
    flags = tuple(flag for flag in factory.SAFE if flag not in factory.UNWINDER)
    failed = judge(by_label["cp312-cp312"], elf("cp312", flags=flags))
    assert set(failed) == {"platform"}
    assert failed["platform"].detail["expected"] == "libgcc_s.so.1 among the libraries that it needs"


def test_another_processor(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    data = bytearray(elf("cp312"))
    data[18:20] = (183).to_bytes(2, "little")  # e_machine: EM_AARCH64
    failed = judge(by_label["cp312-cp312"], bytes(data))
    assert failed["platform"].detail["found"] == "EM_AARCH64"


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x7fELF" + bytes(200), b"MZ" + bytes(100)])
def test_no_elf_at_all(data: bytes, by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    failed = judge(by_label["cp312-cp312"], data)
    assert {"abi", "exports", "platform"} <= set(failed)


def test_a_second_compiled_file(
    by_label: dict[str, Artifact], elf: Compile, declared: Matrix, checkout: Path, tmp_path: Path
) -> None:
    """Under whatever name: what it begins with tells."""
    wheel = by_label["cp312-cp312"]
    members = {**factory.wheel_members(wheel), "hotkernels/data.py": elf("cp312")}
    factory.write_wheel(tmp_path / wheel.filename, members)
    failed = {w.check: w for w in audit.audit(declared, wheel, tmp_path, checkout) if w.verdict == "fail"}
    assert "not exactly one extension" in failed["name"].detail["message"]
    assert "hotkernels/data.py" in failed["name"].detail["found"]


def test_a_path_in_the_binary(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    more = 'static const char where[] __attribute__((used)) = "at/home/x/.cargo/registry/src/x/lib.rs";'
    failed = judge(by_label["cp312-cp312"], elf("cp312", more=more))
    assert set(failed) == {"paths"}
    assert "/home/x/.cargo/registry/src/x/lib.rs" in failed["paths"].detail["found"]


def test_a_path_in_a_compressed_section(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    section = r".section .debug_note,\"\",@progbits; .ascii \"/home/ann/x\"; .fill 999,1,65; .previous"
    failed = judge(by_label["cp312-cp312"], elf("cp312", more=f'__asm__("{section}");', flags=(*factory.SAFE, "-gz=zlib")))
    assert "a compressed section" in failed["paths"].detail["found"]


def test_paths_of_the_compiler_are_no_machines(by_label: dict[str, Artifact], elf: Compile, judge: Judge) -> None:
    more = 'static const char where[] __attribute__((used)) = "/rustc/5980761/library/core/src/str.rs:/crates/libc/lib.rs";'
    assert judge(by_label["cp312-cp312"], elf("cp312", more=more)) == {}
