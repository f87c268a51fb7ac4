"""Contents from a mirror into the staging area: each once, verified, each with its own outcome."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Final

from blake3 import blake3
from msgspec.structs import replace

from hubsync.errors import (
    ContentMismatch,
    HubsyncError,
    ObjectNotFound,
    PreconditionFailed,
)
from hubsync.model import Entry, Kind, Problem
from hubsync.remotes.protocol import Fetched
from hubsync.report import Reporter
from hubsync.stores.protocol import Download, Expected, Store, Transferred

_THREADS_PAY: Final = 1 << 20

Wanted = tuple[str, Entry]
Stage = Callable[[str], str]


def fetch(
    store: Store, wanted: Sequence[Wanted], stage: Stage, reporter: Reporter
) -> Iterator[Fetched]:
    """See `Remote.fetch`. Equal contents are downloaded once."""
    files: dict[str, list[Wanted]] = {}
    for path, entry in wanted:
        if entry.kind is Kind.FILE:
            files.setdefault(_stage_name(path, entry), []).append((path, entry))
        else:
            yield Fetched(path, entry)
    while files:
        files = yield from _round(store, files, stage, reporter)


def _round(
    store: Store, files: dict[str, list[Wanted]], stage: Stage, reporter: Reporter
) -> Generator[Fetched, None, dict[str, list[Wanted]]]:
    """Download the first of each group. If that one fails, the others are tried in the next round:
    they are other objects with the same bytes."""
    again: dict[str, list[Wanted]] = {}
    by_key: dict[str, tuple[str, str]] = {}
    present: list[tuple[str, str]] = []
    left: dict[str, frozenset[str]] = {}

    def jobs() -> Iterator[Download]:
        for name, group in files.items():
            if reporter.stopping():
                return
            path, entry = group[0]
            target = stage(name)
            folder, _, last = target.rpartition("/")
            if folder not in left:
                left[folder] = _names_in(folder)
            there = last in left[folder] and entry.digest is not None
            if there and is_complete(target, entry.size, entry.digest or b""):
                present.append((name, target))
                continue
            by_key[path] = (name, target)
            identity = entry.identity or None
            yield Download(path, target, entry.size, entry.digest, identity, entry.mtime or None)

    def passed(size: int) -> None:
        reporter.advance(size=size)

    for result in store.download(Expected(jobs(), len(files)), passed):
        name, target = by_key.pop(result.key)
        group = files[name]
        if result.error is None:
            for path, entry in group:
                yield _fetched(path, entry, target, result)
        else:
            path, entry = group[0]
            yield _failed(path, entry, result.error)
            if len(group) > 1:
                again[name] = group[1:]
        reporter.advance(files=1)
    for name, target in present:
        for path, entry in files[name]:
            yield Fetched(path, entry, target)
        reporter.advance(files=1, size=files[name][0][1].size)
    return again


def _names_in(folder: str) -> frozenset[str]:
    """Asked once: to look for each of 10,000 files that are not there costs as much as to move them
    in."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _stage_name(path: str, entry: Entry) -> str:
    """By content where that is known, so that a later run finds it again."""
    if entry.digest is not None:
        return entry.digest.hex()
    return "unread-" + blake3(f"{entry.identity}\0{path}".encode()).hexdigest()[:32]


def is_complete(target: str, size: int, digest: bytes) -> bool:
    """Whether an earlier run left the whole content at ``target``; its bytes are checked."""
    try:
        if os.stat(target, follow_symlinks=False).st_size != size:
            return False
    except OSError:
        return False
    hasher = blake3(max_threads=blake3.AUTO if size >= _THREADS_PAY else 1)
    hasher.update_mmap(target)
    return hasher.digest() == digest


def _fetched(path: str, entry: Entry, target: str, result: Transferred) -> Fetched:
    if entry.digest is None:
        entry = replace(
            entry,
            digest=result.digest,
            size=result.size,
            identity=result.identity or entry.identity,
        )
    return Fetched(path, entry, target)


def _failed(path: str, entry: Entry, error: HubsyncError) -> Fetched:
    if isinstance(error, PreconditionFailed | ObjectNotFound):
        return Fetched(path, entry, moved=True)
    if isinstance(error, ContentMismatch):
        if not entry.identity:
            return Fetched(path, entry, moved=True)
        # The object is the very one that the index speaks of, and the index is wrong about it.
        return Fetched(
            path,
            entry,
            problem=Problem(
                path,
                "content-mismatch",
                f"The remote's {path} is not what its index says it is.",
                "It was left alone on both sides. Restore an earlier version of it, or write the "
                "file to the remote anew.",
            ),
        )
    return Fetched(path, entry, problem=problem_of(path, error))


def has_md5(entry: Entry, local_file: str) -> bool | None:
    """Whether the file has the MD5 that the entry's identity is; None if it is no MD5."""
    wanted = entry.identity.strip('"').lower()
    if not re.fullmatch(r"[0-9a-f]{32}", wanted):
        return None
    if os.stat(local_file, follow_symlinks=False).st_size != entry.size:
        return False
    with open(local_file, "rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest() == wanted


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def problem_of(path: str, error: HubsyncError) -> Problem:
    return Problem(path, error.code, error.message, error.hint)
