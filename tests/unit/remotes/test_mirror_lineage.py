"""An old copy of a whole mirror that was put back is noticed, however much was synced since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hubsync.errors import SafetyStop
from hubsync.remotes.mirror import compaction, layout, lineage
from hubsync.remotes.mirror.lineage import LastSeen
from hubsync.remotes.mirror.wire import Batch, Head, MarkAt, Segment
from hubsync.report import Silent
from hubsync.stores.counting import CountingStore
from hubsync.stores.memory import MemoryStore
from tests.unit.remotes.hubs import Hub, on

ID = "0" * 32


def pushes(hub: Hub, name: str, count: int) -> None:
    for number in range(count):
        hub.look(listing=False)
        hub.push(hub.put(f"{name}{number}", b"%d" % number))


def merge(hub: Hub, store: MemoryStore) -> None:
    """Everything becomes one segment, as it does at a gc once it is old."""
    now = store._clock()
    store._clock = lambda: now + 2 * layout.DAY
    hub.remote.gc(0, Silent())
    assert " in 1 object" in dict(hub.remote.describe())["index"]


def image(store: MemoryStore) -> Callable[[], None]:
    """Takes a copy of everything; what it returns puts that back."""
    kept = dict(store._objects)

    def put_back() -> None:
        store._objects.clear()
        store._objects.update(kept)

    return put_back


def opened(store: MemoryStore, tmp_path: Path) -> tuple[Hub, Hub]:
    hubs = Hub(on(store), tmp_path, "one"), Hub(on(store, 2), tmp_path, "two")
    for hub in hubs:
        hub.look()
    return hubs


@pytest.mark.parametrize("listing", [True, False])
@pytest.mark.parametrize("later", [0, 1, 2, 3, 4, 20, 33, 40, 100])
@pytest.mark.parametrize("merged", [False, True])
def test_rollback_is_a_safety_stop_whatever_was_synced_since(
    tmp_path: Path, listing: bool, later: int, merged: bool
) -> None:
    """Three syncs are undone; ``later`` ones follow on what was put back."""
    store = MemoryStore()
    one, two = opened(store, tmp_path)
    pushes(one, "old", 4)
    put_back = image(store)
    pushes(one, "lost", 3)
    put_back()
    two.restart()
    two.known = None
    pushes(two, "later", later)
    if merged:
        merge(two, store)
    with pytest.raises(SafetyStop) as stop:
        one.look(listing=listing)
    assert stop.value.code == "remote-went-back"
    assert "remote remove" in stop.value.hint


@pytest.mark.parametrize("merged", [False, True])
def test_rollback_behind_a_merged_segment_is_noticed(tmp_path: Path, merged: bool) -> None:
    """What was seen last is in no log any more, neither before nor after."""
    store = MemoryStore()
    one, two = opened(store, tmp_path)
    pushes(one, "old", 2)
    put_back = image(store)
    pushes(one, "lost", compaction.MOST_SEGMENTS + 8)
    merge(one, store)
    one.look()
    put_back()
    two.known = None
    pushes(two, "later", 2 * compaction.MOST_SEGMENTS)
    if merged:
        merge(two, store)
    with pytest.raises(SafetyStop):
        one.look()


def test_rollback_is_noticed_though_much_is_not_recorded(tmp_path: Path) -> None:
    """The index is read anew then, and nothing that was known is relied on."""
    store = MemoryStore()
    one, two = opened(store, tmp_path)
    pushes(one, "old", 1)
    put_back = image(store)
    pushes(one, "lost", 1)
    for number in range(1001):
        store._put(f"foreign{number}", b"x")
    one.look()
    pushes(one, "more", 1)
    for key in [key for key in store._objects if key.startswith("foreign")]:
        store.delete(key)
    one.look()
    put_back()
    two.known = None
    pushes(two, "later", 5)
    with pytest.raises(SafetyStop):
        one.look()


def test_no_false_alarm_however_the_index_was_merged_meanwhile(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two = opened(store, tmp_path)
    for round_ in range(6):
        pushes(one, f"one{round_}-", 1 + 3 * round_)
        if round_ % 2:
            merge(one, store)
        pushes(two, f"two{round_}-", 40 - 7 * round_)
        if round_ % 3:
            merge(two, store)
        assert one.look().tree.keys() == two.look().tree.keys()


def test_the_check_costs_no_request(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two = opened(store, tmp_path)
    counted = CountingStore(store)
    three = Hub(on(counted, 3), tmp_path, "three")
    pushes(one, "a", 1)
    three.look(listing=False)
    pushes(two, "b", 1)
    before = dict(counted.requests)
    three.look(listing=False)
    made = {kind: count - before.get(kind, 0) for kind, count in counted.requests.items()}
    assert sum(made.values()) == 2  # the head and the new log


def test_mirror_of_the_version_without_marks_is_read(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two = opened(store, tmp_path)
    pushes(one, "a", compaction.MOST_SEGMENTS + 3)
    two.look()
    for key in [layout.HEAD, *(key for key in store._objects if key.startswith(layout.INDEX))]:
        found = store.read(key)
        assert found is not None
        fields = msgspec.msgpack.decode(found[0])
        fields.pop("marks", None)
        store._put(key, msgspec.msgpack.encode(fields))
    pushes(one, "b", 3)
    merge(one, store)
    assert two.look().tree.keys() == one.look().tree.keys()
    pushes(two, "c", 2)
    assert one.look().tree.keys() == two.look().tree.keys()


def segment(name: str, first: int, last: int) -> Segment:
    return Segment(name, first, last, 1)


def marks(*numbers: int) -> bytes:
    return b"".join(b"%08d" % number for number in numbers)


def test_marks_of_merged_segments_follow_one_another_up_to_the_last() -> None:
    segments = [segment("index/a", 1, 4), segment("index/b", 5, 6), segment("log/c", 7, 7)]
    batches = [Batch(1, ID, [], marks=marks(3, 4)), Batch(1, ID, [], marks=marks(5, 6))]
    batches.append(Batch(1, ID, []))
    assert lineage.in_merged(segments, batches)[:-8] == marks(3, 4, 5, 6)
    batches[1] = Batch(1, ID, [], marks=marks(6))
    assert lineage.in_merged(segments, batches)[:-8] == marks(6)
    batches[1] = Batch(1, ID, [])
    assert len(lineage.in_merged(segments, batches)) == 8


@pytest.mark.parametrize(
    ("seen", "stops"),
    [
        (LastSeen(4, marks(4)), False),
        (LastSeen(4, marks(5)), True),
        (LastSeen(4), False),
        (LastSeen(3, marks(3)), False),
        (LastSeen(3, marks(9)), True),
        (LastSeen(2, marks(9)), False),
        (LastSeen(5, marks(9)), False),
        (LastSeen(), False),
    ],
)
def test_segment_tells_the_syncs_that_it_knows(seen: LastSeen, stops: bool) -> None:
    segments, batches = [segment("index/a", 1, 4)], [Batch(1, ID, [], marks=marks(3, 4))]
    if stops:
        with pytest.raises(SafetyStop):
            lineage.check_segments(segments, batches, seen)
    else:
        lineage.check_segments(segments, batches, seen)


def test_head_tells_the_ends_of_its_segments() -> None:
    head = Head(
        1, ID, 0, (segment("index/a", 1, 4), segment("log/c", 5, 5)), (MarkAt(4, marks(4)),)
    )
    lineage.check_head(head, LastSeen(4, marks(4)))
    lineage.check_head(head, LastSeen(5, lineage.newest(head)))
    for last, mark in ((4, marks(5)), (5, marks(5)), (6, b"")):
        with pytest.raises(SafetyStop):
            lineage.check_head(head, LastSeen(last, mark))
