"""Rule 7: a deletion waits for the arrival of what was moved."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hubsync.core.moves import released, stands_in, with_moves
from hubsync.model import Carry, Entry, Kind, Plan, Side, Tree

HERE = Entry(Kind.FILE, 4, b"one", 1_000, inode=7)


def deletion(path: str = "old") -> Carry:
    return Carry(path, Side.REMOTE, None, replace(HERE, inode=0))


def arrival(path: str) -> Carry:
    return Carry(path, Side.REMOTE, HERE, None)


def told(
    *carries: Carry,
    now: str = "new",
    entry: Entry = HERE,
    base: Entry = HERE,
    standing: tuple[str, ...] = (),
) -> Plan:
    """The plan where ``base`` was at the path that is deleted, and ``entry`` is at ``now``."""
    return with_moves(
        Plan({}, carries),
        Tree({carries[0].path: base}),
        lambda: {(entry.size, entry.mtime): [(now, entry)]},
        lambda path, _: path in standing,
    )


def test_a_deletion_goes_after_the_new_name_that_is_sent() -> None:
    plan = told(deletion(), arrival("new"))
    assert [one.moved_to for one in plan.carries] == ["new", None]
    assert plan.held == ()


def test_a_deletion_whose_content_stands_on_a_remote_goes() -> None:
    plan = told(deletion(), standing=("new",))
    assert [one.moved_to for one in plan.carries] == ["new"]


def test_a_deletion_whose_content_is_neither_sent_nor_there_waits() -> None:
    plan = told(deletion())
    assert plan.carries == ()
    assert [(one.carry.path, one.now) for one in plan.held] == [("old", "new")]
    assert not plan.is_empty()


@pytest.mark.parametrize(
    ("entry", "base"),
    [
        (replace(HERE, inode=8), HERE),
        (replace(HERE, digest=b"two"), HERE),
        (replace(HERE, mtime=2_000), HERE),
        (replace(HERE, size=0), replace(HERE, size=0)),
    ],
    ids=["another inode", "another content", "another time", "empty"],
)
def test_what_is_another_file_holds_nothing(entry: Entry, base: Entry) -> None:
    plan = told(deletion(), entry=entry, base=base)
    assert plan.carries == (deletion(),)
    assert plan.held == ()


def test_evidence_that_vouches_for_nothing_holds_by_size_and_time() -> None:
    plan = told(deletion(), base=replace(HERE, inode=0), entry=replace(HERE, digest=None, inode=9))
    assert [one.now for one in plan.held] == ["new"]


@pytest.mark.parametrize(("old", "new"), [("f", "f/f"), ("f/f", "f")])
def test_what_needs_the_old_ones_place_does_not_come_first(old: str, new: str) -> None:
    plan = told(deletion(old), arrival(new), now=new)
    assert [one.moved_to for one in plan.carries] == [None, None]


def test_deletions_on_the_disk_wait_for_nothing() -> None:
    carry = Carry("old", Side.LOCAL, None, HERE)
    assert told(carry).carries == (carry,)


def test_what_another_plan_sends_is_released() -> None:
    plan = released(told(deletion()), lambda path, _: path == "new")
    assert [(one.path, one.moved_to) for one in plan.carries] == [("old", "new")]
    assert plan.held == ()


def test_a_remote_has_a_file_as_it_is_only_at_the_same_size_and_time() -> None:
    assert stands_in({"new": HERE}, "new", HERE)
    assert not stands_in({"new": HERE}, "new", replace(HERE, mtime=2))
    assert not stands_in({}, "new", HERE)
