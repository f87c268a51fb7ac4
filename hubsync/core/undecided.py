"""Which contents must be known before `reconcile` can decide well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeGuard

from msgspec import Struct

from hubsync.core.conflicts import is_conflict_copy
from hubsync.core.paths import ancestors
from hubsync.core.policy import Policy, equal
from hubsync.core.survey import Row, survey
from hubsync.model import Entry, Kind, Tree


class Undecided(Struct, frozen=True):
    """Paths of files without a digest that have to be read first, on each side."""

    local: frozenset[str]
    remote: frozenset[str]


NOTHING: Final = Undecided(frozenset(), frozenset())


def undecided(base: Tree, local: Tree, remote: Tree, policy: Policy) -> Undecided:
    """What to read, and no more: a file that is simply carried is hashed on its way.

    A local file is read if it may only have been touched, if the remote changed the path as well
    (to see whether they are equal, to merge them, to name a copy), or if it may be one that was
    renamed. A remote file is read if the path differs from the base here as well. A new conflict
    copy, which a killed run left on either side, is read so that it is not made twice (rule 3).
    """
    # Every file of a base was read once, so that only what changed can be unread.
    ours, theirs = local.changes_since(base), remote.changes_since(base)
    if not any(_is_unread(one) for changes in (ours, theirs) for one in changes.values()):
        return NOTHING
    # What hidden and blocked paths add can only be more. Mostly it is nothing all the same, and
    # then nobody has to be asked which these are.
    every = [
        (path, base.get(path), local.get(path), remote.get(path))
        for path in ours.keys() | theirs.keys()
    ]
    if _to_read(every, policy) == NOTHING:
        return NOTHING
    return _to_read(survey(base, local, remote, policy).rows, policy)


def _to_read(rows: Sequence[Row], policy: Policy) -> Undecided:
    vanished = {
        before.size
        for _, before, mine, _ in rows
        if before is not None and before.kind is Kind.FILE and mine is None
    }
    above_local = _above(path for path, _, mine, _ in rows if mine is not None)
    above_remote = _above(path for path, _, _, theirs in rows if theirs is not None)
    here: set[str] = set()
    there: set[str] = set()
    for path, before, mine, theirs in rows:
        if _is_unread(mine) and (
            _same_size(before, mine)
            or (theirs is not None and not equal(before, theirs, policy))
            or (before is None and mine.size in vanished)
            or path in above_remote
            or _is_new_copy(path, before)
        ):
            here.add(path)
        if _is_unread(theirs) and (
            not equal(before, mine, policy) or path in above_local or _is_new_copy(path, before)
        ):
            there.add(path)
    return Undecided(frozenset(here), frozenset(there))


def _is_unread(entry: Entry | None) -> TypeGuard[Entry]:
    return entry is not None and entry.kind is Kind.FILE and entry.digest is None


def _same_size(before: Entry | None, entry: Entry) -> bool:
    return before is not None and before.kind is Kind.FILE and before.size == entry.size


def _is_new_copy(path: str, before: Entry | None) -> bool:
    return before is None and is_conflict_copy(path) is not None


def _above(paths: Iterable[str]) -> set[str]:
    return {above for path in paths for above in ancestors(path)}
