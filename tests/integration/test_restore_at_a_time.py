"""`restore --at TIME` brings back what stood at a path at that time, whatever the trash holds."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubsync import Identity, SyncRequest, Workspace
from hubsync.errors import LocalError, NoSuchVersion

ME = Identity("ada", "hub-a")
SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


class Clock:
    """Goes on by ten seconds when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def later(self) -> None:
        self.now += 10 * SECOND


def test_a_time_means_the_same_before_and_after_something_went_to_the_trash(
    tmp_path: Path,
) -> None:
    work, clock = tmp_path / "work", Clock()
    work.mkdir()
    file = work / "f"
    with Workspace.init(str(work), f"file://{tmp_path}/remote", clock=clock) as workspace:
        for text in ("one", "second", "the third"):
            file.write_text(text)
            workspace.sync(identity=ME)
            clock.later()
        between = "2023-11-14T22:13:25+00:00"  # five seconds after the first sync
        workspace.restore("f", at=between, to="before")
        workspace.restore("f")  # what stood there goes to the trash
        workspace.restore("f", at=between, to="after")
        assert (work / "before").read_text() == "one"
        assert (work / "after").read_text() == "one"
        with pytest.raises(NoSuchVersion):
            workspace.restore("f", at="1999-01-01", to="never")


def test_a_time_that_the_log_prints_brings_that_very_version(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    moment = START + 123_456_789
    with Workspace.init(str(work), f"file://{tmp_path}/remote", clock=lambda: moment) as workspace:
        (work / "f").write_text("one")
        workspace.sync(identity=ME)
        workspace.restore("f", at="2023-11-14T22:13:20+00:00", to="again")
        assert (work / "again").read_text() == "one"


@contextlib.contextmanager
def deleted_directory(tmp_path: Path) -> Iterator[Workspace]:
    """One that was synced with a directory in it, which was deleted ten seconds later."""
    work, clock = tmp_path / "work", Clock()
    (work / "d/e").mkdir(parents=True)
    (work / "d/e/f").write_text("one")
    (work / "other").write_text("one")
    with Workspace.init(str(work), f"file://{tmp_path}/remote", clock=clock) as workspace:
        workspace.sync(identity=ME)
        clock.later()
        shutil.rmtree(work / "d")
        yield workspace


@pytest.mark.parametrize("asked", ["d", "."])
def test_a_directory_that_was_deleted_comes_back_as_of_a_time(tmp_path: Path, asked: str) -> None:
    work = tmp_path / "work"
    with deleted_directory(tmp_path) as workspace:
        (work / "later").write_text("later")
        workspace.sync(SyncRequest(confirm_deletes=True), identity=ME)
        workspace.restore(asked, at="2023-11-14T22:13:25+00:00")
        assert (work / "d/e/f").read_text() == "one"
        assert (work / "later").read_text() == "later"
        with pytest.raises(NoSuchVersion):
            workspace.restore("d/never", at="2023-11-14T22:13:25+00:00")


def test_a_directory_whose_name_a_file_has_now_comes_back_beside_it(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with deleted_directory(tmp_path) as workspace:
        (work / "d").write_text("a file now")
        workspace.sync(identity=ME)
        workspace.restore("d", at="2023-11-14T22:13:25+00:00", to="then")
        assert (work / "then/e/f").read_text() == "one"
        with pytest.raises(LocalError):
            workspace.restore("d", at="2023-11-14T22:13:25+00:00")
        assert (work / "d").read_text() == "a file now"


def test_a_directory_that_was_empty_then_keeps_what_came_into_it(tmp_path: Path) -> None:
    work, clock = tmp_path / "work", Clock()
    (work / "d/empty").mkdir(parents=True)
    (work / "d/f").write_text("one")
    with Workspace.init(str(work), f"file://{tmp_path}/remote", clock=clock) as workspace:
        workspace.sync(identity=ME)
        clock.later()
        (work / "d/empty/came").write_text("later")
        (work / "d/f").write_text("two")
        workspace.sync(identity=ME)
        restored = workspace.restore("d", at="2023-11-14T22:13:25+00:00")
        assert restored.files == 1
        assert (work / "d/f").read_text() == "one"
        assert (work / "d/empty/came").read_text() == "later"


def a_folder(place: Path) -> None:
    place.mkdir()
    (place / "inside").write_text("later")


def a_link(place: Path) -> None:
    place.symlink_to("other")


@pytest.mark.parametrize(
    ("missing", "obstacle", "why"),
    [
        ("d/e/f", a_folder, "a folder that is not empty stands there"),
        ("d/e", a_link, "a file or a link stands where a folder is needed"),
    ],
)
def test_what_keeps_a_file_from_coming_back_is_named_and_the_others_come(
    tmp_path: Path, missing: str, obstacle: Callable[[Path], None], why: str
) -> None:
    work = tmp_path / "work"
    with deleted_directory(tmp_path) as workspace:
        (work / missing).parent.mkdir(parents=True)
        obstacle(work / missing)
        (work / "other").write_text("edited")
        for path in (".", "d"):
            with pytest.raises(LocalError) as failed:
                workspace.restore(path, at="2023-11-14T22:13:25+00:00")
            assert f"d/e/f ({why})" in failed.value.message
            assert "--to" in failed.value.hint
            assert "log PATH" not in failed.value.hint
        assert (work / "other").read_text() == "one"
        (work / "other").unlink()
        with pytest.raises(LocalError) as failed:
            workspace.restore("other", to="d/e/f")
        assert why in failed.value.message
        workspace.restore("d", at="2023-11-14T22:13:25+00:00", to="then")
        assert (work / "then/e/f").read_text() == "one"


@pytest.mark.parametrize("by_version", [False, True])
def test_a_file_in_whose_place_a_folder_stands_comes_back_beside_it(
    tmp_path: Path, by_version: bool
) -> None:
    work = tmp_path / "work"
    with deleted_directory(tmp_path) as workspace:
        (work / "other").unlink()
        a_folder(work / "other")
        workspace.sync(identity=ME)
        known = workspace.versions("other")[-1].version
        at = known if by_version else "2023-11-14T22:13:25+00:00"
        with pytest.raises(LocalError) as failed:
            workspace.restore("other", at=at)
        assert "a folder that is not empty stands there" in failed.value.message
        workspace.restore("other", at=at, to="beside")
        assert (work / "beside").read_text() == "one"
        with pytest.raises(NoSuchVersion):
            workspace.restore("other", at="2001-01-01T00:00:00+00:00", to="never")
