"""What a change becomes in Git: a blob, or the reason why it stays here."""

from __future__ import annotations

import os
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
from hubsync.leaks.gate import secret_found
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
    """Contents of one workspace on their way into its repository."""

    repository: Any

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
        problem = self._storing.problem(path, entry.size, committed=committed)
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
            before = self._committed(change.expect)
            problem = secret_found(path, content.data, self.allowed, before)
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

    def _committed(self, entry: Entry | None) -> bytes | None:
        """What is in the repository already."""
        if entry is None or entry.kind is not Kind.FILE or not entry.identity:
            return None
        data: bytes = self.repository[entry.identity].data
        return data

    def held_back(self, path: str, entry: Entry, there: Entry | None) -> Problem | None:
        """Why `publish` would not take the file that is at ``path`` now."""
        problem = self._storing.problem(path, entry.size, committed=there is not None)
        same = there is not None and there.identity and same_content(there, entry)
        if problem is not None or same or entry.size > LARGEST:
            return problem
        try:
            with open(os.path.join(self.repository.workdir, path), "rb") as file:
                data = file.read(LARGEST + 1)
        except OSError:
            return None  # gone or unreadable meanwhile: told by the sync that reads it
        return secret_found(path, data, self.allowed, self._committed(there))

    @cached_property
    def _storing(self) -> Storing:
        return Storing(self.repository)

    @cached_property
    def allowed(self) -> Allowed:
        root = self.repository.workdir
        return load_allowed(os.path.join(root, METADATA_DIR, ALLOWED_FILE))
