"""A folder as a store: links, foreign edits, permissions, and what killed writers leave."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from pathlib import Path

import pytest

from hubsync.errors import (
    AccessDenied,
    ContentMismatch,
    HubsyncError,
    NameRefused,
    ObjectNotFound,
    PreconditionFailed,
)
from hubsync.stores.folder import FolderStore
from hubsync.stores.protocol import ABSENT, Download, Upload
from tests.contract.store_contract import fetch, infos, keys, send
from tests.users import unprivileged


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    folder.mkdir()
    return folder


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(str(root))


def test_a_root_that_is_not_there_lists_nothing_and_is_made_by_a_write(tmp_path: Path) -> None:
    store = FolderStore(str(tmp_path / "x" / "y"))
    assert keys(store) == []
    assert store.list_level() == ([], [])
    assert store.head("a") is None
    assert store.sweep(2**62) == 0
    store.delete("a")
    assert not (tmp_path / "x").exists()
    store.write("a", b"1")
    assert (tmp_path / "x" / "y" / "a").read_bytes() == b"1"


def test_times_and_modes_are_on_the_plain_file(
    store: FolderStore, root: Path, tmp_path: Path
) -> None:
    source = tmp_path / "s"
    source.write_bytes(b"#!/bin/sh\n")
    when = 1_600_000_000_123_456_789
    sent = send(store, Upload("run", str(source), 10, ABSENT, mtime=when, executable=True))
    status = (root / "run").stat()
    assert status.st_mtime_ns == when
    assert status.st_mode & 0o100
    assert infos(store)["run"].identity == sent["run"].identity
    send(store, Upload("run", str(source), 10, None, mtime=when, executable=False))
    assert not (root / "run").stat().st_mode & 0o111


def test_a_replacement_keeps_who_may_read(store: FolderStore, root: Path) -> None:
    store.write("private", b"1")
    (root / "private").chmod(0o600)
    store.write("private", b"2")
    assert stat.S_IMODE((root / "private").stat().st_mode) == 0o600


def test_a_foreign_edit_of_the_same_size_and_time_is_seen(store: FolderStore, root: Path) -> None:
    store.write("a", b"one")
    before = infos(store)["a"]
    status = (root / "a").stat()
    with (root / "a").open("r+b") as file:
        file.write(b"two")
    os.utime(root / "a", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert infos(store)["a"].identity != before.identity
    with pytest.raises(PreconditionFailed):
        store.write("a", b"three", expected=before.identity)
    assert (root / "a").read_bytes() == b"two"


def test_a_copy_shares_nothing_with_its_original(store: FolderStore, root: Path) -> None:
    store.write("a", b"one")
    store.copy("a", ".hubsync/versions/1")
    with (root / "a").open("r+b") as file:
        file.write(b"two")
    found = store.read(".hubsync/versions/1")
    assert found is not None
    assert found[0] == b"one"


def test_links_and_special_files_are_no_objects_and_are_never_opened(
    store: FolderStore, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (root / "file").write_bytes(b"x")
    (root / "link").symlink_to(outside / "secret")
    (root / "dirlink").symlink_to(outside)
    os.mkfifo(root / "pipe")
    sizes = {info.key: info.size for batch in store.list() for info in batch}
    assert sizes == {"file": 1, "link": -1, "dirlink": -1, "pipe": -1}
    assert [info.size for batch in store.list("dirlink/") for info in batch] == [-1]
    assert store.list_level("dirlink/") == ([], [])
    for key in ("link", "dirlink/secret", "pipe"):
        assert store.head(key) is None
        with pytest.raises(ObjectNotFound):
            store.read(key)
        fetched = fetch(store, Download(key, str(tmp_path / "t")))
        assert isinstance(fetched[key].error, ObjectNotFound)


def test_nothing_is_written_or_deleted_through_a_link(
    store: FolderStore, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"precious")
    (root / "dirlink").symlink_to(outside)
    (root / "link").symlink_to(outside / "precious")
    for key in ("dirlink/new", "dirlink/precious", "dirlink/a/b", "link"):
        with pytest.raises(NameRefused):
            store.write(key, b"x")
        with pytest.raises(NameRefused):
            store.write(key, b"x", expected=ABSENT)
    store.delete("dirlink/precious")
    assert {one.name: one.read_bytes() for one in outside.iterdir()} == {"precious": b"precious"}
    assert (root / "link").is_symlink()


def test_the_folder_of_temporaries_is_never_a_link(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / ".hubsync").mkdir()
    (root / ".hubsync" / "tmp").symlink_to(outside)
    store = FolderStore(str(root))
    with pytest.raises(HubsyncError):
        store.write("a", b"x")
    assert list(outside.iterdir()) == []
    assert store.sweep(2**62) == 0


def test_a_file_where_a_folder_is_needed_is_told(store: FolderStore) -> None:
    store.write("a", b"1")
    with pytest.raises(NameRefused):
        store.write("a/b", b"2")
    store.write("d/e", b"3")
    with pytest.raises(NameRefused):
        store.write("d", b"4")
    assert store.head("d") is None
    store.delete("d")
    assert keys(store) == ["a", "d/e"]


def test_deletion_prunes_empty_folders_but_no_more(store: FolderStore, root: Path) -> None:
    store.write("a/b/c/1", b"1")
    store.write("a/2", b"2")
    store.write(".hubsync/versions/3", b"3")
    store.delete("a/b/c/1")
    store.delete(".hubsync/versions/3")
    assert sorted(one.name for one in root.iterdir()) == [".hubsync", "a"]
    assert sorted(one.name for one in (root / "a").iterdir()) == ["2"]
    store.delete("a/2")
    assert root.is_dir()
    assert sorted(one.name for one in root.iterdir()) == [".hubsync"]


def test_no_failure_leaves_a_temporary_file(store: FolderStore, root: Path, tmp_path: Path) -> None:
    store.write("a", b"1")
    source = tmp_path / "s"
    source.write_bytes(b"x")
    for job in (
        Upload("a", str(source), 1, ABSENT),
        Upload("a", str(source), 1, "another identity"),
        Upload("b", str(source), 1, ABSENT, digest=b"another"),
        Upload("a/b", str(source), 1, ABSENT),
        Upload("n" * 300, str(source), 1, ABSENT),
    ):
        assert send(store, job)[job.key].error is not None
    assert list((root / ".hubsync" / "tmp").iterdir()) == []
    assert keys(store) == ["a"]


def test_a_sweep_takes_old_temporaries_only(store: FolderStore, root: Path) -> None:
    store.write("a", b"1")
    left = root / ".hubsync" / "tmp" / "left by a killed writer"
    left.write_bytes(b"x")
    assert keys(store) == ["a"]
    assert store.sweep(left.stat().st_ctime_ns - 1) == 0
    assert store.sweep(time.time_ns() + 10**9) == 1
    assert list((root / ".hubsync" / "tmp").iterdir()) == []


def test_an_edit_between_listing_and_download_is_told(
    store: FolderStore, root: Path, tmp_path: Path
) -> None:
    store.write("a", b"one")
    seen = infos(store)["a"]
    (root / "a").write_bytes(b"two!")
    job = Download("a", str(tmp_path / "t"), seen.size, identity=seen.identity)
    assert isinstance(fetch(store, job)["a"].error, PreconditionFailed | ContentMismatch)
    assert not (tmp_path / "t").exists()


def test_a_folder_that_cannot_be_read_is_told_and_refuses_everything() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        store = FolderStore(f"{folder}/remote")
        with unprivileged():
            store.write("a/b", b"1")
            os.chmod(f"{folder}/remote/a", 0)
            listed = [(info.key, info.size) for batch in store.list() for info in batch]
            assert listed == [("a", -1)]
            with pytest.raises(AccessDenied):
                store.head("a/b")
            with pytest.raises(AccessDenied):
                store.write("a/c", b"1")
            os.chmod(f"{folder}/remote/a", 0o700)
            assert keys(store) == ["a/b"]
