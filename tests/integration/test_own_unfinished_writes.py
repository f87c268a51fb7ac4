"""A run that was killed while it published is no other writer (rules 2 and 13)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync import Identity, Workspace
from hubsync.model import Side

ME = Identity("ada", "hub-a")


class Killed(BaseException):
    """Stands for the process that ends here."""


class KilledAtTheEnd:
    """A reporter in whose hands the process dies when the last file has gone out."""

    def __init__(self, files: int) -> None:
        self.left = files
        self.uploading = False

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        self.uploading = name == "Uploading"

    def advance(self, files: int = 0, size: int = 0) -> None:
        if self.uploading and files:
            self.left -= files
            if self.left <= 0:
                raise Killed

    def stopping(self) -> bool:
        return False


@pytest.mark.parametrize("direction", [None, Side.REMOTE])
def test_an_edit_after_a_killed_push_is_no_conflict_with_oneself(
    tmp_path: Path, direction: Side | None
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    names = [f"f{number}" for number in range(20)]
    for name in names:
        (work / name).write_text("first")
    with Workspace.init(str(work), f"file://{tmp_path}/remote") as workspace:
        workspace.sync(identity=ME)
        for name in names:
            (work / name).write_text("second version")
        with pytest.raises(Killed):
            workspace.sync(identity=ME, reporter=KilledAtTheEnd(len(names)))
    assert (tmp_path / "remote" / "f0").read_text() == "second version"
    for name in names:
        (work / name).write_text("the third version")
    with Workspace.open(str(work)) as workspace:
        run = workspace.sync if direction is None else workspace.push
        result = run(identity=ME)
        assert result.conflicts == ()
        assert {change.path for change in result.up} == set(names)
        assert workspace.sync(identity=ME).nothing_done()
    assert sorted(path.name for path in work.iterdir()) == [".hubsync", *sorted(names)]
    assert {(tmp_path / "remote" / name).read_text() for name in names} == {"the third version"}
