"""cibuildwheel: a run is told what the matrix says, in settings that its version takes, and what comes out is checked."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import build, cibw, decision, evidence, finish, host, process, tools, unwinder
from ci.errors import CiError
from ci.matrix import Artifact, Lane, Matrix, Platform
from ci.paths import ROOT
from ci.report import facts

LOG = """\
Starting container image quay.io/pypa/manylinux_2_28_x86_64:2026.11.01-1...
rustc 1.95.0 (59807616e 2026-04-14)
\x1b[1m\x1b[34mBuilding cp312-manylinux_x86_64 wheel\x1b[0m
   Compiling pyo3 v0.30.1
   Compiling hotkernels-kernels v0.1.0 (/project/src/kernels)
Building cp313-manylinux_x86_64 wheel
   Compiling pyo3 v0.30.1
"""


@pytest.fixture
def wheel(by_label: dict[str, Artifact]) -> Artifact:
    return by_label["cp312-cp312"]


def lane_of(declared: Matrix, name: str) -> Lane:
    return next(lane for lane in declared.lanes if lane.name == name)


def of_lane(artifacts: tuple[Artifact, ...], name: str) -> list[Artifact]:
    return [artifact for artifact in artifacts if artifact.wheel and artifact.wheel.lane.name == name]


def read(text: str) -> dict[str, object]:
    settings: dict[str, object] = tomllib.loads(text)["tool"]["cibuildwheel"]
    return settings


def test_identifiers_follow_from_the_matrix(declared: Matrix) -> None:
    artifacts = declared.artifacts("1.0")
    found = {(a.label, cibw.identifier(a.wheel, a.platform)) for a in artifacts if a.wheel and a.platform}
    assert ("cp313-cp313t", "cp313t-manylinux_x86_64") in found
    assert ("cp312-abi3", "cp312-manylinux_aarch64") in found
    assert ("cp315-abi3.abi3t", "cp315-macosx_arm64") in found
    assert len(found) == len(artifacts) - 1


def test_a_platform_that_it_does_not_build_is_refused(linux: tuple[Platform, ...]) -> None:
    with pytest.raises(CiError, match="no platform of cibuildwheel's"):
        cibw.family_and_arch(dataclasses.replace(linux[0], tag="win_amd64"))


def test_two_wheels_of_one_interpreter_need_two_lanes(wheel: Artifact, linux: tuple[Platform, ...]) -> None:
    with pytest.raises(CiError, match="two wheels of one lane are built as cp312-manylinux_x86_64"):
        cibw.selected(linux[0], [wheel, wheel])


@pytest.mark.parametrize("name", ["full", "abi3", "abi3t", "cp313t"])
def test_settings_are_short_have_reasons_and_repeat_nothing_of_the_matrix(declared: Matrix, name: str) -> None:
    text = (ROOT / "ci" / "cibuildwheel" / f"{name}.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
    assert len(lines) < 10
    assert all(" # " in line for line in lines)
    lane = lane_of(declared, name)
    values = " ".join(line.partition(" # ")[0] for line in lines)
    told = [lane.maturin, lane.cibuildwheel, declared.rust, "manylinux_2", "x86_64", "aarch64", "macosx", *lane.features]
    told += [wheel.tag for wheel in declared.wheels]
    assert [word for word in told if word in values] == []


def test_every_lane_has_settings_and_no_other(declared: Matrix) -> None:
    assert {path.stem for path in (ROOT / "ci" / "cibuildwheel").glob("*.toml")} == {lane.name for lane in declared.lanes}


def test_the_matrix_is_added_for_each_identifier(declared: Matrix, artifacts: tuple[Artifact, ...]) -> None:
    settings = read(cibw.configuration(lane_of(declared, "full"), of_lane(artifacts, "full")))
    overrides = settings["overrides"]
    assert isinstance(overrides, list)
    names = ["cp312-manylinux_x86_64", "cp313-manylinux_x86_64", "cp314-manylinux_x86_64", "cp314t-manylinux_x86_64"]
    assert [row["select"] for row in overrides] == names
    words = [row["config-settings"]["build-args"] for row in overrides]
    assert len(set(words)) == len(words), "each has a slot of its own"
    assert all("--target=x86_64-unknown-linux-gnu" in text and "--locked" in text for text in words)
    assert not any("--features" in text for text in words)
    text = cibw.configuration(lane_of(declared, "abi3t"), of_lane(artifacts, "abi3t"))
    assert "--features=pyo3/abi3t-py315" in text


def test_a_lane_without_settings_is_named(declared: Matrix) -> None:
    with pytest.raises(CiError, match="lane new: no settings"):
        cibw.configuration(dataclasses.replace(declared.lanes[0], name="new"), [])


# What a version says of itself: its reader takes the file, and it builds exactly these identifiers.
QUESTION = """
import json, sys
from pathlib import Path
from cibuildwheel.options import OptionsReader
OptionsReader(Path(sys.argv[1]), platform=sys.argv[2], env={})
"""


@pytest.mark.skipif("CI" not in os.environ, reason="needs each version's environment, which CI has; set CI=1 to make it")
@pytest.mark.parametrize("name", ["full", "abi3", "abi3t", "cp313t"])
@pytest.mark.parametrize("system", ["linux", "macos"])
def test_the_real_version_takes_the_settings(declared: Matrix, tmp_path: Path, name: str, system: str) -> None:
    lane = lane_of(declared, name)
    bin_folder = tools.environment(cibw.requirements("cibuildwheel", lane.cibuildwheel))
    platform = next(p for p in declared.platforms if cibw.system(p) == system)
    mine = of_lane(declared.artifacts("1.0", [platform]), name)
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    config = tmp_path / "cibuildwheel.toml"
    config.write_text(cibw.configuration(lane, mine), encoding="utf-8")
    subprocess.run([bin_folder / "python", "-c", QUESTION, config, system], check=True)
    names = cibw.selected(platform, mine)
    arch = cibw.family_and_arch(platform)[1]
    env = os.environ | {"CIBW_BUILD": " ".join(names), "CIBW_ARCHS": arch}
    command: list[str | Path] = [bin_folder / "cibuildwheel", "--print-build-identifiers", "--platform", system]
    command += ["--config-file", config, tmp_path]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == names


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def _quiet(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(tools, "uv", lambda: str(tmp_path / "bin" / "uv"))
        for name in [name for name in os.environ if name.startswith("CIBW_")]:
            monkeypatch.delenv(name)

    def made(self, declared: Matrix, platform: Platform, name: str = "full") -> dict[str, str]:
        mine = of_lane(declared.artifacts("1.0", [platform]), name)
        return cibw.environment(declared, platform, lane_of(declared, name), mine, cibw.PROJECT)

    def test_what_the_matrix_declares(self, declared: Matrix, linux: tuple[Platform, ...]) -> None:
        env = self.made(declared, linux[0], "cp313t")
        assert env["CIBW_BUILD"] == "cp313t-manylinux_x86_64"
        assert env["CIBW_ARCHS"] == "x86_64"
        assert env["CIBW_MANYLINUX_X86_64_IMAGE"] == "manylinux_2_28"
        assert env["HOTKERNELS_RUST"] == declared.rust
        assert env["UV_CONSTRAINT"] == "/project/ci/requirements/maturin-1.13.3.txt"
        assert env["SOURCE_DATE_EPOCH"].isdecimal()
        passed = set(env["CIBW_ENVIRONMENT_PASS_LINUX"].split())
        assert {"HOTKERNELS_COMMIT", "HOTKERNELS_RUST", "CARGO_ENCODED_RUSTFLAGS", "UV_CONSTRAINT"} <= passed <= env.keys()

    def test_no_path_is_compiled_in(self, declared: Matrix, linux: tuple[Platform, ...]) -> None:
        flags = self.made(declared, linux[0])["CARGO_ENCODED_RUSTFLAGS"].split("\x1f")
        remapped = ["--remap-path-prefix=/project=.", "--remap-path-prefix=/project/vendor=/crates"]
        assert flags == [*remapped, "-Clink-arg=/project/libgcc_s.so.1"]

    def test_a_mac_is_its_own_host(self, declared: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(host, "runs", lambda _: True)  # cibuildwheel builds for it there alone
        env = self.made(declared, next(p for p in declared.platforms if not cibw.is_linux(p)), "abi3")
        assert env["MACOSX_DEPLOYMENT_TARGET"] == "11.0"
        assert (env["CIBW_BUILD"], env["CIBW_ARCHS"]) == ("cp312-macosx_arm64", "arm64")
        assert "CIBW_ENVIRONMENT_PASS_LINUX" not in env

    def test_only_the_container_is_a_persons_choice(
        self, declared: Matrix, linux: tuple[Platform, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = {"CIBW_CONTAINER_ENGINE": "podman", "CIBW_MANYLINUX_X86_64_IMAGE": "mine", "CIBW_DEBUG_KEEP_CONTAINER": "1"}
        changing = {
            "CIBW_BUILD": "*",
            "CIBW_CONFIG_SETTINGS": "a=b",
            "CIBW_BEFORE_BUILD_LINUX": "x",
            "RUSTFLAGS": "-Copt-level=0",
        }
        for name, value in (kept | changing).items():
            monkeypatch.setenv(name, value)
        env = self.made(declared, linux[0])
        assert {name: env[name] for name in kept} == kept
        assert not {"CIBW_CONFIG_SETTINGS", "CIBW_BEFORE_BUILD_LINUX", "RUSTFLAGS"} & env.keys()
        assert env["CIBW_BUILD"].startswith("cp312-")


class TestOneRun:
    """cibuildwheel's and cargo's work done by stand-ins; `gives` are the names that come out."""

    @pytest.fixture(autouse=True)
    def stand_ins(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.gives: list[str] = []
        self.trees: dict[str, str] = {}
        self.folder = Path()

        def run(command: list[object], *, what: str, **more: object) -> str:
            if command[0] == "cargo":
                assert command[:2] == ["cargo", "vendor"]
                return ""
            words = [str(word) for word in command]
            assert words[0] == str(tmp_path / "bin" / "cibuildwheel")
            out, self.folder = Path(words[words.index("--output-dir") + 1]), Path(words[-1])
            assert more["cwd"] == self.folder
            self.trees = {str(p.relative_to(self.folder)): p.read_text("utf-8") for p in self.folder.rglob("*") if p.is_file()}
            out.mkdir()
            for name in self.gives:
                (out / name).write_bytes(b"new")
            return LOG

        monkeypatch.setattr(process, "run", run)
        monkeypatch.setattr(tools, "environment", lambda *_, **__: tmp_path / "bin")
        monkeypatch.setattr(tools, "uv", lambda: str(tmp_path / "bin" / "uv"))
        (tmp_path / "unwinder").write_text("libgcc_s", encoding="utf-8")
        monkeypatch.setattr(unwinder, "library", lambda *_: tmp_path / "unwinder")
        monkeypatch.setattr(host, "runs", cibw.is_linux)
        monkeypatch.setattr(finish, "wheel", lambda source, target, epoch: target.write_bytes(source.read_bytes()))
        self.dist = tmp_path / "dist"

    def test_what_is_declared_goes_into_the_folder(self, declared: Matrix, artifacts: tuple[Artifact, ...]) -> None:
        mine = of_lane(artifacts, "full")
        self.gives = [artifact.filename for artifact in mine]
        made = list(cibw.build_all(declared, mine, self.dist))
        assert [word.artifact for word in made] == self.gives
        first, second = made[0], made[1]
        assert evidence.read(evidence.folder(self.dist) / first.filename) == first
        assert (first.tool, first.version, first.host) == ("cibuildwheel", lane_of(declared, "full").cibuildwheel, "native")
        assert first.detail["image"] == "quay.io/pypa/manylinux_2_28_x86_64:2026.11.01-1"
        assert first.detail["rustc"] == "rustc 1.95.0 (59807616e 2026-04-14)"
        assert first.detail["tools"] == {"maturin": lane_of(declared, "full").maturin}
        assert first.detail["compiled"] == ["pyo3", "hotkernels-kernels"]
        assert second.detail["compiled"] == ["pyo3"]
        assert {"commit", "lane", "lock", "features", "bytes"} <= first.detail.keys()
        assert not self.folder.exists()

    def test_one_run_a_lane(self, declared: Matrix, artifacts: tuple[Artifact, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        runs: list[tuple[str, list[str]]] = []

        def build_lane(_declared: object, _platform: object, lane: Lane, some: list[Artifact], _dist: Path) -> tuple[()]:
            runs.append((lane.name, [artifact.label for artifact in some]))
            return ()

        monkeypatch.setattr(cibw, "build_lane", build_lane)
        assert not list(cibw.build_all(declared, [a for a in artifacts if a.wheel], self.dist))
        assert dict(runs)["full"] == ["cp312-cp312", "cp313-cp313", "cp314-cp314", "cp314-cp314t"]
        assert len(runs) == len({name for name, _ in runs}) == 4

    def test_only_sources_and_the_lanes_lock_go_in(self, declared: Matrix, artifacts: tuple[Artifact, ...]) -> None:
        mine = of_lane(artifacts, "cp313t")
        self.gives = [mine[0].filename]
        list(cibw.build_all(declared, mine, self.dist))
        assert self.trees["Cargo.lock"] == (ROOT / "ci" / "cp313t" / "Cargo.lock").read_text("utf-8")
        assert self.trees[".cargo/config.toml"] == cibw.CARGO_CONFIG
        assert {"pyproject.toml", "ci/cibuildwheel/rust.sh", "ci/requirements/maturin-1.13.3.txt"} <= self.trees.keys()
        assert "src/kernels/src/lib.rs" in self.trees
        assert not any(name.startswith(("tests/", "target/", ".git/", "dist/")) for name in self.trees)

    @pytest.mark.parametrize(
        "change", [lambda name: [], lambda name: [name.replace("abi3", "cp312")], lambda name: [name, "x.whl"]]
    )
    def test_another_name_is_refused_and_nothing_changes(
        self, declared: Matrix, artifacts: tuple[Artifact, ...], change: Callable[[str], list[str]]
    ) -> None:
        mine = of_lane(artifacts, "abi3")
        self.gives = change(mine[0].filename)
        self.dist.mkdir()
        (self.dist / mine[0].filename).write_bytes(b"old")
        with pytest.raises(CiError, match="cibuildwheel gave something else") as caught:
            list(cibw.build_all(declared, mine, self.dist))
        assert caught.value.expected == mine[0].filename
        assert caught.value.found == (", ".join(sorted(self.gives)) or "nothing")
        assert (self.dist / mine[0].filename).read_bytes() == b"old"
        assert not evidence.folder(self.dist).exists()

    def test_evidence_of_the_old_bytes_goes(self, declared: Matrix, artifacts: tuple[Artifact, ...]) -> None:
        mine = of_lane(artifacts, "abi3")
        self.gives = [mine[0].filename]
        stale = evidence.folder(self.dist) / f"{mine[0].filename}.tests.cp312.json"
        stale.parent.mkdir(parents=True)
        stale.write_text("{}")
        (word,) = cibw.build_all(declared, mine, self.dist)
        assert [path.name for path in stale.parent.iterdir()] == [word.filename]

    def test_another_machine_is_named(self, declared: Matrix) -> None:
        mac = [p for p in declared.platforms if not cibw.is_linux(p)]
        with pytest.raises(CiError, match="cibuildwheel builds macos-arm64 on macos-arm64") as caught:
            list(cibw.build_all(declared, of_lane(declared.artifacts("1.0", mac), "full"), self.dist))
        assert "macos-15" in caught.value.todo

    def test_it_makes_no_sdist(self, declared: Matrix, by_label: dict[str, Artifact]) -> None:
        with pytest.raises(CiError, match="cibuildwheel makes no sdist"):
            list(cibw.build_all(declared, [by_label["sdist"]], self.dist))


class TestLanes:
    def test_of_a_lane(self, declared: Matrix, artifacts: tuple[Artifact, ...]) -> None:
        assert [a.label for a in build.of_lanes(declared, list(artifacts), ["abi3", "cp313t"])] == [
            "cp313-cp313t",
            "cp312-abi3",
        ]
        assert build.of_lanes(declared, list(artifacts), []) == list(artifacts)

    def test_unknown(self, declared: Matrix) -> None:
        with pytest.raises(CiError, match="--lane moon: no such lane"):
            build.of_lanes(declared, [], ["moon"])


@pytest.mark.skipif(sys.platform != "linux", reason="it installs Rust in Linux containers alone")
class TestRust:
    """rust.sh, with a curl of ours and a folder of programs in which there is no cargo."""

    @pytest.fixture
    def bin_folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("sh", "uname", "mktemp", "rm", "cut", "sha256sum", "chmod", "ln", "cat", "mkdir"):
            (folder / name).symlink_to(shutil.which(name) or name)
        return folder

    def program(self, path: Path, text: str) -> None:
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, tmp_path: Path, bin_folder: Path) -> subprocess.CompletedProcess[str]:
        (tmp_path / "local").mkdir(exist_ok=True)
        env = {"PATH": f"{bin_folder}:{tmp_path / 'local'}", "HOME": str(tmp_path), "HOTKERNELS_RUST": "1.2.3"}
        env["HOTKERNELS_BIN"] = str(tmp_path / "local")
        command = ["sh", str(ROOT / "ci" / "cibuildwheel" / "rust.sh")]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def curl(self, bin_folder: Path, digest: str) -> None:
        """Serves an installer that leaves a cargo and says how it was called, and this digest as the published one."""
        installer = (
            '#!/bin/sh\nmkdir -p "$HOME/.cargo/bin"\nprintf "#!/bin/sh\\necho rustc %s\\n" "$*" >"$HOME/.cargo/bin/rustc"\n'
        )
        installer += 'chmod +x "$HOME/.cargo/bin/rustc"\n'
        served = bin_folder.parent / "served"
        served.write_text(installer, encoding="utf-8")
        sums = bin_folder.parent / "sums"
        sums.write_text(digest or evidence.sha256(served), encoding="utf-8")  # as it is published: nothing else, no newline
        text = """
            for word do
              case $word in --proto|--tlsv1.2) tls=$tls$word ;; https:*) url=$word ;; esac
              case $last in --output) out=$word ;; esac
              last=$word
            done
            [ "$tls" = --proto--tlsv1.2 ] || exit 9
        """
        self.program(bin_folder / "curl", text + f'case $url in *.sha256) cat {sums} ;; *) cat {served} ;; esac >"$out"')

    def test_the_cargo_that_is_there(self, tmp_path: Path, bin_folder: Path) -> None:
        self.program(bin_folder / "cargo", "")
        self.program(bin_folder / "rustc", "echo rustc 9")
        self.program(bin_folder / "curl", "exit 1")
        done = self.run(tmp_path, bin_folder)
        assert (done.returncode, done.stdout) == (0, "rustc 9\n")

    def test_installs_the_version_of_the_matrix(self, tmp_path: Path, bin_folder: Path) -> None:
        self.curl(bin_folder, "")
        done = self.run(tmp_path, bin_folder)
        assert done.returncode == 0, done.stderr
        assert "--default-toolchain 1.2.3" in done.stdout
        assert "--no-modify-path" in done.stdout

    def test_another_checksum_is_refused(self, tmp_path: Path, bin_folder: Path) -> None:
        self.curl(bin_folder, "0" * 64)
        done = self.run(tmp_path, bin_folder)
        assert done.returncode == 1
        assert "rustup-init is not what was published" in done.stderr
        assert not (tmp_path / ".cargo").exists()


def test_the_overrides_are_text_that_toml_reads_back(wheel: Artifact) -> None:
    assert wheel.wheel is not None
    assert wheel.platform is not None
    words = cibw.build_arguments(wheel.wheel, wheel.platform)
    assert tomllib.loads(f"x = {json.dumps(' '.join(words))}")["x"].split() == words


def test_the_report_tells_no_seconds_that_nobody_measured(
    declared: Matrix, linux: tuple[Platform, ...], dist: Path, wheel: Artifact
) -> None:
    path = evidence.folder(dist) / f"{wheel.filename}.build.json"
    word = evidence.read(path)
    detail = {key: value for key, value in word.detail.items() if not key.endswith("_seconds")}
    evidence.write(dist, dataclasses.replace(word, tool="cibuildwheel", detail=detail))
    table = facts.builds(decision.decide(dist, declared, wheel.version, linux))
    (line,) = (line for line in table.lines if line.name == wheel.filename)
    assert (line.cells[1].text, line.cells[3].text) == ("-", "-")
