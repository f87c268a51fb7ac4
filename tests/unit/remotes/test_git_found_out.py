"""What is known of an index file is asked anew as soon as it is another one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hubsync.remotes.git.found_out import found_out
from tests.servers.git_bare import environment


class Looks:
    """Counts how often somebody looks."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, data: bytes) -> int:
        self.times += 1
        return len(data)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    root = tmp_path / "clone"
    root.mkdir()
    git(root, "init", "-q")
    add(root, "a")
    return root


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, env=environment(root.parent / "home"), check=True)


def add(root: Path, name: str) -> None:
    (root / name).write_text(name)
    git(root, "add", name)


def test_it_is_looked_for_once(clone: Path) -> None:
    index, looks = clone / ".git/index", Looks()
    size = index.stat().st_size
    assert [found_out(str(index), looks) for _ in range(3)] == [size] * 3
    assert looks.times == 1


def test_after_a_change_it_is_looked_for_again(clone: Path) -> None:
    index, looks = clone / ".git/index", Looks()
    before = found_out(str(index), looks)
    add(clone, "b")
    assert found_out(str(index), looks) == index.stat().st_size > before


def test_other_content_of_the_same_size_and_time_is_looked_at(clone: Path) -> None:
    index, looks = clone / ".git/index", Looks()
    found_out(str(index), looks)
    before = index.stat()
    (clone / "a").write_text("b")
    git(clone, "add", "a")
    os.utime(index, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert index.stat().st_size == before.st_size
    found_out(str(index), looks)
    assert looks.times == 2


def test_one_that_is_not_sealed_is_always_looked_at(clone: Path) -> None:
    index, looks = clone / ".git/index", Looks()
    index.write_bytes(index.read_bytes()[:-20] + bytes(20))
    for _ in range(2):
        found_out(str(index), looks)
    assert looks.times == 2


def test_one_that_is_gone_is_empty(clone: Path) -> None:
    index, looks = clone / ".git/index", Looks()
    found_out(str(index), looks)
    index.unlink()
    assert found_out(str(index), looks) == 0
