"""Large files on their way to a Git repository: a few contents are in memory, never all of them."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from tests.git_hubs import GitSite, git, no_ones_settings

SIZE = 6_000_000
FILES = 12


@pytest.fixture
def site(tmp_path: Path) -> GitSite:
    return GitSite(tmp_path / "site")


def content(number: int) -> bytes:
    """No two have anything in common, and each is quick to compress."""
    return random.Random(number).randbytes(1000) * (SIZE // 1000)


def peak_of_a_sync(directory: Path) -> int:
    """Bytes that the command had in memory at most."""
    home = {"HOME": str(directory.parent), "PATH": os.environ["PATH"], "HUBSYNC_AUTHOR": "ada"}
    command = [sys.executable, "-m", "hubsync_cli", "-q", "-C", str(directory), "sync"]
    pid = os.posix_spawn(sys.executable, command, home)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def test_a_push_of_large_files_holds_few_of_them(site: GitSite, tmp_path: Path) -> None:
    with no_ones_settings(tmp_path / "nobody"):
        hub = site.hub("hub", {"small": "1"})
        hub.workspace.close()
    usual = peak_of_a_sync(hub.directory)
    for number in range(FILES):
        (hub.directory / f"large-{number}").write_bytes(content(number))
    assert peak_of_a_sync(hub.directory) < usual + FILES * SIZE
    sizes = git(site.repository, "ls-tree", "-l", "main").splitlines()
    assert sum(line.split()[3] == str(SIZE) for line in sizes) == FILES
