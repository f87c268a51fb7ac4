"""Marks for the entries of a directory in the file browser."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import json

from hubsync_jupyter.work.office import Lane

if TYPE_CHECKING:
    from hubsync.session.status import Outcome
    from hubsync_jupyter.work.office import Office

_DIRECTORIES: Final = 200
RULES: Final = (".hubsyncignore", ".gitignore")
Signature = tuple[tuple[int, int, int] | None, ...]


def marks(
    directory: str, waiting: Iterable[str], last: Outcome | None, ignored: Iterable[str]
) -> dict[str, list[str]]:
    """By name. A directory has the marks of what is below it."""
    found: dict[str, set[str]] = {}
    prefix = f"{directory}/" if directory else ""

    def mark(path: str, what: str) -> None:
        if path.startswith(prefix) and path != directory:
            found.setdefault(path[len(prefix) :].partition("/")[0], set()).add(what)

    for path in waiting:
        mark(path, "pending")
    if last is not None:
        for conflict in last.conflicts:
            mark(conflict.path, "conflict")
            mark(conflict.copy, "conflict")
        for problem in last.problems:
            mark(problem.path, "problem")
    for name in ignored:
        found[name] = {"ignored"}  # what is ignored waits for nothing
    return {name: sorted(found[name]) for name in sorted(found)}


def signature(root: str, directory: str) -> Signature:
    """Another one whenever an entry of the directory comes or goes, or a file of rules changes."""
    places = [root]
    for part in directory.split("/") if directory else ():
        places.append(os.path.join(places[-1], part))
    files = [os.path.join(place, name) for place in places for name in RULES]
    return tuple(_stamp(one) for one in (places[-1], *files))


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


class Ignored:
    """Which entries of directories are ignored, asked again only when that may have changed."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._known: dict[tuple[str, str], tuple[Signature, list[str]]] = {}

    async def among(self, root: str, directory: str) -> list[str]:
        """The names in a directory of the workspace at ``root``. Raises CallFailed."""
        stamp = await asyncio.to_thread(signature, root, directory)
        known = self._known.get((root, directory))
        if known is None or known[0] != stamp:
            answer = await self._office.ask(Lane.HERE, "ignored-in", directory=directory)
            known = (stamp, json.decode(answer, type=list[str]))
            if len(self._known) >= _DIRECTORIES:
                self._known.clear()
            self._known[root, directory] = known
        return known[1]
