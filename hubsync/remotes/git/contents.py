"""Bringing contents from the clone's own objects into the staging area."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import pygit2
from blake3 import blake3

from hubsync.errors import HubsyncError
from hubsync.model import Entry, Kind, Problem
from hubsync.remotes.git.staging import write_staged
from hubsync.remotes.git.worktree import Worktree
from hubsync.remotes.protocol import Fetched
from hubsync.report import Reporter


def fetch(
    worktree: Worktree,
    wanted: Sequence[tuple[str, Entry]],
    stage: Callable[[str], str],
    reporter: Reporter,
) -> Iterator[Fetched]:
    """As `protocol.Remote.fetch`. ``worktree`` is closed at the end."""
    with closing(worktree):
        for path, entry in wanted:
            if reporter.stopping():
                return
            if entry.kind is not Kind.FILE:
                yield Fetched(path, entry)
                continue
            try:
                data = worktree.content(path, pygit2.Oid(hex=entry.identity))
            except (KeyError, ValueError):
                yield Fetched(path, entry, moved=True)
                continue
            except HubsyncError as error:
                problem = Problem(path, error.code, error.message, error.hint)
                yield Fetched(path, entry, problem=problem)
                continue
            digest = blake3(data).digest()
            target = stage(digest.hex())
            write_staged(target, data)
            found = _read(entry, len(data), digest)
            reporter.advance(files=1, size=len(data))
            yield Fetched(path, found, target, worktree.problem(path, data))


def identified(
    repository: Any, commit: str, wanted: Sequence[tuple[str, Entry]]
) -> dict[str, Entry]:
    """As `protocol.HoldsContents.identified`; the attributes are those of ``commit``."""
    found: dict[str, Entry] = {}
    with closing(Worktree(repository, commit)) as worktree:
        for path, entry in wanted:
            data = worktree.here(path, entry.identity)
            if data is not None:
                found[path] = _read(entry, len(data), blake3(data).digest())
    return found


def stand_ins(
    repository: Any, commit: str, entries: Iterable[tuple[str, Entry]]
) -> dict[str, Problem | None]:
    """As `protocol.StandsIn.stand_ins`; the attributes are those of ``commit``."""
    found: dict[str, Problem | None] = {}
    with closing(Worktree(repository, commit)) as worktree:
        for path, entry in entries:
            pointer = worktree.pointer(path, entry.identity)
            if pointer is not None:
                found[path] = worktree.unobtainable(path, pointer)
    return found


def _read(entry: Entry, size: int, digest: bytes) -> Entry:
    """``entry`` with what was found in it. Written out, for many: `replace` costs three times as
    much."""
    return Entry(
        entry.kind,
        size,
        digest,
        entry.mtime,
        entry.executable,
        entry.target,
        entry.ctime,
        entry.inode,
        entry.identity,
    )


def difference(known: Mapping[str, Entry], rows: Mapping[str, Entry]) -> dict[str, Entry | None]:
    """What makes ``rows`` of ``known``; where the blob is the same, what is known of it stays."""
    changes: dict[str, Entry | None] = {path: None for path in known if path not in rows}
    for path, entry in rows.items():
        before = known.get(path)
        if (
            before is None
            or before.identity != entry.identity
            or before.kind != entry.kind
            or before.executable != entry.executable
        ):
            changes[path] = entry
    return changes
