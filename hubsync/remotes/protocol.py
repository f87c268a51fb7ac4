"""What a remote is: the place a workspace is synced with.

Merging, conflict copies, safety stops, dry runs, progress and history rendering live above
this line, so that they are the same on every kind of storage.

Duties of an implementer
- `snapshot` gives the whole truth or raises; an incomplete listing is an error (rule 9).
- `publish` writes conditionally on each change's ``expect`` (rule 12). A path where the remote is
  no longer what was expected has the outcome ``moved`` and is untouched; the others go through.
- When `publish` has returned, what its outcomes call done is durable and visible to other hubs.
- Killed at any point, every path on the remote is old or new, and a later run of any hub goes
  on without help (rule 13).
- Replaced and deleted contents stay readable through `history` and `read` (rule 11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from msgspec import Struct

from hubsync.model import Entry, Identity, LogRecord, Notice, Problem, Tree, Version
from hubsync.report import Reporter

if TYPE_CHECKING:
    from hubsync.core.gitrules import Edited, GitRules, Tracked


class RemoteCapabilities(Struct, frozen=True):
    """What a remote carries. What it does not carry is left out of comparisons (rule 16)."""

    conditional_writes: bool
    atomic_commit: bool
    history: bool
    executable: bool = True
    symlinks: bool = True
    empty_directories: bool = True
    mtimes: bool = True
    digests: bool = True
    """Whether a snapshot tells the digests of what other hubs published. If not, every identity
    names a content for good, and is a version for `Remote.read`."""


class Known(Struct, frozen=True):
    """What a workspace remembers of a remote: its tree and revision when last seen.
    ``uncarried``: the paths that had problems there then, and are in no tree."""

    remote_id: str
    revision: str
    tree: Tree
    uncarried: tuple[str, ...] = ()


class Snapshot(Struct, frozen=True):
    """A remote at one instant.

    ``tree`` stands on the rows of ``known.tree`` where that was given, so that what is unchanged
    costs nothing. A file whose content the remote cannot tell has ``digest`` None and an
    ``identity``. ``unrecorded``: paths that the next `publish` has to record even if nothing else
    changes (objects of an interrupted run, other tools' deletions). ``unpublished``: the next
    publish has something to make known that is no path. ``anew``: the remote was begun again and
    has nothing to do with what was known of it, so that this counts for nothing (rule 6).
    ``submodules``: paths that belong to other repositories; nothing is done about them or below.
    ``gone_branch``: the one that is followed, where the remote has other branches but not this one.
    ``seen``: a name of all that was seen there, for a `Witness`, where the revision says less.
    """

    remote_id: str
    revision: str
    tree: Tree
    problems: tuple[Problem, ...] = ()
    unrecorded: frozenset[str] = frozenset()
    unpublished: bool = False
    anew: bool = False
    submodules: frozenset[str] = frozenset()
    gone_branch: str = ""
    seen: str = ""


class Put(Struct, frozen=True):
    """Create or replace ``path`` by ``entry``, whose bytes are in the file ``source`` (absolute).

    ``entry.digest`` None: computed on the way. ``signature``: as in `stores.protocol.Upload`.
    ``moved_from``: the remote holds the same bytes at that path and may copy them. ``after``: the
    conflict copy that must stand before this is done; where that one fails, neither this nor
    anything below its path is done. Only asked of a remote with ``atomic_commit``.
    ``announce``: as in `stores.protocol.Upload`; where all becomes visible at once, it is ignored.
    """

    path: str
    entry: Entry
    source: str
    expect: Entry | None
    signature: tuple[int, int, int, int] | None = None
    moved_from: str | None = None
    after: str | None = None
    announce: str = ""


class Remove(Struct, frozen=True):
    """Take ``path`` away. ``after``: as in `Put`; asked of every remote, it may also be the path to
    which the same content was moved. One that is not among the changes stands already."""

    path: str
    expect: Entry
    after: str | None = None


class Record(Struct, frozen=True):
    """Nothing moves; the remote's own books learn what ``path`` is (None: gone)."""

    path: str
    entry: Entry | None


Change = Put | Remove | Record


class Done(Enum):
    DONE = "done"
    MOVED = "moved"
    """The remote no longer holds what was expected: plan again."""
    CHANGED = "changed"
    """The source changed while it was read: the next cycle takes it."""
    FAILED = "failed"


class Outcome(Struct, frozen=True):
    """How one change ended. ``entry`` as it now stands on the remote, with digest and identity."""

    path: str
    done: Done
    entry: Entry | None = None
    problem: Problem | None = None


class Collected(Struct, frozen=True):
    """What a `Remote.gc` did: objects that went, and leftovers of interrupted runs that are too
    young for anybody to know that nobody needs them."""

    removed: int
    young: int = 0


class Published(Struct, frozen=True):
    outcomes: tuple[Outcome, ...]
    revision: str
    transferred: int = 0
    """Bytes of file content sent."""


class Fetched(Struct, frozen=True):
    """One content in the staging area: ``source`` is its file, ``entry`` has digest and size.

    ``problem``: why there is none; or with a ``source``, why that only stands in for it.
    """

    path: str
    entry: Entry
    source: str = ""
    problem: Problem | None = None
    moved: bool = False
    """The remote no longer holds what was asked for: plan again."""


class Agreement(Struct, frozen=True):
    """A base that the remote remembers. ``complete``: what it has and the disk has not, a person
    deleted; otherwise that may as well never have arrived."""

    tree: Tree
    complete: bool = False


class SyncNote(Struct, frozen=True):
    """What the history says of one sync."""

    time: int
    identity: Identity
    message: str = ""


class Remote(Protocol):
    """See the module's docstring for the duties."""

    @property
    def capabilities(self) -> RemoteCapabilities: ...

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests made since the remote was opened, by kind (``list``, ``get``, ``put``, ...)."""

    def describe(self) -> list[tuple[str, str]]:
        """For `doctor`: names and values, no secrets."""

    def try_write(self) -> None:
        """Write something small and take it away again, as a publish may; raises what that would
        raise, and RemoteFormatError if the remote does not keep what its writers rely on."""

    def connect(self, *, create: bool) -> str:
        """The remote's id, made if the place is new and ``create``. Raises RemoteUnavailable,
        RemoteFormatError."""

    def changed_since(self, revision: str) -> bool:
        """One cheap request: has another hub published since?"""

    def snapshot(self, known: Known | None, *, listing: bool) -> Snapshot:
        """The remote as it is. Without ``listing`` its own books are trusted and other tools'
        changes are not looked for."""

    def same_bytes(self, entry: Entry, local_file: str) -> bool | None:
        """Whether the file has the bytes of an ``entry`` without a digest, by the store's own
        checksum; None where that cannot tell."""

    def fetch(
        self,
        wanted: Sequence[tuple[str, Entry]],
        stage: Callable[[str], str],
        reporter: Reporter,
    ) -> Iterator[Fetched]:
        """Contents into the files that ``stage(name)`` gives, verified, each with its own
        outcome."""

    def publish(
        self,
        changes: Iterable[Change],
        expected: Snapshot,
        note: SyncNote,
        reporter: Reporter,
    ) -> Published:
        """Carry out the changes, then make them known in one step."""

    def history(self, limit: int | None = None) -> Iterator[LogRecord]:
        """Syncs, newest first."""

    def versions(self, path: str) -> list[Version]:
        """The contents that ``path`` has had, newest first, each of which `read` can give. A
        deletion (``digest`` None) stands for what was deleted."""

    def read(self, path: str, version: str, target: str) -> Entry:
        """One earlier content into the file ``target``. Raises NoSuchVersion."""

    def gc(self, age: int, reporter: Reporter) -> Collected:
        """Prune versions, history and leftovers older than ``age`` (ns) by the remote's own clock,
        for this machine's may be wrong. ``reporter`` hears if another writer is waited for."""

    def close(self) -> None: ...


@runtime_checkable
class Follows(Protocol):
    """A remote with something beside the workspace's files that shows which revision they are."""

    def leave(self, uncarried: Callable[[str], bool]) -> None:
        """Which paths this workspace does not carry: what a person did to them by other means
        stays. Told before anything is published or followed."""

    def on_the_way(self, revision: str) -> Iterable[tuple[str, Entry | None, Entry | None]]:
        """What `follow` would take for done: each path with what it was and what it is then."""

    def follow(self, revision: str, seen: Mapping[str, Entry], lacking: Set[str]) -> None:
        """The workspace has everything of ``revision``, and what it has beyond is not synced yet.
        ``seen``: its files as they were when their contents were last known, with evidence.
        ``lacking``: the paths that it has not, or has as they were before, for each has a problem:
        nobody may take these for deleted.
        Called again and again; killed before, the next run does it."""


@runtime_checkable
class HasRules(Protocol):
    """A remote whose storage has ignore rules of its own, which hide nothing that it tracks."""

    def rules(self) -> GitRules:
        """Those that no scan of the workspace meets. Needs no network."""

    def tracked(self, revision: str, edited: Edited) -> Tracked:
        """What is tracked once workspace and remote, at ``revision``, are one."""


@runtime_checkable
class HoldsContents(Protocol):
    """A remote whose snapshot brings contents to this machine."""

    def identified(self, wanted: Sequence[tuple[str, Entry]]) -> dict[str, Entry]:
        """The entries with digests and sizes as `Remote.fetch` would give them, as far as that
        can be told from what is here: nothing is transferred and nothing staged."""


@runtime_checkable
class StandsIn(Protocol):
    """A remote that may have something in place of a content, which lies elsewhere."""

    def stand_ins(self, entries: Iterable[tuple[str, Entry]]) -> dict[str, Problem | None]:
        """Those of the entries, all of them files as the remote has them, that are such: with why
        `Remote.fetch` could not bring the content, None if it could try. Needs no network."""


@runtime_checkable
class HoldsBack(Protocol):
    """A remote that does not take everything."""

    def held_back(self, wanted: Iterable[tuple[str, Entry, Entry | None]]) -> list[Problem]:
        """What of the workspace a `Remote.publish` would not take, and why: path, entry, and what
        the remote has there. Needs no network."""

    def blocking(self) -> tuple[Problem, ...]:
        """Why a `Remote.publish` would take nothing at all. Needs no network."""


@runtime_checkable
class TakesCommits(Protocol):
    """A remote to which commits of a person's own go with what is published."""

    def outgoing(self, path: str) -> list[tuple[bytes, tuple[bytes, ...]]]:
        """What those that it has not yet make of the file ``path``, as far as it is searched for
        secrets: each content with what stood there before. Needs no network."""


@runtime_checkable
class LeavesAlone(Protocol):
    """A remote that a person may have told, beside hubsync, to leave paths alone."""

    def left_alone(self, changed: Set[str]) -> list[Problem]:
        """Those of the paths that were changed here, each as what is told of it. Needs no
        network."""


@runtime_checkable
class RemembersBase(Protocol):
    """A remote that can tell where both sides last agreed, even if the workspace has forgotten."""

    def base(self) -> Agreement:
        """What both sides have in their history; empty if nothing. Digests may be missing."""


@runtime_checkable
class Settles(Protocol):
    """A remote of which something is chosen once, when a workspace is linked to it."""

    def settled(self) -> Mapping[str, str]:
        """The choices, as settings of the remote."""


@runtime_checkable
class Founds(Protocol):
    """A remote that begins to exist where somebody links a workspace to a place with nothing."""

    def founded(self) -> str:
        """The folder that `connect` made for it; ``""`` if it was there."""


@runtime_checkable
class Notifies(Protocol):
    """A remote to which things happen that nobody asked for and that are no problem."""

    def notices(self) -> tuple[Notice, ...]:
        """Those since it was last asked."""


@runtime_checkable
class Switches(Protocol):
    """A remote that is one of several places, by something that a person may change beside hubsync
    (the branch that is checked out). What is remembered belongs to the place."""

    def here(self) -> str:
        """Names the place that it is from now on; ``""`` for one that is always the same. Contacts
        nobody."""


class Bearings(Struct, frozen=True):
    """``name`` stands for all that decides on what a sync does with the remote at ``revision``,
    beside the files of the workspace, hubsync's own, and what other hubs do."""

    name: str
    revision: str


class Witness(Protocol):
    """What can tell, at little cost, that nothing happened around a workspace and at its remote.

    It may be wrong in one direction only: what it calls the same is the same.
    """

    @property
    def requests(self) -> Mapping[str, int]:
        """As in `Remote`."""

    def bearings(self) -> Bearings | None:
        """As things are; None where they are such that there may be something to do, or where that
        is not known. Needs no network."""

    def is_still_at(self, revision: str, seen: str) -> bool:
        """After `bearings`: whether the remote is as it was at ``revision``, and what can be seen
        there as it was when `Snapshot.seen` was ``seen``. No more requests than a sync makes."""

    @property
    def answer(self) -> Callable[[], object] | None:
        """What the remote said to that, for `Hears`."""

    def close(self) -> None: ...


@runtime_checkable
class Witnessed(Protocol):
    """A remote that has a witness of its own, for which it is asked."""

    def witness(self, stands_at: str, *, listing: bool) -> Witness:
        """``stands_at``: the revision that the workspace remembers; ``listing``: as in
        `Remote.snapshot`."""


@runtime_checkable
class Hears(Protocol):
    """A remote of which somebody asked a moment ago what it is about to ask."""

    def heard(self, answer: Any) -> None:
        """What was answered to a `Witness`, in place of the next question; None: ask."""
