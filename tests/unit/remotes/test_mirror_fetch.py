"""Fetching: what an earlier run left in the staging area, and what it only seems to have left."""

from __future__ import annotations

from pathlib import Path

from blake3 import blake3

from hubsync.stores.memory import MemoryStore
from tests.unit.remotes.faulty import WrappedStore
from tests.unit.remotes.hubs import Hub, on


class Watching(WrappedStore):
    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.fetched: list[str] = []

    def before(self, call: str, key: str) -> None:
        if call == "download":
            self.fetched.append(key)


def staged(tmp_path: Path, data: bytes) -> tuple[Hub, Watching]:
    """A hub that sees a file with ``wanted`` in it, and has ``data`` in its place."""
    store = Watching()
    hub = Hub(on(store), tmp_path)
    hub.look()
    hub.push(hub.put("f", b"wanted"))
    stage = hub.directory / "stage"
    stage.mkdir()
    (stage / blake3(b"wanted").hexdigest()).write_bytes(data)
    return hub, store


def test_a_content_that_was_fetched_already_is_not_fetched_again(tmp_path: Path) -> None:
    hub, store = staged(tmp_path, b"wanted")
    assert hub.content("f") == b"wanted"
    assert not store.fetched


def test_a_staged_file_of_the_right_size_with_other_bytes_is_fetched_anew(tmp_path: Path) -> None:
    hub, store = staged(tmp_path, b"spoilt")
    assert hub.content("f") == b"wanted"
    assert store.fetched == ["f"]
