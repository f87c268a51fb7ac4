"""Reading files: what is read is what is there, and its evidence says no more than it knows."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from blake3 import blake3

from hubsync.errors import Interrupted, SourceChanged
from hubsync.local.digest import digest_file, digest_many
from hubsync.local.evidence import SECOND, vouch, vouch_written
from hubsync.model import Entry, Kind, Problem
from hubsync.report import Silent
from tests.unit.local.disk import LONG_AGO, Disk

FILE = Entry(Kind.FILE)


def test_reads_small_large_and_empty_files(disk: Disk) -> None:
    contents = {"empty": b"", "small": b"abc", "a/large": os.urandom(3_000_001)}
    for path, content in contents.items():
        disk.write(path).write_bytes(content)
    read = digest_many(disk.root, dict(disk.scan().tree), Silent())
    for path, content in contents.items():
        entry = read[path]
        assert isinstance(entry, Entry)
        assert entry.digest == blake3(content).digest()
        assert entry.size == len(content)


def test_many_files_in_many_threads_all_have_their_outcome(disk: Disk) -> None:
    for number in range(40):
        disk.write(f"d{number % 7}/{number}").write_bytes(bytes([number]) * 2_000_000)
    read = digest_many(disk.root, dict(disk.scan().tree), Silent())
    assert len(read) == 40
    for path, entry in read.items():
        assert isinstance(entry, Entry)
        assert entry.digest == blake3((disk.path / path).read_bytes()).digest()


def test_evidence_of_a_file_at_rest_counts(disk: Disk) -> None:
    disk.write("f")
    time.sleep(0.05)
    assert digest_file(disk.root, "f", FILE).inode != 0


def test_evidence_of_a_file_just_written_does_not(disk: Disk) -> None:
    disk.write("f", mtime=None)
    assert digest_file(disk.root, "f", FILE).inode == 0


@pytest.mark.parametrize(
    ("age", "now", "trusted"),
    [
        (25_000_000, 10 * SECOND + 5, True),
        (15_000_000, 10 * SECOND + 5, False),
        (0, 10 * SECOND + 5, False),
        (-3 * SECOND, 10 * SECOND + 5, False),
        (SECOND, 10 * SECOND, False),
        (3 * SECOND, 10 * SECOND, True),
    ],
)
def test_evidence_counts_when_it_is_older_than_the_clock_is_coarse(
    age: int, now: int, trusted: bool
) -> None:
    entry = Entry(Kind.FILE, 1, b"d", mtime=1, ctime=now - age, inode=7)
    assert bool(vouch(entry, now).inode) is trusted
    entry = Entry(Kind.FILE, 1, b"d", mtime=now - age, ctime=1, inode=7)
    assert bool(vouch(entry, now).inode) is (trusted or age < -2 * SECOND)


def test_a_file_that_hubsync_wrote_counts_unless_its_time_is_of_this_moment() -> None:
    now = 1_700_000_000 * SECOND + 5
    old = Entry(Kind.FILE, 1, b"d", mtime=LONG_AGO, ctime=now, inode=7)
    fresh = Entry(Kind.FILE, 1, b"d", mtime=now - 10, ctime=now, inode=7)
    assert vouch_written(old) is old
    assert vouch_written(fresh).inode == 0


def test_a_link_is_never_followed(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/f").write_text("s")
    (disk.path / "link").symlink_to(tmp_path / "secret")
    (disk.path / "d").symlink_to(tmp_path / "folder")
    for path in ("link", "d/f"):
        with pytest.raises(SourceChanged):
            digest_file(disk.root, path, FILE)


def test_a_pipe_neither_blocks_nor_is_read(disk: Disk) -> None:
    os.mkfifo(disk.path / "pipe")
    with pytest.raises(SourceChanged):
        digest_file(disk.root, "pipe", FILE)


def test_a_file_that_is_gone_has_the_outcome_none(disk: Disk) -> None:
    assert digest_many(disk.root, {"gone": FILE, "no/where": FILE}, Silent()) == {
        "gone": None,
        "no/where": None,
    }


def test_a_directory_in_its_place_is_a_problem_and_stops_no_other(disk: Disk) -> None:
    disk.write("f")
    (disk.path / "d").mkdir()
    read = digest_many(disk.root, {"f": FILE, "d": FILE}, Silent())
    assert isinstance(read["f"], Entry)
    assert isinstance(read["d"], Problem)


def test_a_file_that_changes_all_the_time_is_never_torn(disk: Disk) -> None:
    """One thread rewrites a file in place, from block to block: what is read must have lain there.

    Of each block one byte is written: a reader may find any larger write half done, however long
    that takes.
    """
    blocks, size = 300, 4096
    rest = "." * (size - 1)
    place = disk.write("f", ("a" + rest) * blocks)
    full = {letter: letter + rest.encode() for letter in (b"a", b"b")}
    states = {
        blake3(full[one] * k + full[other] * (blocks - k)).digest()
        for one, other in ((b"a", b"b"), (b"b", b"a"))
        for k in range(blocks + 1)
    }
    over = threading.Event()

    def rewrite() -> None:
        letters = [b"a", b"b"]
        with open(place, "r+b", buffering=0) as file:
            while not over.is_set():
                letters.reverse()
                for block in range(blocks):
                    os.pwrite(file.fileno(), letters[0], block * size)

    thread = threading.Thread(target=rewrite)
    thread.start()
    try:
        outcomes = [digest_many(disk.root, {"f": FILE}, Silent())["f"] for _ in range(100)]
    finally:
        over.set()
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, Entry):
            assert outcome.digest in states
        else:
            assert isinstance(outcome, Problem)
            assert outcome.code == "changing"


def test_stops_when_asked(disk: Disk) -> None:
    class Stopping(Silent):
        def stopping(self) -> bool:
            return True

    disk.write("f")
    with pytest.raises(Interrupted):
        digest_many(disk.root, {"f": FILE}, Stopping())
