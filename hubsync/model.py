"""Frozen values that every room speaks in: entries, trees, changes, plans, outcomes.

Paths are ``str``, relative to the workspace root, with ``/`` between the parts
(``data/run 1/a.nc``). Times are integers: nanoseconds since the Unix epoch, UTC.
Sizes are bytes. Digests are the 32 raw bytes of BLAKE3.

Nothing here knows a clock, a disk or a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

METADATA_DIR: Final = ".hubsync"
"""The folder, at the root of a workspace and of a mirror, that belongs to hubsync itself."""

NESTED_DIR: Final = ".hubsync-nested"
"""The folder, at the root of a workspace, in which the Git repositories in it travel."""

IGNORE_FILE: Final = ".hubsyncignore"
GIT_IGNORE_FILE: Final = ".gitignore"


_TIMES: Final = 1 << 63


def time_of(ns: int) -> int:
    """A file's time as it is remembered and told, ns since the epoch: within 64 bits, the years
    1677 to 2262, which a file system may go beyond."""
    return ns if -_TIMES <= ns < _TIMES else max(-_TIMES, min(ns, _TIMES - 1))


def as_text(given: str) -> str:
    """What the system gave, with a sign in place of each byte that is no UTF-8."""
    return given.encode("utf-8", "replace").decode()


class Kind(Enum):
    """What an entry is. ``DIR`` stands only for a directory that holds nothing at all."""

    # Each member exists once. Enum's own hash is that of the name, worked out in Python.
    __hash__ = object.__hash__

    FILE = "f"
    LINK = "l"
    DIR = "d"


class Side(Enum):
    """The two sides of a sync. Code is written once and called for either."""

    __hash__ = object.__hash__

    LOCAL = "local"
    REMOTE = "remote"

    @property
    def other(self) -> Side:
        return Side.REMOTE if self is Side.LOCAL else Side.LOCAL


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """One path at one instant.

    ``kind``, ``digest``, ``executable`` and ``target`` are what the entry *is*; see
    `agree`. The rest is evidence by which a side recognises it again without reading:

    - ``mtime``, ``ctime``, ``inode`` (with ``size``) are the local file's, as of the moment
      its digest was taken; ``inode == 0`` means that they vouch for nothing.
    - ``identity`` is the store's token for the object as written (etag, generation, rev);
      ``""`` means unknown.

    ``digest is None`` on a file means: the content has not been read. Such an entry agrees
    with nothing, itself included.
    """

    kind: Kind
    size: int = 0
    digest: bytes | None = None
    mtime: int = 0
    executable: bool = False
    target: str = ""
    ctime: int = 0
    inode: int = 0
    identity: str = ""


def agree(one: Entry | None, other: Entry | None) -> bool:
    """Whether two entries are the same to a user: both absent, or equal in kind, content and
    mode."""
    if one is None or other is None:
        return one is other
    if one.kind is not other.kind:
        return False
    if one.kind is Kind.FILE:
        return (
            one.digest is not None
            and one.digest == other.digest
            and one.executable == other.executable
        )
    return one.target == other.target


def same_content(one: Entry | None, other: Entry | None) -> bool:
    """Whether both are files with the same known bytes, whatever their mode."""
    return (
        one is not None
        and other is not None
        and one.kind is Kind.FILE
        and other.kind is Kind.FILE
        and one.digest is not None
        and one.digest == other.digest
    )


class Tree(Mapping[str, Entry]):
    """An immutable mapping from path to entry: one side at one instant.

    A tree is a dictionary of rows that it shares with the tree it came from, and the few
    changes on top, so that a side of 100,000 paths in which one changed costs one.

    - ``Tree(rows)``: the caller gives the dictionary away and changes it no more;
    - ``tree.with_changes({path: entry or None})``: a new tree over the same rows;
    - ``tree.changes_since(base)``: O(changes) if both stand on the same rows, else O(n).
    """

    __slots__ = ("_changes", "_rows", "_telling")

    def __init__(
        self,
        rows: dict[str, Entry] | None = None,
        changes: Mapping[str, Entry | None] | None = None,
    ) -> None:
        self._rows: dict[str, Entry] = {} if rows is None else rows
        self._changes: dict[str, Entry | None] = dict(changes) if changes else {}
        self._telling: Mapping[str, Entry | None] | None = None
        """The changes that are different from the rows, once somebody asked."""

    def __getitem__(self, path: str) -> Entry:
        found = self._changes[path] if path in self._changes else self._rows[path]
        if found is None:
            raise KeyError(path)
        return found

    def get(self, path: str, default: object = None) -> Entry | None:  # type: ignore[override]
        """The entry at ``path``, or None; the default is not used, an absent path is None."""
        if self._changes and path in self._changes:
            return self._changes[path]
        return self._rows.get(path)

    def __contains__(self, path: object) -> bool:
        return self.get(path) is not None  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[str]:
        changes = self._changes
        if not changes:
            yield from self._rows
            return
        for path in self._rows:
            if path not in changes:
                yield path
        for path, entry in changes.items():
            if entry is not None:
                yield path

    def __len__(self) -> int:
        delta = 0
        for path, entry in self._changes.items():
            delta += (entry is not None) - (path in self._rows)
        return len(self._rows) + delta

    def with_changes(self, changes: Mapping[str, Entry | None]) -> Tree:
        """A tree over the same rows with ``changes`` on top (None: the path is gone)."""
        return Tree(self._rows, {**self._changes, **changes}) if changes else self

    def on_rows_of(self, base: Tree) -> Mapping[str, Entry | None] | None:
        """This tree's changes over ``base``'s rows, if it stands on the same ones."""
        return self._changes if self._rows is base._rows else None

    def changes_since(self, base: Tree) -> Mapping[str, Entry | None]:
        """Paths whose entry is another *object value* than in ``base``, with what they are now.

        Evidence counts here (a touched file is listed); `agree` decides what matters.
        """
        if self._rows is base._rows:
            if not base._changes:
                if self._telling is None:
                    self._telling = self._different()
                return self._telling
            paths = self._changes.keys() | base._changes.keys()
        else:
            paths = set(self) | set(base)
        found: dict[str, Entry | None] = {}
        for path in paths:
            entry = self.get(path)
            before = base.get(path)
            if entry is not before and entry != before:
                found[path] = entry
        return found

    def _different(self) -> Mapping[str, Entry | None]:
        rows = self._rows.get
        found = {
            path: entry
            for path, entry in self._changes.items()
            if entry is not (row := rows(path)) and entry != row
        }
        return self._changes if len(found) == len(self._changes) else found

    def flat(self) -> dict[str, Entry]:
        """One new dictionary of everything in this tree."""
        if not self._changes:
            return dict(self._rows)
        rows = dict(self._rows)
        for path, entry in self._changes.items():
            if entry is None:
                rows.pop(path, None)
            else:
                rows[path] = entry
        return rows

    def __repr__(self) -> str:
        return f"Tree({len(self)} paths)"


class Problem(Struct, frozen=True):
    """A path that cannot be read, listed or represented (rule 7): reported, skipped, never a
    deletion.

    If ``path`` is a directory, everything below it is meant too.
    """

    path: str
    code: str
    message: str
    hint: str = ""


class Notice(Struct, frozen=True):
    """Something that happened and is in order, and that a person may want to know once."""

    code: str
    message: str
    hint: str = ""


class Carry(Struct, frozen=True):
    """One side's entry goes to the other side ``to``; ``entry`` None is a deletion.

    ``expect`` is what the plan saw on the side ``to``; if it is no longer that, the carry is
    not done (rules 10 and 12). ``moved_from`` names a path whose content is the same and that
    vanishes in the same plan, so that a remote may copy instead of upload.
    ``survives`` marks an edit that met a deletion (rule 3), of which the user is told.
    ``moved_to``: where the content of what is deleted is now; it stands there on a remote, or the
    deletion is done only after it does.
    """

    path: str
    to: Side
    entry: Entry | None
    expect: Entry | None
    moved_from: str | None = None
    survives: bool = False
    moved_to: str | None = None


class Merge(Struct, frozen=True):
    """Both sides changed one file: merged by content, and where that fails kept twice (rule 3)."""

    path: str
    base: Entry | None
    local: Entry
    remote: Entry


class KeepBoth(Struct, frozen=True):
    """Both sides' contents stay (rules 3 and 5).

    The entry of the side ``keeper`` keeps ``path`` on both sides, or, if ``keeper`` is None, a
    directory keeps it. The entry ``copied``, which stands on the side ``source``, goes to
    ``copy_path`` on both sides.
    """

    path: str
    local: Entry | None
    remote: Entry | None
    keeper: Side | None
    source: Side
    copied: Entry
    copy_path: str


class Held(Struct, frozen=True):
    """A deletion that waits for its content's arrival, and the paths where that may be on the
    disk."""

    carry: Carry
    places: tuple[tuple[str, Entry], ...]

    @property
    def now(self) -> str:
        """The path of which it is told."""
        return self.places[0][0]


class Plan(Struct, frozen=True):
    """What `reconcile` decided, before anything is touched."""

    agreed: dict[str, Entry | None]
    """Paths on which both sides are equal and the base is not yet: the base moves (rule 1)."""
    carries: tuple[Carry, ...] = ()
    merges: tuple[Merge, ...] = ()
    keeps: tuple[KeepBoth, ...] = ()
    problems: tuple[Problem, ...] = ()
    held: tuple[Held, ...] = ()

    def is_empty(self) -> bool:
        """Whether nothing has to be transferred and nothing said."""
        return not (self.carries or self.merges or self.keeps or self.problems or self.held)


class Identity(Struct, frozen=True):
    """Who syncs from where, as it stands in the history; the shells find it out."""

    author: str
    hub: str

    def __post_init__(self) -> None:
        force_setattr(self, "author", as_text(self.author))
        force_setattr(self, "hub", as_text(self.hub))


class LogChange(Struct, frozen=True, array_like=True):
    """One path in one record of the history: from which digest to which (None: absent)."""

    path: str
    before: bytes | None
    after: bytes | None
    size: int = 0


class LogRecord(Struct, frozen=True):
    """One sync in a remote's history."""

    version: str
    time: int
    hub: str
    author: str
    message: str
    changes: tuple[LogChange, ...]


class Version(Struct, frozen=True):
    """One earlier content of a path. ``version`` is accepted by `Remote.read`."""

    version: str
    time: int
    hub: str
    author: str
    digest: bytes | None
    size: int
