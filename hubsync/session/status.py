"""What a session is in: frozen values for whoever shows them, and the functions that make them."""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct

from hubsync.errors import (
    AccessDenied,
    HubsyncError,
    Interrupted,
    RemoteUnavailable,
    SafetyStop,
    WorkspaceBusy,
)
from hubsync.model import Notice, Problem
from hubsync.results import ConflictCopy
from hubsync.session.agenda import Patience


class State(Enum):
    """One word for a status item."""

    IDLE = "idle"
    PENDING = "pending"
    SYNCING = "syncing"
    SYNCED = "synced"
    OFFLINE = "offline"
    NEEDS_LOGIN = "needs-login"
    CONFLICTS = "conflicts"
    STOPPED = "stopped-for-safety"
    PAUSED = "paused"
    FAILED = "failed"


class Kind(Enum):
    """Why a cycle did not come to its end, as far as it makes a difference to what happens next."""

    OFFLINE = "offline"
    LOGIN = "login"
    SAFETY = "safety"
    BUSY = "busy"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class Trouble(Struct, frozen=True):
    """What happened, what to do next, and a stable code, as in `HubsyncError`."""

    kind: Kind
    code: str
    message: str
    hint: str = ""


class Progress(Struct, frozen=True, tag="progress"):
    """Where a cycle is: the name of its step, and what of it is done; totals may be 0: unknown."""

    phase: str = ""
    files: int = 0
    size: int = 0
    files_done: int = 0
    size_done: int = 0


class Outcome(Struct, frozen=True):
    """What a cycle did. The figures count everything; the names are the first `NAMED` of each.

    ``changed_here``: files that the cycle made, replaced or deleted on the disk. ``conflicts``:
    what is left to a person now, not only what this cycle met. ``ended``: ns since the epoch.
    """

    ended: int = 0
    up: int = 0
    down: int = 0
    merged: int = 0
    deleted_locally: int = 0
    deleted_remotely: int = 0
    kept: int = 0
    unsynced: int = 0
    bytes: int = 0
    seconds: float = 0.0
    sent: tuple[str, ...] = ()
    changed_here: tuple[str, ...] = ()
    new_conflicts: tuple[ConflictCopy, ...] = ()
    conflicts: tuple[ConflictCopy, ...] = ()
    conflict_count: int = 0
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    notices: tuple[Notice, ...] = ()

    @property
    def all_conflicts(self) -> tuple[ConflictCopy, ...] | None:
        """None if there are more than are named."""
        return self.conflicts if len(self.conflicts) == self.conflict_count else None

    @property
    def nothing_done(self) -> bool:
        moved = self.up + self.down + self.merged + self.deleted_locally + self.deleted_remotely
        return not (moved or self.new_conflicts)


NAMED: Final = 1000
REMOTE_GONE: Final = "remote-gone"


class Watching(Struct, frozen=True):
    """How changes on the disk are noticed: ``"events"``, ``"polling"`` (and why), ``"both"``, or
    ``""`` as long as that is not known."""

    how: str = ""
    why: str = ""


class Facts(Struct, frozen=True):
    """All that a status is made of. ``pending``: how many paths are known to wait; ``progress``:
    None while no cycle runs. ``retry_at``, ``last_sync``: ns since the epoch."""

    paused: bool = False
    pending: int = 0
    progress: Progress | None = None
    trouble: Trouble | None = None
    retry_at: int | None = None
    last: Outcome | None = None
    watching: Watching = Watching()

    @property
    def last_sync(self) -> int | None:
        return None if self.last is None else self.last.ended


class SessionStatus(Struct, frozen=True):
    """What a session is in, and the facts behind it."""

    state: State = State.IDLE
    facts: Facts = Facts()


_OF_TROUBLE: Final = {
    Kind.OFFLINE: State.OFFLINE,
    Kind.LOGIN: State.NEEDS_LOGIN,
    Kind.SAFETY: State.STOPPED,
    Kind.BUSY: State.PENDING,
    Kind.INTERRUPTED: State.PENDING,
    Kind.FAILED: State.FAILED,
}


def status_of(facts: Facts) -> SessionStatus:
    """The one state that matters most: what is going on, then what was decided, then what keeps
    work from being safe, then what waits."""
    return SessionStatus(_state(facts), facts)


def _state(facts: Facts) -> State:
    if facts.progress is not None:
        return State.SYNCING
    if facts.paused:
        return State.PAUSED
    if facts.trouble is not None:
        return _OF_TROUBLE[facts.trouble.kind]
    if facts.pending:
        return State.PENDING
    if facts.last is None:
        return State.IDLE
    return State.CONFLICTS if facts.last.conflict_count else State.SYNCED


def trouble_of(error: HubsyncError) -> Trouble:
    """An error as a session sees it."""
    return Trouble(_kind(error), error.code, error.message, error.hint)


def _kind(error: HubsyncError) -> Kind:
    for of, kind in (
        (AccessDenied, Kind.LOGIN),
        (RemoteUnavailable, Kind.OFFLINE),
        (SafetyStop, Kind.SAFETY),
        (WorkspaceBusy, Kind.BUSY),
        (Interrupted, Kind.INTERRUPTED),
    ):
        if isinstance(error, of):
            return kind
    return Kind.FAILED


def patience(trouble: Trouble) -> Patience:
    """How long to wait after it."""
    if trouble.code == REMOTE_GONE:  # a folder that is not mounted just now may come back
        return Patience.BACK_OFF
    found = {Kind.LOGIN: Patience.LONGEST, Kind.SAFETY: Patience.FULL}.get(trouble.kind)
    return found or Patience.BACK_OFF
