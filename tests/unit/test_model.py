"""Values: when entries agree, and trees that share their rows."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsync.model import Carry, Entry, Kind, Plan, Problem, Side, Tree, agree, same_content

ONE = Entry(Kind.FILE, size=1, digest=b"1" * 32)
TWO = Entry(Kind.FILE, size=1, digest=b"2" * 32)
UNREAD = Entry(Kind.FILE, size=1)
LINK = Entry(Kind.LINK, target="a")
EMPTY = Entry(Kind.DIR)


def _seen(entry: Entry, number: int) -> Entry:
    return msgspec.structs.replace(entry, mtime=number, inode=number, identity=str(number))


def test_entries_agree_whatever_the_evidence() -> None:
    assert agree(ONE, _seen(ONE, 7))
    assert agree(LINK, _seen(LINK, 7))
    assert agree(EMPTY, _seen(EMPTY, 7))
    assert agree(None, None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ONE, TWO),
        (ONE, None),
        (ONE, msgspec.structs.replace(ONE, executable=True)),
        (UNREAD, UNREAD),
        (ONE, LINK),
        (LINK, Entry(Kind.LINK, target="b")),
        (EMPTY, ONE),
    ],
)
def test_entries_that_do_not_agree(one: Entry | None, other: Entry | None) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


def test_same_content_leaves_modes_out() -> None:
    assert same_content(ONE, msgspec.structs.replace(ONE, executable=True))
    assert not same_content(ONE, TWO)
    assert not same_content(UNREAD, UNREAD)
    assert not same_content(LINK, LINK)
    assert not same_content(ONE, None)


def test_entries_travel_through_msgpack() -> None:
    entry = Entry(Kind.FILE, 5, b"d" * 32, 1, True, "", 2, 3, "etag")
    data = msgspec.msgpack.encode(entry)
    assert msgspec.msgpack.decode(data, type=Entry) == entry


def test_sides_know_one_another() -> None:
    assert Side.LOCAL.other is Side.REMOTE
    assert Side.REMOTE.other is Side.LOCAL


def test_a_tree_is_a_mapping() -> None:
    tree = Tree({"a": ONE, "b": TWO})
    assert tree["a"] is ONE
    assert tree.get("c") is None
    assert "a" in tree
    assert "c" not in tree
    assert dict(tree) == {"a": ONE, "b": TWO}
    assert len(tree) == 2
    with pytest.raises(KeyError):
        tree["c"]


def test_changes_lie_on_top_and_leave_the_first_tree_alone() -> None:
    first = Tree({"a": ONE, "b": ONE})
    second = first.with_changes({"a": None, "c": TWO})
    third = second.with_changes({"a": TWO, "c": None})
    assert dict(first) == {"a": ONE, "b": ONE}
    assert dict(second) == {"b": ONE, "c": TWO}
    assert dict(third) == {"a": TWO, "b": ONE}
    assert (len(first), len(second), len(third)) == (2, 2, 2)
    with pytest.raises(KeyError):
        second["a"]
    assert "a" not in second


def test_no_changes_make_no_new_tree() -> None:
    tree = Tree({"a": ONE})
    assert tree.with_changes({}) is tree


def test_changes_on_the_same_rows_are_known() -> None:
    base = Tree({"a": ONE})
    changed = base.with_changes({"b": TWO})
    assert changed.on_rows_of(base) == {"b": TWO}
    assert Tree({"a": ONE}).on_rows_of(base) is None


def test_a_touched_file_is_among_the_changes() -> None:
    base = Tree({"a": ONE, "b": ONE})
    touched = base.with_changes({"a": _seen(ONE, 7), "b": ONE})
    assert touched.changes_since(base) == {"a": _seen(ONE, 7)}


_paths = st.sampled_from(["a", "b", "c", "d"])
_rows = st.dictionaries(_paths, st.sampled_from([ONE, TWO, LINK]))
_changes = st.dictionaries(_paths, st.none() | st.sampled_from([ONE, TWO, EMPTY]))


@given(_rows, _changes, _changes)
def test_changes_since_are_the_same_on_shared_rows_and_on_others(
    rows: dict[str, Entry],
    before: dict[str, Entry | None],
    after: dict[str, Entry | None],
) -> None:
    root = Tree(rows)
    base, side = root.with_changes(before), root.with_changes(after)
    found = side.changes_since(base)
    assert found == Tree(side.flat()).changes_since(Tree(base.flat()))
    assert dict(base.with_changes(found)) == dict(side)
    assert len(side) == len(side.flat()) == len(list(side))


def test_a_plan_is_empty_when_nothing_moves_and_nothing_is_said() -> None:
    assert Plan(agreed={"a": ONE}).is_empty()
    assert not Plan(agreed={}, carries=(Carry("a", Side.LOCAL, ONE, None),)).is_empty()
    assert not Plan(agreed={}, problems=(Problem("a", "code", "message"),)).is_empty()


def test_a_tree_is_shown_by_its_size() -> None:
    assert repr(Tree({"a": ONE})) == "Tree(1 paths)"
