"""The staging area: room for what comes, what was complete is used again, nothing piles up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from blake3 import blake3

from hubsync.errors import DiskFull
from hubsync.local.stage import KEEP_PARTS, Stage, human_size
from tests.unit.local.disk import Disk


def test_slots_stay_inside_whatever_the_name(disk: Disk) -> None:
    for name in ("abc123", "../evil", "/etc/passwd", "a/b", "", "x" * 500, ".", "..", "n.part"):
        slot = disk.stage.slot(name)
        assert os.path.dirname(slot) == disk.stage.directory
        assert not slot.endswith(".part")
        Path(slot).touch()
    assert disk.stage.slot("a") != disk.stage.slot("a/b")


def test_a_complete_content_is_found_again_and_a_wrong_one_is_not(disk: Disk) -> None:
    entry, slot = disk.staged("content")
    digest = entry.digest or b""
    assert disk.stage.holding(digest, entry.size) == slot
    assert disk.stage.holding(digest, entry.size + 1) is None
    assert disk.stage.holding(blake3(b"other").digest(), 5) is None
    Path(slot).write_text("CONTENT")
    assert disk.stage.holding(digest, entry.size) is None


def test_a_content_that_shares_its_bytes_with_a_users_file_is_not_used(disk: Disk) -> None:
    entry, slot = disk.staged("content")
    os.link(slot, disk.path / "mine")
    assert disk.stage.holding(entry.digest or b"", entry.size) is None


def test_clearing_keeps_young_partial_arrivals(disk: Disk) -> None:
    disk.staged("complete")
    young = Path(disk.stage.slot("young") + ".part")
    old = Path(disk.stage.slot("old") + ".part")
    for part in (young, old):
        part.touch()
        Path(f"{part}.identity").touch()
    Path(disk.stage.slot("of nothing known") + ".part").touch()
    Path(disk.stage.slot("gone") + ".part.identity").touch()
    then = old.stat().st_mtime - KEEP_PARTS - 60
    os.utime(old, (then, then))
    (Path(disk.stage.directory) / "folder").mkdir()
    (Path(disk.stage.directory) / "folder/f").touch()
    disk.stage.clear()
    assert disk.staging() == ["young.part", "young.part.identity"]


def test_too_little_room_is_said_beforehand_and_how_much_is_missing(disk: Disk) -> None:
    room = os.statvfs(disk.root)
    free = room.f_bavail * room.f_frsize
    disk.stage.require(1000)
    with pytest.raises(DiskFull) as caught:
        disk.stage.require(free + 5_000_000_000_000)
    assert "5.0 TB are missing" in caught.value.message
    assert caught.value.hint


def test_too_few_inodes_are_said_beforehand(disk: Disk) -> None:
    free = os.statvfs(disk.root).f_favail
    with pytest.raises(DiskFull):
        disk.stage.require(0, files=free + 1_000_000)


def test_writes_what_was_made_here(disk: Disk) -> None:
    digest = blake3(b"merged").digest()
    assert Path(disk.stage.write(b"merged", digest)).read_bytes() == b"merged"
    assert disk.staging() == [digest.hex()]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (1_234_000_000, "1.2 GB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert human_size(size) == text


def test_the_area_is_private(disk: Disk) -> None:
    assert os.stat(Stage(disk.root).directory).st_mode & 0o077 == 0
