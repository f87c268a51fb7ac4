"""What the commits of a branch say: syncs, and the contents that a path has had."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import pygit2
from blake3 import blake3
from pygit2.enums import SortMode

from hubsync.errors import NoSuchVersion
from hubsync.model import Entry, Kind, LogChange, LogRecord, Version
from hubsync.remotes.git import objects
from hubsync.remotes.git.message import hub_of, subject_of
from hubsync.remotes.git.worktree import Worktree

_SHORTEST: Final = 8


class History:
    """The history of ``tip`` (``""``: there is none)."""

    def __init__(self, repository: Any, tip: str) -> None:
        self._repository = repository
        self._tip = tip
        self._worktree = Worktree(repository, tip)
        self._digests: dict[tuple[str, str], bytes] = {}

    def close(self) -> None:
        self._worktree.close()

    def records(self, limit: int | None) -> Iterator[LogRecord]:
        for commit in itertools.islice(self._commits(), limit):
            yield LogRecord(
                str(commit.id),
                commit.commit_time * 1_000_000_000,
                hub_of(commit.message),
                commit.author.name,
                subject_of(commit.message),
                tuple(self._changes(commit)),
            )

    def versions(self, path: str) -> list[Version]:
        found: list[Version] = []
        for commit in self._commits():
            now = self._at(commit, path)
            before = [self._at(parent, path) for parent in commit.parents] or [None]
            if now in before:  # what a merge took over from a parent was changed by that one
                continue
            name = now or before[0]
            digest = self._digest(path, name) if now is not None else None
            size = len(self._worktree.at_hand(path, name))
            found.append(
                Version(
                    str(commit.id),
                    commit.commit_time * 1_000_000_000,
                    hub_of(commit.message),
                    commit.author.name,
                    digest,
                    size,
                )
            )
        return found

    def read(self, path: str, version: str, target: str) -> Entry:
        found = self._named(path, version)
        mode = found.filemode if found.filemode is not None else objects.FILE
        if mode == objects.LINK:
            return Entry(Kind.LINK, target=os.fsdecode(found.data))
        if mode not in (objects.FILE, objects.EXECUTABLE):
            raise _none(path, version)
        data = self._worktree.content(path, found.id)
        with open(target, "wb") as file:
            file.write(data)
        return Entry(
            Kind.FILE,
            len(data),
            blake3(data).digest(),
            executable=mode == objects.EXECUTABLE,
            identity=str(found.id),
        )

    def _named(self, path: str, version: str) -> Any:
        """The blob for ``path`` in a commit (or before it, where the commit deleted it), of that
        name, or with a content of that digest. Raises NoSuchVersion."""
        commit = None
        with suppress(KeyError, ValueError, pygit2.GitError):
            there = self._repository[version]
            if isinstance(there, pygit2.Blob):
                return there
            commit = there.peel(pygit2.Commit)
        if commit is None:
            matching = [
                one for one in self.versions(path) if one.digest and _begins(one.digest, version)
            ]
            if not matching:
                raise _none(path, version)
            commit = self._repository[matching[0].version]
        for one in (commit, *commit.parents):
            tree = one.peel(pygit2.Tree)
            if path in tree:
                return tree[path]
        raise _none(path, version)

    def _commits(self) -> Iterator[Any]:
        if not self._tip:
            return iter(())
        order = SortMode.TOPOLOGICAL | SortMode.TIME
        walk: Iterator[Any] = self._repository.walk(pygit2.Oid(hex=self._tip), order)
        return walk

    def _changes(self, commit: Any) -> Iterator[LogChange]:
        before = commit.parents[0] if commit.parents else None
        old = before.peel(pygit2.Tree) if before is not None else None
        merged = [parent.peel(pygit2.Tree) for parent in commit.parents[1:]]
        new = commit.peel(pygit2.Tree)
        others = [{one[0] for one in objects.changed(self._repository, t, new)} for t in merged]
        for path, name, mode in objects.changed(self._repository, old, new):
            if not all(path in other for other in others):
                continue
            was = self._at(before, path)
            yield LogChange(
                path,
                self._digest(path, was) if was is not None else None,
                self._digest(path, name) if mode else None,
                self._repository.odb.read_header(name)[1] if mode else 0,
            )

    def _at(self, commit: Any, path: str) -> Any:
        """The name of the blob at ``path``; None if there is none."""
        if commit is None:
            return None
        tree = commit.peel(pygit2.Tree)
        if path not in tree:
            return None
        found = tree[path]
        return found.id if found.filemode in (objects.FILE, objects.EXECUTABLE) else None

    def _digest(self, path: str, name: Any) -> bytes:
        key = (path, str(name))
        if key not in self._digests:
            data = self._worktree.at_hand(path, name)
            self._digests[key] = blake3(data).digest()
        return self._digests[key]


def _begins(digest: bytes, version: str) -> bool:
    return len(version) >= _SHORTEST and digest.hex().startswith(version.lower())


def _none(path: str, version: str) -> NoSuchVersion:
    return NoSuchVersion(
        f"{path} has no version {version}.", f"See 'hubsync log {path}' for those that it has."
    )
