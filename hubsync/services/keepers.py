"""The contents of one path on all remotes that may have had it: a path that was deleted may come
anew on another remote, and its earlier contents stay where they were."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from hubsync.errors import HubsyncError, NoSuchVersion, RemoteFormatError, RemoteUnavailable
from hubsync.links import Links
from hubsync.model import Entry, Version

_FAILED = (RemoteUnavailable, RemoteFormatError)


@dataclass
class Keepers:
    """The remotes of a workspace, as those that may have contents of ``path``.

    ``holders``: without their word nothing is told; those that have the path, as far as is
    remembered. ``others`` may fail as long as these have something to tell.
    """

    links: Links
    path: str
    holders: Sequence[str]
    others: Sequence[str] = ()
    failed: HubsyncError | None = None
    """What a remote failed with of which nothing is told."""
    _places: dict[str, str] = field(default_factory=dict)
    """Which remote told of a version."""

    def versions(self) -> list[Version]:
        """Newest first by their times; those of one remote in its own order, whatever the clocks of
        their hubs said. Raises RemoteUnavailable, RemoteFormatError."""
        found = [self._versions(name) for name in self.holders]
        for name in self.others:
            try:
                found.append(self._versions(name))
            except _FAILED as error:
                if not any(found):
                    raise
                self.failed = error
        return list(heapq.merge(*found, key=lambda one: -one.time))

    def read(self, version: str, target: str) -> Entry:
        """A version into the file ``target``, from whichever remote has it. Raises NoSuchVersion,
        or what a remote fails with that may have it."""
        first = self._places.get(version)
        refused: list[HubsyncError] = []
        for name in sorted((*self.holders, *self.others), key=lambda name: name != first):
            try:
                return self.links.remote(name).read(self.path, version, target)
            except NoSuchVersion as error:
                refused.append(error)
            except _FAILED as error:
                self.failed = error
        raise self.failed or refused[0]

    def _versions(self, name: str) -> list[Version]:
        found = self.links.remote(name).versions(self.path)
        self._places |= {one.version: name for one in found}
        return found


def keepers_of(links: Links, path: str) -> Keepers:
    """Raises UsageError if the workspace has no remote."""
    names = [one.name for one in links.linked()]
    holders = [name for name in names if path in links.state(name).base] if names[1:] else names
    # Any of them may have had last what none has now: then none may be left out.
    holders = holders or names
    return Keepers(links, path, holders, [name for name in names if name not in holders])
