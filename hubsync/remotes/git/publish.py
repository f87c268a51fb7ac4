"""Changes become one commit on top of everything that is known, and the branch moves there.

The push is refused by the other side unless its tip is an ancestor (rule 12). Then the tip of
then is fetched, the changes whose paths are still as expected go on top of it, and the others are
``moved``. The commit lies in the local repository under a reference of its own before it is pushed,
so that nothing is lost if that fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import pygit2
from msgspec import Struct
from msgspec.structs import replace

from hubsync.errors import HubsyncError, RemoteMoved, SourceChanged, StoreError
from hubsync.leaks.allowed import FILE_NAME as ALLOWED_FILE
from hubsync.leaks.allowed import Allowed
from hubsync.leaks.allowed import load as load_allowed
from hubsync.leaks.gate import secret_found, too_large
from hubsync.model import METADATA_DIR, Entry, Kind, Problem, same_content
from hubsync.remotes.git import checkout, objects
from hubsync.remotes.git.message import message_for
from hubsync.remotes.git.own import leaking
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.side import put_aside, side_branch, told
from hubsync.remotes.git.transport import Transport
from hubsync.remotes.protocol import (
    Change,
    Done,
    Outcome,
    Published,
    Put,
    Record,
    Remove,
    SyncNote,
)
from hubsync.report import Reporter
from hubsync.stores.protocol import Upload
from hubsync.stores.sources import read_source

INEXACT: Final = "~"
"""Begins a revision that has more than what was planned and published: other hubs' changes, which
the workspace has not seen yet."""
_TRIES: Final = 6
_OUTGOING: Final = "refs/hubsync/outgoing"
_EMAIL: Final = "hubsync@localhost"


class _Ready(Struct, frozen=True):
    """A change with what it puts into the tree; ``made`` None: the path goes."""

    change: Change
    made: tuple[Any, int] | None
    entry: Entry | None
    size: int = 0


class Publisher:
    """One publish. ``tracking``: the reference for the remote's branch here; ``fetched`` brings its
    tip here and names it."""

    def __init__(
        self,
        repository: Any,
        transport: Transport,
        place: GitPlace,
        branch: str,
        tracking: str,
        fetched: Callable[[], str],
        pause: Callable[[int], None],
        uncarried: Callable[[str], bool],
    ) -> None:
        self._repository = repository
        self._transport = transport
        self._place = place
        self._branch = branch
        self._tracking = tracking
        self._fetched = fetched
        self._pause = pause
        self._uncarried = uncarried

    def publish(
        self, changes: Sequence[Change], planned: str, note: SyncNote, reporter: Reporter
    ) -> Published:
        """``planned``: the commit whose tree the changes expect."""
        outcomes: list[Outcome] = []
        ready: list[_Ready] = []
        moving = {change.path for change in changes if not isinstance(change, Record)}
        for change in changes:
            if isinstance(change, Record) and change.path in moving:
                continue  # what moves tells more
            found = self._prepared(change)
            if isinstance(found, Outcome):
                outcomes.append(found)
            else:
                ready.append(found)
            reporter.advance(files=1, size=getattr(found, "size", 0))
        remote = planned
        for attempt in range(_TRIES):
            ready, moved = self._still_expected(ready, remote, planned)
            outcomes += [Outcome(one.change.path, Done.MOVED) for one in moved]
            leak = self._leak(remote)
            if leak is not None:
                return Published((*outcomes, *_withheld(ready, leak)), planned)
            commit = self._commit(ready, remote, note)
            refused = None if commit == remote else self._pushed(commit, reporter)
            if refused is None:
                outcomes += [Outcome(one.change.path, Done.DONE, one.entry) for one in ready]
                size = sum(one.size for one in ready)
                revision = commit if remote == planned else INEXACT + commit
                return Published(tuple(outcomes), revision, size)
            self._pause(attempt)
            before, remote = remote, self._fetched()
            if remote == before and not _is_locked(refused):
                side = side_branch(note.identity.author, self._branch)
                return self._aside(ready, outcomes, commit, (planned, side, refused), reporter)
        raise RemoteMoved(
            "Other hubs published again and again meanwhile; nothing was overwritten.",
            "Run the command again.",
        )

    def _leak(self, remote: str) -> Problem | None:
        """What the person's own commits, which are pushed with ours, would let out."""
        repository = self._repository
        local = checkout.tip(repository, self._branch)
        if self._parents(local, remote)[:1] != [local]:
            return None
        return leaking(repository, local, remote, self._allowed)

    def _prepared(self, change: Change) -> _Ready | Outcome:
        if isinstance(change, Remove):
            return _Ready(change, None, None)
        entry = change.entry
        if isinstance(change, Record) or entry is None:
            return _Ready(change, None, entry)
        if entry.kind is Kind.LINK:
            name = self._repository.create_blob(entry.target.encode("utf-8", "surrogateescape"))
            return _Ready(change, (name, objects.LINK), replace(entry, identity=str(name)))
        if entry.kind is Kind.DIR:
            return Outcome(change.path, Done.DONE, entry)
        return self._file(change, entry)

    def _file(self, change: Put, entry: Entry) -> _Ready | Outcome:
        if objects.is_large_file(self._repository, change.path):
            return Outcome(change.path, Done.FAILED, problem=_large(change.path))
        problem = too_large(change.path, entry.size)
        if problem is not None:
            return Outcome(change.path, Done.FAILED, problem=problem)
        there = change.expect
        if there is not None and there.identity and same_content(there, entry):
            # Only the mode changes; on the disk there may still be something else.
            name, mode = pygit2.Oid(hex=there.identity), objects.mode_of(entry)
            return _Ready(change, (name, mode), replace(entry, identity=there.identity))
        job = Upload(
            change.path,
            change.source,
            entry.size,
            None,
            signature=change.signature,
            digest=entry.digest,
        )
        try:
            content = read_source(job)
        except SourceChanged:
            return Outcome(change.path, Done.CHANGED)
        except HubsyncError as error:
            problem = Problem(change.path, error.code, error.message, error.hint)
            return Outcome(change.path, Done.FAILED, problem=problem)
        problem = secret_found(
            change.path, content.data, self._allowed, self._committed(change.expect)
        )
        if problem is not None:
            return Outcome(change.path, Done.FAILED, problem=problem)
        before = len(content.data)
        name = objects.to_blob(self._repository, change.path, content.data)
        mode = objects.mode_of(entry)
        known = replace(entry, size=before, digest=content.digest, identity=str(name))
        same = change.expect is not None and change.expect.identity == str(name)
        sent = 0 if same or change.moved_from is not None else before
        return _Ready(change, (name, mode), known, sent)

    def _committed(self, entry: Entry | None) -> bytes | None:
        """What is in the repository already."""
        if entry is None or entry.kind is not Kind.FILE or not entry.identity:
            return None
        data: bytes = self._repository[entry.identity].data
        return data

    @cached_property
    def _allowed(self) -> Allowed:
        root = self._repository.workdir
        return load_allowed(os.path.join(root, METADATA_DIR, ALLOWED_FILE))

    def _still_expected(
        self, ready: Sequence[_Ready], remote: str, planned: str
    ) -> tuple[list[_Ready], list[_Ready]]:
        """The changes that the branch's present tip still allows, and the others."""
        if remote == planned:
            return list(ready), []
        repository = self._repository
        before = objects.tree_of(repository, planned)
        after = objects.tree_of(repository, remote)
        differ = {path for path, _, _ in objects.changed(repository, before, after)}
        kept = [one for one in ready if one.change.path not in differ]
        return kept, [one for one in ready if one.change.path in differ]

    def _commit(self, ready: Sequence[_Ready], remote: str, note: SyncNote) -> str:
        """The commit that has what is on the remote, what the user committed, and the changes.

        That is the remote's or the user's own commit where there is nothing to add.
        """
        repository = self._repository
        local = checkout.tip(repository, self._branch)
        parents = self._parents(local, remote)
        base = objects.tree_of(repository, remote)
        puts = {one.change.path: one.made for one in ready if not isinstance(one.change, Record)}
        puts |= self._own(local, remote, puts)
        name = objects.with_changes(repository, base, puts)
        if len(parents) == 1 and repository[parents[0]].peel(pygit2.Tree).id == name:
            return parents[0]
        if not parents and not puts:
            return remote
        author = _author(repository, note)
        message = message_for(self._done(parents, name), note.identity.hub, note.message)
        commit = repository.create_commit(
            None, author, author, message, name, [pygit2.Oid(hex=parent) for parent in parents]
        )
        return str(commit)

    def _own(
        self, local: str, remote: str, puts: Mapping[str, tuple[Any, int] | None]
    ) -> dict[str, tuple[Any, int] | None]:
        """What the user committed at paths that hubsync does not carry (ignored ones, submodules):
        it stays."""
        repository = self._repository
        if not local or (remote and checkout.is_backed_up(repository, self._branch, local)):
            return {}
        both = None
        if remote:
            both = repository.merge_base(pygit2.Oid(hex=local), pygit2.Oid(hex=remote))
        before = objects.tree_of(repository, str(both) if both else "")
        theirs = objects.tree_of(repository, remote)
        moved = {path for path, _, _ in objects.changed(repository, before, theirs)}
        return {
            path: (name, mode) if mode else None
            for path, name, mode in objects.changed(
                repository, before, objects.tree_of(repository, local)
            )
            if path not in puts
            and path not in moved
            and (mode == objects.SUBMODULE or self._uncarried(path))
            and objects.is_free(theirs, puts, path)
        }

    def _done(self, parents: Sequence[str], tree: Any) -> dict[str, str]:
        """What a commit with that tree does that none of its parents did."""
        repository = self._repository
        new = repository[tree]
        done: list[dict[str, str]] = []
        for parent in parents or [""]:
            before = objects.tree_of(repository, parent)
            done.append(
                {
                    path: _verb(before, path, mode)
                    for path, _, mode in objects.changed(repository, before, new)
                }
            )
        return {path: verb for path, verb in done[0].items() if all(path in one for one in done)}

    def _parents(self, local: str, remote: str) -> list[str]:
        """What the commit follows: the user's own commits are never rewritten, and those that were
        rewritten on the remote do not come back."""
        repository, branch = self._repository, self._branch
        if not local or checkout.descends(repository, remote, local):
            return [remote] if remote else []
        if remote and checkout.is_backed_up(repository, branch, local):
            return [remote]
        if checkout.descends(self._repository, local, remote):
            return [local]
        return [local, remote]

    def _pushed(self, commit: str, reporter: Reporter) -> str | None:
        """Move the remote's branch to ``commit``; why it was refused, if it was."""
        repository = self._repository
        name = f"{_OUTGOING}/{self._branch}"
        repository.references.create(name, pygit2.Oid(hex=commit), force=True)
        refused = self._transport.push(name, self._branch, reporter)
        if refused is None:
            repository.references.create(self._tracking, pygit2.Oid(hex=commit), force=True)
            repository.references.delete(name)
        return refused

    def _aside(
        self,
        ready: Sequence[_Ready],
        outcomes: Sequence[Outcome],
        commit: str,
        where: tuple[str, str, str],
        reporter: Reporter,
    ) -> Published:
        """The branch does not take it: the work goes to a branch beside it, and is told of. It is
        not published, so that the base stays, and a later sync tries again."""
        planned, side, why = where
        again = put_aside(self._repository, self._transport, commit, side, reporter)
        if again is not None:
            raise StoreError(
                f"The repository takes nothing on {self._branch!r} ({why}), nor on {side!r}.",
                "Ask for the right to push, or sync with a repository of your own.",
                "push-refused",
            )
        paths = [one.change.path for one in ready if not isinstance(one.change, Record)]
        problem = told(self._place, paths[0], self._branch, side, why, len(paths))
        return Published((*outcomes, *_withheld(ready, problem)), planned)


def _is_locked(refused: str) -> bool:
    """Whether another push is under way there just now."""
    return re.search(r"descendant|failed to (update|lock)|cannot lock", refused) is not None


def _withheld(ready: Sequence[_Ready], problem: Problem) -> list[Outcome]:
    """Nothing of it is published; the one reason is told once."""
    moving = [one for one in ready if not isinstance(one.change, Record)]
    kept = [
        Outcome(one.change.path, Done.FAILED, problem=None if number else problem)
        for number, one in enumerate(moving)
    ]
    known = [one for one in ready if isinstance(one.change, Record)]
    if not moving and known:
        kept.append(Outcome(problem.path, Done.FAILED, problem=problem))
    return [*kept, *(Outcome(one.change.path, Done.DONE, one.entry) for one in known)]


def _author(repository: Any, note: SyncNote) -> Any:
    config = repository.config
    said = {one.name: one.value for one in config if one.name in ("user.name", "user.email")}
    name = said.get("user.name") or note.identity.author or "hubsync"
    email = said.get("user.email") or _EMAIL
    return pygit2.Signature(name, email, note.time // 1_000_000_000, 0)


def _large(path: str) -> Problem:
    return Problem(
        path,
        "lfs",
        f"{path} belongs to Git LFS, and only git-lfs may commit it.",
        "Commit it with git, or take the filter from .gitattributes.",
    )


def _verb(tree: Any, path: str, mode: int) -> str:
    if not mode:
        return "Delete"
    return "Update" if tree is not None and path in tree else "Add"
