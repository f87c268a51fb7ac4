"""A clone and the repository that it is synced with, as one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pygit2
from msgspec import Struct
from pygit2.enums import ReferenceType

from hubsync.remotes.git import tips
from hubsync.remotes.git.locks import Announced
from hubsync.remotes.git.news import News
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Transport


class Clone(Struct, frozen=True):
    """``branch``: the local one (``""``: none is checked out). ``remote``: what this clone calls
    the place. ``announced``: this process, to those that find its locks after a kill. ``news``:
    for what its person may want to know."""

    repository: Any
    transport: Transport
    place: GitPlace
    branch: str
    remote: str
    announced: Announced
    news: News

    @property
    def local(self) -> str:
        """The commit at which the local branch stands; ``""`` before the first."""
        return tips.tip(self.repository, self.branch) if self.branch else ""

    def tracking(self, branch: str) -> str:
        """The reference for what a branch of the remote was when last seen."""
        return f"refs/remotes/{self.remote}/{branch}"

    def tracked(self) -> Iterator[Any]:
        """Every such reference."""
        for name in self.repository.references.iterator():
            if name.name.startswith(self.tracking("")) and name.type == ReferenceType.DIRECT:
                yield name

    def named(self, reference: str) -> str:
        """The commit that a reference names; ``""`` if there is none."""
        found = self.repository.references.get(reference)
        return str(found.target) if found is not None else ""

    def point(self, reference: str, commit: str) -> None:
        """Let a reference of hubsync's own name the commit."""
        if self.named(reference) == commit:
            return
        self._make_room(reference)
        self.repository.references.create(reference, pygit2.Oid(hex=commit), force=True)

    def _make_room(self, reference: str) -> None:
        """Forget branches of the remote that it has no more, as it has one whose name is the
        beginning of theirs, or goes on after it."""
        if self.named(reference) or not reference.startswith(self.tracking("")):
            return
        for one in list(self.tracked()):
            if one.name.startswith(f"{reference}/") or reference.startswith(f"{one.name}/"):
                one.delete()

    def brought(self, branch: str, heads: Mapping[str, str]) -> str:
        """The tip of the remote's branch, with everything that it needs here; ``""`` if there is no
        such branch. ``heads``: the remote's branches. Raises RemoteUnavailable."""
        found = heads.get(branch, "")
        name = self.tracking(branch)
        if found and self.named(name) != found:
            if found in self.repository:
                self.point(name, found)
            else:
                self._make_room(name)
                self.transport.fetch(branch, name)
                found = self.named(name)
        return found
