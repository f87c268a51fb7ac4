"""History, earlier contents and pruning of mirrors."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest
from blake3 import blake3
from msgspec.structs import replace

from hubsync.errors import NoSuchVersion
from hubsync.model import Entry, Kind
from hubsync.remotes.mirror import MirrorRemote, layout
from hubsync.remotes.protocol import Done, Record
from hubsync.report import Silent
from hubsync.stores.folder import FolderStore
from hubsync.stores.folder_errors import translate
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import Store
from tests.unit.remotes.faulty import Interfering, WrappedStore
from tests.unit.remotes.hubs import Hub, on, other_tool

DAY = layout.DAY


def keys(store: Store, prefix: str) -> list[str]:
    return [info.key for batch in store.list(prefix) for info in batch]


class Aging:
    """A clock for a store; what was written before gets older as it goes on, which it does with
    every look at it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * layout.SECOND

    def __call__(self) -> int:
        self.now += 1
        return self.now


@pytest.fixture
def clock() -> Aging:
    return Aging()


@pytest.fixture
def store(clock: Aging) -> MemoryStore:
    return MemoryStore(clock=clock)


@pytest.fixture
def hub(store: MemoryStore, clock: Aging, tmp_path: Path) -> Hub:
    def place(scratch: Path) -> MirrorRemote:
        return MirrorRemote(store, str(scratch), owner="hub", clock=clock, rng=random.Random(5))

    hub = Hub(place, tmp_path)
    hub.time = clock.now
    hub.look()
    return hub


def test_versions_and_history_are_pruned_by_age(
    store: MemoryStore, clock: Aging, hub: Hub, tmp_path: Path
) -> None:
    hub.push(hub.put("f", b"1"))
    hub.look()
    hub.push(hub.put("f", b"2"))
    clock.now += 40 * DAY
    hub.time = clock.now
    hub.look()
    hub.push(hub.put("f", b"3"))
    assert len(keys(store, layout.VERSIONS)) == 2
    assert hub.remote.gc(30 * DAY, Silent()).removed > 0
    assert len(keys(store, layout.VERSIONS)) == 1
    assert [one.digest for one in hub.remote.versions("f")] == [
        blake3(b"3").digest(),
        blake3(b"2").digest(),
    ]
    assert len(list(hub.remote.history())) == 1
    with pytest.raises(NoSuchVersion):
        hub.remote.read("f", blake3(b"1").hexdigest(), str(tmp_path / "out"))
    hub.remote.read("f", blake3(b"2").hexdigest(), str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"2"
    late = Hub(on(store), tmp_path, "late")
    assert late.look(listing=False).tree.keys() == {"f"}
    assert late.content("f") == b"3"
    assert hub.look().tree.keys() == {"f"}


def test_a_second_gc_finds_nothing(clock: Aging, hub: Hub) -> None:
    hub.push(hub.put("f", b"1"))
    hub.look()
    hub.push(hub.put("f", b"2"))
    clock.now += 40 * DAY
    assert hub.remote.gc(30 * DAY, Silent()).removed > 0
    assert hub.remote.gc(30 * DAY, Silent()).removed == 0


def test_what_the_index_is_made_of_survives_pruning_day_after_day(
    store: MemoryStore, clock: Aging, hub: Hub, tmp_path: Path
) -> None:
    hub.push(hub.put("f", b"1"), hub.put("d/g", b"2"))
    for days in (40, 2, 2, 40):
        clock.now += days * DAY
        hub.remote.gc(30 * DAY, Silent())
        late = Hub(on(store), tmp_path, "late")
        assert late.look(listing=False).tree.keys() == {"f", "d/g"}
    assert keys(store, layout.LOG) == []


def test_old_logs_that_could_not_be_merged_are_not_pruned(
    store: MemoryStore, clock: Aging, hub: Hub, tmp_path: Path
) -> None:
    """Another hub publishes while everything is merged, so that the head still names them."""
    hub.push(hub.put("f", b"1"))
    clock.now += 40 * DAY
    other = Hub(on(store), tmp_path, "other")
    other.look()

    def publish() -> None:
        other.push(other.put("g", b"2"))

    hub._open = on(Interfering(store, "write", layout.HEAD, publish))
    hub.restart()
    hub.remote.gc(30 * DAY, Silent())
    late = Hub(on(store), tmp_path, "late")
    assert late.look(listing=False).tree.keys() == {"f", "g"}


@pytest.mark.parametrize("years", [-5, 5])
def test_a_hub_whose_clock_is_years_off_prunes_nothing_young(
    store: MemoryStore, clock: Aging, hub: Hub, tmp_path: Path, years: int
) -> None:
    """Ages are the store's own: by that hub's clock everything is years old."""
    hub.push(hub.put("f", b"1"))
    hub.look()
    hub.push(hub.put("f", b"2"))
    clock.now += 29 * DAY
    wrong = MirrorRemote(
        store,
        str(tmp_path / "wrong"),
        owner="wrong",
        clock=lambda: clock() + years * 365 * DAY,
        rng=random.Random(6),
    )
    assert wrong.gc(30 * DAY, Silent()).removed == 0
    clock.now += 2 * DAY
    assert wrong.gc(30 * DAY, Silent()).removed > 0
    assert hub.look().tree.keys() == {"f"}


@pytest.mark.parametrize("told", [0, 1_000_000_000 * layout.SECOND])
def test_versions_that_a_hub_with_a_slow_clock_kept_are_young(
    store: MemoryStore, clock: Aging, tmp_path: Path, told: int
) -> None:
    hub = Hub(on(store), tmp_path, "slow")
    slow = MirrorRemote(
        store, str(tmp_path / "s"), owner="s", clock=lambda: told, rng=random.Random(6)
    )
    hub.remote = slow
    hub.look()
    hub.push(hub.put("f", b"1"))
    hub.look()
    hub.push(hub.put("f", b"2"))
    assert slow.gc(30 * DAY, Silent()).removed == 0
    assert len(keys(store, layout.VERSIONS)) == 1


def test_nothing_is_pruned_where_the_store_tells_no_time(tmp_path: Path) -> None:
    store = MemoryStore(clock=lambda: 0)
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("f", b"1"))
    hub.look()
    hub.push(hub.put("f", b"2"))
    assert hub.remote.gc(0, Silent()).removed == 0
    assert len(keys(store, layout.VERSIONS)) == 1
    assert len(list(hub.remote.history())) == 2


def test_leftovers_of_the_killed_are_cleared_and_the_young_are_left(
    store: MemoryStore, clock: Aging, hub: Hub
) -> None:
    hub.push(hub.put("f", b"1"))
    old = [".hubsync/index/lost", ".hubsync/log/lost", ".hubsync/tmp/x", ".hubsync/live/dead-1"]
    for key in old:
        store.write(key, b"")
    clock.now += 2 * DAY
    young = [".hubsync/index/new", ".hubsync/log/new", ".hubsync/tmp/y", ".hubsync/live/busy-1"]
    for key in young:
        store.write(key, b"")
    hub.remote.gc(0, Silent())
    left = set(keys(store, ".hubsync/"))
    assert left.isdisjoint(old)
    assert left >= set(young)


def test_the_log_of_a_publish_under_way_is_not_pruned(
    store: MemoryStore, clock: Aging, hub: Hub, tmp_path: Path
) -> None:
    """Between the log and the head that names it, another hub prunes everything."""

    class Pruning(WrappedStore):
        pruned = False

        def before(self, call: str, key: str) -> None:
            if call == "write" and key == layout.HEAD and not self.pruned:
                self.pruned = True
                hub.look()
                hub.remote.gc(0, Silent())

    other = Hub(on(Pruning(store)), tmp_path, "other")
    other.look()
    other.push(other.put("g", b"g"))
    assert hub.look(listing=False).tree.keys() == {"g"}


@pytest.mark.parametrize("slow", [0, 1_900_000_000 * layout.SECOND])
def test_versions_of_old_files_in_a_folder_are_young(tmp_path: Path, slow: int) -> None:
    """Whatever time the file has, and whatever the hub's clock says: what counts is when it was
    replaced."""
    store = FolderStore(str(tmp_path / "remote"))
    hub = Hub(on(store), tmp_path)
    hub.remote = MirrorRemote(
        store, str(tmp_path / "s"), owner="s", clock=lambda: slow, rng=random.Random(6)
    )
    hub.look()
    source = hub.file(b"from long ago")
    digest = blake3(b"from long ago").digest()
    old = Entry(Kind.FILE, 13, digest, mtime=1_000_000_000 * layout.SECOND)
    from hubsync.remotes.protocol import Put

    hub.push(Put("f", old, source, None))
    hub.look()
    hub.push(hub.put("f", b"new"))
    hub.remote.gc(30 * DAY, Silent())
    hub.remote.read("f", digest.hex(), str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"from long ago"


def test_links_have_versions_too(hub: Hub, tmp_path: Path) -> None:
    hub.push(hub.link("l", "a"))
    hub.look()
    hub.push(hub.link("l", "b"))
    hub.look()
    hub.push(hub.remove("l"))
    newest, second, first = hub.remote.versions("l")
    assert newest.digest is None
    assert hub.remote.read("l", first.version, str(tmp_path / "out")).target == "a"
    assert hub.remote.read("l", second.version, str(tmp_path / "out")).target == "b"
    assert hub.remote.read("l", newest.version, str(tmp_path / "out")).target == "b"


def readable(hub: Hub, path: str, target: Path) -> list[bytes]:
    """The contents of all versions that there are, newest first."""
    found = []
    for one in hub.remote.versions(path):
        hub.remote.read(path, one.version, str(target))
        found.append(target.read_bytes())
        target.unlink()
    return found


def test_the_version_of_a_deletion_is_what_was_deleted(hub: Hub, tmp_path: Path) -> None:
    hub.push(hub.put("f", b"1", executable=True))
    hub.look()
    hub.push(hub.remove("f"))
    assert readable(hub, "f", tmp_path / "out") == [b"1", b"1"]
    newest = hub.remote.versions("f")[0]
    assert newest.digest is None
    assert hub.remote.read("f", newest.version, str(tmp_path / "out")).executable


def test_every_version_that_is_listed_can_be_read_after_pruning(
    store: MemoryStore, clock: Aging, hub: Hub, tmp_path: Path
) -> None:
    """A version may be gone while the log that tells of it is still there."""
    for content in (b"1", b"2", b"3"):
        hub.push(hub.put("f", content))
        hub.look()
    hub.push(hub.remove("f"))
    hub.look()
    hub.push(hub.put("f", b"4"))
    assert readable(hub, "f", tmp_path / "out") == [b"4", b"3", b"3", b"2", b"1"]
    for content in (b"1", b"3"):
        for key in keys(store, layout.version_prefix(blake3(content).digest())):
            store.delete(key)
    assert readable(hub, "f", tmp_path / "out") == [b"4", b"2"]


def test_listing_versions_looks_once_for_each_content_and_not_for_the_present_one(
    store: MemoryStore, clock: Aging, tmp_path: Path
) -> None:
    class Looking(WrappedStore):
        looks = 0

        def before(self, call: str, key: str) -> None:
            self.looks += call == "list" and key.startswith(layout.VERSIONS)

    looking = Looking(store)
    hub = Hub(on(looking), tmp_path)
    hub.look()
    for content in (b"1", b"2", b"1", b"2", b"3", b""):
        hub.push(hub.put("f", content))
        hub.look()
    looking.looks = 0
    assert len(hub.remote.versions("f")) == 6
    assert looking.looks == 3
    hub.push(hub.put("f", b"4"))
    hub.push(hub.put("new", b"only one"))
    looking.looks = 0
    assert len(hub.remote.versions("new")) == 1
    assert looking.looks == 0


def test_what_another_tool_wrote_is_a_version_once_it_was_met(
    store: MemoryStore, hub: Hub, tmp_path: Path
) -> None:
    """What it overwrote is kept nowhere, and listed no more."""
    hub.push(hub.put("f", b"ours"))
    other_tool(store, "f", b"theirs")
    hub.look()
    fetched = hub.fetch("f")["f"]
    hub.push(Record("f", fetched.entry))
    hub.look()
    hub.push(hub.put("f", b"ours again"))
    assert [one.digest for one in hub.remote.versions("f")] == [
        blake3(data).digest() for data in (b"ours again", b"theirs")
    ]
    hub.remote.read("f", blake3(b"theirs").hexdigest(), str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"theirs"


def test_a_moved_file_keeps_its_earlier_content_readable(hub: Hub, tmp_path: Path) -> None:
    hub.push(hub.put("old", b"content"))
    hub.look()
    hub.push(hub.put("new", b"content", moved_from="old"), hub.remove("old"))
    hub.look()
    hub.remote.read("old", hub.remote.versions("old")[-1].version, str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"content"
    hub.push(hub.put("new", b"other"))
    hub.remote.read("old", hub.remote.versions("old")[-1].version, str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"content"


def test_a_version_with_other_bytes_than_its_name_says_is_passed_over(
    store: MemoryStore, hub: Hub, tmp_path: Path
) -> None:
    """As a copy that met newer bytes leaves one."""
    hub.push(hub.put("f", b"1"))
    hub.look()
    hub.push(hub.put("f", b"2"))
    (right,) = keys(store, layout.VERSIONS)
    digest = blake3(b"1").digest()
    store.delete(right)
    store.write(layout.version_prefix(digest) + "spoiled", b"!")
    with pytest.raises(NoSuchVersion):
        hub.remote.read("f", digest.hex(), str(tmp_path / "out"))
    store.write(right, b"1")
    hub.remote.read("f", digest.hex(), str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"1"


def test_what_a_move_turned_out_not_to_carry_has_a_version(hub: Hub, tmp_path: Path) -> None:
    """The file was edited after the move was planned, and its digest computed on the way."""
    hub.push(hub.put("old", b"content"))
    hub.look()
    moved = hub.put("new", b"edited!", moved_from="old")
    moved = replace(moved, entry=replace(moved.entry, digest=None))
    hub.push(moved, hub.remove("old"))
    hub.remote.read("old", blake3(b"content").hexdigest(), str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"content"


def test_the_history_is_in_the_order_of_the_syncs_whatever_the_clocks_say(hub: Hub) -> None:
    for number, offset in enumerate((0, 700, -700, 1, -10_000)):
        hub.time = 1_700_000_000 * layout.SECOND + offset * DAY
        hub.look()
        hub.publish_all([hub.put("f", b"%d" % number)], str(number))
    assert [one.message for one in hub.remote.history()] == list("43210")
    assert [one.message for one in hub.remote.history(2)] == ["4", "3"]


def test_a_short_history_reads_little(store: MemoryStore, tmp_path: Path) -> None:
    class Reading(WrappedStore):
        reads = 0

        def before(self, call: str, key: str) -> None:
            self.reads += call == "read" and key.startswith(layout.LOG)

    reading = Reading(store)
    hub = Hub(on(reading), tmp_path)
    for number in range(30):
        hub.look()
        hub.push(hub.put("f", b"%d" % number))
    reading.reads = 0
    assert len(list(hub.remote.history(3))) == 3
    assert reading.reads == 3


def test_stopping_keeps_what_is_done(store: MemoryStore, hub: Hub, tmp_path: Path) -> None:
    class Stopping:
        done = 0

        def phase(self, name: str, files: int = 0, size: int = 0) -> None:
            return

        def advance(self, files: int = 0, size: int = 0) -> None:
            self.done += files

        def stopping(self) -> bool:
            return self.done >= 5

    from hubsync.model import Identity
    from hubsync.remotes.protocol import SyncNote

    assert hub.seen is not None
    note = SyncNote(hub.time, Identity("me", "hub"))
    puts = [hub.put(f"f{number}", b"x") for number in range(50)]
    published = hub.remote.publish(puts, hub.seen, note, Stopping())
    done = {one.path for one in published.outcomes}
    assert 5 <= len(done) < 50
    late = Hub(on(store), tmp_path, "late")
    assert late.look().tree.keys() == done
    assert not late.seen.unrecorded  # type: ignore[union-attr]


def test_the_history_tells_no_change_where_only_an_identity_was_learned(
    store: MemoryStore, clock: Aging, hub: Hub
) -> None:
    """Even if the log of the sync that brought the file is pruned: nothing older is read for it."""
    hub.push(hub.put("f", b"same"))
    clock.now += 40 * DAY
    hub.remote.gc(30 * DAY, Silent())
    other_tool(store, "f", b"same")
    hub.look()
    hub.push(Record("f", hub.fetch("f")["f"].entry))
    assert list(hub.remote.history()) == []
    hub.look()
    hub.push(hub.put("f", b"same", executable=True))
    (record,) = hub.remote.history(1)
    (change,) = record.changes
    assert change.before == change.after


class Full(WrappedStore):
    """A folder on a disk without room for one more copy."""

    def before(self, call: str, key: str) -> None:
        if call == "copy":
            raise translate(key, OSError(errno.ENOSPC, "No space left on device"))


def test_a_full_remote_says_that_a_file_could_not_be_deleted_there(tmp_path: Path) -> None:
    store = FolderStore(str(tmp_path / "remote"))
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("gone", b"x"))
    full = Hub(on(Full(store)), tmp_path)
    full.look()
    outcome = full.publish(full.remove("gone"))["gone"]
    assert outcome.done is Done.FAILED
    assert outcome.problem is not None
    assert outcome.problem.code == "remote-full"
    assert outcome.problem.message == (
        "The remote is full: gone could not be deleted there, for its version is kept."
    )
    assert store.head("gone") is not None
