"""The Git server that both contenders talk to, and Git as nobody's settings make it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.harness import Command, Wrong, run
from bench.place import program
from tests.servers.git_bare import environment
from tests.servers.git_http import GitHttp, git_http

BRANCH = "main"
_ROLES = ("AUTHOR", "COMMITTER")


class GitServer:
    """Bare repositories behind smart HTTP on loopback (``git http-backend``)."""

    def __init__(self, folder: Path, served: GitHttp) -> None:
        self.folder = folder
        self._served = served

    def repository(self, name: str) -> Path:
        """An empty one."""
        return self._served.repository(name)

    def for_hubsync(self, name: str) -> str:
        return self._served.url(name)

    def for_git(self, name: str) -> str:
        return self._served.url(name).removeprefix("git+")

    def count(self, name: str) -> int:
        """How many files the branch holds there."""
        return _count(_git(self.folder / name, "ls-tree", "-rz", "--name-only", BRANCH))

    def content(self, name: str, path: str) -> bytes:
        return _git(self.folder / name, "cat-file", "blob", f"{BRANCH}:{path}")


@contextlib.contextmanager
def git_server(folder: Path, port: int = 0) -> Iterator[GitServer]:
    """A server of what lies in ``folder``, until the block ends. ``port`` 0: any that is free."""
    folder.mkdir(parents=True, exist_ok=True)
    with git_http(folder, port=port) as served:
        yield GitServer(folder, served)


def git(at: Path, *arguments: str) -> Command:
    return Command([program("git"), *arguments], os.fspath(at), settings(at))


def git_steps(at: Path, *steps: Sequence[str]) -> Command:
    """Several git commands, one after the other, as a person types them; the first failure ends
    it."""
    script = " && ".join(["git " + " ".join(step) for step in steps])
    return Command(["sh", "-c", script], os.fspath(at), settings(at))


def settings(at: Path) -> dict[str, str]:
    """For git and for hubsync: an empty home, somebody who commits, and no housekeeping: git's goes
    on in the background, deletes thousands of files, and slows down whoever comes next."""
    who = {"NAME": "bench", "EMAIL": "bench@example.org"}
    people = {f"GIT_{role}_{name}": one for role in _ROLES for name, one in who.items()}
    alone = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0"}
    return {**environment(at.parent), **people, **alone}


def expect_clean(at: Path) -> None:
    """Raises Wrong unless git sees nothing to do in that working directory."""
    left = _git(at, "status", "--porcelain")
    if left:
        raise Wrong(f"git status is not clean in {at.name}: {left[:500].decode(errors='replace')}")


def _git(at: Path, *arguments: str) -> bytes:
    return run(git(at, *arguments).argv, os.fspath(at), settings(at))


def _count(names: bytes) -> int:
    return len([name for name in names.split(b"\0") if name])
