"""The index: a head and its segments say the same as one dictionary would, at a bounded cost."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hubsync.errors import RemoteFormatError, RemoteMoved
from hubsync.model import Entry, Identity, Kind, Tree
from hubsync.remotes.mirror import compaction, layout
from hubsync.remotes.mirror.books import Books
from hubsync.remotes.mirror.commit import Committer
from hubsync.remotes.mirror.place import Place
from hubsync.remotes.mirror.wire import Row as WireRow
from hubsync.remotes.mirror.wire import RowChange, Segment
from hubsync.remotes.mirror.writing import Row
from hubsync.remotes.protocol import SyncNote
from hubsync.stores.memory import MemoryStore
from tests.unit.remotes.faulty import WrappedStore
from tests.unit.remotes.hubs import NOW, Hub, on

ID = "0123456789abcdef" * 2
NOTE = SyncNote(NOW, Identity("me", "hub"))

paths = st.sampled_from([f"{top}{number}" for top in ("", "d/", "e/f/") for number in range(6)])
entries = st.builds(
    lambda size, number: Entry(Kind.FILE, size, bytes([number]) * 32, identity=f"i{number}"),
    st.integers(0, 5),
    st.integers(0, 255),
)
syncs = st.lists(
    st.dictionaries(paths, st.none() | entries, min_size=1, max_size=5), min_size=1, max_size=60
)


def committer(store: MemoryStore | WrappedStore) -> Committer:
    rng = random.Random(3)
    place = Place(store, True, "/nowhere", lambda: NOW, rng)
    return Committer(place, Books(store, ID), lambda: True, lambda seconds: None)


class Model:
    """Syncs one after the other, and the dictionary that they should make."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.committer = committer(self.store)
        self.books = self.committer.books
        self.at = self.books.head()
        self.rows: dict[str, Entry] = {}

    def sync(self, changes: dict[str, Entry | None]) -> None:
        rows = {path: Row(None, entry) for path, entry in changes.items()}
        self.at = self.committer.compact(self.committer.commit(self.at, self.at, rows, NOTE).at)
        for path, entry in changes.items():
            if entry is None:
                self.rows.pop(path, None)
            else:
                self.rows[path] = entry


@given(syncs, st.integers(0, 59), st.integers(0, 59))
def test_head_and_segments_are_the_dictionary(
    changes: list[dict[str, Entry | None]], first: int, second: int
) -> None:
    """Read as a whole, and by readers that know the index up to some earlier sync."""
    model = Model()
    readers: list[tuple[Tree, int]] = []
    for number, some in enumerate(changes):
        model.sync(some)
        if number in (first, second):
            tree = Tree(dict(model.rows))
            readers.append((tree, model.at.head.last))
    assert model.books.index(model.at, None, 0).tree.flat() == model.rows
    for tree, last in readers:
        index = model.books.index(model.at, tree, last)
        assert index.tree.flat() == model.rows
        assert index.tree.on_rows_of(tree) is not None


@given(syncs)
def test_everything_can_be_merged_into_one(changes: list[dict[str, Entry | None]]) -> None:
    model = Model()
    for some in changes:
        model.sync(some)
    at = model.committer.compact_all(model.at)
    assert len({(one.first, one.last) for one in at.head.segments}) == 1
    assert sum(one.count for one in at.head.segments) == len(model.rows)
    assert model.books.index(at, None, 0).tree.flat() == model.rows


@given(st.lists(st.integers(1, 300), min_size=1, max_size=400))
def test_segments_stay_few_and_rows_are_rewritten_seldom(sizes: list[int]) -> None:
    segments: list[Segment] = []
    rewritten = 0
    for number, size in enumerate(sizes, 1):
        segments.append(Segment("log/x", number, number, size))
        start = compaction.to_merge(segments)
        if start is not None:
            count = sum(one.count for one in segments[start:])
            rewritten += count
            merged = Segment("index/x", segments[start].first, number, count)
            segments[start:] = [merged]
        assert len(segments) <= compaction.MOST_SEGMENTS
    total = sum(sizes)
    assert rewritten <= 3 * total * (1 + math.log(total + 1, 1.5))


def test_one_large_sync_is_not_rewritten_for_small_ones() -> None:
    segments = [Segment("log/x", 1, 1, 100_000)]
    segments += [Segment("log/x", number, number, 1) for number in range(2, 34)]
    assert compaction.to_merge(segments) == 1


def test_large_segments_are_split_by_path_and_read_as_one() -> None:
    def row(number: int) -> WireRow:
        return WireRow(Kind.FILE, number, bytes(32), 0, False, "", "i")

    rows = [RowChange(f"{number:06}", None, row(number)) for number in range(250)]
    parts = compaction.parts(rows, most=100)
    assert [len(part) for part in parts] == [100, 100, 50]
    assert [change for part in parts for change in part] == rows
    assert compaction.parts([]) == [[]]


def test_deletions_disappear_only_from_the_oldest_segment() -> None:
    row = WireRow(Kind.FILE, 1, bytes(32), 0, False, "", "i")
    changes = [[RowChange("a", None, row), RowChange("b", None, row)], [RowChange("a", None, None)]]
    assert [one.path for one in compaction.merged(changes, oldest=True)] == ["b"]
    assert [one.path for one in compaction.merged(changes, oldest=False)] == ["a", "b"]


def test_a_reader_survives_that_its_segments_are_merged_away(tmp_path: Path) -> None:
    """Between reading the head and reading the segments, another hub merges and prunes."""
    inner = MemoryStore()
    model = Model(inner)
    for number in range(5):
        model.sync({f"f{number}": Entry(Kind.FILE, 1, bytes(32), identity="i")})
    old = model.at

    class Merging(WrappedStore):
        merged = False

        def before(self, call: str, key: str) -> None:
            if call == "read" and key.startswith(layout.LOG) and not self.merged:
                self.merged = True
                model.committer.compact_all(old)
                for batch in inner.list(layout.LOG):
                    for info in batch:
                        inner.delete(info.key)

    index = Books(Merging(inner), ID).index(old, None, 0)
    assert index.tree.flat() == model.rows
    assert index.at.identity != old.identity


def test_a_restored_older_head_is_read_as_a_whole() -> None:
    model = Model()
    model.sync({"a": Entry(Kind.FILE, 1, bytes(32), identity="1")})
    old = inner_head = model.store.read(layout.HEAD)
    assert old is not None
    assert inner_head is not None
    model.sync({"b": Entry(Kind.FILE, 1, bytes(32), identity="2")})
    known, last = Tree(dict(model.rows)), model.at.head.last
    model.store.write(layout.HEAD, old[0])
    index = model.books.index(model.books.head(), known, last)
    assert set(index.tree) == {"a"}


class Counted(WrappedStore):
    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.calls: Counter[str] = Counter()
        self.keys: list[tuple[str, str]] = []

    def before(self, call: str, key: str) -> None:
        self.calls[call] += 1
        self.keys.append((call, key))


def counted_hub(tmp_path: Path, files: int) -> tuple[Hub, Counted]:
    store = Counted(MemoryStore())
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(*(hub.put(f"d{number % 5}/f{number}", b"%d" % number) for number in range(files)))
    hub.restart()
    hub.look()
    store.calls.clear()
    return hub, store


def test_a_sync_with_nothing_new_costs_the_listing_and_three_requests(tmp_path: Path) -> None:
    hub, store = counted_hub(tmp_path, 50)
    hub.restart()
    hub.look()
    hub.publish_all([])
    listing = store.calls["list"] + store.calls["list_level"]
    assert listing == 6
    assert sum(store.calls.values()) - listing <= 3
    assert store.calls["write"] == store.calls["upload"] == 0


def test_a_push_of_k_edits_costs_k_writes_k_copies_and_five_requests(tmp_path: Path) -> None:
    hub, store = counted_hub(tmp_path, 50)
    edited = [f"d{number % 5}/f{number}" for number in range(7)]
    hub.restart()
    hub.look(listing=False)
    hub.push(*(hub.put(path, b"edited") for path in edited))
    assert store.calls["upload"] == store.calls["copy"] == 7
    assert sum(store.calls.values()) - 14 <= 5


def test_asking_for_news_costs_one_request(tmp_path: Path) -> None:
    hub, store = counted_hub(tmp_path, 10)
    assert hub.known is not None
    assert not hub.remote.changed_since(hub.known.revision)
    assert sum(store.calls.values()) == 1


def test_merging_is_paid_for_by_many_syncs(tmp_path: Path) -> None:
    hub, store = counted_hub(tmp_path, 10)
    most = 0
    for number in range(100):
        before = sum(store.calls.values())
        hub.look(listing=False)
        hub.push(hub.put("d0/f0", b"edit %d" % number))
        most = max(most, sum(store.calls.values()) - before)
    assert sum(store.calls.values()) / 100 <= 2 + 5
    assert most <= 2 + 5 + compaction.MOST_SEGMENTS + 2


@pytest.mark.parametrize("listing", [True, False])
def test_a_head_that_was_seen_and_is_gone_is_damage(tmp_path: Path, listing: bool) -> None:
    store = MemoryStore()
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("a", b"1"))
    hub.look()
    store.delete(layout.HEAD)
    hub.restart()
    with pytest.raises(RemoteFormatError, match="index/head"):
        hub.look(listing=listing)


def test_nothing_is_made_known_once_the_lock_is_lost() -> None:
    model = Model()
    model.sync({"a": Entry(Kind.FILE, 1, bytes(32), identity="1")})
    lost = replace(model.committer, still_ours=lambda: False)
    rows = {"b": Row(None, Entry(Kind.FILE, 1, bytes(32), identity="2"))}
    with pytest.raises(RemoteMoved, match="lock"):
        lost.commit(model.at, model.at, rows, NOTE)
    with pytest.raises(RemoteMoved, match="lock"):
        lost.compact_all(model.at)
    assert model.books.head() == replace(model.at, mtime=model.books.head().mtime)


def test_a_missing_head_is_a_damaged_remote_not_an_empty_one() -> None:
    model = Model()
    model.sync({"a": Entry(Kind.FILE, 1, bytes(32), identity="1")})
    model.store.delete(layout.HEAD)
    with pytest.raises(RemoteFormatError, match="index/head"):
        model.books.head_unless(model.at.identity)
