"""One sync in a process of its own, killed at its n-th step into Git's code.

A step is a call that `hubsync.remotes.git` makes, of a function of its own or of libgit2. They are
counted from outside, by the interpreter's profiling hook.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from pygit2 import settings
from pygit2.enums import ConfigLevel

ROOT = Path(__file__).resolve().parents[1]
_PACKAGE = os.path.join("hubsync", "remotes", "git") + os.sep


def steps(directory: Path, verb: str) -> int:
    """How many steps the command takes, run to its end."""
    done = _run(directory, verb, 0)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def kill_at(directory: Path, verb: str, number: int) -> None:
    """Run the command, and kill it before its step ``number``."""
    done = _run(directory, verb, number)
    assert done.returncode in (-signal.SIGKILL, 0), done.stderr


def _run(directory: Path, verb: str, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.git_kills", str(directory), verb, str(number)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


class _Counter:
    def __init__(self, number: int) -> None:
        self.seen = 0
        self._number = number

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call") and _PACKAGE in frame.f_code.co_filename:
            self.seen += 1
            if self.seen == self._number:
                os.kill(os.getpid(), signal.SIGKILL)


def _main(directory: str, verb: str, number: str) -> None:
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        settings.search_path[level] = os.devnull
    from hubsync import Identity, Workspace

    counter = _Counter(int(number))
    with Workspace.open(directory) as workspace:
        threading.setprofile(counter)
        sys.setprofile(counter)
        getattr(workspace, verb)(identity=Identity("ada", os.path.basename(directory)))
        sys.setprofile(None)
    print(counter.seen)


if __name__ == "__main__":
    _main(*sys.argv[1:])
