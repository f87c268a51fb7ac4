"""A file that another tool writes while it is read is never kept or fetched torn (rule 10)."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hubsync.errors import ContentMismatch, PreconditionFailed
from hubsync.stores.folder import FolderStore
from hubsync.stores.protocol import Download
from hubsync.stores.sources import SMALL
from tests.contract.store_contract import fetch, keys
from tests.unit.local.faults import meanwhile


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    folder.mkdir()
    (folder / "small").write_bytes(b"one")
    with (folder / "large").open("wb") as file:
        file.truncate(SMALL + 1)
    time.sleep(0.03)  # some kernels' file times move in steps of 10 ms
    return folder


def edit(path: Path) -> None:
    """A change in place that keeps the size, and the first bytes that were read."""
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")


@pytest.mark.parametrize("target", [".hubsync/versions/1", "moved"])
def test_no_copy_is_kept_of_what_was_written_meanwhile(
    root: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    store = FolderStore(str(root))
    meanwhile(monkeypatch, "copy_file_range", lambda: edit(root / "small"), after=True)
    copy = store.copy_new if target == "moved" else store.copy
    with pytest.raises(PreconditionFailed):
        copy("small", target)
    assert sorted(keys(store)) == ["large", "small"]


@pytest.mark.parametrize("key", ["small", "large"])
def test_no_fetch_is_complete_of_what_was_written_meanwhile(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    store = FolderStore(str(root))
    meanwhile(monkeypatch, "read", lambda: edit(root / key), after=True)
    (outcome,) = fetch(store, Download(key, str(tmp_path / "t"))).values()
    assert isinstance(outcome.error, PreconditionFailed)
    assert not (tmp_path / "t").exists()


def test_a_small_object_is_read_again_until_it_is_whole(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(str(root))
    meanwhile(monkeypatch, "read", lambda: edit(root / "small"), after=True)
    found = store.read("small")
    assert found is not None
    assert found[0] == b"on!"

    def grow() -> None:
        with (root / "small").open("ab") as file:
            file.write(b"!")

    meanwhile(monkeypatch, "read", *[grow] * 50, after=True)
    with pytest.raises(ContentMismatch):
        store.read("small")
