"""Which paths of a workspace with several remotes are whose.

A path belongs to exactly one remote: the one where it is known already, else the first whose rule
takes it (`hubsync.core.routing`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.paths import ancestors, display
from hubsync.core.routing import Rule, route
from hubsync.model import Entry, Kind, Problem, Tree, agree

Rows = Sequence[tuple[str, Mapping[str, Entry]]]
"""What remotes have, each with its name."""


class Strangers(NamedTuple):
    """Paths in the place of another remote's. ``twins`` are what that one has too (a remote was
    removed and added again, say): nobody has to be told."""

    problems: list[Problem]
    twins: set[str]


class Routing(Struct, frozen=True):
    """The routing as the remote ``name`` sees it.

    ``others``: what goes before what is new on this one: all that is remembered of the other
    remotes, and what is new on those before it. ``later``: what is new on those after it.
    ``freed``: what each gives up in this run (`given_up`).
    """

    name: str = ""
    rules: Sequence[Rule] = ()
    others: Rows = ()
    later: Rows = ()
    freed: Mapping[str, frozenset[str]] = {}

    @property
    def shared(self) -> bool:
        """Whether the workspace has other remotes."""
        return len(self.rules) > 1

    def owner(self, path: str) -> str | None:
        """The other remote that has, and keeps, ``path`` or a file where it needs a directory."""
        for name, rows in self.others:
            freed = self.freed.get(name, frozenset())
            if path in rows and path not in freed:
                return name
            if any(_is_file(rows.get(one)) and one not in freed for one in ancestors(path)):
                return name
        return None

    def local_part(self, base: Tree, local: Tree, remote: Container[str]) -> Tree:
        """``local``, over the rows of ``base``, without the paths that belong to another remote."""
        if not self.shared:
            return local
        changes = local.changes_since(base)
        mine = {
            path: entry
            for path, entry in changes.items()
            if entry is None or path in base or self._takes(path, entry.size, path in remote)
        }
        return local if len(mine) == len(changes) else base.with_changes(mine)

    def strangers(self, base: Tree, remote: Tree) -> Strangers:
        """New paths on this remote that another one owns: they stay where they are (rule 7)."""
        found = Strangers([], set())
        if not self.shared:
            return found
        for path, entry in sorted(remote.changes_since(base).items()):
            if entry is None or path in base:
                continue
            owner = self.owner(path)
            if owner is None:
                continue
            if agree(entry, self._on(owner, path)):
                found.twins.add(path)
            else:
                found.problems.append(_stranger(path, self.name, owner))
        return found

    def in_place_of_folders(
        self, base: Tree, disk: Tree, remote: Tree, is_folder: Callable[[str], bool]
    ) -> list[Problem]:
        """New files on this remote where the disk, as ``is_folder`` tells, has a directory with
        other remotes' files: the directory stays, and the file stays where it is (rules 5 and 7).

        Where the directory has files of this remote too, these two are reconciled as ever.
        """
        if not self.shared:
            return []
        found = {
            path: set[str]()
            for path, entry in remote.changes_since(base).items()
            if _is_file(entry) and path not in disk and is_folder(path)
        }
        for path, entry in disk.items() if found else ():
            for above in ancestors(path):
                if above in found:
                    found[above] |= self._keepers(path, entry.size, path in base)
        return [
            _over_folder(path, self.name, min(owners))
            for path, owners in sorted(found.items())
            if owners and self.name not in owners
        ]

    def _keepers(self, path: str, size: int, mine: bool) -> set[str]:
        """Whose a path of the disk is; nobody's if that one gives it up, or if none takes it."""
        if mine:
            return {self.name}
        for name, rows in (*self.others, *self.later):
            if path in rows:
                return set() if path in self.freed.get(name, frozenset()) else {name}
        return {route(path, size, self.rules)} - {""}

    def _on(self, remote: str, path: str) -> Entry | None:
        """What another remote has at a path, as newly as it is known."""
        for name, rows in (*self.later, *reversed(self.others)):
            if name == remote and path in rows:
                return rows.get(path)
        return None

    def _takes(self, path: str, size: int, known_here: bool) -> bool:
        """A path of the disk. What is above it is a directory here, so a file of that name on
        another remote, which is gone here or yet to come, keeps nothing below it from being sent.
        """
        if _has(self.others, path):
            return False
        if known_here:
            return True
        return not _has(self.later, path) and route(path, size, self.rules) == self.name


def given_up(base: Tree, local: Tree, remote: Tree) -> frozenset[str]:
    """What is gone on a remote, and here is gone too or as it was: no edit brings it back (rule 3),
    so its place is free."""
    return frozenset(
        path
        for path, entry in remote.changes_since(base).items()
        if entry is None and (path not in local or _as_it_was(local.get(path), base.get(path)))
    )


def new_on(base: Tree, remote: Tree) -> list[str]:
    """The paths that a remote has and this workspace does not know from it."""
    changes = remote.changes_since(base)
    return [path for path, entry in changes.items() if entry is not None and path not in base]


def in_turn(
    new: Mapping[str, Collection[str]], freed: Mapping[str, frozenset[str]]
) -> Sequence[str]:
    """The remotes in the order in which their work is to be done: who gives up a path goes before
    who has something ``new`` in its place, be it above or below; else as given.

    Of two that wait for one another the first goes first. What it finds no room for is left alone
    and named (rules 7 and 10), and comes with the next sync.
    """
    left, order = list(new), list[str]()
    while left:
        free = (
            name
            for name in left
            if not any(_meet(new[name], freed[one]) for one in left if one != name)
        )
        order.append(next(free, left[0]))
        left.remove(order[-1])
    return order


def _as_it_was(here: Entry | None, before: Entry | None) -> bool:
    """Whether a file was not edited, also if it is too young to be known without reading it. Where
    that is wrong the edit survives all the same, and what has no room is left alone (rule 10)."""
    if here is None or before is None or here.digest is not None:
        return agree(here, before)
    same = (here.size, here.mtime) == (before.size, before.mtime)
    return same and agree(replace(here, digest=before.digest), before)


def _meet(new: Collection[str], freed: frozenset[str]) -> bool:
    """Whether something new is at, above or below a path that is given up."""
    if not freed:
        return False
    above_freed = {above for path in freed for above in ancestors(path)}
    return any(
        path in freed or path in above_freed or any(above in freed for above in ancestors(path))
        for path in new
    )


def routings(
    rules: Sequence[Rule],
    bases: Mapping[str, Mapping[str, Entry]],
    seen: Mapping[str, Tree],
    freed: Mapping[str, frozenset[str]] | None = None,
) -> dict[str, Routing]:
    """The routing of each remote, in the order of ``rules``; of a path that is new on several, the
    first has it. ``bases``: what is remembered of each; ``seen``: what each that was reached has;
    ``freed``: what each of these gives up.
    """
    names = [rule.name for rule in rules]
    remembered = [(name, bases[name]) for name in names]
    now = [[(name, seen[name])] if name in seen else [] for name in names]
    return {
        name: Routing(
            name,
            rules,
            others=(*(one for one in remembered if one[0] != name), *chain(*now[:at])),
            later=tuple(chain(*now[at + 1 :])),
            freed=freed or {},
        )
        for at, name in enumerate(names)
    }


def _has(remotes: Rows, path: str) -> bool:
    return any(path in rows for _, rows in remotes)


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.kind is not Kind.DIR


def _stranger(path: str, here: str, owner: str) -> Problem:
    return Problem(
        path,
        "owned-by-another-remote",
        f"{display(path)} on the remote {here!r} is in the place of one that belongs to the "
        f"remote {owner!r}; it was left where it is.",
        "Rename it, or remove it from one of the two, with a tool of that storage.",
    )


def _over_folder(path: str, here: str, owner: str) -> Problem:
    return Problem(
        path,
        "owned-by-another-remote",
        f"{display(path)} on the remote {here!r} is in the place of a folder with files that belong"
        f" to the remote {owner!r}; it was left where it is.",
        "Rename the folder here, or the file on a hub that has it, then sync.",
    )
