"""A path that was deleted on one remote and came anew on another: what is kept of it on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import Identity, Workspace
from hubsync.errors import NoSuchVersion, RemoteFormatError

ME = Identity("ada", "hub-a")
SECOND = 1_000_000_000


class Clock:
    """An hour goes by between any two syncs."""

    def __init__(self) -> None:
        self.now = 1_800_000_000 * SECOND

    def __call__(self) -> int:
        return self.now

    def an_hour_later(self) -> None:
        self.now += 3600 * SECOND


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """``data/x`` was "v1" and "v2" on the first remote, is "fresh" on the second."""
    root = tmp_path / "work"
    (root / "data").mkdir(parents=True)
    (root / "note").write_text("note")
    (root / "kept").write_text("note")
    path, clock = root / "data/x", Clock()
    with Workspace.init(str(root), f"file://{tmp_path}/first", clock=clock) as opened:
        for text in ("v1", "v2", None, "fresh"):
            if text is None:
                path.unlink()
                opened.add_remote("bulk", f"file://{tmp_path}/bulk", include=("data/",))
            else:
                path.write_text(text)
            opened.sync(identity=ME)
            clock.an_hour_later()
        yield opened


def content(workspace: Workspace) -> str:
    return Path(workspace.root, "data/x").read_text()


def lose(remote: Path) -> None:
    (remote / ".hubsync/format.json").unlink()


def test_the_versions_are_those_of_both_newest_first(workspace: Workspace) -> None:
    known = workspace.versions("data/x")
    assert [one.size if one.digest else None for one in known] == [5, None, 2, 2]
    times = [one.time for one in known]
    assert times == sorted(times, reverse=True)


def test_the_newest_other_content_may_lie_on_the_remote_that_had_it_before(
    workspace: Workspace,
) -> None:
    workspace.restore("data/x")
    assert content(workspace) == "v2"


@pytest.mark.parametrize(("place", "text"), [(0, "fresh"), (2, "v2"), (3, "v1")])
def test_a_version_is_found_on_whichever_remote_has_it(
    workspace: Workspace, tmp_path: Path, place: int, text: str
) -> None:
    version = workspace.versions("data/x")[place].version
    workspace.read("data/x", version, str(tmp_path / "seen"))
    assert (tmp_path / "seen").read_text() == text
    Path(workspace.root, "data/x").unlink()
    workspace.restore("data/x", at=version)
    assert content(workspace) == text


@pytest.mark.parametrize("text", ["v1", "v2"])
def test_a_time_counts_for_both_remotes(workspace: Workspace, text: str) -> None:
    at = {"v1": "2027-01-15T08:30:00+00:00", "v2": "2027-01-15T09:30:00+00:00"}[text]
    workspace.restore("data/x", at=at)
    assert content(workspace) == text


def test_the_remote_that_has_it_is_enough_where_the_other_fails(
    workspace: Workspace, tmp_path: Path
) -> None:
    Path(workspace.root, "data/x").unlink()
    lose(tmp_path / "first")
    with Workspace.open(workspace.root) as again:
        assert [one.size for one in again.versions("data/x")] == [5]
        again.restore("data/x")
        assert content(again) == "fresh"


def test_nobody_denies_a_version_that_a_failing_remote_may_have(
    workspace: Workspace, tmp_path: Path
) -> None:
    before = workspace.versions("data/x")[3].version
    lose(tmp_path / "first")
    with Workspace.open(workspace.root) as again:
        for at in (before, None, "2027-01-15T08:30:00+00:00"):
            with pytest.raises(RemoteFormatError):
                again.restore("data/x", at=at)


def test_a_version_that_no_remote_has_is_denied(workspace: Workspace) -> None:
    with pytest.raises(NoSuchVersion):
        workspace.restore("data/x", at="0123456789abcdef")
