"""Pruning a mirror: old versions, old history, and what killed writers left behind.

Ages are judged by the store's clock alone: the time of an object written just now is compared with
that of the others. A hub's clock may be years ahead, and everything would look old by it. What has
no time, or lies in a store that tells none, has no age and stays. Nothing younger than a day that a
writer may be about to name in the head is touched. What is known to be dead goes whatever its age:
this workspace's own uploads, and temporary objects where nobody else can be writing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from msgspec import Struct

from hubsync.remotes.mirror import layout
from hubsync.remotes.mirror.books import Books, HeadAt
from hubsync.remotes.mirror.commit import Committer
from hubsync.remotes.mirror.lease import LEASE
from hubsync.remotes.mirror.place import Place
from hubsync.remotes.mirror.uploads import UploadNotes
from hubsync.remotes.protocol import Collected
from hubsync.stores.protocol import LeavesUploads, ObjectInfo

_WORKERS: Final = 16


class Collector(Struct, frozen=True):
    place: Place
    books: Books
    committer: Committer
    uploads: UploadNotes

    def collect(self, age: int) -> Collected:
        """Remove objects that are older than ``age`` (ns), and leftovers."""
        now = self._now()
        before, young = now - age, now - layout.DAY
        old_logs = set(self._older(layout.LOG, min(before, young)))
        at = self._compacted(self.books.head(), old_logs)
        named = {layout.METADATA + segment.name for segment in at.head.segments}
        useless = [
            *self._old_versions(before),
            *sorted(old_logs - named),
            *(set(self._older(layout.INDEX, young)) - named - {layout.HEAD}),
            *self._temporary(young),
            *self._older(layout.LIVE, now - int(LEASE) * layout.SECOND),
        ]
        with ThreadPoolExecutor(_WORKERS) as pool:
            list(pool.map(self.place.store.delete, useless))
        # Nobody uploads one object for a day: what is unfinished since then will stay so.
        swept = self.place.store.sweep(max(before, young, 0), alone=self._alone)
        removed = len(useless) + self._own_uploads() + swept
        return Collected(removed, self._left_over(named))

    def _left_over(self, named: Container[str]) -> int:
        """Leftovers that are there now: another hub may be about to use them."""
        index = (info for info in self._listed(layout.INDEX) if info.key != layout.HEAD)
        orphans = sum(info.key not in named for info in index)
        return orphans + sum(1 for _ in self._listed(layout.TEMPORARY))

    @property
    def _alone(self) -> bool:
        """Under the lease lock nobody else writes."""
        return not self.place.conditional

    def _own_uploads(self) -> int:
        """Abort what killed processes of this workspace had begun. Its own lock guarantees that
        none of them is alive; other hubs' uploads of the same paths have other tokens."""
        store, count = self.place.store, 0
        if isinstance(store, LeavesUploads):
            for key, token in self.uploads.all():
                count += store.abort(key, token)
        self.uploads.remove()
        return count

    def _temporary(self, before: int) -> Iterator[str]:
        """Probes live for an instant, and their writers bear it if they are gone before that."""
        for info in self._listed(layout.TEMPORARY):
            name = info.key.removeprefix(layout.TEMPORARY)
            if self._alone or layout.is_probe(name) or 0 < info.mtime < before:
                yield info.key

    def _now(self) -> int:
        """The store's time; 0, by which nothing is old, if it does not tell."""
        key = f"{layout.TEMPORARY}gc-{layout.nonce(self.place.rng)}"
        self.place.store.write(key, b"")
        info = self.place.store.head(key)
        self.place.store.delete(key)
        return info.mtime if info is not None else 0

    def _compacted(self, at: HeadAt, old: Container[str]) -> HeadAt:
        """Old log objects that are still part of the index have to be merged before they can go."""
        if any(layout.METADATA + segment.name in old for segment in at.head.segments):
            return self.committer.compact_all(at)
        return at

    def _old_versions(self, before: int) -> Iterator[str]:
        """By the younger of the name's time and the object's: a store may keep the time of the
        object that was copied, and a hub's clock may be wrong."""
        for info in self._listed(layout.VERSIONS):
            named = layout.stamped(info.key.rpartition("/")[2]) or 0
            if info.mtime > 0 and max(named, info.mtime) < before:
                yield info.key

    def _older(self, prefix: str, before: int) -> Iterator[str]:
        for info in self._listed(prefix):
            if 0 < info.mtime < before:
                yield info.key

    def _listed(self, prefix: str) -> Iterable[ObjectInfo]:
        for batch in self.place.store.list(prefix):
            yield from batch
