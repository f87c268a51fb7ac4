"""Rule 12 on mirrors: hubs that write at the same time, and other tools in between."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from blake3 import blake3

from hubsync.model import Kind
from hubsync.remotes.protocol import Done, Record
from hubsync.stores.folder import FolderStore
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import Store
from tests.unit.remotes.faulty import Interfering, Unconditional
from tests.unit.remotes.hubs import Hub, contents, on, other_tool

HEAD = ".hubsync/index/head"


def stores(kind: str, directory: Path) -> Store:
    return {
        "conditional": MemoryStore(),
        "lease": Unconditional(MemoryStore()),
        "folder": FolderStore(str(directory / "remote")),
    }[kind]


@pytest.mark.parametrize("kind", ["conditional", "lease", "folder"])
def test_two_hubs_that_push_all_the_time_lose_nothing(kind: str, tmp_path: Path) -> None:
    store = stores(kind, tmp_path)
    hubs = [Hub(on(store, seed), tmp_path, f"hub{seed}") for seed in (1, 2, 3)]
    written: dict[str, list[bytes]] = {}
    errors: list[BaseException] = []
    rounds = 8

    def work(hub: Hub) -> None:
        try:
            for number in range(rounds):
                mine, data = f"{hub.name}/{number}", f"{hub.name} {number}".encode()
                own_left, shared_left = True, True
                while own_left or shared_left:
                    hub.look(listing=number % 2 == 0 or not own_left)
                    changes = []
                    if own_left:
                        changes.append(hub.put(mine, data))
                    if shared_left:
                        changes.append(hub.put("shared", data))
                    done = hub.publish(*changes)
                    if own_left and done[mine].done is Done.DONE:
                        own_left = False
                    if shared_left and done["shared"].done is Done.DONE:
                        shared_left = False
                        written.setdefault("shared", []).append(data)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(hub,)) for hub in hubs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors

    late = Hub(on(store), tmp_path, "late")
    seen = late.look()
    assert not seen.unrecorded
    assert not seen.problems
    for hub in hubs:
        for number in range(rounds):
            path = f"{hub.name}/{number}"
            assert seen.tree[path].digest is not None
            assert late.content(path) == f"{hub.name} {number}".encode()
    assert late.content("shared") in written["shared"]
    # Every content of the path that all of them wrote is still there: now, or as a version.
    for data in written["shared"]:
        target = tmp_path / "restored"
        late.remote.read("shared", blake3(data).hexdigest(), str(target))
        assert target.read_bytes() == data


@pytest.mark.parametrize("kind", ["conditional", "lease"])
def test_a_file_of_another_tool_is_a_change(kind: str, tmp_path: Path) -> None:
    store = stores(kind, tmp_path)
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("a", b"ours"), hub.put("gone", b"x"), hub.put("run", b"#!", executable=True))
    hub.look()
    other_tool(store, "a", b"theirs")
    other_tool(store, "run", b"#!!")
    other_tool(store, "new/one", b"new")
    other_tool(store, "gone", None)
    seen = hub.look()
    assert set(seen.tree) == {"a", "run", "new/one"}
    assert seen.unrecorded == {"gone"}
    for path in ("a", "run", "new/one"):
        assert seen.tree[path].digest is None
        assert seen.tree[path].identity
    assert seen.tree["run"].executable
    fetched = hub.fetch("a", "run", "new/one")
    hub.push(*(Record(path, one.entry) for path, one in fetched.items()))
    again = hub.look()
    assert not again.unrecorded
    late = Hub(on(store), tmp_path, "late")
    assert late.look(listing=False).tree.changes_since(again.tree) == {}
    assert contents(late) == {"a": b"theirs", "run": b"#!!", "new/one": b"new"}


def test_what_was_not_recorded_is_told_again(tmp_path: Path) -> None:
    """A status or a pull sees a deletion by another tool and records nothing."""
    store = MemoryStore()
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("a", b"1"), hub.put("b", b"2"))
    hub.look()
    other_tool(store, "a", None)
    assert hub.look().unrecorded == {"a"}
    assert hub.look().unrecorded == {"a"}
    assert hub.look(listing=False).unrecorded == {"a"}
    hub.publish_all([])
    assert not hub.look().unrecorded
    late = Hub(on(store), tmp_path, "late")
    assert set(late.look(listing=False).tree) == {"b"}


def test_a_deletion_by_another_tool_is_told_after_thousands(tmp_path: Path) -> None:
    store = MemoryStore()
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(*(hub.put(f"f{number}", b"") for number in range(1500)), hub.put("stays", b""))
    hub.look()
    for number in range(1500):
        other_tool(store, f"f{number}", None)
    assert len(hub.look().unrecorded) == 1500
    assert len(hub.look().unrecorded) == 1500
    hub.publish_all([])
    assert set(hub.look(listing=False).tree) == {"stays"}


@pytest.mark.parametrize("kind", ["conditional", "lease"])
def test_an_edit_by_another_tool_after_the_look_is_not_overwritten(
    kind: str, tmp_path: Path
) -> None:
    store = stores(kind, tmp_path)
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("a", b"1"), hub.put("b", b"2"))
    hub.look()
    other_tool(store, "a", b"theirs")
    other_tool(store, "b", b"theirs")
    done = hub.publish(hub.put("a", b"mine"), hub.remove("b"))
    assert {one.done for one in done.values()} == {Done.MOVED}
    hub.look()
    assert contents(hub) == {"a": b"theirs", "b": b"theirs"}


def test_an_unread_file_of_another_tool_is_kept_when_it_is_replaced(tmp_path: Path) -> None:
    store = MemoryStore()
    hub = Hub(on(store), tmp_path)
    other_tool(store, "a", b"nobody read this")
    hub.look()
    hub.push(hub.put("a", b"mine"))
    version = next(one for one in hub.remote.versions("a") if one.digest and not one.hub)
    hub.remote.read("a", version.version, str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"nobody read this"


def test_files_published_between_head_and_listing_are_not_foreign(tmp_path: Path) -> None:
    inner = MemoryStore()
    first = Hub(on(inner), tmp_path, "first")
    first.look()
    first.push(first.put("a", b"1"), first.put("gone", b"2"), first.put("d/x", b"3"))
    second = Hub(on(inner), tmp_path, "second")
    second.look()

    def publish() -> None:
        first.look()
        first.push(first.put("a", b"one"), first.put("d/new", b"n"), first.remove("gone"))

    second._open = on(Interfering(inner, "read", HEAD, publish, after=True))
    second.restart()
    seen = second.look()
    assert not seen.unrecorded
    assert set(seen.tree) == {"a", "d/x", "d/new"}
    assert all(entry.digest is not None for entry in seen.tree.values())
    assert second.content("a") == b"one"


def test_files_published_during_the_listing_are_not_taken_for_deleted(tmp_path: Path) -> None:
    inner = MemoryStore()
    first = Hub(on(inner), tmp_path, "first")
    first.look()
    first.push(first.put("a", b"1"), first.put("d/x", b"3"), first.put("e/x", b"4"))
    second = Hub(on(inner), tmp_path, "second")
    second.look()

    def publish() -> None:
        first.look()
        first.push(first.put("a", b"one"), first.put("top", b"n"), first.remove("d/x"))

    # The top level is listed already when the other hub publishes there.
    second._open = on(Interfering(inner, "list_level", "", publish, after=True))
    second.restart()
    seen = second.look()
    assert not seen.unrecorded
    assert "top" not in seen.tree or seen.tree["top"].digest is not None
    second.look()
    assert set(second.tree) == {"a", "top", "e/x"}
    assert second.content("a") == b"one"


def test_a_head_that_moved_is_written_behind(tmp_path: Path) -> None:
    inner = MemoryStore()
    first = Hub(on(inner), tmp_path, "first")
    first.look()
    second = Hub(on(inner), tmp_path, "second")

    def publish() -> None:
        second.look()
        second.push(second.put("theirs", b"2"))

    first._open = on(Interfering(inner, "write", HEAD, publish))
    first.restart()
    first.look()
    first.push(first.put("ours", b"1"))
    assert first.known is not None
    assert first.remote.changed_since(first.known.revision)
    before = first.look(listing=False)
    assert set(before.tree) == {"ours", "theirs"}
    assert set(second.look(listing=False).tree) == {"ours", "theirs"}
    assert [len(one.changes) for one in first.remote.history()] == [1, 1]


def test_a_row_that_another_hub_has_made_wrong_is_left_out(tmp_path: Path) -> None:
    """Between our write and our head, another hub saw our object, replaced it, and published."""
    inner = MemoryStore()
    first = Hub(on(inner), tmp_path, "first")
    first.look()
    second = Hub(on(inner), tmp_path, "second")

    def publish() -> None:
        second.look()
        second.push(second.put("f", b"newer"))

    first._open = on(Interfering(inner, "write", HEAD, publish))
    first.restart()
    first.look()
    first.push(first.put("f", b"older"), first.put("g", b"g"))
    seen = Hub(on(inner), tmp_path, "late")
    seen.look(listing=False)
    assert contents(seen) == {"f": b"newer", "g": b"g"}
    listed = seen.look()
    assert all(entry.digest is not None for entry in listed.tree.values())


def test_contents_of_several_superseded_writers_are_all_in_the_history(tmp_path: Path) -> None:
    """Each replaced an object that its writer had not published yet."""
    inner = MemoryStore()
    names = ("first", "second", "third")
    hubs = [Hub(on(inner, seed), tmp_path, name) for seed, name in enumerate(names)]
    hubs[0].look()
    hubs[0].push(hubs[0].put("f", b"original"))

    def publish(number: int) -> None:
        hub = hubs[number]
        if number < 2:
            meanwhile = Interfering(inner, "write", HEAD, lambda: publish(number + 1))
            hub._open = on(meanwhile, number)
            hub.restart()
        hub.look()
        hub.push(hub.put("f", names[number].encode()))

    publish(0)
    late = Hub(on(inner), tmp_path, "late")
    late.look(listing=False)
    assert contents(late) == {"f": b"third"}
    for data in (b"original", b"first", b"second", b"third"):
        late.remote.read("f", blake3(data).hexdigest(), str(tmp_path / "out"))
        assert (tmp_path / "out").read_bytes() == data


def test_a_late_copy_does_not_spoil_an_earlier_version(tmp_path: Path) -> None:
    """Ours meets newer bytes when it copies what it is about to replace."""
    inner = MemoryStore()
    first = Hub(on(inner), tmp_path, "first")
    first.look()
    first.push(first.put("f", b"original"))
    first.look()
    second = Hub(on(inner), tmp_path, "second")
    second.look()

    def publish() -> None:
        second.push(second.put("f", b"theirs"))

    first._open = on(Interfering(inner, "copy", "f", publish))
    first.restart()
    first.look()
    assert first.publish(first.put("f", b"mine"))["f"].done is Done.MOVED
    oldest = first.remote.versions("f")[-1]
    first.remote.read("f", oldest.version, str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"original"


def test_a_move_whose_source_changes_meanwhile_is_sent_instead(tmp_path: Path) -> None:
    inner = MemoryStore()
    hub = Hub(on(inner), tmp_path)
    hub.look()
    hub.push(hub.put("old", b"content"))
    hub.look()
    hub._open = on(Interfering(inner, "copy", "old", lambda: other_tool(inner, "old", b"other!!")))
    hub.restart()
    hub.look()
    done = hub.publish(hub.put("new", b"content", moved_from="old"), hub.remove("old"))
    assert done["new"].done is Done.DONE
    assert done["old"].done is Done.MOVED
    hub.look()
    assert contents(hub) == {"new": b"content", "old": b"other!!"}


def test_a_move_does_not_replace_what_appeared_at_its_target(tmp_path: Path) -> None:
    store = MemoryStore()
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("old", b"content"))
    hub.look()
    other_tool(store, "new", b"theirs")
    assert hub.publish(hub.put("new", b"content", moved_from="old"))["new"].done is Done.MOVED
    hub.look()
    assert hub.content("new") == b"theirs"


def test_an_empty_folder_that_others_fill_is_one_no_more(tmp_path: Path) -> None:
    store = MemoryStore()
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.folder("d"), hub.folder("e/f"))
    hub.look()
    assert {path: one.kind for path, one in hub.tree.items()} == {"d": Kind.DIR, "e/f": Kind.DIR}
    other_tool(store, "d/x", b"filled")
    seen = hub.look()
    assert set(seen.tree) == {"d/x", "e/f"}
    hub.push(Record("d/x", hub.fetch("d/x")["d/x"].entry))
    late = Hub(on(store), tmp_path, "late")
    assert set(late.look(listing=False).tree) == {"d/x", "e/f"}
