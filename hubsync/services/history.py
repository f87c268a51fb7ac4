"""The history of a workspace: the remotes' logs, their versions and the trash."""

from __future__ import annotations

from collections.abc import Sequence

from blake3 import blake3

from hubsync.local.layout import Layout
from hubsync.local.trash import Trash
from hubsync.model import LogChange, LogRecord
from hubsync.remotes.protocol import Remote
from hubsync.results import ChangeKind, HistoryChange, HistoryRecord, PathVersion

TRASH_PREFIX = "trash-"


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
        changes=tuple(HistoryChange(one.path, _kind(one)) for one in record.changes),
    )


def _kind(change: LogChange) -> ChangeKind:
    if change.after is None:
        return ChangeKind.DELETED
    if change.before is None:
        return ChangeKind.CREATED
    return ChangeKind.MODE if change.before == change.after else ChangeKind.EDITED


def versions(remote: Remote, layout: Layout, path: str) -> list[PathVersion]:
    """The contents of ``path`` on the remote and in the trash, newest first."""
    found = [
        PathVersion(
            version=one.version,
            time=one.time,
            hub=one.hub,
            author=one.author,
            digest=one.digest.hex() if one.digest is not None else None,
            size=one.size,
        )
        for one in remote.versions(path)
    ]
    trash = Trash(layout.root)
    found += [
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


def _digest(path: str) -> str:
    return blake3().update_mmap(path).hexdigest()
