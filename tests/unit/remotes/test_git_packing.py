"""Many contents become one pack that git finds sound; a kill leaves a sound repository."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from hubsync.remotes.git.packing import FROM, Contents, Pack, index_of
from tests.git_hubs import git, no_ones_settings

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal, sys
import pygit2
from hubsync.remotes.git.packing import Pack
pack = Pack(pygit2.Repository(sys.argv[1]))
for number in range(2000):
    pack.add(os.urandom(2000))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[pygit2.Repository]:
    with no_ones_settings(tmp_path / "nobody"):
        yield pygit2.init_repository(str(tmp_path / "clone"), initial_head="main")


def folder(repository: pygit2.Repository) -> Path:
    return Path(repository.workdir)


def packs(repository: pygit2.Repository) -> list[Path]:
    return sorted((folder(repository) / ".git/objects/pack").iterdir())


def committed(repository: pygit2.Repository, names: list[pygit2.Oid]) -> None:
    tree = repository.TreeBuilder()
    for number, name in enumerate(names):
        tree.insert(f"f{number:05}", name, 0o100644)
    who = pygit2.Signature("ada", "ada@example.org")
    repository.create_commit("refs/heads/main", who, who, "all\n", tree.write(), [])


def test_thousands_of_contents_are_one_sound_pack(repository: pygit2.Repository) -> None:
    data = [b"", b"a", *(os.urandom(number % 5000) for number in range(3000)), b"x" * 70_000]
    pack = Pack(repository)
    names = [pack.add(one) for one in data]
    assert pack.finish()
    pack.close()
    assert [str(name) for name in names] == [str(pygit2.hash(one)) for one in data]
    assert [repository[name].data for name in names] == data
    committed(repository, names)
    assert [one.suffix for one in packs(repository)] == [".idx", ".pack"]
    git(folder(repository), "fsck", "--strict", "--full")
    git(folder(repository), "verify-pack", "-v", str(packs(repository)[0]))
    assert git(folder(repository), "cat-file", "-p", "main:f00001") == "a"


def test_git_packs_it_again_as_it_packs_its_own(repository: pygit2.Repository) -> None:
    pack = Pack(repository)
    names = [pack.add(b"line\n" * number) for number in range(500)]
    pack.finish()
    committed(repository, names)
    git(folder(repository), "gc", "--quiet", "--prune=now")
    git(folder(repository), "fsck", "--strict", "--full")
    assert repository[names[499]].data == b"line\n" * 499


def test_a_content_stands_in_the_pack_once(repository: pygit2.Repository) -> None:
    pack = Pack(repository)
    assert pack.add(b"same") == pack.add(b"same")
    pack.finish()
    listed = git(folder(repository), "verify-pack", "-v", str(packs(repository)[0]))
    assert listed.count(" blob ") == 1


def test_few_contents_and_none_make_no_pack(repository: pygit2.Repository) -> None:
    with Contents(repository, FROM - 1) as few:
        name = few.add(b"loose")
        assert not few.finish()
    with Contents(repository, FROM) as nothing:
        assert not nothing.finish()
    assert repository[name].data == b"loose"
    assert not packs(repository)


def test_what_was_not_finished_is_taken_away(repository: pygit2.Repository) -> None:
    with Contents(repository, FROM) as contents:
        contents.add(b"one")
        assert packs(repository)
    assert not packs(repository)


def test_a_kill_in_the_middle_leaves_a_sound_repository(repository: pygit2.Repository) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder(repository))], cwd=ROOT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    (left,) = packs(repository)
    assert left.name.startswith("tmp_pack_")
    git(folder(repository), "fsck", "--strict", "--full")
    pack = Pack(repository)
    names = [pack.add(b"%d" % number) for number in range(200)]
    pack.finish()
    assert left.exists()  # another workspace may be writing it just now
    committed(repository, names)
    git(folder(repository), "gc", "--quiet", "--prune=now")
    git(folder(repository), "fsck", "--strict", "--full")
    assert not left.exists()


def test_what_a_kill_left_long_ago_goes(repository: pygit2.Repository) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder(repository))], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = packs(repository)
    os.utime(left, (1, 1))
    pack = Pack(repository)
    pack.add(b"more")
    pack.finish()
    assert not left.exists()


def test_large_contents_are_not_held(repository: pygit2.Repository) -> None:
    size = 20_000_000
    pack = Pack(repository)
    tracemalloc.start()
    try:
        for number in range(8):
            pack.add(bytes([number]) * size)
        pack.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * size


def test_a_worktree_beside_the_repository_shares_its_objects(
    repository: pygit2.Repository, tmp_path: Path
) -> None:
    committed(repository, [repository.create_blob(b"first")])
    git(folder(repository), "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    pack = Pack(pygit2.Repository(str(tmp_path / "other")))
    name = pack.add(b"there")
    pack.finish()
    assert repository[name].data == b"there"


def test_offsets_from_two_gigabytes_on(repository: pygit2.Repository) -> None:
    rows = {bytes([number]) * 20: (number << 29, number) for number in range(1, 9)}
    shown = subprocess.run(
        ["git", "show-index"], input=index_of(rows, b"\1" * 20), capture_output=True, check=True
    ).stdout
    assert [int(line.split()[0]) for line in shown.splitlines()] == [n << 29 for n in range(1, 9)]
