"""The files of a directory as they were at some time, as the remotes' histories know it.

What came later stays: restoring deletes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct

from hubsync.core.captures import repository_of
from hubsync.core.conflicts import entry_digest
from hubsync.errors import Interrupted, LocalError, NoSuchVersion, UsageError
from hubsync.local.apply import Applier
from hubsync.local.layout import Layout
from hubsync.local.stage import Stage
from hubsync.local.steps import Applied, Result, Step
from hubsync.local.trash import Trash
from hubsync.model import Kind, LogRecord
from hubsync.remotes.protocol import Remote
from hubsync.report import Reporter
from hubsync.results import Restored
from hubsync.services.restoring import is_time, present, refuse_name, time_of

_NAMED: Final = 5
_WHAT_IS_KEPT: Final = "'hubsync log PATH' says which versions of a file are still kept."


class Wish(Struct, frozen=True):
    """What somebody wants back, as of when, and where; as in `Workspace.restore`."""

    path: str
    at: str | None
    to: str | None


class Wanted(Struct, frozen=True):
    """The content that stood at ``path``; ``version`` is for `Remote.read`."""

    path: str
    digest: bytes
    version: str


class _Failed(Struct, frozen=True):
    """A path that could not be brought back, and what to do about it."""

    path: str
    why: str
    hint: str


def is_directory(layout: Layout, path: str) -> bool:
    """Whether ``path`` is meant as a directory: it is one now, or the whole workspace."""
    place = os.path.join(layout.root, path)
    return path in ("", ".") or (os.path.isdir(place) and not os.path.islink(place))


def restore_files(
    remotes: Sequence[Remote], layout: Layout, wish: Wish, *, now: int, reporter: Reporter
) -> Restored:
    """Those of the directory; see `Workspace.restore`. Raises UsageError, NoSuchVersion,
    LocalError, Interrupted."""
    path, at, to = wish.path, wish.at, wish.to
    if at is None:
        raise UsageError(
            f"{path or '.'} is a directory.",
            "Say as of when it is to come back: --at TIME, or a version of 'hubsync log'.",
            "directory-needs-time",
        )
    prefix = "" if path in ("", ".") else f"{path}/"
    target = prefix if to is None else f"{to.rstrip('/')}/"
    stage = Stage(layout.root)
    steps: list[Step] = []
    failed: list[_Failed] = []
    found = False
    reporter.phase("Fetching what stood there")
    try:
        for remote in remotes:
            for one in standing_at(remote.history(), prefix, at):
                if repository_of(one.path):
                    continue
                found = True
                if reporter.stopping():
                    raise Interrupted("Stopped; nothing was changed.", "Run the command again.")
                name = target + one.path.removeprefix(prefix)
                slot = stage.slot(f"restore-{os.getpid()}-{len(steps)}")
                try:
                    step = _step(remote, layout, one, name, slot)
                except NoSuchVersion as error:
                    failed.append(_Failed(name, error.message, _WHAT_IS_KEPT))
                    continue
                except LocalError as error:
                    why = error.message.removeprefix(f"{name}: ")
                    failed.append(_Failed(name, why, error.hint))
                    continue
                if step is not None:
                    steps.append(step)
        if not found:
            raise NoSuchVersion(
                f"The history knows no file in {path or '.'} as of {at}.",
                "'hubsync log' lists the times and versions there are.",
            )
        failed += _apply(layout, steps, now)
    finally:
        for step in steps:
            with suppress(FileNotFoundError):
                os.unlink(step.source or "")
    if failed:
        raise _partly_restored(failed)
    size = sum(step.entry.size for step in steps if step.entry is not None)
    return Restored(target.rstrip("/") or ".", at, size, len(steps))


def standing_at(records: Iterable[LogRecord], prefix: str, at: str) -> list[Wanted]:
    """The contents below ``prefix`` as of ``at``, a time or the version of a sync.

    The newest sync up to then that names a path says what stood there. A path that only later syncs
    name had before the first of them what that one found.
    """
    found: dict[str, Wanted | None] = {}
    earliest: dict[str, Wanted | None] = {}
    for record, later in _sides(records, at):
        for change in record.changes:
            path = change.path
            if not path.startswith(prefix) or path in found:
                continue
            if later:
                before = change.before
                earliest[path] = Wanted(path, before, before.hex()) if before else None
            else:
                after = change.after
                found[path] = Wanted(path, after, record.version) if after else None
    return [one for _, one in sorted({**earliest, **found}.items()) if one is not None]


def _sides(records: Iterable[LogRecord], at: str) -> Iterator[tuple[LogRecord, bool]]:
    """Each record, newest first, with whether it is later than ``at``.

    A version that this history does not have is another remote's: then nothing is given.
    """
    if is_time(at):
        moment = time_of(at)
        yield from ((record, record.time > moment) for record in records)
        return
    known = list(records)
    versions = [record.version for record in known]
    if at in versions:
        yield from ((record, i < versions.index(at)) for i, record in enumerate(known))


def _step(remote: Remote, layout: Layout, one: Wanted, name: str, slot: str) -> Step | None:
    """None where the content stands there already, or where a directory that was empty has come to
    hold something."""
    refuse_name(name)
    if is_directory(layout, name) and os.listdir(os.path.join(layout.root, name)):
        entry = remote.read(one.path, one.version, slot)
        if entry.kind is Kind.DIR:
            return None
    there = present(layout, name)
    if there is not None and entry_digest(there) == one.digest:
        return None
    return Step(name, remote.read(one.path, one.version, slot), there, slot)


def _apply(layout: Layout, steps: Sequence[Step], now: int) -> list[_Failed]:
    """The paths that could not be written, or were changed meanwhile and stay as they are."""
    if not steps:
        return []
    with Applier(layout.root, Trash(layout.root, lambda: now)) as applier:
        results = list(applier.apply(steps))
        applier.flush()
    return sorted(
        (_failed(one) for one in results if one.result is not Result.APPLIED),
        key=lambda one: one.path,
    )


def _failed(one: Applied) -> _Failed:
    if one.problem is None:
        return _Failed(one.path, "it changed meanwhile", "Try again.")
    return _Failed(one.path, one.problem.message, one.problem.hint)


def _partly_restored(failed: Sequence[_Failed]) -> LocalError:
    named = [f"{one.path} ({one.why.rstrip('.')})" for one in failed[:_NAMED]]
    more = ["…"] if len(failed) > _NAMED else []
    return LocalError(
        f"{len(failed)} of the files could not be brought back: {'; '.join(named + more)}."
        " The others were.",
        " ".join(dict.fromkeys(one.hint for one in failed if one.hint)),
        "partly-restored",
    )
