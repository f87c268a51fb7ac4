"""Requests are counted by kind, once."""

from __future__ import annotations

from pathlib import Path

from hubsync.stores.counting import CountingStore
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import ABSENT, Download, Upload


def test_every_kind_is_counted(tmp_path: Path) -> None:
    store = CountingStore(MemoryStore())
    file = tmp_path / "f"
    file.write_bytes(b"x")
    store.write("a", b"1")
    store.read("a")
    store.head("a")
    store.copy("a", "b")
    store.delete("b")
    list(store.list())
    store.list_level()
    list(store.upload([Upload(key, str(file), 1, ABSENT) for key in "cd"], lambda _: None))
    list(store.download([Download("c", str(tmp_path / "t"))], lambda _: None))
    assert store.requests == {
        "put": 3,
        "get": 2,
        "head": 1,
        "copy": 1,
        "delete": 1,
        "list": 2,
    }


def test_a_store_that_counts_itself_is_believed() -> None:
    class Paged(MemoryStore):
        requests = {"list": 7}  # noqa: RUF012

    store = CountingStore(Paged())
    store.write("a", b"1")
    assert store.requests == {"list": 7}
