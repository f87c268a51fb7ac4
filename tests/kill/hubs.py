"""Hubs whose command is started by a `launcher`, and what may be seen of them from outside."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kill.launcher import Order

ROOT = Path(__file__).resolve().parents[2]
KILLED = -9

FOLDER = ("empty folder", b"")

Seen = dict[str, tuple[str, bytes]]
"""Path to what is there: ``("file", content)``, ``("program", content)``, ``("link", target)``."""


@dataclass(frozen=True)
class Ended:
    """How a command ended. ``points``: those it passed; empty if it was killed."""

    status: int
    out: str
    err: str
    seconds: float
    points: list[str]

    def json(self) -> Any:
        assert self.out, self
        return json.loads(self.out)


class Launcher:
    """A running `launcher`; one command at a time."""

    def __init__(self, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self._scratch = scratch
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.launcher"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._began = 0.0

    def start(
        self,
        directory: Path,
        environ: dict[str, str],
        *arguments: str,
        number: int | str | None = None,
        after: bool = False,
        humble: bool = False,
        git: bool = False,
    ) -> int:
        """Begin a command; its process id. `end` has to be called before the next."""
        order = Order(
            arguments=list(arguments),
            directory=str(directory),
            environ=environ,
            out=str(self._scratch / "out"),
            err=str(self._scratch / "err"),
            points=str(self._scratch / "points"),
            loaded=str(self._scratch / "loaded"),
            number=number,
            after=after,
            humble=humble,
            git=git,
        )
        (self._scratch / "points").unlink(missing_ok=True)
        self._began = time.monotonic()
        pid = self._asked(order)["pid"]
        assert isinstance(pid, int)
        return pid

    def end(self) -> Ended:
        """Wait for the command."""
        status = self._asked(None)["status"]
        points = self._scratch / "points"
        return Ended(
            status,
            (self._scratch / "out").read_text(errors="surrogateescape"),
            (self._scratch / "err").read_text(errors="surrogateescape"),
            time.monotonic() - self._began,
            json.loads(points.read_text()) if points.exists() else [],
        )

    def _asked(self, document: Order | None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(document) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the launcher ended"
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate(timeout=30)


@contextlib.contextmanager
def launcher(scratch: Path) -> Iterator[Launcher]:
    running = Launcher(scratch)
    try:
        yield running
    finally:
        running.close()


@dataclass
class Hub:
    """A directory on which the command is run by ``by``. ``humble``, ``git``: as in
    `launcher.Order`."""

    directory: Path
    by: Launcher
    environ: dict[str, str] = field(default_factory=dict)
    humble: bool = False
    git: bool = False

    def __post_init__(self) -> None:
        self.environ = {
            "HUBSYNC_AUTHOR": "ada",
            "HUBSYNC_HUB": self.directory.name,
            "HOME": str(self.directory.parent),
            **self.environ,
        }

    def write(self, name: str, content: bytes | str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def start(self, *arguments: str, number: int | str | None = None, after: bool = False) -> int:
        there = self.directory if self.directory.is_dir() else self.directory.parent
        return self.by.start(
            there,
            self.environ,
            *arguments,
            number=number,
            after=after,
            humble=self.humble,
            git=self.git,
        )

    def run(self, *arguments: str, number: int | str | None = None, after: bool = False) -> Ended:
        self.start(*arguments, number=number, after=after)
        return self.by.end()

    def ok(self, *arguments: str) -> Ended:
        """Run to the end, with nothing or only conflicts left."""
        ended = self.run(*arguments)
        assert ended.status in (0, 3), ended
        return ended

    def until_quiet(self, *arguments: str) -> list[Ended]:
        """Run again and again until there is nothing to do; that run is the last."""
        runs = []
        for _ in range(5):
            runs.append(self.ok(*arguments, "--json"))
            if not transferred(runs[-1].json()):
                return runs
        raise AssertionError(f"{arguments} does not come to rest: {runs[-1]}")

    def seen(self) -> Seen:
        return seen(self.directory)


def transferred(document: Any) -> list[Any]:
    """Whatever a sync, push or pull says that it did."""
    kinds = ("up", "down", "merged", "conflicts", "deleted_locally", "deleted_remotely")
    return [one for kind in kinds for one in document[kind]]


def seen(directory: Path) -> Seen:
    """Everything in a directory but ``.hubsync/`` and ``.git/`` at its root."""
    found: Seen = {}
    for folder, folders, files in os.walk(directory):
        if Path(folder) == directory:
            folders[:] = [name for name in folders if name not in (".hubsync", ".git")]
        if not (files or folders or Path(folder) == directory):
            found[os.path.relpath(folder, directory)] = FOLDER
        for name in files + folders:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                found[os.path.relpath(path, directory)] = ("link", os.fsencode(os.readlink(path)))
            elif stat.S_ISREG(status.st_mode):
                kind = "program" if status.st_mode & 0o100 else "file"
                found[os.path.relpath(path, directory)] = (kind, Path(path).read_bytes())
    return found


def everything(directory: Path) -> set[bytes]:
    """The content of every file below, ``.hubsync/`` included."""
    return {path.read_bytes() for path in directory.rglob("*") if path.is_file()}
