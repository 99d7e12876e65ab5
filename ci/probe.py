"""Run by each tested interpreter, in a fresh process: imports the package and says as JSON what came of it.

Standard library only, and every Python that is served: it runs in the wheel's environment, not in this project's.
"""

import hashlib
import importlib
import importlib.metadata
import json
import platform
import sys
import sysconfig
from pathlib import Path


def gil() -> bool:
    """Whether the GIL is on; it always is where it cannot be off."""
    return getattr(sys, "_is_gil_enabled", lambda: True)()


def installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def main(module: str) -> None:
    before = gil()
    native = importlib.import_module(module)
    after = gil()
    extension = Path(str(native.__file__))
    package = importlib.import_module(module.split(".", maxsplit=1)[0])
    said = {
        "python": platform.python_version(),
        "minor": ".".join(map(str, sys.version_info[:2])),
        "implementation": sys.implementation.name,
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "gil_before": before,
        "gil_after": after,
        "prefix": sys.prefix,
        "extension": str(extension),
        "sha256": hashlib.sha256(extension.read_bytes()).hexdigest(),
        "version": package.__version__,
        "installed": importlib.metadata.version(package.__name__),
        "build_info": package.build_info(),
        "tools": {name: installed(name) for name in ("pytest", "pytest-run-parallel", "hypothesis", "numpy")},
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1])
