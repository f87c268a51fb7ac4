"""What a session's process does when it is told to: look at the remote, or run a cycle."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from hubsync.core.conflicts import is_conflict_copy
from hubsync.errors import HubsyncError
from hubsync.local.layout import Layout
from hubsync.model import Identity
from hubsync.results import ConflictCopy, SyncResult
from hubsync.session.status import NAMED, Kind, Outcome, Progress, Trouble, trouble_of
from hubsync.session.wire import Answer, Cycle, Ended, Failed, Look, Looked, Open
from hubsync.workspace import Workspace

_TOLD: Final = 0.1
"""Seconds between two progress reports of one step."""

_LISTED: Final = 100
"""So many conflicts and problems are named."""


class Teller:
    """The reporter of a cycle. Calls come from any thread."""

    def __init__(self, tell: Callable[[Progress], None], stop: threading.Event) -> None:
        self._tell = tell
        self._stop = stop
        self._lock = threading.Lock()
        self._at = Progress()
        self._told = 0.0

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        with self._lock:
            self._at = Progress(name, files, size)
            self._say(time.monotonic())

    def advance(self, files: int = 0, size: int = 0) -> None:
        with self._lock:
            at = self._at
            self._at = Progress(
                at.phase, at.files, at.size, at.files_done + files, at.size_done + size
            )
            now = time.monotonic()
            if now - self._told >= _TOLD:
                self._say(now)

    def stopping(self) -> bool:
        return self._stop.is_set()

    def _say(self, now: float) -> None:
        self._told = now
        self._tell(self._at)


class Job:
    """One workspace, opened when it is first needed and again whenever its settings change."""

    def __init__(self, opening: Open, tell: Callable[[Progress], None]) -> None:
        self._opening = opening
        self._identity = Identity(opening.author, opening.hub)
        self._tell = tell
        self._workspace: Workspace | None = None
        self._settings: tuple[int, int, int] | None = None
        self._books: Books | None = None
        """As this process left them; None while a cycle runs, and after one that failed."""

    def answer(self, command: Look | Cycle, stop: threading.Event) -> Answer:
        """What came of it; nothing is raised."""
        try:
            if isinstance(command, Look):
                return Looked(self._opened().changed_remotely())
            # As a command does: what is at the remote is looked at anew, its id first (rule 9).
            self.close()
            return Ended(self._cycle(self._opened(), command, stop))
        except HubsyncError as error:
            return self._failed(command, error)
        except OSError as error:
            where = f"{error.filename}: " if isinstance(error.filename, str) else ""
            return Failed(Trouble(Kind.FAILED, "local-error", f"{where}{error.strerror}."))

    def _failed(self, command: Look | Cycle, error: HubsyncError) -> Failed:
        """A cycle knows what was done with other remotes. A look does not: a cycle finds out."""
        if isinstance(command, Look):
            workspace = self._workspace
            several = workspace is not None and len(workspace.links.settings.remote) > 1
            return Failed(trouble_of(error), several)
        if error.done is None:
            return Failed(trouble_of(error))
        return Failed(trouble_of(error), True, _sent(error.done))

    def prepare(self) -> None:
        """Import and open what the first command needs, while nothing is due yet."""
        with suppress(HubsyncError):  # the first command says what is amiss
            self._opened().prepare()

    def close(self) -> None:
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            workspace.close()

    def _opened(self) -> Workspace:
        found = _signature(Layout(self._opening.root).config)
        if self._workspace is None or found != self._settings:
            self.close()
            self._workspace = Workspace.open(self._opening.root, env=self._opening.env)
            self._settings = found
        return self._workspace

    def _cycle(self, workspace: Workspace, command: Cycle, stop: threading.Event) -> Outcome:
        run = workspace.push if command.push else workspace.sync
        books, self._books = self._books, None
        known = command.known if books == _books(workspace.root) else None
        result = run(identity=self._identity, reporter=Teller(self._tell, stop))
        self._books = _books(workspace.root)
        return outcome(result, _left(workspace, known, result), time.time_ns())


def _sent(done: SyncResult) -> tuple[str, ...]:
    paths = (*(one.path for one in done.up), *done.merged, *done.deleted_remotely)
    return paths[:NAMED]


Books = dict[str, tuple[int, int, int]]


def _books(root: str) -> Books:
    """What another process changes when it syncs: it may have kept something twice."""
    folder = Layout(root).states
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return {}
    return {name: _signature(os.path.join(folder, name)) for name in names}


def _left(
    workspace: Workspace, known: tuple[ConflictCopy, ...] | None, result: SyncResult
) -> list[ConflictCopy]:
    """The conflict copies that wait. The whole workspace is gone through for them only if there
    may be others than those that are known."""
    moved = (*result.up, *result.down)
    if known is None or result.conflicts or any(is_conflict_copy(one.path) for one in moved):
        return workspace.conflicts()
    return [one for one in known if os.path.lexists(os.path.join(workspace.root, one.copy))]


def outcome(result: SyncResult, conflicts: list[ConflictCopy], ended: int) -> Outcome:
    """The figures of a cycle, and its first names."""
    here = (
        *(one.path for one in result.down),
        *result.merged,
        *result.deleted_locally,
        *(one.path for one in result.conflicts),
    )
    return Outcome(
        ended=ended,
        up=len(result.up),
        down=len(result.down),
        merged=len(result.merged),
        deleted_locally=len(result.deleted_locally),
        deleted_remotely=len(result.deleted_remotely),
        kept=len(result.kept),
        unsynced=len(result.unsynced),
        bytes=result.bytes,
        seconds=round(result.seconds, 3),
        sent=tuple(one.path for one in result.up[:NAMED]),
        changed_here=here[:NAMED],
        new_conflicts=result.conflicts[:_LISTED],
        conflicts=tuple(conflicts[:_LISTED]),
        conflict_count=len(conflicts),
        problems=result.problems[:_LISTED],
        problem_count=len(result.problems),
        notices=result.notices[:_LISTED],
    )


def _signature(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return 0, 0, 0
    return status.st_ino, status.st_size, status.st_mtime_ns
