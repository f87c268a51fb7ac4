"""Rule 13 on mirrors: killed between any two calls to the store, old or new, and on it goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.model import Kind
from hubsync.remotes.protocol import Change
from hubsync.stores.folder import FolderStore
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import Store
from tests.unit.remotes.faulty import Killed, KilledStore, WrappedStore
from tests.unit.remotes.hubs import Hub, contents, converge, on

OLD = {"edited": b"old", "removed": b"going", "renamed": b"same bytes", "d/stays": b"stays"}
NEW = {"edited": b"new!", "d/moved": b"same bytes", "created": b"fresh", "d/stays": b"stays"}


def changes_of(hub: Hub) -> list[Change]:
    return [
        hub.put("edited", NEW["edited"]),
        hub.put("created", NEW["created"]),
        hub.put("d/moved", NEW["d/moved"], moved_from="renamed"),
        hub.remove("renamed"),
        hub.remove("removed"),
    ]


def plain_files(store: Store) -> dict[str, bytes]:
    """What any other program sees."""
    found = {}
    for batch in store.list(""):
        for info in batch:
            if not info.key.startswith(".hubsync/"):
                read = store.read(info.key)
                assert read is not None
                found[info.key] = read[0]
    return found


def assert_old_or_new(files: dict[str, bytes]) -> None:
    for path, data in files.items():
        assert data in (OLD.get(path), NEW.get(path)), path
    assert "renamed" in files or "d/moved" in files
    assert "d/stays" in files
    assert "edited" in files


def store_for(kind: str, directory: Path) -> Store:
    return MemoryStore() if kind == "memory" else FolderStore(str(directory / "remote"))


def prepared(store: Store, directory: Path) -> Hub:
    hub = Hub(on(store), directory)
    hub.look()
    hub.push(*(hub.put(path, data) for path, data in OLD.items()))
    hub.look()
    return hub


def calls_of_a_publish(kind: str, directory: Path) -> int:
    class Counting(WrappedStore):
        calls = 0

        def before(self, call: str, key: str) -> None:
            self.calls += 1

    store = store_for(kind, directory)
    hub = prepared(store, directory)
    counting = Counting(store)
    hub._open = on(counting)
    hub.restart()
    hub.look()
    counting.calls = 0
    hub.push(*changes_of(hub))
    return counting.calls


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_killed_at_any_call_of_a_publish(kind: str, after: bool, tmp_path: Path) -> None:
    calls = calls_of_a_publish(kind, tmp_path / "counted")
    assert calls >= 10
    for at in range(1, calls + 1):
        directory = tmp_path / str(at)
        store = store_for(kind, directory)
        hub = prepared(store, directory)
        killed = KilledStore(store, 10**9, after=after)
        hub._open = on(killed)
        hub.restart()
        hub.look()
        killed._left = at
        with pytest.raises(Killed):
            hub.publish(*changes_of(hub))
        assert_old_or_new(plain_files(store))

        bystander = Hub(on(store), directory, "bystander")
        bystander.look()
        assert not bystander.seen.problems  # type: ignore[union-attr]
        assert_old_or_new(contents(bystander))

        hub._open = on(store)
        hub.restart()
        converge(hub, NEW)
        assert plain_files(store) == NEW
        after_all = Hub(on(store), directory, "late")
        seen = after_all.look()
        assert not seen.unrecorded
        assert contents(after_all) == NEW
        assert after_all.look(listing=False).tree.changes_since(seen.tree) == {}
        versions = {one.digest for one in hub.remote.versions("edited")}
        assert len(versions) == 2


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_an_interrupted_push_goes_on_where_it_was(kind: str, tmp_path: Path) -> None:
    store = store_for(kind, tmp_path)
    hub = Hub(on(store), tmp_path)
    files = {f"d{number % 7}/f{number}": b"%d" % number for number in range(100)}
    killed = KilledStore(store, 10**9, after=False)
    hub._open = on(killed)
    hub.restart()
    hub.look()
    killed._left = 80
    with pytest.raises(Killed):
        hub.publish(*(hub.put(path, data) for path, data in files.items()))
    there = plain_files(store)
    assert len(there) > 60

    class Watching(WrappedStore):
        def __init__(self, inner: Store) -> None:
            super().__init__(inner)
            self.sent: set[str] = set()
            self.fetched: set[str] = set()

        def before(self, call: str, key: str) -> None:
            if call == "upload":
                self.sent.add(key)
            if call in ("download", "copy"):
                self.fetched.add(key)

    watching = Watching(store)
    hub._open = on(watching)
    hub.restart()
    seen = hub.look()
    assert seen.unrecorded == there.keys()
    assert all(seen.tree[path].digest is not None for path in there)
    hub.push(*(hub.put(path, data) for path, data in files.items() if path not in seen.tree))
    assert watching.sent == files.keys() - there.keys()
    assert not watching.fetched
    late = Hub(on(store), tmp_path, "late")
    assert not late.look().unrecorded
    assert late.tree.keys() == files.keys()
    assert all(entry.digest is not None for entry in late.tree.values())


def test_without_its_journal_an_interrupted_push_is_found_by_reading(tmp_path: Path) -> None:
    store = MemoryStore()
    hub = prepared(store, tmp_path)
    killed = KilledStore(store, 10**9, after=True)
    hub._open = on(killed)
    hub.restart()
    hub.look()
    killed._left = 4
    with pytest.raises(Killed):
        hub.publish(*changes_of(hub))
    for file in (hub.directory / "scratch").iterdir():
        file.unlink()
    hub._open = on(store)
    hub.restart()
    hub.look()
    assert any(entry.digest is None for entry in hub.tree.values() if entry.kind is Kind.FILE)
    converge(hub, NEW)
    assert plain_files(store) == NEW


def test_a_push_that_lists_nothing_still_finds_its_interrupted_work(tmp_path: Path) -> None:
    store = MemoryStore()
    hub = prepared(store, tmp_path)
    killed = KilledStore(store, 10**9, after=True)
    hub._open = on(killed)
    hub.restart()
    hub.look()
    killed._left = 6
    with pytest.raises(Killed):
        hub.publish(*(hub.put(f"n{number}", b"x%d" % number) for number in range(20)))
    hub._open = on(store)
    hub.restart()
    seen = hub.look(listing=False)
    assert seen.unrecorded
    hub.publish_all([])
    assert not hub.look(listing=False).unrecorded
    late = Hub(on(store), tmp_path, "late")
    assert not late.look().unrecorded
    assert late.tree.changes_since(hub.tree) == {}
