"""What the user is told of a run."""

from __future__ import annotations

import pytest

from hubsync.engine.tally import Tally, kind_of, together
from hubsync.model import Carry, Entry, KeepBoth, Kind, Merge, Notice, Plan, Problem, Side
from hubsync.remotes.protocol import Put, Remove
from hubsync.results import ChangeKind, ConflictCopy, PathChange, SyncResult

OLD = Entry(Kind.FILE, 3, b"o" * 32)
NEW = Entry(Kind.FILE, 4, b"n" * 32)
RUNS = Entry(Kind.FILE, 3, b"o" * 32, executable=True)
LINK = Entry(Kind.LINK, target="x")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, NEW, ChangeKind.CREATED),
        (OLD, None, ChangeKind.DELETED),
        (OLD, NEW, ChangeKind.EDITED),
        (OLD, RUNS, ChangeKind.MODE),
        (OLD, LINK, ChangeKind.EDITED),
        (Entry(Kind.FILE, 3), Entry(Kind.FILE, 3), ChangeKind.EDITED),
    ],
)
def test_how_an_entry_became_another(
    before: Entry | None, after: Entry | None, kind: ChangeKind
) -> None:
    assert kind_of(before, after) is kind


def test_what_was_published_is_told_and_what_was_refused_is_not() -> None:
    tally = Tally()
    changes = [Put("a", NEW, "/a", None), Put("b", NEW, "/b", OLD), Remove("c", OLD)]
    tally.published(changes, {"a": NEW, "c": None}, 4)
    result = tally.result(False, "r1")
    assert result.up == (PathChange("a", ChangeKind.CREATED, 4),)
    assert result.deleted_remotely == ("c",)
    assert (result.bytes, result.revision) == (4, "r1")


def test_a_merge_and_a_copy_are_told_as_such_once_they_are_done() -> None:
    tally = Tally()
    keep = KeepBoth("k", OLD, NEW, Side.REMOTE, Side.LOCAL, OLD, "k.copy")
    tally.both_changed({"m"}, [keep])
    tally.published([Put("m", NEW, "", OLD), Put("k.copy", OLD, "", None)], {"m": NEW}, 0)
    assert tally.result(False, "").nothing_done()
    for path in ("m", "k.copy", "k"):
        tally.applied(path, NEW)
    result = tally.result(False, "")
    assert result.merged == ("m",)
    assert result.conflicts == (ConflictCopy("k", "k.copy"),)
    assert [one.path for one in result.down] == ["k"]
    assert result.up == ()


def test_a_dry_run_tells_the_plan() -> None:
    tally = Tally()
    plan = Plan(
        {},
        (
            Carry("up", Side.REMOTE, NEW, None),
            Carry("down", Side.LOCAL, NEW, OLD),
            Carry("gone", Side.REMOTE, None, OLD),
        ),
        (Merge("m", OLD, NEW, RUNS),),
    )
    tally.foreseen(plan, None)
    result = tally.result(True, "")
    assert [one.path for one in result.up] == ["up"]
    assert [one.path for one in result.down] == ["down"]
    assert result.deleted_remotely == ("gone",)
    assert result.merged == ("m",)


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (KeepBoth("k", OLD, NEW, Side.REMOTE, Side.LOCAL, OLD, "k.copy"), "down"),
        (KeepBoth("k", OLD, NEW, Side.LOCAL, Side.REMOTE, NEW, "k.copy"), "up"),
        (KeepBoth("k", OLD, None, None, Side.LOCAL, OLD, "k.copy"), "deleted_locally"),
        (KeepBoth("k", None, NEW, None, Side.REMOTE, NEW, "k.copy"), "deleted_remotely"),
    ],
)
def test_a_dry_run_tells_what_becomes_of_a_path_in_conflict(keep: KeepBoth, told: str) -> None:
    tally = Tally()
    tally.foreseen(Plan({}, keeps=(keep,)), None)
    result = tally.result(True, "")
    assert [one.copy for one in result.conflicts] == ["k.copy"]
    found = {
        "down": [one.path for one in result.down],
        "up": [one.path for one in result.up],
        "deleted_locally": list(result.deleted_locally),
        "deleted_remotely": list(result.deleted_remotely),
    }
    assert [name for name, paths in found.items() if paths] == [told]


def test_a_dry_run_of_a_pull_tells_of_nothing_on_the_remote() -> None:
    tally = Tally()
    keep = KeepBoth("k", None, NEW, None, Side.REMOTE, NEW, "k.copy")
    tally.foreseen(Plan({}, keeps=(keep,)), Side.LOCAL)
    assert tally.result(True, "").deleted_remotely == ()


def test_the_results_with_several_remotes_are_one() -> None:
    problem = Problem("p", "code", "message")
    notice, other = Notice("code", "message", "hint"), Notice("other", "message")
    one = SyncResult(
        up=(PathChange("b", ChangeKind.CREATED),), problems=(problem,), notices=(notice,), bytes=1
    )
    two = SyncResult(
        up=(PathChange("a", ChangeKind.CREATED),),
        unsynced=("z",),
        problems=(problem,),
        notices=(other, notice),
        bytes=2,
        revision="second",
    )
    whole = together([one, two])
    assert [change.path for change in whole.up] == ["a", "b"]
    assert (whole.unsynced, whole.problems, whole.bytes) == (("z",), (problem,), 3)
    assert whole.notices == (notice, other)
    assert whole.exit_status() == 3
    assert together([two]) is two
