"""Which paths of a workspace with several remotes are whose.

A path belongs to exactly one remote: the one where it is known already, else the first whose rule
takes it (`hubsync.core.routing`).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from msgspec import Struct

from hubsync.core.paths import ancestors, display
from hubsync.core.routing import Rule, route
from hubsync.model import Entry, Kind, Problem, Tree


class Routing(Struct, frozen=True):
    """The routing as the remote ``name`` sees it. ``others``: what the other remotes of the
    workspace know, by name."""

    name: str = ""
    rules: Sequence[Rule] = ()
    others: Mapping[str, Mapping[str, Entry]] = {}

    def owner(self, path: str) -> str | None:
        """The other remote that knows ``path``, or a file where ``path`` needs a directory."""
        for name, rows in self.others.items():
            if path in rows or any(_is_file(rows.get(above)) for above in ancestors(path)):
                return name
        return None

    def local_part(self, base: Tree, local: Tree, remote: Container[str]) -> Tree:
        """``local``, over the rows of ``base``, without the paths that belong to another remote."""
        if not self.others:
            return local
        changes = local.changes_since(base)
        mine = {
            path: entry
            for path, entry in changes.items()
            if entry is None or path in base or self._takes(path, entry.size, path in remote)
        }
        return local if len(mine) == len(changes) else base.with_changes(mine)

    def strangers(self, base: Tree, remote: Tree) -> list[Problem]:
        """New paths on this remote that another one owns: they stay where they are (rule 7)."""
        if not self.others:
            return []
        found = []
        for path, entry in sorted(remote.changes_since(base).items()):
            if entry is None or path in base:
                continue
            owner = self.owner(path)
            if owner is not None:
                found.append(_stranger(path, self.name, owner))
        return found

    def _takes(self, path: str, size: int, known_here: bool) -> bool:
        if self.owner(path) is not None:
            return False
        return known_here or route(path, size, self.rules) == self.name


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
