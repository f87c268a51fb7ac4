"""What every store must do: one class of tests that each kind of storage inherits.

A subclass gives the fixture ``store`` (empty, writable) and may lower `ODD_NAMES` to what its
storage can hold, with the reason in a comment there.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from blake3 import blake3

from hubsync.errors import (
    ContentMismatch,
    HubsyncError,
    Interrupted,
    NameRefused,
    ObjectNotFound,
    PreconditionFailed,
    SourceChanged,
)
from hubsync.remotes.mirror.listing import ListsMany
from hubsync.stores.protocol import ABSENT, Download, ObjectInfo, Store, Transferred, Upload

ODD_NAMES = (
    "with space",
    " leading and trailing ",
    "#hash",
    "question?mark",
    "100%",
    "%41%2F",
    "a&b=c",
    "plus+and~tilde",
    "star*[x]{y}",
    "quote'double\"",
    "back\\slash",
    "colon:semi;comma,",
    unicodedata.normalize("NFC", "Übung é"),
    unicodedata.normalize("NFD", "Übung é zerlegt"),
    "日本語",
    "emoji 🧪",
    "-dash",
    "..dots",
    "n" * 200,
)
LARGE = (17 << 20) + 3


def nothing(_: int) -> None:
    """A progress that nobody hears."""


def digest(data: bytes) -> bytes:
    return blake3(data).digest()


def signature(path: Path) -> tuple[int, int, int, int]:
    status = path.stat()
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def keys(store: Store, prefix: str = "") -> list[str]:
    found = [info for batch in store.list(prefix) for info in batch]
    if isinstance(store, ListsMany):
        assert set(found) == {info for batch in store.list_many(prefix) for info in batch}
    return sorted(info.key for info in found)


def level(store: Store, prefix: str = "") -> tuple[list[str], list[str]]:
    """One level's keys, but for hubsync's own folder, in which temporary files may have been."""
    objects, deeper = store.list_level(prefix)
    return sorted(one.key for one in objects), sorted(one for one in deeper if one != ".hubsync/")


def infos(store: Store) -> dict[str, ObjectInfo]:
    return {info.key: info for batch in store.list() for info in batch}


def send(store: Store, *jobs: Upload) -> dict[str, Transferred]:
    return {result.key: result for result in store.upload(jobs, nothing)}


def fetch(store: Store, *jobs: Download) -> dict[str, Transferred]:
    return {result.key: result for result in store.download(jobs, nothing)}


class StoreContract:
    ODD_NAMES: ClassVar[tuple[str, ...]] = ODD_NAMES
    MANY: ClassVar[int] = 2500
    """Objects of the listing test: more than two pages of every cloud."""

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        raise NotImplementedError

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        folder = tmp_path / "source"
        folder.mkdir()
        return folder

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Path:
        folder = tmp_path / "stage"
        folder.mkdir()
        return folder

    # Small objects

    def test_what_is_written_is_read_back(self, store: Store) -> None:
        written = store.write("folder/a.bin", b"one\0two")
        data, info = store.read("folder/a.bin") or (b"", written)
        assert data == b"one\0two"
        assert info.identity == written.identity
        assert info.size == 7

    def test_an_empty_object_is_an_object(self, store: Store) -> None:
        store.write("empty", b"")
        found = store.read("empty")
        assert found is not None
        assert found[0] == b""
        assert keys(store) == ["empty"]

    def test_read_of_an_unchanged_object_returns_none(self, store: Store) -> None:
        identity = store.write("a", b"1").identity
        assert store.read("a", unless=identity) is None
        store.write("a", b"22")
        found = store.read("a", unless=identity)
        assert found is not None
        assert found[0] == b"22"

    def test_an_absent_object_is_told_apart(self, store: Store) -> None:
        assert store.head("no/such") is None
        with pytest.raises(ObjectNotFound):
            store.read("no/such")
        with pytest.raises(ObjectNotFound):
            store.copy("no/such", "target")

    def test_a_write_gives_another_identity(self, store: Store) -> None:
        first = store.write("a", b"one")
        second = store.write("a", b"two")
        assert first.identity
        assert first.identity != second.identity

    def test_identity_is_the_same_in_write_head_and_listing(self, store: Store) -> None:
        written = store.write("dir/a", b"one")
        head = store.head("dir/a")
        assert head is not None
        assert head.identity == written.identity
        assert infos(store)["dir/a"].identity == written.identity
        assert infos(store)["dir/a"].size == 3

    def test_every_odd_name_goes_there_and_back(self, store: Store) -> None:
        for name in self.ODD_NAMES:
            store.write(f"{name}/{name}", os.fsencode(name))
        assert keys(store) == sorted(f"{name}/{name}" for name in self.ODD_NAMES)
        for name in self.ODD_NAMES:
            found = store.read(f"{name}/{name}")
            assert found is not None
            assert found[0] == os.fsencode(name)
            store.delete(f"{name}/{name}")
        assert keys(store) == []

    @pytest.mark.parametrize("key", ["../x", "a/../../x", "a//b", "/a", "a/", ".", "", "nul\0"])
    def test_a_key_that_leads_out_or_is_malformed_is_refused(self, store: Store, key: str) -> None:
        with pytest.raises(NameRefused):
            store.write(key, b"x")
        assert keys(store) == []

    # Conditions

    def test_a_create_of_what_exists_is_refused(self, store: Store) -> None:
        store.write("a", b"first", expected=ABSENT)
        with pytest.raises(PreconditionFailed):
            store.write("a", b"second", expected=ABSENT)
        found = store.read("a")
        assert found is not None
        assert found[0] == b"first"

    def test_a_replacement_needs_the_expected_identity(self, store: Store) -> None:
        first = store.write("a", b"first")
        store.write("a", b"second!", expected=first.identity)
        with pytest.raises(PreconditionFailed):
            store.write("a", b"third", expected=first.identity)
        found = store.read("a")
        assert found is not None
        assert found[0] == b"second!"

    def test_a_replacement_of_what_is_gone_is_refused(self, store: Store) -> None:
        first = store.write("a", b"first")
        store.delete("a")
        with pytest.raises(PreconditionFailed):
            store.write("a", b"second", expected=first.identity)
        assert store.head("a") is None

    def test_of_many_creators_exactly_one_wins(self, store: Store) -> None:
        if not store.capabilities.conditional:
            assert store.capabilities.conditional is False  # the mirror takes its lease lock
            return
        won: list[int] = []
        start = threading.Barrier(8)

        def create(number: int) -> None:
            start.wait()
            try:
                store.write("contended", str(number).encode(), expected=ABSENT)
            except PreconditionFailed:
                return
            won.append(number)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        found = store.read("contended")
        assert found is not None
        assert found[0] == str(won[0]).encode()

    # Copy and delete

    def test_a_copy_has_the_bytes_and_leaves_the_original_alone(self, store: Store) -> None:
        original = store.write("a/b", b"content")
        store.copy("a/b", "versions/deep/c")
        found = store.read("versions/deep/c")
        assert found is not None
        assert found[0] == b"content"
        assert infos(store)["a/b"].identity == original.identity

    def test_a_copy_replaces_its_target(self, store: Store) -> None:
        store.write("a", b"new")
        store.write("b", b"older content")
        info = store.copy("a", "b")
        found = store.read("b")
        assert found is not None
        assert found[0] == b"new"
        if info is not None:
            assert info.identity == found[1].identity

    def test_delete_removes_and_may_be_repeated(self, store: Store) -> None:
        store.write("d/e/f", b"x")
        store.delete("d/e/f")
        store.delete("d/e/f")
        assert keys(store) == []
        objects, deeper = level(store)
        assert objects == []
        assert [key for prefix in deeper for key in keys(store, prefix)] == []

    # Listing

    def test_a_listing_is_complete(self, store: Store, source: Path) -> None:
        file = source / "f"
        file.write_bytes(b"x")
        wanted = [f"d{number % 7}/{number:05}" for number in range(self.MANY)]
        jobs = (Upload(key, str(file), 1, ABSENT) for key in wanted)
        assert [one.error for one in store.upload(jobs, nothing) if one.error] == []
        assert keys(store) == sorted(wanted)

    def test_a_listing_by_prefix(self, store: Store) -> None:
        for key in ("a/1", "a/2", "ab/3", "b"):
            store.write(key, b"x")
        assert keys(store, "a/") == ["a/1", "a/2"]
        assert keys(store, "a") == ["a/1", "a/2", "ab/3"]
        assert keys(store, "no/such/") == []

    def test_a_listing_of_one_level(self, store: Store) -> None:
        for key in ("top", "a/1", "a/deep/2", "b/3"):
            store.write(key, b"x")
        assert level(store) == (["top"], ["a/", "b/"])
        assert level(store, "a/") == (["a/1"], ["a/deep/"])

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        assert keys(store) == []
        assert level(store) == ([], [])

    # Uploads

    def test_files_are_sent_and_fetched(self, store: Store, source: Path, stage: Path) -> None:
        contents = {f"n/{number}": os.urandom(number * 50) for number in range(40)}
        jobs = []
        for key, data in contents.items():
            path = source / key.replace("/", "-")
            path.write_bytes(data)
            jobs.append(Upload(key, str(path), len(data), ABSENT, signature(path), digest(data)))
        sent = send(store, *jobs)
        assert all(one.error is None for one in sent.values())
        assert {key: one.digest for key, one in sent.items()} == {
            key: digest(data) for key, data in contents.items()
        }
        assert {key: one.identity for key, one in infos(store).items()} == {
            key: one.identity for key, one in sent.items()
        }
        fetched = fetch(
            store,
            *(
                Download(
                    key, str(stage / key.replace("/", "-")), one.size, one.digest, one.identity
                )
                for key, one in sent.items()
            ),
        )
        assert all(one.error is None for one in fetched.values())
        for key, data in contents.items():
            assert (stage / key.replace("/", "-")).read_bytes() == data
        assert len(list(stage.iterdir())) == len(contents)

    def test_a_large_file_goes_there_and_back(
        self, store: Store, source: Path, stage: Path
    ) -> None:
        data = os.urandom(LARGE)
        path = source / "large"
        path.write_bytes(data)
        heard: list[int] = []
        (sent,) = store.upload(
            [Upload("large", str(path), LARGE, ABSENT, signature(path))], heard.append
        )
        assert sent.error is None
        assert sent.digest == digest(data)
        assert sent.signature == signature(path)
        assert sum(heard) == LARGE
        heard.clear()
        target = stage / "large"
        (fetched,) = store.download(
            [Download("large", str(target), LARGE, sent.digest, sent.identity)], heard.append
        )
        assert fetched.error is None
        assert target.read_bytes() == data
        assert sum(heard) == LARGE
        assert [one.name for one in stage.iterdir()] == ["large"]

    def test_data_is_sent_where_there_is_no_file(self, store: Store) -> None:
        sent = send(store, Upload("link", "", 6, ABSENT, data=b"target"))
        assert sent["link"].error is None
        assert sent["link"].digest == digest(b"target")
        found = store.read("link")
        assert found is not None
        assert found[0] == b"target"

    def test_an_upload_heeds_its_condition(self, store: Store, source: Path) -> None:
        store.write("taken", b"theirs")
        mine = source / "mine"
        mine.write_bytes(b"mine")
        sent = send(store, Upload("taken", str(mine), 4, ABSENT))
        assert isinstance(sent["taken"].error, PreconditionFailed)
        found = store.read("taken")
        assert found is not None
        assert found[0] == b"theirs"

    @pytest.mark.parametrize("size", [5, LARGE])
    def test_a_source_that_is_not_what_was_planned_is_not_sent(
        self, store: Store, source: Path, size: int
    ) -> None:
        path = source / "f"
        path.write_bytes(b"x" * size)
        other = send(store, Upload("a", str(path), size, ABSENT, digest=digest(b"other")))
        assert isinstance(other["a"].error, SourceChanged)
        stale = (size, 1, 1, path.stat().st_ino)
        touched = send(store, Upload("b", str(path), size, ABSENT, stale))
        assert isinstance(touched["b"].error, SourceChanged)
        assert keys(store) == []

    def test_a_source_that_changes_while_it_is_read_is_not_sent(
        self, store: Store, source: Path
    ) -> None:
        path = source / "f"
        path.write_bytes(b"x" * LARGE)

        def meddle(_: int) -> None:
            with path.open("r+b") as file:
                file.write(b"y")

        (sent,) = store.upload([Upload("a", str(path), LARGE, ABSENT, signature(path))], meddle)
        if sent.error is None:  # it was read whole before the first progress was told
            assert sent.digest == digest(b"x" * LARGE)
            assert store.read("a") is not None
        else:
            assert isinstance(sent.error, SourceChanged)
            assert keys(store) == []

    def test_pipes_links_and_missing_files_are_no_sources(self, store: Store, source: Path) -> None:
        os.mkfifo(source / "pipe")
        (source / "file").write_bytes(b"x")
        (source / "link").symlink_to(source / "file")
        sent = send(
            store,
            Upload("pipe", str(source / "pipe"), 0, ABSENT),
            Upload("link", str(source / "link"), 1, ABSENT),
            Upload("gone", str(source / "gone"), 1, ABSENT),
            Upload("file", str(source / "file"), 1, ABSENT),
        )
        assert isinstance(sent["pipe"].error, SourceChanged)
        assert isinstance(sent["link"].error, SourceChanged)
        assert isinstance(sent["gone"].error, SourceChanged)
        assert sent["file"].error is None
        assert keys(store) == ["file"]

    def test_a_closed_upload_starts_nothing_new(self, store: Store, source: Path) -> None:
        path = source / "f"
        path.write_bytes(b"x")
        taken: list[str] = []

        def jobs() -> Iterator[Upload]:
            for number in range(5000):
                taken.append(str(number))
                yield Upload(f"many/{number}", str(path), 1, ABSENT)

        results = store.upload(jobs(), nothing)
        next(results)
        results.close()  # type: ignore[attr-defined]
        assert len(taken) < 1000
        present = keys(store)
        assert len(present) < 1000
        assert keys(store) == present

    # Downloads

    def test_a_download_that_is_not_what_was_promised_leaves_nothing(
        self, store: Store, stage: Path
    ) -> None:
        store.write("a", b"content")
        target = str(stage / "t")
        wrong = (
            Download("a", target, 7, digest(b"other")),
            Download("a", target, 6, None),
            Download("a", target, 3, digest(b"con")),
            Download("a", target, 8, digest(b"content")),
        )
        for job in wrong:
            assert isinstance(fetch(store, job)["a"].error, ContentMismatch)
            assert list(stage.iterdir()) == []

    def test_a_download_of_another_object_than_planned_is_refused(
        self, store: Store, stage: Path
    ) -> None:
        first = store.write("a", b"one")
        store.write("a", b"two!")
        fetched = fetch(store, Download("a", str(stage / "t"), identity=first.identity))
        assert isinstance(fetched["a"].error, PreconditionFailed)
        assert list(stage.iterdir()) == []

    def test_a_download_of_nothing_is_told(self, store: Store, stage: Path) -> None:
        fetched = fetch(store, Download("gone", str(stage / "t")))
        assert isinstance(fetched["gone"].error, ObjectNotFound | PreconditionFailed)
        assert list(stage.iterdir()) == []

    def test_one_bad_download_stops_no_other(self, store: Store, stage: Path) -> None:
        store.write("good", b"x")
        fetched = fetch(
            store,
            Download("gone", str(stage / "1")),
            Download("good", str(stage / "no such folder" / "2")),
            Download("good", str(stage / "3")),
        )
        assert (stage / "3").read_bytes() == b"x"
        assert isinstance(fetched["gone"].error, HubsyncError)

    def test_an_interrupted_download_is_resumed_or_begun_again(
        self, store: Store, source: Path, stage: Path
    ) -> None:
        data = os.urandom(LARGE)
        path = source / "large"
        path.write_bytes(data)
        sent = send(store, Upload("large", str(path), LARGE, ABSENT))["large"]
        target = stage / "large"
        job = Download("large", str(target), LARGE, sent.digest, sent.identity)

        def stop(_: int) -> None:
            raise Interrupted("stopped")

        (stopped,) = store.download([job], stop)
        assert isinstance(stopped.error, Interrupted)
        heard: list[int] = []
        (fetched,) = store.download([job], heard.append)
        assert fetched.error is None
        assert target.read_bytes() == data
        assert 0 < sum(heard) <= LARGE

    def test_a_part_of_another_object_is_not_continued(
        self, store: Store, source: Path, stage: Path
    ) -> None:
        data = os.urandom(LARGE)
        path = source / "large"
        path.write_bytes(data)
        sent = send(store, Upload("large", str(path), LARGE, ABSENT))["large"]
        target = stage / "large"
        (stage / "large.part").write_bytes(b"another object's beginning")
        fetched = fetch(store, Download("large", str(target), LARGE, sent.digest, sent.identity))
        assert fetched["large"].error is None
        assert target.read_bytes() == data

    # Housekeeping

    def test_writes_on_their_way_are_no_objects(self, store: Store, source: Path) -> None:
        path = source / "large"
        path.write_bytes(b"x" * LARGE)
        seen: list[list[str]] = []
        results = store.upload(
            [Upload("large", str(path), LARGE, ABSENT)], lambda _: seen.append(keys(store))
        )
        assert all(one.error is None for one in results)
        assert all(one in ([], ["large"]) for one in seen)

    def test_a_sweep_of_a_tidy_store_removes_nothing(self, store: Store) -> None:
        store.write("a", b"x")
        assert store.sweep(2**62) == 0
        assert keys(store) == ["a"]

    def test_a_closed_and_described_store_names_its_library(self, store: Store) -> None:
        assert store.description
        assert "\n" not in store.description
        store.close()
