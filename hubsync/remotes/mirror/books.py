"""Reading the index: the head, the segments not yet known, and the tree they make.

A head lists segments, oldest first, each with the numbers of the syncs it holds. Who knows
everything up to sync n applies the segments that go beyond n, in order: a row met again has the
value of a later sync, so nothing is wrong if a merged segment overlaps what is known. Only the
oldest segment holds no deletions; if that one is new, everything is read and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from msgspec import Struct

from hubsync.core.paths import check_remote_name
from hubsync.errors import ObjectNotFound
from hubsync.model import METADATA_DIR, Entry, Kind, Problem, Tree
from hubsync.remotes.mirror import layout, lineage, wire
from hubsync.remotes.mirror.lineage import LastSeen
from hubsync.remotes.mirror.reading import read_metadata
from hubsync.remotes.mirror.wire import Batch, Head, Segment
from hubsync.stores.protocol import Store

_READERS: Final = 8
_ATTEMPTS: Final = 5
_NOTHING: Final = LastSeen()

Changes = dict[str, Entry | None]


class HeadAt(Struct, frozen=True):
    """A head and its object's identity; ``identity`` "" : there is none yet. ``mtime``: when it was
    written, by the store's clock (ns); 0: that is not known."""

    head: Head
    identity: str = ""
    mtime: int = 0


class Index(Struct, frozen=True):
    """What the index says. ``fresh``: the paths in the segments that were read for it, with what
    they say (all of them, not only what differs from what was known)."""

    at: HeadAt
    tree: Tree
    fresh: Changes
    problems: tuple[Problem, ...] = ()


class Books:
    """One mirror's head and segments, read through ``store``."""

    def __init__(self, store: Store, remote_id: str) -> None:
        self._store = store
        self.remote_id = remote_id

    def head(self) -> HeadAt:
        """The head as it is now; one request. Raises RemoteFormatError."""
        found = self.head_unless("")
        assert found is not None
        return found

    def head_unless(self, identity: str) -> HeadAt | None:
        """None if the head is still the one with ``identity``."""
        try:
            found = read_metadata(self._store, layout.HEAD, unless=identity or None)
        except ObjectNotFound:
            empty = HeadAt(Head(wire.FORMAT_VERSION, self.remote_id, 0))
            return empty if identity == "" else self._lost()
        if found is None:
            return None
        data, info = found
        return HeadAt(wire.decode_head(data, self.remote_id), info.identity, info.mtime)

    def _lost(self) -> HeadAt:
        raise wire.damaged("index/head", "it is gone")

    def index(self, at: HeadAt, known: Tree | None, last: int, seen: LastSeen = _NOTHING) -> Index:
        """The tree at ``at``, on the rows of ``known``, which hold everything up to ``last``.

        Raises SafetyStop if what ``seen`` names is no part of its history.
        """
        for _ in range(_ATTEMPTS):
            try:
                return self._index(at, known, last, seen)
            except ObjectNotFound as error:
                # A segment that was merged away between the two requests: the new head knows.
                again = self.head_unless(at.identity)
                if again is None:
                    raise wire.damaged(
                        "index", f"a part of it is gone ({error.message})"
                    ) from error
                at = again
        raise wire.damaged("index", "its parts keep disappearing while they are read")

    def _index(self, at: HeadAt, known: Tree | None, last: int, seen: LastSeen) -> Index:
        lineage.check_head(at.head, seen)
        segments = at.head.segments
        anew = known is None or last > at.head.last
        if known is None:
            known = Tree()
        new = [one for one in segments if anew or one.last > last]
        if not new and not anew:
            return Index(at, known, {})
        whole = anew or new[0].first == 1
        batches = self.batches(new)
        lineage.check_segments(new, batches, seen)
        fresh, problems = _folded(batches)
        if not whole:
            return Index(at, known.with_changes(_differing(fresh, known.get)), fresh, problems)
        rows = {path: entry for path, entry in fresh.items() if entry is not None}
        if not len(known):
            return Index(at, Tree(rows), fresh, problems)
        changes = _differing(rows, known.get)
        changes.update((path, None) for path in known if path not in rows)
        return Index(at, known.with_changes(changes), fresh, problems)

    def batches(self, segments: Iterable[Segment]) -> list[Batch]:
        """The objects' contents, in the same order, read many at a time."""
        names = [segment.name for segment in segments]
        if len(names) <= 1:
            return [self.batch(name) for name in names]
        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(self.batch, names))

    def batch(self, name: str) -> Batch:
        """One log or segment. Raises ObjectNotFound, RemoteFormatError."""
        found = read_metadata(self._store, layout.METADATA + name)
        assert found is not None
        return wire.decode_batch(found[0], self.remote_id, name)


def _differing(changes: Changes | dict[str, Entry], get: Callable[[str], Entry | None]) -> Changes:
    found: Changes = {}
    for path, entry in changes.items():
        if not _says_the_same(get(path), entry):
            found[path] = entry
    return found


def _says_the_same(known: Entry | None, entry: Entry | None) -> bool:
    """A known row may hold a disk's evidence besides, which is no reason to replace it."""
    if known is None or entry is None:
        return known is entry
    return (
        known.identity == entry.identity
        and known.digest == entry.digest
        and known.size == entry.size
        and known.kind is entry.kind
        and known.executable == entry.executable
        and known.target == entry.target
    )


def _folded(batches: Iterable[Batch]) -> tuple[Changes, tuple[Problem, ...]]:
    """The last word on each path, without those whose names no workspace may hold (rule 14)."""
    entry_of = wire.entry_of
    folded: Changes = {}
    for batch in batches:
        for change in batch.changes:
            folded[change.path] = entry_of(change.row)
    problems: list[Problem] = []
    for path in folded:
        problem = check_remote_name(path)
        if problem is not None:
            problems.append(problem)
    for problem in problems:
        folded.pop(problem.path, None)
    return folded, tuple(problems)


def is_object(entry: Entry | None) -> bool:
    """Whether the store holds an object for this entry; an empty directory is a row only."""
    return entry is not None and entry.kind is not Kind.DIR


def is_metadata(key: str) -> bool:
    return key.startswith(layout.METADATA) or key == METADATA_DIR
