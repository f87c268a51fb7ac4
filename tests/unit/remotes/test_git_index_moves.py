"""The index goes from one tree to another, and is then what git itself would have made of it."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pygit2
import pytest

from hubsync.errors import LocalError
from hubsync.model import Entry, Kind
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.git.index_file import needed
from hubsync.remotes.git.index_moves import index_follows
from hubsync.remotes.git.listing import differences, listed
from hubsync.remotes.git.locks import Announced
from hubsync.remotes.git.missing import announce, mark, unlooked
from hubsync.remotes.git.moving import follow
from hubsync.remotes.git.news import News
from hubsync.remotes.git.objects import submodules
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Transport
from tests.git_hubs import git, no_ones_settings, write


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "clone"
    folder.mkdir()
    with no_ones_settings(tmp_path / "nobody"):
        git(folder, "init", "-q", "-b", "main")
        yield folder


def commit(clone: Path, files: Mapping[str, str | None]) -> None:
    write(clone, files)
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "--allow-empty", "-m", "more")


def tree_of(clone: Path, revision: str) -> pygit2.Tree:
    return pygit2.Repository(str(clone))[git(clone, "rev-parse", revision)].peel(pygit2.Tree)


def seen(clone: Path) -> dict[str, Entry]:
    """The files of the working directory, as a scan remembers them."""
    found: dict[str, Entry] = {}
    for line in git(clone, "ls-tree", "-rz", "HEAD").split("\0"):
        if line:
            about, path = line.split("\t")
            now = os.lstat(clone / path)
            found[path] = Entry(
                Kind.FILE,
                now.st_size,
                b"",
                now.st_mtime_ns,
                ctime=now.st_ctime_ns,
                inode=now.st_ino,
                identity=about.split()[2],
            )
    return found


def moved(clone: Path, before: str, after: str, known: Mapping[str, Entry] | None = None) -> bool:
    repository = pygit2.Repository(str(clone))
    first = tree_of(clone, before) if before else None
    return index_follows(repository, first, tree_of(clone, after), known or {})


def set_time(path: Path, part: float) -> None:
    """Written in one certain second, which differs for nobody but those who know its parts."""
    when = int((1_700_000_000 + part) * 10) * 100_000_000
    os.utime(path, ns=(when, when))


@contextmanager
def opened(clone: Path) -> Iterator[Clone]:
    """The clone, on its branch."""
    repository, place = pygit2.Repository(str(clone)), GitPlace(f"git+file://{clone}-remote")
    transport = Transport(repository, place, lambda url, user, allowed: None)
    with Announced(repository.path) as announced:
        yield Clone(repository, transport, place, "main", "origin", announced, News())


def as_git_sees_it(clone: Path) -> tuple[str, str]:
    return git(clone, "ls-files", "-s"), git(clone, "write-tree")


def expect_as_git_makes_it(clone: Path, revision: str) -> None:
    found = as_git_sees_it(clone)
    git(clone, "read-tree", revision)
    assert found == as_git_sees_it(clone)


def back_to(clone: Path, revision: str) -> None:
    """The index as git itself makes it for that commit, with what it knows of the tree."""
    git(clone, "read-tree", revision)


@pytest.mark.parametrize("version", ["2", "4"])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_random_trees(clone: Path, version: str, threads: str) -> None:
    """With more threads than one, an index of version 4 names entries in full here and there."""
    git(clone, "config", "index.version", version)
    git(clone, "config", "index.threads", threads)
    dice = random.Random(7)
    names = ["a", "a.b", "a-b", "a/x", "a/y/z", "b", "b/c/d/e", "b/c/d.e", "ü/ö"]
    names += ["k" * 200 + "/q", "k" * 200 + "/" + "l" * 240 + "/q", "k" * 200 + "/m"]
    for _ in range(25):
        for path in clone.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        files: dict[str, str | None] = {}
        for name in dice.sample(names, dice.randrange(1, len(names))):
            if not any(one.startswith(f"{name}/") or name.startswith(f"{one}/") for one in files):
                files[name] = str(dice.randrange(3))
        commit(clone, files)
    revisions = git(clone, "rev-list", "HEAD").splitlines()
    repository = pygit2.Repository(str(clone))
    for _ in range(40):
        one, other = dice.choice(revisions), dice.choice(revisions)
        back_to(clone, one)
        assert moved(clone, one, other)
        assert int.from_bytes((clone / ".git/index").read_bytes()[4:8]) == int(version)
        expect_as_git_makes_it(clone, other)
        before, after = tree_of(clone, one), tree_of(clone, other)
        rows = {path: (raw, mode) for path, raw, mode in listed(repository, before)}
        for path, raw, mode in differences(repository, before, after):
            rows.pop(path, None)
            if mode:
                rows[path] = (raw, mode)
        assert rows == {path: (raw, mode) for path, raw, mode in listed(repository, after)}


def test_moves_follow_each_other(clone: Path) -> None:
    for number in range(6):
        gone = {f"d{(number - 2) % 3}/f{number - 2}": None} if number > 1 else {}
        commit(clone, {f"d{number % 3}/f{number}": str(number), **gone})
    revisions = git(clone, "rev-list", "--reverse", "HEAD").splitlines()
    back_to(clone, revisions[0])
    for before, after in itertools.pairwise(revisions):
        assert moved(clone, before, after)
    expect_as_git_makes_it(clone, revisions[-1])


def test_the_first_index_of_a_clone_knows_the_files(clone: Path) -> None:
    commit(clone, {f"data/f{number}": str(number) for number in range(300)})
    for path in (clone / "data").iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    known = seen(clone)
    (clone / ".git/index").unlink()
    assert moved(clone, "", "HEAD", known)
    assert "mtime: 0:0" not in git(clone, "ls-files", "--debug")
    assert git(clone, "status", "--porcelain") == ""
    git(clone, "fsck", "--strict")


def test_what_somebody_wrote_since_is_seen_by_git(clone: Path) -> None:
    commit(clone, {"a": "old", "b": "old"})
    known = seen(clone)
    (clone / ".git/index").unlink()
    (clone / "a").write_text("new")
    assert moved(clone, "", "HEAD", known)
    assert git(clone, "status", "--porcelain") == "M a".rjust(4)


@pytest.mark.parametrize("version", ["2", "4"])
@pytest.mark.parametrize("staged", [False, True])
def test_an_edit_in_the_second_of_the_index_is_still_seen_by_git(
    clone: Path, version: str, staged: bool
) -> None:
    commit(clone, {"a": "old", "b": "1"})
    commit(clone, {"b": "2"})
    git(clone, "update-index", "--index-version", version)
    git(clone, "reset", "-q", "--hard", "HEAD~1")
    if staged:  # then it is libgit2 that moves the index
        write(clone, {"c": "staged"})
        git(clone, "add", "c")
    git(clone, "config", "core.trustctime", "false")
    set_time(clone / "a", 0.1)
    git(clone, "update-index", "--refresh")
    set_time(clone / ".git/index", 0.2)
    (clone / "a").write_text("new")
    set_time(clone / "a", 0.3)
    assert moved(clone, "HEAD", "HEAD@{1}") != staged
    if staged:
        with opened(clone) as here:
            follow(here, git(clone, "rev-parse", "HEAD@{1}"), {})
    assert "a" in git(clone, "diff-files", "--name-only").splitlines()
    # A git that knows no parts of a second goes by this: it looks into a file of another size.
    assert "size: 0" in git(clone, "ls-files", "--debug", "a")


@pytest.mark.parametrize("version", ["2", "4"])
def test_an_edit_in_the_second_of_the_index_is_still_seen_once_flags_were_set(
    clone: Path, version: str
) -> None:
    commit(clone, {"a": "old", "b": "1"})
    git(clone, "update-index", "--index-version", version)
    git(clone, "config", "core.trustctime", "false")
    set_time(clone / "a", 0.1)
    set_time(clone / "b", -5)
    git(clone, "update-index", "--refresh")
    set_time(clone / ".git/index", 0.2)
    (clone / "a").write_text("new")
    set_time(clone / "a", 0.3)
    repository = pygit2.Repository(str(clone))
    assert announce(repository, {"b"})
    mark(repository, {"b"})
    assert git(clone, "diff-files", "--name-only") == "a"
    mark(repository, set())
    assert git(clone, "diff-files", "--name-only") == "a"
    assert "size: 0" in git(clone, "ls-files", "--debug", "a")


def test_without_evidence_git_looks_for_itself(clone: Path) -> None:
    commit(clone, {"a": "1"})
    (clone / ".git/index").unlink()
    assert moved(clone, "", "HEAD")
    assert "mtime: 0:0" in git(clone, "ls-files", "--debug")
    assert git(clone, "status", "--porcelain") == ""


def test_what_is_staged_is_left_to_those_who_keep_it(clone: Path) -> None:
    commit(clone, {"a": "1"})
    commit(clone, {"a": "2"})
    write(clone, {"b": "staged"})
    git(clone, "add", "b")
    before = (clone / ".git/index").read_bytes()
    assert not moved(clone, "HEAD", "HEAD~1")
    assert (clone / ".git/index").read_bytes() == before
    assert not (clone / ".git/index.lock").exists()


@pytest.mark.parametrize("version", [2, 3, 4])
def test_every_version_of_the_format(clone: Path, version: int) -> None:
    commit(clone, {"a": "1", "sub/b": "1", "sub/c": "1"})
    commit(clone, {"a": "2", "sub/d": "1"})
    git(clone, "read-tree", "HEAD~1")
    if version == 3:
        git(clone, "update-index", "--skip-worktree", "sub/b")
    else:
        git(clone, "update-index", "--index-version", str(version))
    git(clone, "write-tree")
    assert moved(clone, "HEAD~1", "HEAD")
    assert ("S sub/b" in git(clone, "ls-files", "-t")) == (version == 3)
    expect_as_git_makes_it(clone, "HEAD")


@pytest.mark.parametrize("version", ["2", "4"])
def test_flags_are_seen_and_set_in_every_version(clone: Path, version: str) -> None:
    commit(clone, {"a": "1", "sub/b": "1", "sub/c": "1", "sub/d": "1"})
    git(clone, "update-index", "--index-version", version)
    repository = pygit2.Repository(str(clone))
    everything = {"a", "sub/b", "sub/c", "sub/d"}
    assert unlooked(repository, everything) == frozenset()
    assert announce(repository, {"sub/c"})
    mark(repository, {"sub/c"})
    assert git(clone, "ls-files", "-t") == "H a\nH sub/b\nS sub/c\nH sub/d"
    git(clone, "update-index", "--assume-unchanged", "a")
    git(clone, "update-index", "--skip-worktree", "sub/d")
    assert unlooked(repository, everything) == {"a", "sub/d"}
    assert unlooked(repository, {"b", "sub/b", "sub/d"}) == {"sub/d"}
    assert unlooked(repository, {"a"}) == {"a"}
    many = everything | {f"other-{number}" for number in range(50)}
    assert unlooked(repository, many) == {"a", "sub/d"}
    mark(repository, set())
    assert git(clone, "ls-files", "-v") == "h a\nH sub/b\nH sub/c\nS sub/d"
    git(clone, "update-index", "--no-skip-worktree", "sub/d")
    assert unlooked(repository, everything) == {"a"}
    git(clone, "fsck")


@pytest.mark.parametrize("version", ["2", "4"])
def test_a_split_index_is_told_from_one_with_such_a_name_in_it(clone: Path, version: str) -> None:
    commit(clone, {"link": "1", "sdir/link": "1", "sdir/other": "1"})
    git(clone, "update-index", "--index-version", version)
    index = str(clone / ".git/index")
    assert needed(index) == set()
    git(clone, "update-index", "--split-index")
    assert needed(index) == {b"link"}


def test_a_damaged_index_is_not_made_to_look_sound(clone: Path) -> None:
    commit(clone, {"a": "1"})
    commit(clone, {"a": "2"})
    path = clone / ".git/index"
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    assert not moved(clone, "HEAD", "HEAD~1")


def test_whoever_holds_the_lock_owns_the_index(clone: Path) -> None:
    commit(clone, {"a": "1"})
    commit(clone, {"a": "2"})
    lock = clone / ".git/index.lock"
    lock.write_text("theirs")
    with pytest.raises(LocalError) as caught:
        moved(clone, "HEAD", "HEAD~1")
    assert caught.value.code == "repository-busy"
    assert lock.read_text() == "theirs"


def test_after_a_staged_change_the_quick_way_is_found_again(clone: Path) -> None:
    for number in range(3):
        commit(clone, {"a": str(number), f"s/{number}": "1"})
    first, second, third = git(clone, "rev-list", "--reverse", "HEAD").splitlines()
    git(clone, "reset", "-q", "--hard", first)
    write(clone, {"s/1": "1"})
    git(clone, "add", "s/1")
    with opened(clone) as here:
        follow(here, second, {})
    assert git(clone, "rev-parse", "main") == second
    assert moved(clone, second, third)
    expect_as_git_makes_it(clone, third)


def test_a_submodule_is_found_and_a_size_that_looks_like_one_is_none(clone: Path) -> None:
    commit(clone, {"large": "x" * 0xE000})
    repository = pygit2.Repository(str(clone))
    assert submodules(repository, tree_of(clone, "HEAD")) == frozenset()
    git(
        clone, "update-index", "--add", "--cacheinfo", f"160000,{git(clone, 'rev-parse', 'HEAD')},m"
    )
    assert submodules(repository, tree_of(clone, "HEAD")) == {"m"}
