"""Changes become one commit on top of everything that is known, and the branch moves there.

The push is refused by the other side unless its tip is an ancestor (rule 12). Then the tip of
now is fetched, the changes whose paths are still as expected go on top of it, and the others are
``moved``. The commit lies in the local repository under a reference of its own before it is pushed,
so that nothing is lost if that fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hubsync.core.paths import ancestors
from hubsync.errors import RemoteMoved, StoreError
from hubsync.model import Entry, Problem
from hubsync.remotes.git import lfs, objects
from hubsync.remotes.git.committing import Committing, Puts
from hubsync.remotes.git.mode import Mode
from hubsync.remotes.git.names import is_carried
from hubsync.remotes.git.own import leaking, outgoing
from hubsync.remotes.git.packing import Contents
from hubsync.remotes.git.preparing import Preparing, Ready
from hubsync.remotes.git.side import as_one_part, told
from hubsync.remotes.protocol import Change, Done, Outcome, Published, Record, SyncNote
from hubsync.report import Reporter

INEXACT: Final = "~"
"""Begins a revision that has more than what was planned and published: other hubs' changes, which
the workspace has not seen yet."""
_TRIES: Final = 6
_OUTGOING: Final = "refs/hubsync/outgoing"


@dataclass(frozen=True)
class Publisher:
    """One publish on the commit ``planned``, whose tree its changes expect. ``fetched`` brings the
    remote's tip here and names it; ``pause`` sleeps before the given retry; ``uncarried``: paths at
    which what a person committed stays, as it does where a change of ours is held back."""

    mode: Mode
    planned: str
    fetched: Callable[[], str]
    pause: Callable[[int], None]
    uncarried: Callable[[str], bool]

    def publish(self, changes: Sequence[Change], note: SyncNote, reporter: Reporter) -> Published:
        outcomes: list[Outcome] = []
        ready: list[Ready] = []
        moving = {change.path for change in changes if not isinstance(change, Record)}
        with Contents(self._repository, len(moving)) as contents:
            for change in changes:
                if isinstance(change, Record) and change.path in moving:
                    continue  # what moves tells more
                found = self._preparing.prepared(change, contents)
                if isinstance(found, Outcome):
                    outcomes.append(found)
                else:
                    ready.append(found)
                reporter.advance(files=1, size=getattr(found, "size", 0))
            many = contents.finish()
        stuck = {one.path for one in outcomes if one.done is not Done.DONE}
        failed = set(stuck)
        remote = planned = self.planned
        for attempt in range(_TRIES):
            ready, moved = self._still_expected(ready, remote, planned)
            failed |= {one.change.path for one in moved}
            ready = _with_copies(ready, failed)
            outcomes += [Outcome(one.change.path, Done.MOVED) for one in moved]
            leaks = self._leaking(remote)
            if leaks:
                return Published((*outcomes, *_withheld(ready, *leaks)), planned)
            puts = {one.change.path: one.made for one in ready if _moves(one)}
            committing = Committing(self.mode, lambda path: path in stuck or self.uncarried(path))
            own = committing.own(remote, puts)
            commit = committing.commit(puts, own, remote, note)
            refused = None if commit == remote else self._pushed(commit, reporter, many=many)
            if refused is None:
                outcomes += [Outcome(one.change.path, Done.DONE, one.entry) for one in ready]
                outcomes += self._brought_along(own, stuck)
                size = sum(one.size for one in ready)
                exact = remote == planned and stuck.isdisjoint(own)
                revision = commit if exact else INEXACT + commit
                return Published(tuple(outcomes), revision, size)
            self.pause(attempt)
            before, remote = remote, self.fetched()
            if remote == before:
                self._refuse_in_the_way()
            if remote == before and not _is_locked(refused):
                side = self.mode.aside(commit, note.identity, refused, reporter)
                problem = self._told(ready, side, refused, (planned, commit))
                return Published((*outcomes, *_withheld(ready, problem)), planned)
        raise RemoteMoved(
            "Other hubs published again and again meanwhile; nothing was overwritten.",
            "Run the command again.",
        )

    def _refuse_in_the_way(self) -> None:
        """Raises StoreError if the remote has a branch beside which Git can have none of this name:
        a name is a file or a folder."""
        target = self.mode.target
        for name in self.mode.clone.transport.heads()[0]:
            if name.startswith(f"{target}/") or target.startswith(f"{name}/"):
                raise StoreError(
                    f"The remote has a branch {name}, so it can have none called {target}.",
                    "If nobody needs it any more (look at what is on it first): "
                    f"git push {self.mode.clone.remote} --delete {name}",
                    "branch-in-the-way",
                )

    def _brought_along(self, own: Puts, stuck: Set[str]) -> Iterator[Outcome]:
        """What the person committed where nothing is carried: nobody asked for it, and the branch
        has it now. Of what is ``stuck`` the next snapshot tells."""
        for path, made in own.items():
            if path in stuck or not is_carried(path):
                continue
            entry = objects.entry_of(self._repository, *made) if made is not None else None
            if made is None or entry is not None:  # submodules are no entries
                yield Outcome(path, Done.DONE, entry)

    def held_back(self, path: str, entry: Entry, there: Entry | None) -> Problem | None:
        """Why `publish` would not take the file that is at ``path`` now."""
        return self._preparing.held_back(path, entry, there)

    def leaking(self) -> tuple[Problem, ...]:
        """What the person's own commits, which are pushed with ours, would let out."""
        return self._leaking(self.planned)

    def _leaking(self, remote: str) -> tuple[Problem, ...]:
        """The same, on the tip of now."""
        parents, known = self.mode.parents(remote), self.mode.known(remote)
        if set(parents) <= set(known):
            return ()  # nothing has to be read for that, not even what was let through
        return leaking(outgoing(self._repository, parents, known), self._preparing.allowed)

    def _still_expected(
        self, ready: Sequence[Ready], remote: str, planned: str
    ) -> tuple[list[Ready], list[Ready]]:
        """The changes that the branch's present tip still allows, and the others."""
        if remote == planned:
            return list(ready), []
        repository = self._repository
        before = objects.tree_of(repository, planned)
        after = objects.tree_of(repository, remote)
        differ = {path for path, _, _ in objects.changed(repository, before, after)}
        kept = [one for one in ready if one.change.path not in differ]
        return kept, [one for one in ready if one.change.path in differ]

    def _pushed(self, commit: str, reporter: Reporter, *, many: bool) -> str | None:
        """Move the remote's branch to ``commit``; why it was refused, if it was."""
        clone, target = self.mode.clone, self.mode.target
        name = f"{_OUTGOING}/{as_one_part(target)}"
        clone.point(name, commit)
        lfs.push(clone.repository, clone.remote, name)
        refused = clone.transport.push(name, target, reporter, many=many)
        if refused is None:
            clone.point(clone.tracking(target), commit)
            clone.repository.references.delete(name)
        return refused

    def _told(
        self, ready: Sequence[Ready], side: str, why: str, commits: tuple[str, str]
    ) -> Problem:
        """The branch does not take it, the work went to a branch beside it, and is told of. It is
        not published, so that the base stays, and a later sync tries again."""
        clone = self.mode.clone
        paths = [one.change.path for one in ready if _moves(one)]
        paths = paths or self._own_paths(*commits)
        return told(clone.place, paths[0], clone.branch, side, why, len(paths))

    @property
    def _repository(self) -> Any:
        return self.mode.clone.repository

    @cached_property
    def _preparing(self) -> Preparing:
        own = objects.tree_of(self._repository, self.mode.own(self.planned))
        return Preparing(self._repository, own)

    def _own_paths(self, before: str, after: str) -> list[str]:
        """What a person's own commits change, where there is nothing else."""
        repository = self._repository
        trees = (objects.tree_of(repository, one) for one in (before, after))
        return [path for path, _, _ in objects.changed(repository, *trees)] or ["."]


def _moves(one: Ready) -> bool:
    return not isinstance(one.change, Record)


def _with_copies(ready: Sequence[Ready], failed: Set[str]) -> list[Ready]:
    """Without what waits for a conflict copy that is not made (rule 3): it is not done, nor is what
    would come below it."""
    stuck = {one.change.path for one in ready if _copy_of(one.change) in failed}
    if not stuck:
        return list(ready)
    return [
        one
        for one in ready
        if not any(at in stuck for at in (one.change.path, *ancestors(one.change.path)))
    ]


def _copy_of(change: Change) -> str | None:
    return None if isinstance(change, Record) else change.after


def _is_locked(refused: str) -> bool:
    """Whether another push is under way there just now."""
    return re.search(r"descendant|failed to (update|lock)|cannot lock", refused) is not None


def _withheld(ready: Sequence[Ready], *problems: Problem) -> list[Outcome]:
    """Nothing of it is published; each reason is told once."""
    known = [one for one in ready if not _moves(one)]
    return [
        *(Outcome(one.change.path, Done.FAILED) for one in ready if _moves(one)),
        *(Outcome(one.path, Done.FAILED, problem=one) for one in problems),
        *(Outcome(one.change.path, Done.DONE, one.entry) for one in known),
    ]
