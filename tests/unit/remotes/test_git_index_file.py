"""Git's index taken apart: its entries, and the flags by which nobody looks at the disk."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pygit2
import pytest

from hubsync.remotes.git import index_file
from hubsync.remotes.git.missing import unlooked
from hubsync.remotes.git.unmerged import unmerged
from tests.servers.git_bare import environment


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env=environment(root.parent / "home"),
        check=True,
        capture_output=True,
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    root = tmp_path / "clone"
    root.mkdir()
    _git(root, "init", "-q")
    return root


def _with(root: Path, *paths: str) -> Path:
    """An index with those paths; their files need not be there."""
    blob = _git(root, "hash-object", "-w", "-t", "blob", "/dev/null").decode().strip()
    rows = "".join(f"100644 {blob}\t{path}\0" for path in paths)
    subprocess.run(
        ["git", "update-index", "-z", "--index-info"],
        cwd=root,
        env=environment(root.parent / "home"),
        input=rows.encode(),
        check=True,
    )
    return root / ".git" / "index"


def _names(index: index_file.Index) -> list[bytes]:
    return [index.name(place) for place in range(len(index.starts) - 1)]


@pytest.mark.parametrize("version", ["2", "3"])
def test_entries_are_found_whatever_their_names_lengths(clone: Path, version: str) -> None:
    # 4095 is what the flags can say of a length; longer ones have to be looked at.
    long = "d" * 200
    names = ["a" * length for length in range(1, 30)]
    names += ["/".join([long] * 20)[:length] for length in (4093, 4094, 4095, 4096, 4097)]
    path = _with(clone, *names)
    if version == "3":
        _git(clone, "update-index", "--skip-worktree", "aaa")
    index = index_file.read(str(path))
    assert index is not None
    assert index.version == int(version)
    assert _names(index) == _git(clone, "ls-files", "-z").split(b"\0")[:-1]


def _repository(root: Path) -> Any:
    return pygit2.Repository(str(root))


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_paths_that_git_does_not_look_at_are_told_apart(clone: Path, flag: str) -> None:
    _with(clone, "b", "a/b", "a/bb", "bb", "\u00e9b")
    _git(clone, "update-index", flag, "a/b")
    for asked in ("a/b", "b", "a/bb", "bb", "\u00e9b", "absent"):
        assert unlooked(_repository(clone), {asked}) == {asked} & {"a/b"}


def test_in_a_clone_without_flags_or_index_everything_is_looked_at(clone: Path) -> None:
    assert unlooked(_repository(clone), {"a"}) == frozenset()
    path = str(_with(clone, "a", "b"))
    assert not index_file.may_be_unlooked(path, [b"a"])
    assert unlooked(_repository(clone), {"a"}) == frozenset()


@pytest.mark.parametrize("version", ["2", "4"])
@pytest.mark.parametrize("folder", ["d/", ""])
def test_paths_in_conflict_are_found_whatever_else_the_index_says(
    clone: Path, version: str, folder: str
) -> None:
    path = _with(clone, "a", "TREE", "d/b", "d/TREE/c", "z")
    _git(clone, "update-index", "--index-version", version)
    _git(clone, "write-tree")  # writes down which tree it is
    index = index_file.read(str(path))
    assert index is not None
    assert index.tree is not None
    assert unmerged(str(path)) == ()
    blob = _git(clone, "hash-object", "-w", "-t", "blob", "/dev/null").decode().strip()
    none = "0" * 40
    rows = f"0 {none}\t{folder}TREE0\n"
    rows += "".join(f"100644 {blob} {stage}\t{folder}TREE0\n" for stage in (1, 3))
    rows += f"100644 {blob} 2\tlast\n"
    subprocess.run(
        ["git", "update-index", "--index-info"],
        cwd=clone,
        env=environment(clone.parent / "home"),
        input=rows.encode(),
        check=True,
    )
    assert unmerged(str(path)) == (f"{folder}TREE0".encode(), b"last")


def test_an_index_that_is_cut_off_has_no_paths_in_conflict(clone: Path) -> None:
    path = _with(clone, "a", "b")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert unmerged(str(path)) == ()
    path.unlink()
    assert unmerged(str(path)) == ()
