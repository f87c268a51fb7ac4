"""Bringing one version of a file back, as a local change that the next sync carries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from hubsync.core.paths import check_remote_name
from hubsync.errors import HubsyncError, LocalError, NoSuchVersion, UsageError
from hubsync.local.apply import Applier
from hubsync.local.copying import copy_in, stat_entry
from hubsync.local.digest import digest_file
from hubsync.local.layout import Layout
from hubsync.local.stage import Stage
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind
from hubsync.results import PathVersion, Restored
from hubsync.services.history import TRASH_PREFIX, by_leaving, in_trash, on_remotes, versions
from hubsync.services.keepers import Keepers


def restore(keepers: Keepers, *, at: str | None, to: str | None, now: int) -> Restored:
    """Bring one file back; see `Workspace.restore`."""
    layout, path = keepers.links.layout, keepers.path
    target = to or path
    refuse_name(target)
    there = present(layout, target)
    # Where one is asked for, it does not matter what stands at the path now.
    here = there if target == path or at is not None else present(layout, path)
    stage = Stage(layout.root)
    slot = stage.slot(f"restore-{os.getpid()}")
    try:
        version, entry = _content(keepers, at, here, slot)
        step = Step(target, entry, there, slot)
        with Applier(layout.root, Trash(layout.root, lambda: now)) as applier:
            (applied,) = applier.apply([step])
            applier.flush()
    finally:
        with suppress(FileNotFoundError):
            os.unlink(slot)
    if applied.problem is not None:
        raise LocalError(
            f"{target}: {applied.problem.message}", applied.problem.hint, applied.problem.code
        )
    if applied.result is not Result.APPLIED:
        raise LocalError(
            f"{target} changed meanwhile; it was left as it is.", "Try again.", "changed-meanwhile"
        )
    return Restored(target, version, entry.size)


def read(keepers: Keepers, version: str, target: str) -> Restored:
    """One version of a file into the new file ``target``, which may lie anywhere. Raises
    NoSuchVersion, RemoteUnavailable."""
    entry = _read(keepers, version, target)
    return Restored(keepers.path, version, entry.size)


def refuse_name(target: str) -> None:
    """Raises UsageError for what cannot be the name of a file in a workspace (rule 14)."""
    problem = check_remote_name(target)
    if problem is not None:
        raise UsageError(problem.message, "Choose another name with --to.", problem.code)


def present(layout: Layout, path: str) -> Entry | None:
    """What stands at ``path`` now, with its digest if it is a file."""
    entry = stat_entry(layout.root, path)
    if entry is not None and entry.kind is Kind.FILE:
        return digest_file(layout.root, path, entry)
    return entry


def _content(keepers: Keepers, at: str | None, here: Entry | None, slot: str) -> tuple[str, Entry]:
    """The wanted version's content in the file ``slot``, and its entry."""
    if at is not None and not is_time(at):
        return at, _read(keepers, at, slot)
    path = keepers.path
    refused: HubsyncError | None = None
    if at is None:
        candidates = by_leaving(on_remotes(keepers), in_trash(keepers.links.layout, path))
    else:
        candidates = _standing_at(versions(keepers), time_of(at))
    for one in candidates:
        try:
            entry = _read(keepers, one.version, slot)
        except NoSuchVersion as error:
            refused = error
            continue
        if at is None and here is not None and entry.digest == here.digest:
            continue
        return one.version, entry
    if keepers.failed is not None:  # it may be there
        raise keepers.failed
    raise NoSuchVersion(
        f"There is no {'such' if at else 'other'} version of {path}.",
        f"'hubsync log {path}' lists what there is. A directory comes back with --at TIME.",
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


def _read(keepers: Keepers, version: str, slot: str) -> Entry:
    path = keepers.path
    if version.startswith(TRASH_PREFIX):
        token = version.removeprefix(TRASH_PREFIX)
        try:
            source = Trash(keepers.links.layout.root).source(path, token)
        except OSError as error:
            raise NoSuchVersion(
                f"The trash has no version {version} of {path}.",
                f"'hubsync log {path}' lists what there is.",
            ) from error
        return copy_in(source, slot)
    return keepers.read(version, slot)


def is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) >= len("2026-01-01") and "-" in text


def time_of(text: str) -> int:
    """ISO 8601 to ns since the epoch; without an offset it is local time. Raises UsageError for a
    time that no calendar has."""
    try:
        moment = datetime.fromisoformat(text)
        exact = int(moment.astimezone(UTC).timestamp() * 1_000_000) * 1000
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text} is no time of this calendar.",
            "Give it like 2026-01-31T12:00, with an offset such as +01:00 if it is not local.",
            "bad-time",
        ) from error
    # A time to the second, as `log` prints it, means that second to its end.
    return exact if "." in text else exact + 999_999_999
