"""What was replaced or deleted can be found, restored and pruned by age."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hubsync.local.evidence import clock_of
from hubsync.local.renames import Spot
from hubsync.local.trash import Trash
from tests.unit.local.disk import Disk

DAY = 86_400 * 1_000_000_000


def put(trash: Trash, disk: Disk, path: str, content: str) -> None:
    place = disk.write("incoming", content)
    trash.put(path, Spot(None, str(place)))


def test_versions_of_a_path_newest_first(disk: Disk) -> None:
    for when, content in ((100, "one"), (300, "three!"), (200, "two")):
        put(Trash(disk.root, lambda when=when: when), disk, "d/f", content)  # type: ignore[misc]
    trash = Trash(disk.root)
    versions = trash.versions("d/f")
    assert [(one.time, one.size) for one in versions] == [(300, 6), (200, 3), (100, 3)]
    assert Path(trash.source("d/f", versions[1].token)).read_text() == "two"
    assert trash.versions("d/g") == []
    assert trash.versions("d") == []
    assert trash.versions("d/f/below") == []


def test_names_that_collide_in_one_run_all_stay(disk: Disk) -> None:
    trash = Trash(disk.root)
    put(trash, disk, "a", "a file")
    put(trash, disk, "a", "the same path again")
    put(trash, disk, "a/b", "below what was a file")
    put(trash, disk, "c/d", "in a directory")
    put(trash, disk, "c", "which then was a file")
    assert sorted(
        Path(trash.source("a", one.token)).read_text() for one in trash.versions("a")
    ) == [
        "a file",
        "the same path again",
    ]
    assert len(trash.versions("a/b")) == len(trash.versions("c/d")) == len(trash.versions("c")) == 1


def test_pruning_is_by_age_alone(disk: Disk) -> None:
    put(Trash(disk.root, lambda: 100), disk, "f", "old")
    put(Trash(disk.root, lambda: 100), disk, "d/g", "old")
    later = time.time_ns() + 40 * DAY
    put(Trash(disk.root, lambda: later), disk, "f", "young")
    assert Trash(disk.root).prune(30 * DAY, later) == 2
    assert [one.time for one in Trash(disk.root).versions("f")] == [later]
    assert Trash(disk.root).prune(30 * DAY, later) == 0


@pytest.mark.parametrize("named", [0, 100, 9_999_999_999 * 1_000_000_000])
def test_a_clock_that_was_wrong_makes_nothing_look_old(disk: Disk, named: int) -> None:
    """Named by a clock that was far behind, or ahead: the folder itself is of today."""
    put(Trash(disk.root, lambda: named), disk, "f", "just now")
    assert Trash(disk.root).prune(30 * DAY, clock_of(disk.root)) == 0
    assert len(Trash(disk.root).versions("f")) == 1


def test_nothing_is_old_by_a_file_systems_clock_that_went_back(disk: Disk) -> None:
    put(Trash(disk.root), disk, "f", "content")
    assert Trash(disk.root).prune(30 * DAY, time.time_ns() - 3650 * DAY) == 0


def test_what_is_not_the_trashs_own_is_not_pruned(disk: Disk) -> None:
    odd = disk.path / ".hubsync/trash/notes"
    odd.mkdir()
    assert Trash(disk.root).prune(0, 1 << 62) == 0
    assert odd.is_dir()


@pytest.mark.parametrize("token", ["", "..", "../trash", "x", "00000000000000000100-0000000g"])
def test_a_made_up_token_leads_nowhere(disk: Disk, token: str) -> None:
    disk.write("f")
    with pytest.raises(FileNotFoundError):
        Trash(disk.root).source("../../f", token)


def test_a_link_or_a_directory_is_no_version(disk: Disk) -> None:
    trash = Trash(disk.root, lambda: 100)
    room = trash.room()
    os.symlink("/etc/passwd", os.path.join(room, "link"))
    os.mkdir(os.path.join(room, "dir"))
    assert trash.versions("link") == trash.versions("dir") == []
    with pytest.raises(FileNotFoundError):
        trash.source("link", os.path.basename(room))


def test_the_trash_is_private(disk: Disk) -> None:
    assert os.stat(Trash(disk.root).room()).st_mode & 0o077 == 0
