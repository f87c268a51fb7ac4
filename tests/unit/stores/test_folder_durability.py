"""A power cut at any instant leaves every content of a folder somewhere (rules 11 and 13)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hubsync.stores.folder import FolderStore
from hubsync.stores.folder_flush import FEW
from hubsync.stores.protocol import ABSENT, Upload
from tests.unit.local.power import Power

COUNTS = pytest.mark.parametrize("count", [1, 3, FEW // 2 + 1, FEW + 9, 5 * FEW])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    folder.mkdir()
    return folder


def fill(root: Path, count: int) -> list[str]:
    (root / "d").mkdir()
    for number in range(count):
        (root / "d" / str(number)).write_bytes(b"old %d" % number)
    return [f"d/{number}" for number in range(count)]


def uploads(keys: list[str], **fields: str | None) -> list[Upload]:
    data = b"a new content"
    return [Upload(key, "", len(data), data=data, expected=fields.get("expected")) for key in keys]


def version(key: str) -> str:
    return f".hubsync/versions/{key[-1]}/{key.replace('/', '-')}"


def filled(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> tuple[list[str], FolderStore, Power]:
    keys = fill(root, count)
    return keys, FolderStore(str(root)), Power(root, monkeypatch)


@COUNTS
def test_an_original_goes_only_after_its_copy_is_durable(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    keys, store, power = filled(root, monkeypatch, count)
    for key in keys:
        store.copy(key, version(key))
        store.delete(key)
    assert len(power.removed) >= count
    assert power.lost == []


@COUNTS
def test_an_original_is_replaced_only_after_its_copy_is_durable(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    keys, store, power = filled(root, monkeypatch, count)
    for key in keys:
        store.copy(key, version(key))
    results = list(store.upload(uploads(keys), lambda _: None))
    assert [one.error for one in results] == [None] * count
    assert power.lost == []
    assert power.synced_whole <= 2, "one for the copies, one for what replaced the originals"


def test_threads_that_delete_together_share_their_syncs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, store, power = filled(root, monkeypatch, 100)
    for key in keys:
        store.copy(key, version(key))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.delete, keys))
    assert power.lost == []
    assert power.synced_whole == 1


@COUNTS
def test_what_moved_within_the_folder_is_durable_before_its_old_name_goes(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    keys, store, power = filled(root, monkeypatch, count)
    for key in keys:
        store.copy_new(key, f"moved/{key}")
    for key in keys:
        store.delete(key)
    assert power.lost == []


@COUNTS
def test_an_upload_that_ended_is_durable(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    store, power = FolderStore(str(root)), Power(root, monkeypatch)
    keys = [f"new/{number % 3}/deep/{number}" for number in range(count)]
    for _ in store.upload(uploads(keys, expected=ABSENT), lambda _: None):
        pass
    assert power.lasting() == set(keys)


@pytest.mark.parametrize("expected", [None, ABSENT])
def test_a_single_file_has_its_content_before_its_name(
    root: Path, monkeypatch: pytest.MonkeyPatch, expected: str | None
) -> None:
    store, power = FolderStore(str(root)), Power(root, monkeypatch)
    seen = []

    def naming(path: str) -> None:
        (written,) = (root / ".hubsync" / "tmp").iterdir()
        seen.append(power.has_content(written))

    power.before(naming)
    store.write("a/b", b"content", expected=expected)
    assert seen == [True]
    assert "a/b" in power.lasting()


@COUNTS
def test_books_are_written_only_after_what_they_speak_of_is_durable(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    keys, store, power = filled(root, monkeypatch, count + 1)
    gone, rest = keys[0], keys[1:]
    for key in rest:
        store.copy(key, version(key))
    store.delete(gone)
    checked = []

    def naming(path: str) -> None:
        if path.endswith("/head"):
            checked.append(power.lasting() >= {version(key) for key in rest})
            checked.append(power.lasts_gone(root / gone))

    power.before(naming)
    store.write(".hubsync/head", b"all of them are there")
    assert checked == [True, True]
    assert ".hubsync/head" in power.lasting()


@COUNTS
def test_deletions_are_durable_before_the_books_say_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    keys = fill(root, count + 1)[1:]
    store, power = FolderStore(str(root)), Power(root, monkeypatch)
    for key in keys:
        store.delete(key)
    checked = []

    def naming(path: str) -> None:
        checked.extend(power.lasts_gone(root / key) for key in keys)

    power.before(naming)
    store.write(".hubsync/head", b"all of them are gone")
    assert checked == [True] * count


def test_a_sync_that_fails_is_no_sync(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = fill(root, 2 * FEW)
    store = FolderStore(str(root))
    failing = [True]

    def sync(_: str) -> None:
        if failing:
            failing.pop()
            raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("hubsync.stores.folder_flush._sync_file_system", sync)
        for key in keys:
            store.copy(key, version(key))
        with pytest.raises(Exception, match="Input/output"):
            store.delete(keys[-1])
        assert (root / keys[-1]).exists()
    power = Power(root, monkeypatch)
    store.write("head", b"x")
    assert power.synced_whole == 1
