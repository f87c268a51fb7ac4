"""A wrapper that counts a store's requests by kind, for results and for the benchmark."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from hubsync.stores.levels import Batch
from hubsync.stores.protocol import (
    ChecksNames,
    Download,
    LeavesUploads,
    Level,
    ObjectInfo,
    Passed,
    Prepares,
    Store,
    StoreCapabilities,
    Transferred,
    Upload,
    Vouched,
)


class CountingStore:
    """``requests``: kind -> how many. Kinds: list, head, get, put, copy, delete.

    A store that counts what really goes over the wire (pages of a listing, parts of an upload)
    has a ``requests`` of its own; then that is what is told, and nothing is counted twice.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counted: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def requests(self) -> dict[str, int]:
        own = getattr(self._store, "requests", None)
        if own is not None:
            return dict(own)
        with self._lock:
            return dict(self._counted)

    def _count(self, kind: str) -> None:
        with self._lock:
            self._counted[kind] += 1

    @property
    def capabilities(self) -> StoreCapabilities:
        return self._store.capabilities

    @property
    def description(self) -> str:
        return self._store.description

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Batch]:
        self._count("list")
        return self._store.list(prefix, vouched)

    def list_many(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Batch]:
        """See `hubsync.remotes.mirror.listing.ListsMany`."""
        many = getattr(self._store, "list_many", None)
        if many is None:
            return self.list(prefix, vouched)
        self._count("list")
        listing: Iterator[Batch] = many(prefix, vouched)
        return listing

    def list_around(self, hidden: str) -> Iterator[Batch] | None:
        """See `hubsync.remotes.mirror.listing.ListsAround`."""
        around = getattr(self._store, "list_around", None)
        if around is None:
            return None
        self._count("list")
        listing: Iterator[Batch] = around(hidden)
        return listing

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> Level:
        self._count("list")
        return self._store.list_level(prefix, vouched)

    def head(self, key: str) -> ObjectInfo | None:
        self._count("head")
        return self._store.head(key)

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        self._count("get")
        return self._store.read(key, unless=unless, limit=limit)

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        self._count("put")
        return self._store.write(key, data, expected=expected)

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        self._count("copy")
        return self._store.copy(source, target)

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        self._count("copy")
        return self._store.copy_new(source, target)

    def delete(self, key: str, *, expected: str | None = None) -> None:
        self._count("delete")
        self._store.delete(key, expected=expected)

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        for result in self._store.upload(jobs, passed):
            self._count("put")
            yield result

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        for result in self._store.download(jobs, passed):
            self._count("get")
            yield result

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        self._count("list")
        return self._store.sweep(older_than, alone=alone)

    def prepare(self, count: int) -> None:
        if isinstance(self._store, Prepares):
            self._store.prepare(count)

    def check_name(self, key: str) -> None:
        if isinstance(self._store, ChecksNames):
            self._store.check_name(key)

    def note_uploads(self, note: Callable[[str, str], None]) -> None:
        if isinstance(self._store, LeavesUploads):
            self._store.note_uploads(note)

    def abort(self, key: str, token: str) -> bool:
        if not isinstance(self._store, LeavesUploads):
            return False
        self._count("delete")
        return self._store.abort(key, token)

    def close(self) -> None:
        self._store.close()
