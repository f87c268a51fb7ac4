"""The kernel's events, and what happens when there are too many."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubsync.local.inotify import Inotify
from tests.users import unprivileged

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


@contextmanager
def events_of(root: Path, *hidden: str) -> Iterator[Inotify]:
    events = Inotify(str(root), lambda path: path in hidden)
    try:
        yield events
    finally:
        events.close()


def _until(events: Inotify, path: str) -> None:
    while True:
        found = events.wait()
        assert found is not None
        if path in found.paths:
            return


def test_one_watch_for_each_directory_that_is_not_hidden(tmp_path: Path) -> None:
    for name in ("a/b", ".venv/lib/deep", "c"):
        (tmp_path / name).mkdir(parents=True)
    with events_of(tmp_path, ".venv") as events:
        assert len(events) == 4
        (tmp_path / "c").rmdir()
        (tmp_path / "d" / "e").mkdir(parents=True)
        _until(events, "d")
        (tmp_path / "d" / "e" / "f").write_text("")
        _until(events, "d/e/f")
        assert len(events) == 5


def test_a_directory_that_may_be_read_again_is_watched() -> None:
    with unprivileged(), tempfile.TemporaryDirectory() as root:  # that of pytest is root's own
        shut = Path(root) / "shut"
        (shut / "deep").mkdir(parents=True)
        shut.chmod(0)
        with events_of(Path(root)) as events:
            shut.chmod(0o700)
            _until(events, "shut")
            (shut / "deep" / "f").write_text("")
            _until(events, "shut/deep/f")


def test_stopping_ends_the_wait(tmp_path: Path) -> None:
    with events_of(tmp_path) as events:
        events.stop()
        assert events.wait() is None


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Inotify(str(tmp_path / "none"), lambda path: False)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    with events_of(tmp_path) as events:
        name = os.fsdecode(b"caf\xe9")
        (tmp_path / name).write_text("")
        _until(events, name)


def test_directories_whose_events_were_lost_are_watched_all_the_same(tmp_path: Path) -> None:
    with events_of(tmp_path) as events:
        for _ in range(int(QUEUE.read_text()) // 2 + 10):
            os.close(os.open(tmp_path / "f", os.O_WRONLY | os.O_CREAT))
            os.unlink(tmp_path / "f")
        (tmp_path / "late").mkdir()  # nobody is told
        lost = False
        while not lost:
            found = events.wait()
            assert found is not None
            assert "late" not in found.paths
            lost = found.lost
        (tmp_path / "late" / "x").write_text("")
        _until(events, "late/x")
