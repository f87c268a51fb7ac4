"""What a change becomes in Git: a blob, or the reason why it stays here."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pygit2
from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.conflicts import is_conflict_copy
from hubsync.errors import HubsyncError, SourceChanged
from hubsync.leaks.allowed import FILE_NAME as ALLOWED_FILE
from hubsync.leaks.allowed import Allowed
from hubsync.leaks.allowed import load as load_allowed
from hubsync.leaks.gate import TOO_LARGE, secret_found
from hubsync.leaks.passages import LARGEST
from hubsync.model import METADATA_DIR, Entry, Kind, Problem, same_content
from hubsync.remotes.git import objects
from hubsync.remotes.git.packing import Contents
from hubsync.remotes.git.worktree import Storing
from hubsync.remotes.protocol import Change, Done, Outcome, Put, Record, Remove
from hubsync.stores.protocol import Upload
from hubsync.stores.sources import read_source


class Ready(Struct, frozen=True):
    """A change with what it puts into the tree; ``made`` None: the path goes."""

    change: Change
    made: tuple[Any, int] | None
    entry: Entry | None
    size: int = 0


@dataclass(frozen=True)
class Preparing:
    """Contents of one workspace on their way into its repository. ``own``: the tree of what the
    person committed, None: nothing. That is not held back here: it goes out with their commits, if
    these may, or went out by other means."""

    repository: Any
    own: Any

    def prepared(self, change: Change, contents: Contents) -> Ready | Outcome:
        if isinstance(change, Remove):
            return Ready(change, None, None)
        entry = change.entry
        if isinstance(change, Record) or entry is None:
            return Ready(change, None, entry)
        if entry.kind is Kind.LINK:
            name = contents.add(entry.target.encode("utf-8", "surrogateescape"))
            return Ready(change, (name, objects.LINK), replace(entry, identity=str(name)))
        if entry.kind is Kind.DIR:
            return Outcome(change.path, Done.DONE, entry)
        return self._file(change, entry, contents)

    def _file(self, change: Put, entry: Entry, contents: Contents) -> Ready | Outcome:
        path = self._of_person(change.path)
        committed = change.expect is not None or path != change.path
        problem = self._unstorable(path, change.source, entry.size, committed=committed)
        if problem is not None:
            return Outcome(change.path, Done.FAILED, problem=problem)
        there = change.expect
        if there is not None and there.identity and same_content(there, entry):
            # Only the mode changes; on the disk there may still be something else.
            name, mode = pygit2.Oid(hex=there.identity), objects.mode_of(entry)
            return Ready(change, (name, mode), replace(entry, identity=there.identity))
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
        problem = None
        if entry.size <= LARGEST:
            before = self._committed(change.expect, path)
            problem = secret_found(path, content.data, self.allowed, *before)
        if problem is not None:
            return Outcome(change.path, Done.FAILED, problem=problem)
        try:
            name = self._storing.blob(change.path, content.data, contents)
        except HubsyncError as error:
            problem = Problem(change.path, error.code, error.message, error.hint)
            return Outcome(change.path, Done.FAILED, problem=problem)
        mode = objects.mode_of(entry)
        known = replace(entry, size=len(content.data), digest=content.digest, identity=str(name))
        same = change.expect is not None and change.expect.identity == str(name)
        sent = 0 if same or change.moved_from is not None else len(content.data)
        return Ready(change, (name, mode), known, sent)

    def _of_person(self, path: str) -> str:
        """The file that the person has: of a conflict copy that is yet to be made, the original,
        where its content is."""
        original = is_conflict_copy(path)
        if original is None or os.path.lexists(os.path.join(self.repository.workdir, path)):
            return path
        return original

    def _unstorable(self, path: str, source: str, size: int, *, committed: bool) -> Problem | None:
        """Why Git cannot take the file ``source``. ``committed``: as in `Storing.problem`."""
        problem = self._storing.problem(path, size, committed=committed)
        if problem is None or problem.code != TOO_LARGE:
            return problem
        own, large = self._own(path)
        try:
            same = own is not None and large == size and pygit2.hashfile(source) == own.id
        except (OSError, pygit2.GitError):
            return problem  # gone or unreadable meanwhile
        return None if same else problem

    def _own(self, path: str) -> tuple[Any, int]:
        """The blob that the person committed there, and its size; None if there is none, or if it
        is gone from the repository."""
        with suppress(KeyError):
            found = self.own[path] if self.own is not None else None
            if isinstance(found, pygit2.Blob):
                return found, self.repository.odb.read_header(found.id)[1]
        return None, 0

    def _committed(self, entry: Entry | None, path: str) -> list[bytes]:
        """What is in the repository already, or the person's own."""
        found = []
        if entry is not None and entry.kind is Kind.FILE and entry.identity:
            with suppress(KeyError):  # it is gone from the repository: then all counts as new
                found.append(self.repository[entry.identity].data)
        own, size = self._own(path)
        if own is not None and size <= LARGEST:
            found.append(own.data)
        return found

    def held_back(self, path: str, entry: Entry, there: Entry | None) -> Problem | None:
        """Why `publish` would not take the file that is at ``path`` now."""
        source = os.path.join(self.repository.workdir, path)
        problem = self._unstorable(path, source, entry.size, committed=there is not None)
        same = there is not None and there.identity and same_content(there, entry)
        if problem is not None or same or entry.size > LARGEST:
            return problem
        try:
            with open(source, "rb") as file:
                data = file.read(LARGEST + 1)
        except OSError:
            return None  # gone or unreadable meanwhile: told by the sync that reads it
        return secret_found(path, data, self.allowed, *self._committed(there, path))

    @cached_property
    def _storing(self) -> Storing:
        return Storing(self.repository)

    @cached_property
    def allowed(self) -> Allowed:
        root = self.repository.workdir
        return load_allowed(os.path.join(root, METADATA_DIR, ALLOWED_FILE))
