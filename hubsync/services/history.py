"""The history of a workspace: the remotes' logs, their versions and the trash; and restoring."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from blake3 import blake3

from hubsync.core.paths import check_remote_name
from hubsync.errors import HubsyncError, LocalError, NoSuchVersion, UsageError
from hubsync.local.apply import Applier
from hubsync.local.copying import copy_in, stat_entry
from hubsync.local.digest import digest_file
from hubsync.local.layout import Layout
from hubsync.local.stage import Stage
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind, LogChange, LogRecord
from hubsync.remotes.protocol import Remote
from hubsync.results import ChangeKind, HistoryChange, HistoryRecord, PathVersion, Restored

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


def restore(
    remote: Remote, layout: Layout, path: str, *, at: str | None, to: str | None, now: int
) -> Restored:
    """See `Workspace.restore`."""
    target = to or path
    problem = check_remote_name(target)
    if problem is not None:
        raise UsageError(f"{target}: {problem.message}", problem.hint, problem.code)
    here = present(layout, path)
    there = here if target == path else present(layout, target)
    stage = Stage(layout.root)
    slot = stage.slot(f"restore-{os.getpid()}")
    try:
        version, entry = _content(remote, layout, path, at, here, slot)
        step = Step(target, entry, there, slot)
        with Applier(layout.root, Trash(layout.root, lambda: now)) as applier:
            (applied,) = applier.apply([step])
            applier.flush()
    finally:
        stage.clear()
    if applied.problem is not None:
        raise LocalError(
            f"{target}: {applied.problem.message}", applied.problem.hint, applied.problem.code
        )
    if applied.result is not Result.APPLIED:
        raise LocalError(
            f"{target} changed meanwhile; it was left as it is.", "Try again.", "changed-meanwhile"
        )
    return Restored(target, version, entry.size)


def present(layout: Layout, path: str) -> Entry | None:
    """What stands at ``path`` now, with its digest if it is a file."""
    entry = stat_entry(layout.root, path)
    if entry is not None and entry.kind is Kind.FILE:
        return digest_file(layout.root, path, entry)
    return entry


def _content(
    remote: Remote, layout: Layout, path: str, at: str | None, here: Entry | None, slot: str
) -> tuple[str, Entry]:
    """The wanted version's content in the file ``slot``, and its entry."""
    if at is not None and not _is_time(at):
        return at, _read(remote, layout, path, at, slot)
    refused: HubsyncError | None = None
    candidates = versions(remote, layout, path)
    if at is not None:
        candidates = _standing_at(candidates, _time(at))
    for one in candidates:
        try:
            entry = _read(remote, layout, path, one.version, slot)
        except NoSuchVersion as error:
            refused = error
            continue
        if at is None and here is not None and entry.digest == here.digest:
            continue
        return one.version, entry
    raise NoSuchVersion(
        f"There is no {'such' if at else 'other'} version of {path}.",
        f"'hubsync log {path}' lists what there is.",
    ) from refused


def _standing_at(known: Sequence[PathVersion], moment: int) -> list[PathVersion]:
    """The content that stood at a path at a moment, if it is known.

    A remote version has the time at which the content came; one in the trash, that at which it
    left. What left first after the moment stood there then, unless it came after it: so it counts
    only where the remote has nothing later than the moment that may have brought it.
    """
    came = [one for one in known if one.place == "remote" and one.digest is not None]
    newest = next((one for one in came if one.time <= moment), None)
    if newest is not None:
        return [newest]
    left = [one for one in reversed(known) if one.place == "trash" and one.time > moment]
    brought = {one.digest for one in came if one.time > moment}
    if left and left[0].digest not in brought:
        return [left[0]]
    return []


def _read(remote: Remote, layout: Layout, path: str, version: str, slot: str) -> Entry:
    if version.startswith(TRASH_PREFIX):
        token = version.removeprefix(TRASH_PREFIX)
        try:
            source = Trash(layout.root).source(path, token)
        except OSError as error:
            raise NoSuchVersion(
                f"The trash has no version {version} of {path}.",
                f"'hubsync log {path}' lists what there is.",
            ) from error
        return copy_in(source, slot)
    return remote.read(path, version, slot)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) >= len("2026-01-01") and "-" in text


def _time(text: str) -> int:
    """ISO 8601 to ns since the epoch; without an offset it is local time."""
    moment = datetime.fromisoformat(text)
    exact = int(moment.astimezone(UTC).timestamp() * 1_000_000) * 1000
    # A time to the second, as `log` prints it, means that second to its end.
    return exact if "." in text else exact + 999_999_999
