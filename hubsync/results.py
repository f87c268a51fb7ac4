"""What the façade's calls return: frozen values that a shell renders or dumps as JSON as they
are."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field

from hubsync.model import Notice, Problem


class ChangeKind(Enum):
    """How a path differs from the base."""

    CREATED = "created"
    EDITED = "edited"
    DELETED = "deleted"
    RENAMED = "renamed"
    MODE = "mode"


class PathChange(Struct, frozen=True, omit_defaults=True):
    """``renamed_from`` is set where ``change`` is RENAMED; ``size`` in bytes, of what is there
    now."""

    path: str
    change: ChangeKind
    size: int = 0
    renamed_from: str | None = None


class ConflictCopy(Struct, frozen=True):
    """A conflict that waits for a person: ``path`` has one side's content, ``copy`` the other's."""

    path: str
    copy: str


class RemoteInfo(Struct, frozen=True):
    """One configured remote. ``last_sync``: ns since the epoch, None if never. ``mode``: how a Git
    repository is used, None for other remotes."""

    name: str
    url: str
    revision: str
    last_sync: int | None
    exclusive: bool = False
    include: tuple[str, ...] = ()
    larger_than: int | None = None
    mode: str | None = None


class Forked(Struct, frozen=True):
    """``url``: the fork, to which is pushed; ``upstream``: what it is a fork of; ``pull_request``:
    the page on which what is there is proposed."""

    url: str
    upstream: str
    pull_request: str


class Stop(Struct, frozen=True):
    """Why a sync with ``remote`` would fail: a `SafetyStop`, or a `RemoteUnavailable`."""

    remote: str
    code: str
    message: str
    hint: str


class NestedRepository(Struct, frozen=True):
    """A Git repository inside the workspace.

    ``state``: ``"new"``, ``"synced"``, ``"changed"`` (since the last sync), ``"kept"`` (it was
    deleted on another hub) or ``"coming"`` (a sync brings it here). ``problems``: what kept it from
    being synced the last time.
    """

    path: str
    state: str
    problems: tuple[Problem, ...] = ()


class Status(Struct, frozen=True):
    """What a sync would do now."""

    workspace: str
    remotes: tuple[RemoteInfo, ...]
    local: tuple[PathChange, ...] = ()
    remote: tuple[PathChange, ...] = ()
    conflicts: tuple[ConflictCopy, ...] = ()
    coming: tuple[str, ...] = ()
    """Paths that both sides changed and that a sync would keep twice."""
    problems: tuple[Problem, ...] = ()
    nested: tuple[str, ...] = ()
    """Git repositories inside the workspace: they travel as repositories, not file by file."""
    repositories: tuple[NestedRepository, ...] = ()
    """The same, and those inside them and on their way here, with the state of each."""
    submodules: tuple[str, ...] = ()
    """Submodules of a Git remote: they stay what they are, and nothing in them is synced."""
    withheld: tuple[str, ...] = ()
    """Files and directories that are not synced because a built-in rule takes them for secrets."""
    stops: tuple[Stop, ...] = ()
    """With any of these a sync changes nothing at all, on no remote."""
    unavailable: tuple[Stop, ...] = ()
    """Some of several remotes that could not be reached or opened; nothing here tells of their
    files."""


class SyncResult(Struct, frozen=True):
    """What a sync, push or pull did (or, in a dry run, would do).

    ``up``/``down``: paths carried to the remote/to the disk, deletions apart. ``merged``: both
    sides' edits are in one file now. ``conflicts``: kept twice in this run. ``kept``: edits that
    survived the other side's deletion. ``unsynced``: paths that a one-way command left, because
    the other direction is needed first. ``notices``: what happened beside, and is in order; each
    is told once. ``bytes``: file contents moved; ``requests`` by kind, where the remote counts
    them.
    """

    up: tuple[PathChange, ...] = ()
    down: tuple[PathChange, ...] = ()
    merged: tuple[str, ...] = ()
    conflicts: tuple[ConflictCopy, ...] = ()
    deleted_locally: tuple[str, ...] = ()
    deleted_remotely: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unsynced: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notices: tuple[Notice, ...] = ()
    bytes: int = 0
    seconds: float = 0.0
    requests: dict[str, int] = field(default_factory=dict)
    revision: str = ""
    dry_run: bool = False

    def nothing_done(self) -> bool:
        """Rule 17: whether this run found nothing to do."""
        return not (
            self.up
            or self.down
            or self.merged
            or self.conflicts
            or self.deleted_locally
            or self.deleted_remotely
        )

    def exit_status(self) -> int:
        """0, or 3 where something is left to a person."""
        return 3 if self.conflicts or self.problems or self.unsynced else 0


class HistoryChange(Struct, frozen=True):
    path: str
    change: ChangeKind


class HistoryRecord(Struct, frozen=True):
    """One sync in the history. ``time``: ns since the epoch."""

    version: str
    time: int
    hub: str
    author: str
    message: str
    changes: tuple[HistoryChange, ...]


class PathVersion(Struct, frozen=True):
    """One content that a path has had; ``version`` is for `Workspace.restore`. ``digest`` in hex,
    None where the path was deleted. ``place``: ``"remote"``, ``"trash"`` or ``"current"``."""

    version: str
    time: int
    hub: str
    author: str
    digest: str | None
    size: int
    place: str = "remote"


class Restored(Struct, frozen=True):
    """What `restore` brought back. Of a directory: ``files`` that were not as they had been,
    ``repositories`` inside that were there no more, and those ``left`` as they are, for they are
    there in another state. ``size`` in bytes."""

    path: str
    version: str
    size: int
    files: int | None = None
    repositories: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Pruned(Struct, frozen=True):
    """What `gc` removed: files from the trash, objects from the remotes. ``young``: leftovers of
    interrupted runs on the remotes that are not yet a day old, and stay until then."""

    trash: int
    remote: int
    young: int = 0


class Check(Struct, frozen=True):
    """One line of `doctor`. ``state``: ``"ok"``, ``"warning"``, ``"failed"`` or ``"info"``."""

    name: str
    state: str
    message: str
    hint: str = ""


class AllowedFinding(Struct, frozen=True):
    """What looks like a secret and was let through: where it stands and its kind, never its value.
    In a notebook ``cell`` counts from 1, and ``line`` is that of its source or its outputs."""

    path: str
    line: int
    kind: str
    cell: int | None = None
    output: bool = False


class IgnoreRule(Struct, frozen=True):
    """A rule and where it stands; ``source`` is a file, or ``"built-in"`` with the line 0."""

    source: str
    line: int
    pattern: str

    @property
    def built_in(self) -> bool:
        return self.source == "built-in"


class IgnoredPath(Struct, frozen=True):
    """``path``: a file, or a directory with all that is in it; hidden by ``rule``."""

    path: str
    rule: IgnoreRule


class FileSize(Struct, frozen=True):
    path: str
    size: int


class Survey(Struct, frozen=True):
    """What linking ``root`` to ``url`` would mean. ``found``: something is there that both sides
    would be united with. ``files`` and ``bytes`` here that are not ignored, the ``largest`` first;
    ``ignored``: the first of ``ignored_count``; ``withheld``: what is ignored as a secret;
    ``repositories``: Git repositories inside.

    ``held``: what a Git remote would not be sent, for a secret in it or its size, which ``files``
    and ``bytes`` leave out; ``held_bytes``: how much that is. ``unsearched``: how many files there
    was no time to search for secrets."""

    root: str
    url: str
    git: bool
    found: bool
    files: int = 0
    bytes: int = 0
    largest: tuple[FileSize, ...] = ()
    ignored: tuple[IgnoredPath, ...] = ()
    ignored_count: int = 0
    withheld: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    repositories: tuple[str, ...] = ()
    held: tuple[Problem, ...] = ()
    held_bytes: int = 0
    unsearched: int = 0
