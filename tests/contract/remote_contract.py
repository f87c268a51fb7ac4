"""What every remote must do: one class of tests that each kind of remote inherits.

A subclass gives the fixture ``place``: a function that opens the same, at first empty, place for
one more hub. A `Hub` stands for a workspace: it remembers what it has seen as the engine does.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from blake3 import blake3

from hubsync.errors import NoSuchVersion, RemoteUnavailable
from hubsync.model import Entry, Identity, Kind, Tree
from hubsync.remotes.protocol import (
    Change,
    Done,
    Fetched,
    Known,
    Outcome,
    Published,
    Put,
    Record,
    Remote,
    Remove,
    Snapshot,
    SyncNote,
)
from hubsync.report import Silent

OpenRemote = Callable[[Path], Remote]

_numbers = itertools.count()


def digest(data: bytes) -> bytes:
    return blake3(data).digest()


class Hub:
    """One workspace's view of a remote, with real files to send."""

    def __init__(self, open_remote: OpenRemote, directory: Path, name: str = "hub") -> None:
        self.directory = directory / f"{name}-{next(_numbers)}"
        self.directory.mkdir(parents=True)
        self.name = name
        self._open = open_remote
        self.remote = open_remote(self.directory / "scratch")
        self.remote_id = self.remote.connect(create=True)
        self.known: Known | None = None
        self.seen: Snapshot | None = None
        self.time = 1_800_000_000_000_000_000

    def restart(self) -> None:
        """Another process of the same workspace."""
        self.remote = self._open(self.directory / "scratch")
        self.remote.connect(create=False)
        self.seen = None

    def look(self, *, listing: bool = True) -> Snapshot:
        self.seen = self.remote.snapshot(self.known, listing=listing)
        self.known = Known(self.seen.remote_id, self.seen.revision, self.seen.tree)
        return self.seen

    @property
    def tree(self) -> Tree:
        assert self.known is not None
        return self.known.tree

    def file(self, data: bytes) -> str:
        path = self.directory / f"source-{next(_numbers)}"
        path.write_bytes(data)
        return str(path)

    def put(
        self, path: str, data: bytes, *, executable: bool = False, moved_from: str | None = None
    ) -> Put:
        """The change that makes ``path`` hold ``data``, on what was seen last."""
        source = self.file(data)
        mtime = os.stat(source).st_mtime_ns
        entry = Entry(Kind.FILE, len(data), digest(data), mtime=mtime, executable=executable)
        return Put(path, entry, source, self.tree.get(path), moved_from=moved_from)

    def link(self, path: str, target: str) -> Put:
        return Put(path, Entry(Kind.LINK, target=target), "", self.tree.get(path))

    def folder(self, path: str) -> Put:
        return Put(path, Entry(Kind.DIR), "", self.tree.get(path))

    def remove(self, path: str) -> Remove:
        return Remove(path, self.tree[path])

    def publish(self, *changes: Change) -> dict[str, Outcome]:
        return {one.path: one for one in self.publish_all(changes).outcomes}

    def publish_all(self, changes: Iterable[Change], message: str = "") -> Published:
        """Publish on what was seen last, and remember what came of it."""
        assert self.seen is not None
        self.time += 1_000_000_000
        note = SyncNote(self.time, Identity(f"{self.name}'s user", self.name), message)
        published = self.remote.publish(changes, self.seen, note, Silent())
        done = {one.path: one.entry for one in published.outcomes if one.done is Done.DONE}
        tree = self.seen.tree.with_changes(done)
        self.known = Known(self.seen.remote_id, published.revision, tree)
        return published

    def push(self, *changes: Change) -> None:
        for path, outcome in self.publish(*changes).items():
            assert outcome.done is Done.DONE, (path, outcome)

    def fetch(self, *paths: str) -> dict[str, Fetched]:
        return self.fetch_all([(path, self.tree[path]) for path in paths])

    def fetch_all(self, wanted: Sequence[tuple[str, Entry]]) -> dict[str, Fetched]:
        stage = self.directory / "stage"
        stage.mkdir(exist_ok=True)
        return {
            one.path: one
            for one in self.remote.fetch(wanted, lambda name: str(stage / name), Silent())
        }

    def content(self, path: str) -> bytes:
        fetched = self.fetch(path)[path]
        assert fetched.problem is None
        assert not fetched.moved
        return Path(fetched.source).read_bytes()


class RemoteContract:
    @pytest.fixture
    def place(self) -> OpenRemote:
        raise NotImplementedError

    @pytest.fixture
    def hub(self, place: OpenRemote, tmp_path: Path) -> Hub:
        hub = Hub(place, tmp_path, "first")
        hub.look()
        return hub

    @pytest.fixture
    def other(self, hub: Hub, place: OpenRemote, tmp_path: Path) -> Hub:
        return Hub(place, tmp_path, "second")

    def test_a_new_place_is_empty_and_keeps_its_id(self, hub: Hub, other: Hub) -> None:
        assert len(hub.tree) == 0
        assert other.remote_id == hub.remote_id
        hub.restart()
        assert hub.remote.connect(create=False) == hub.remote_id

    def test_a_missing_remote_is_not_made_unless_asked(
        self, place: OpenRemote, tmp_path: Path
    ) -> None:
        with pytest.raises(RemoteUnavailable) as caught:
            place(tmp_path / "scratch").connect(create=False)
        assert caught.value.hint

    def test_published_files_arrive_at_another_hub(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a.txt", b"one"), hub.put("d/b c.bin", b"\0" * 5000), hub.put("e", b""))
        other.look()
        assert set(other.tree) == {"a.txt", "d/b c.bin", "e"}
        assert other.content("a.txt") == b"one"
        assert other.content("d/b c.bin") == b"\0" * 5000
        assert other.content("e") == b""
        told = digest(b"one") if other.remote.capabilities.digests else None
        assert other.tree["a.txt"].digest == told

    def test_modes_links_times_and_empty_folders_are_carried(self, hub: Hub, other: Hub) -> None:
        carries = hub.remote.capabilities
        script = hub.put("run.sh", b"#!", executable=True)
        changes: list[Change] = [script]
        if carries.symlinks:
            changes.append(hub.link("l", "run.sh"))
        if carries.empty_directories:
            changes.append(hub.folder("empty"))
        hub.push(*changes)
        other.look()
        if carries.executable:
            assert other.tree["run.sh"].executable
        if carries.mtimes:
            assert other.tree["run.sh"].mtime == script.entry.mtime
        if carries.symlinks:
            assert other.tree["l"].kind is Kind.LINK
            assert other.tree["l"].target == "run.sh"
            assert other.fetch("l")["l"].problem is None
        if carries.empty_directories:
            assert other.tree["empty"].kind is Kind.DIR

    def test_a_second_look_finds_nothing_new_and_shares_the_rows(self, hub: Hub) -> None:
        hub.push(hub.put("a", b"1"), hub.put("b", b"2"))
        before = hub.tree
        seen = hub.look()
        assert seen.tree.changes_since(before) == {}
        assert seen.tree.on_rows_of(before) is not None
        assert not seen.unrecorded
        assert not seen.problems
        assert not hub.remote.changed_since(seen.revision)

    def test_the_revision_of_a_publish_is_that_of_the_next_snapshot(self, hub: Hub) -> None:
        published = hub.publish_all([hub.put("a", b"1")])
        assert hub.look().revision == published.revision

    def test_another_hubs_publish_is_noticed(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"1"))
        other.look()
        assert other.seen is not None
        assert not other.remote.changed_since(other.seen.revision)
        hub.look()
        hub.push(hub.put("a", b"2"), hub.put("new", b"n"))
        assert other.remote.changed_since(other.seen.revision)
        before = other.tree
        other.look()
        assert other.tree.on_rows_of(before) is not None
        assert set(other.tree.changes_since(before)) == {"a", "new"}

    def test_a_deletion_arrives(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"1"), hub.put("d/b", b"2"))
        other.look()
        hub.look()
        hub.push(hub.remove("a"))
        seen = other.look()
        assert set(seen.tree) == {"d/b"}

    def test_books_alone_tell_what_hubs_published(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"1"), hub.put("b", b"2"))
        assert set(other.look(listing=False).tree) == {"a", "b"}
        hub.look(listing=False)
        hub.push(hub.put("c", b"3"), hub.remove("a"))
        assert set(other.look(listing=False).tree) == {"b", "c"}
        assert other.content("c") == b"3"

    def test_a_path_changed_meanwhile_is_moved_and_untouched(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"old"), hub.put("b", b"old"), hub.put("c", b"old"))
        hub.look()
        other.look()
        other.push(other.put("a", b"theirs"), other.remove("b"), other.put("new", b"theirs"))
        done = hub.publish(
            hub.put("a", b"mine"),
            hub.put("b", b"mine too"),
            hub.put("new", b"mine also"),
            hub.put("c", b"mine as well"),
        )
        assert {path: one.done for path, one in done.items()} == {
            "a": Done.MOVED,
            "b": Done.MOVED,
            "new": Done.MOVED,
            "c": Done.DONE,
        }
        hub.look()
        assert hub.content("a") == b"theirs"
        assert hub.content("new") == b"theirs"
        assert hub.content("c") == b"mine as well"
        assert "b" not in hub.tree

    def test_a_removal_of_what_changed_meanwhile_is_moved(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"old"))
        other.look()
        hub.look()
        hub.push(hub.put("a", b"new"))
        assert other.publish(other.remove("a"))["a"].done is Done.MOVED
        assert set(other.look().tree) == {"a"}
        assert other.content("a") == b"new"

    def test_a_file_that_changes_while_it_is_sent_stays_unpublished(self, hub: Hub) -> None:
        put = hub.put("a", b"planned")
        Path(put.source).write_bytes(b"changed!")
        assert hub.publish(put)["a"].done is Done.CHANGED
        assert len(hub.look().tree) == 0

    def test_a_vanished_source_does_not_stop_the_others(self, hub: Hub) -> None:
        put = hub.put("a", b"1")
        Path(put.source).unlink()
        done = hub.publish(put, hub.put("b", b"2"))
        assert done["a"].done in (Done.CHANGED, Done.FAILED)
        assert done["b"].done is Done.DONE

    def test_a_file_gives_way_to_a_folder_and_back(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("f", b"file"))
        hub.look()
        hub.push(hub.remove("f"), hub.put("f/x", b"inside"))
        assert set(other.look().tree) == {"f/x"}
        hub.look()
        hub.push(hub.put("f", b"file again"), hub.remove("f/x"))
        seen = other.look()
        assert set(seen.tree) == {"f"}
        assert not seen.problems
        assert other.content("f") == b"file again"

    def test_a_renamed_file_needs_no_upload(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("old", b"x" * 1000))
        hub.look()
        published = hub.publish_all(
            [hub.put("new/name", b"x" * 1000, moved_from="old"), hub.remove("old")]
        )
        assert {one.done for one in published.outcomes} == {Done.DONE}
        assert published.transferred == 0
        seen = other.look()
        assert set(seen.tree) == {"new/name"}
        assert not seen.unrecorded
        assert other.content("new/name") == b"x" * 1000

    def test_a_mode_change_sends_no_content(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"same"))
        hub.look()
        published = hub.publish_all([hub.put("a", b"same", executable=True)])
        assert published.transferred == 0
        other.look()
        assert other.tree["a"].executable is hub.remote.capabilities.executable
        assert other.content("a") == b"same"

    def test_equal_contents_are_fetched_for_every_path(self, hub: Hub, other: Hub) -> None:
        hub.push(*(hub.put(f"copy{number}", b"same bytes") for number in range(5)))
        other.look()
        fetched = other.fetch(*other.tree)
        assert set(fetched) == {f"copy{number}" for number in range(5)}
        assert {Path(one.source).read_bytes() for one in fetched.values()} == {b"same bytes"}

    def test_fetching_what_is_gone_or_changed_says_moved(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"1"), hub.put("b", b"2"), hub.put("c", b"3"))
        other.look()
        hub.look()
        hub.push(hub.put("a", b"changed"), hub.remove("b"))
        fetched = other.fetch("a", "b", "c")
        if other.remote.capabilities.atomic_commit:  # what was seen can be had for ever
            assert Path(fetched["a"].source).read_bytes() == b"1"
            assert Path(fetched["b"].source).read_bytes() == b"2"
        else:
            assert fetched["a"].moved
            assert fetched["b"].moved
        assert Path(fetched["c"].source).read_bytes() == b"3"

    def test_history_tells_who_changed_what(self, hub: Hub, other: Hub) -> None:
        hub.publish_all([hub.put("a", b"1"), hub.put("b", b"2")], "begin")
        other.look()
        other.publish_all([other.put("a", b"one"), other.remove("b")], "go on")
        newest, oldest = list(hub.remote.history())
        assert (oldest.message, oldest.hub, oldest.author) == ("begin", "first", "first's user")
        assert (newest.message, newest.hub) == ("go on", "second")
        changes = {one.path: one for one in newest.changes}
        assert (changes["a"].before, changes["a"].after) == (digest(b"1"), digest(b"one"))
        assert (changes["b"].before, changes["b"].after) == (digest(b"2"), None)
        assert [one.message for one in hub.remote.history(1)] == ["go on"]

    def test_every_earlier_content_can_be_read(self, hub: Hub, tmp_path: Path) -> None:
        for content in (b"first", b"second", b"third"):
            hub.push(hub.put("a", content))
            hub.look()
        hub.push(hub.remove("a"))
        versions = hub.remote.versions("a")
        assert [one.digest for one in versions] == [
            None,
            digest(b"third"),
            digest(b"second"),
            digest(b"first"),
        ]
        target = tmp_path / "restored"
        for version, content in zip(versions[1:], (b"third", b"second", b"first"), strict=True):
            entry = hub.remote.read("a", version.version, str(target))
            assert target.read_bytes() == content
            assert entry.digest == digest(content)
            target.unlink()
            assert version.digest is not None
            hub.remote.read("a", version.digest.hex()[:12], str(target))
            assert target.read_bytes() == content

    def test_the_current_content_can_be_read_too(self, hub: Hub, tmp_path: Path) -> None:
        hub.push(hub.put("a", b"now"))
        (version,) = hub.remote.versions("a")
        hub.remote.read("a", version.version, str(tmp_path / "out"))
        assert (tmp_path / "out").read_bytes() == b"now"

    def test_an_unknown_version_is_an_error(self, hub: Hub, tmp_path: Path) -> None:
        hub.push(hub.put("a", b"1"))
        for path, version in (("a", "nonsense"), ("b", hub.remote.versions("a")[0].version)):
            with pytest.raises(NoSuchVersion):
                hub.remote.read(path, version, str(tmp_path / "out"))

    def test_publishing_nothing_changes_nothing(self, hub: Hub) -> None:
        hub.push(hub.put("a", b"1"))
        seen = hub.look()
        assert hub.publish_all([]).revision == seen.revision
        assert len(list(hub.remote.history())) == 1

    def test_a_record_moves_no_bytes(self, hub: Hub, other: Hub) -> None:
        hub.push(hub.put("a", b"1"))
        hub.look()
        published = hub.publish_all([Record("a", hub.tree["a"])])
        assert published.transferred == 0
        assert published.outcomes[0].done is Done.DONE
        other.look()
        assert other.content("a") == b"1"

    def test_gc_keeps_what_is_in_use(self, hub: Hub, other: Hub, tmp_path: Path) -> None:
        for content in (b"first", b"second"):
            hub.push(hub.put("a", content), hub.put("b/" + content.decode(), content))
            hub.look()
        hub.remote.gc(2**62, Silent())
        version = hub.remote.versions("a")[-1]
        hub.remote.read("a", version.version, str(tmp_path / "out"))
        assert (tmp_path / "out").read_bytes() == b"first"
        hub.remote.gc(0, Silent())
        seen = other.look()
        assert set(seen.tree) == {"a", "b/first", "b/second"}
        assert not seen.unrecorded
        assert other.content("a") == b"second"
        now = hub.look().tree
        assert {path: entry.identity for path, entry in now.items()} == {
            path: entry.identity for path, entry in seen.tree.items()
        }

    def test_doctor_gets_names_and_values(self, hub: Hub) -> None:
        assert all(name and value for name, value in hub.remote.describe())
