"""Listing a bucket: fast through obstore, and by the provider's own library where keys need it.

obstore strips the slash from the marker objects that some tools make for folders (``folder/``, no
bytes), so that they look like empty files named ``folder``. Every empty object for which nobody
vouches is therefore asked for by its name, once for each store, and is no object if there is none
of that name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import BaseError, InvalidPathError

from hubsync.errors import HubsyncError, ObjectNotFound
from hubsync.stores.objects_client import Client, Page
from hubsync.stores.objects_errors import provider_error
from hubsync.stores.objects_native import identity_of, is_representable
from hubsync.stores.objects_raw import raw_pages
from hubsync.stores.protocol import ObjectInfo, Vouched
from hubsync.stores.serving import BUSY, cannot_serve

if TYPE_CHECKING:
    from hubsync.stores.objects_pages import Pages

_FAILURES: Final = (BaseError, OSError, ValueError)
_CHUNK: Final = 1000

Infos = list[ObjectInfo]


class Lister:
    """Listings of one store. ``heads`` asks for several objects at once, in the order given."""

    def __init__(
        self, client: Client, heads: Callable[[Sequence[str]], Sequence[ObjectInfo | None]]
    ) -> None:
        self._client = client
        self._heads = heads
        self._empty: set[ObjectInfo] = set()
        self._pages: Pages | None = None
        self._making = threading.Lock()

    def every(self, prefix: str, vouched: Vouched | None = None) -> Iterator[Infos]:
        """Every object whose key begins with ``prefix``."""
        folder, _, beginning = prefix.rpartition("/")
        if beginning or not _is_plain(prefix, folder):
            # obstore would list the whole folder for the beginning of a name.
            yield from self._raw(prefix, set())
            return
        passed: list[Infos] = []
        listed: set[str] = set()
        try:
            for chunk in obstore.list(self._client.reader, folder or None, chunk_size=_CHUNK):
                self._client.count("list")
                rows = self._without_markers(_rows(chunk, prefix), listed, vouched)
                passed.append(rows)
                yield rows
        except InvalidPathError:
            seen = {row.key for rows in passed for row in rows}
            yield from self._raw(prefix, seen)
        except _FAILURES as error:
            raise self._failed(error) from error

    def many(self, prefix: str, vouched: Vouched | None = None) -> Iterator[Infos]:
        """As `every`, where there are so many objects that each of them counts."""
        from hubsync.stores.objects_pages import Unexpected

        seen: set[str] = set()
        try:
            for rows in self._quick().below(prefix):
                seen.update([row.key for row in rows])
                yield rows
        except Unexpected:
            for rows in self.every(prefix, vouched):
                yield [row for row in rows if row.key not in seen]

    def _quick(self) -> Pages:
        from hubsync.stores.objects_pages import Pages

        with self._making:
            self._pages = self._pages or Pages(self._client)
            return self._pages

    def close(self) -> None:
        if self._pages is not None:
            self._pages.close()

    def level(self, prefix: str, vouched: Vouched | None = None) -> Page:
        """The objects directly under ``prefix``, and the common prefixes of the deeper ones."""
        if not _is_plain(prefix, prefix.rstrip("/")):
            return self._raw_level(prefix)
        self._client.count("list")
        try:
            found = obstore.list_with_delimiter(self._client.reader, prefix.rstrip("/") or None)
        except InvalidPathError:
            return self._raw_level(prefix)
        except _FAILURES as error:
            raise self._failed(error) from error
        deeper = [f"{name}/" for name in found["common_prefixes"]]
        if "/" in deeper:  # a key at the top of the bucket begins with a slash
            return self._raw_level(prefix)
        objects = self._without_markers(_rows(found["objects"], prefix), set(), vouched)
        return objects, deeper

    def _without_markers(self, rows: Infos, listed: set[str], vouched: Vouched | None) -> Infos:
        """``rows`` without markers. ``listed`` collects the empty objects of one listing, as the
        marker beside an empty file of its name looks like that file once more."""
        empty = [row for row in rows if row.size == 0]
        if not empty:
            return rows
        files = {row for row in empty if row in self._empty or (vouched and vouched(row))}
        doubtful = [row for row in empty if row not in files]
        found = self._heads([row.key for row in doubtful]) if doubtful else ()
        for row, there in zip(doubtful, found, strict=True):
            if there is not None and there.size == 0:
                self._empty.add(row)
                files.add(row)
        kept: Infos = []
        for row in rows:
            if row.size == 0:
                if row not in files or row.key in listed:
                    continue
                listed.add(row.key)
            kept.append(row)
        return kept

    def _raw(self, prefix: str, seen: set[str]) -> Iterator[Infos]:
        for rows, _ in raw_pages(self._client, prefix):
            yield [row for row in rows if row.key not in seen and not _is_marker(row)]

    def _raw_level(self, prefix: str) -> Page:
        objects: Infos = []
        deeper: list[str] = []
        for rows, prefixes in raw_pages(self._client, prefix, "/"):
            objects += [row for row in rows if not _is_marker(row)]
            deeper += prefixes
        return objects, deeper

    def _failed(self, error: BaseException) -> HubsyncError:
        """A listing that fails says something about the whole remote."""
        problem = self._client.failed(error, "the listing")
        if isinstance(problem, ObjectNotFound):
            bucket = self._client.settings.bucket
            return provider_error("", bucket, status=404, code="NoSuchBucket")
        if problem.code == BUSY:
            return cannot_serve()
        return problem


def _is_plain(prefix: str, folder: str) -> bool:
    """Whether obstore can be asked for ``prefix``."""
    return not prefix or (not prefix.startswith("/") and (not folder or is_representable(folder)))


def _is_marker(row: ObjectInfo) -> bool:
    return row.size == 0 and (row.key.endswith("/") or not row.key)


def _rows(chunk: Any, prefix: str) -> Infos:
    # This runs once for each of 100,000 objects: hence no call to a function that is not needed.
    rows = [
        ObjectInfo(
            meta["path"],
            meta["size"],
            identity_of(meta["e_tag"]),
            round(meta["last_modified"].timestamp() * 1_000_000) * 1000,
        )
        for meta in chunk
    ]
    return [row for row in rows if row.key.startswith(prefix)] if prefix else rows
