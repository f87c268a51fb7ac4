"""The history of a workspace: the remotes' logs, their versions and the trash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from blake3 import blake3

from hubsync.core.captures import repository_of
from hubsync.local.layout import Layout
from hubsync.local.trash import Trash
from hubsync.model import LogChange, LogRecord
from hubsync.remotes.protocol import Remote
from hubsync.results import ChangeKind, HistoryChange, HistoryRecord, PathVersion
from hubsync.services.keepers import Keepers

TRASH_PREFIX = "trash-"
_NEVER: Final = 1 << 63


def log(remotes: Sequence[Remote], limit: int | None) -> list[HistoryRecord]:
    """All remotes' syncs in one list, newest first."""
    records = [record for remote in remotes for record in remote.history(limit)]
    records.sort(key=lambda record: record.time, reverse=True)
    return [_told(record) for record in records[:limit]]


def _told(record: LogRecord) -> HistoryRecord:
    return HistoryRecord(
        version=record.version,
        time=record.time,
        hub=record.hub,
        author=record.author,
        message=record.message,
        changes=tuple(
            HistoryChange(path, kind)
            for path, kind in by_repository((one.path, _kind(one)) for one in record.changes)
        ),
    )


def by_repository(changes: Iterable[tuple[str, ChangeKind]]) -> list[tuple[str, ChangeKind]]:
    """The same changes, where those of a nested repository's captures are one of the repository."""
    found: dict[str, ChangeKind] = {}
    for path, kind in changes:
        name = repository_of(path)
        # A new state of a repository is a capture that takes the place of another.
        changed = bool(name) and found.get(name, kind) is not kind
        found[name or path] = ChangeKind.EDITED if changed else kind
    return list(found.items())


def _kind(change: LogChange) -> ChangeKind:
    if change.after is None:
        return ChangeKind.DELETED
    if change.before is None:
        return ChangeKind.CREATED
    return ChangeKind.MODE if change.before == change.after else ChangeKind.EDITED


def versions(keepers: Keepers) -> list[PathVersion]:
    """The contents of a path on its remotes and in the trash, newest first by their times: a
    remote version has the time at which it came, one in the trash that at which it left."""
    found = [*on_remotes(keepers), *in_trash(keepers.links.layout, keepers.path)]
    found.sort(key=lambda one: one.time, reverse=True)
    return found


def on_remotes(keepers: Keepers) -> list[PathVersion]:
    """As the remotes have them, newest first; see `Keepers.versions`."""
    return [
        PathVersion(
            version=one.version,
            time=one.time,
            hub=one.hub,
            author=one.author,
            digest=one.digest.hex() if one.digest is not None else None,
            size=one.size,
        )
        for one in keepers.versions()
    ]


def in_trash(layout: Layout, path: str) -> list[PathVersion]:
    """What hubsync itself took away here, the latest first; needs no remote."""
    trash = Trash(layout.root)
    found = [
        PathVersion(
            version=TRASH_PREFIX + one.token,
            time=one.time,
            hub="",
            author="",
            digest=_digest(trash.source(path, one.token)),
            size=one.size,
            place="trash",
        )
        for one in trash.versions(path)
    ]
    found.sort(key=lambda one: one.time, reverse=True)
    return found


def by_leaving(remote: Sequence[PathVersion], trash: Sequence[PathVersion]) -> list[PathVersion]:
    """Contents, that which stood at the path last first.

    What came first need not have left first: a content that hubsync replaced here left when the
    next one came, and has that later time in the trash. So each counts by when it left. Of the
    remote's, that is when the next one came, in the remote's own order; the newest is there still.
    """
    left, keyed = _NEVER, []
    for one, newer in zip(remote, [None, *remote], strict=False):
        # Hubs' clocks differ: an older version has not left later than a newer one.
        left = min(left, newer.time) if newer is not None else left
        if one.digest is not None:
            keyed.append((left, one))
    keyed += [(one.time, one) for one in trash]
    return [one for _, one in sorted(keyed, key=lambda pair: -pair[0])]


def _digest(path: str) -> str:
    return blake3().update_mmap(path).hexdigest()
