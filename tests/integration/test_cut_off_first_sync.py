"""A first sync of a directory without a memory that is cut off half-way (rules 6 and 13)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hubsync import Identity, Workspace
from hubsync.errors import Interrupted

ME = Identity("ada", "hub-a")


class StopsWhileWriting:
    """The user asks to stop once the first file is being written."""

    def __init__(self) -> None:
        self.writing = False

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        self.writing = name == "Writing"

    def advance(self, files: int = 0, size: int = 0) -> None:
        return

    def stopping(self) -> bool:
        return self.writing


def test_what_was_deleted_elsewhere_does_not_come_back(tmp_path: Path) -> None:
    first, second, url = tmp_path / "first", tmp_path / "second", f"file://{tmp_path}/remote"
    first.mkdir()
    for name in ("kept", "deleted"):
        (first / name).write_text(name)
    with Workspace.init(str(first), url) as workspace:
        workspace.sync(identity=ME)
        shutil.copytree(first, second, ignore=shutil.ignore_patterns(".hubsync"))
        (first / "deleted").unlink()
        for number in range(3):
            (first / f"new{number}").write_text(f"new {number}")
        workspace.sync(identity=ME)

    with Workspace.init(str(second), url) as workspace:
        with pytest.raises(Interrupted):
            workspace.sync(identity=ME, reporter=StopsWhileWriting())
        assert (second / "deleted").exists(), "the sync was cut off before it got there"
        assert [one.last_sync for one in workspace.remotes()] == [None]
        workspace.sync(identity=ME)
    assert not (second / "deleted").exists()
    assert not (tmp_path / "remote/deleted").exists()
