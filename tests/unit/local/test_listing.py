"""A listing says what a scan compares, and is none where it could not see everything."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hubsync.local.listing import Listing, joined, named, path_of, row, rows
from tests.users import unprivileged


def listed(root: Path, *hidden: str) -> list[bytes]:
    with Listing(str(root), hidden) as listing:
        assert listing.name()
        return list(rows(listing.content()))


def name(root: Path) -> str:
    with Listing(str(root)) as listing:
        assert bool(listing.content()) <= bool(listing.name())
        return listing.name()


def row_of(root: Path, path: str, kind: str = "f") -> bytes:
    now = os.lstat(root / path)
    return row(kind, (now.st_ino, now.st_mtime_ns, now.st_ctime_ns, now.st_size), path)


@pytest.mark.parametrize("path", ["a", "a b", "ä\nö", "-n", "[x]*?\\", "d 1", "f 1 2 3"])
def test_it_has_the_evidence_of_each_file(tmp_path: Path, path: str) -> None:
    (tmp_path / path).write_text("content")
    assert listed(tmp_path) == [row_of(tmp_path, path)]
    assert path_of(listed(tmp_path)[0]) == (path, False)


@pytest.mark.parametrize("ns", [0, 1, 999_999_999, 1_000_000_000, 4_102_444_800_000_000_007])
def test_times_are_told_to_the_nanosecond(tmp_path: Path, ns: int) -> None:
    (tmp_path / "a").touch()
    os.utime(tmp_path / "a", ns=(ns, ns))
    assert listed(tmp_path) == [row_of(tmp_path, "a")]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    os.symlink("/", tmp_path / "l")
    assert listed(tmp_path) == [row_of(tmp_path, "l", "l")]


def test_of_a_directory_it_says_only_that_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "d e").mkdir()
    os.utime(tmp_path / "d e", (1, 1))
    assert listed(tmp_path) == [b"d d e"]
    assert path_of(b"d d e") == ("d e", True)


def test_a_directory_comes_before_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/e/f").touch()
    assert [path_of(one)[0] for one in listed(tmp_path)] == ["d", "d/e", "d/e/f"]


def test_own_folders_are_left_out_at_the_root_alone(tmp_path: Path) -> None:
    for path in (".git/a", ".hubsync/b", "d/.git/c", "d/.hubsync/d"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    found = {path_of(one)[0] for one in listed(tmp_path)}
    assert found == {"d", "d/.git", "d/.git/c", "d/.hubsync", "d/.hubsync/d"}


@pytest.mark.parametrize("path", ["h", "h*", "[h]", "h?\\", "a/h i"])
def test_hidden_directories_are_not_looked_into(tmp_path: Path, path: str) -> None:
    for directory in (path, f"{path}x", "hh"):
        (tmp_path / directory).mkdir(parents=True)
        (tmp_path / directory / "f").touch()
    found = {path_of(one)[0] for one in listed(tmp_path, path)}
    assert path in found
    assert f"{path}/f" not in found
    assert {f"{path}x/f", "hh/f"} <= found


def test_what_is_hidden_is_told_by_its_kind_only_if_it_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("a file by now")
    assert listed(tmp_path, "h") == [row_of(tmp_path, "h")]


def test_the_name_is_that_of_the_rows(tmp_path: Path) -> None:
    for file in "abc":
        (tmp_path / file).touch()
    assert name(tmp_path) == named(joined(listed(tmp_path)))
    assert name(tmp_path) == name(tmp_path)
    (tmp_path / "d").touch()
    assert name(tmp_path) != named(joined(listed(tmp_path)[:-1]))


def test_one_of_many_files_is_whole(tmp_path: Path) -> None:
    """Of more than 1 MB."""
    for number in range(150):
        folder = tmp_path / f"{number}{'x' * 200}" / ("y" * 200) / ("z" * 200)
        folder.mkdir(parents=True)
        for file in range(12):
            (folder / f"{file}").touch()
    assert len(joined(listed(tmp_path))) > 1 << 20
    assert name(tmp_path) == named(joined(listed(tmp_path)))


def test_an_empty_workspace_has_one(tmp_path: Path) -> None:
    assert name(tmp_path) == named(b"")


def test_where_something_cannot_be_looked_into_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o700)
    (tmp_path / "d").chmod(0)
    with unprivileged():
        assert name(tmp_path) == ""
    (tmp_path / "d").chmod(0o700)


def test_without_the_program_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert name(tmp_path) == ""


@pytest.mark.parametrize("folders", ["", ":{}", ".:{}", "bin:{}"])
def test_a_program_in_the_workspace_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folders: str
) -> None:
    root, run = tmp_path / "root", tmp_path / "run"
    for at in (root / "find", root / "bin/find"):
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(f"#!/bin/sh\necho >{run}\n")
        at.chmod(0o755)
    monkeypatch.setenv("PATH", folders.format(os.environ["PATH"]))
    assert name(root)
    assert not run.exists()


def test_a_torn_one_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = shutil.which("find")
    (tmp_path / "find").write_text(f'#!/bin/sh\n{find} "$@" | head -c 20\n')
    (tmp_path / "find").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert name(tmp_path) == ""


def test_a_row_that_another_program_made_is_of_some_path() -> None:
    assert path_of(b"f 12 1.5 d/a") == ("d/a", False)


def test_a_program_that_knows_no_such_format_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "find").write_text("#!/bin/sh\necho 'find: unrecognized: -printf' >&2\nexit 1\n")
    (tmp_path / "find").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert name(tmp_path) == ""


def test_nobody_has_to_wait_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "find").write_text("#!/bin/sh\nexec sleep 1000\n")
    (tmp_path / "find").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with Listing(str(tmp_path)):
        pass
