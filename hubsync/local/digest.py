"""Reading files for their digests: never through a symlink, never torn, never stuck on a pipe."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from blake3 import blake3

from hubsync.errors import Interrupted, LocalError, SourceChanged
from hubsync.local.dirs import Directories, split
from hubsync.local.evidence import clock_of, entry_of, vouch
from hubsync.local.layout import Layout
from hubsync.model import Entry, Problem
from hubsync.report import Reporter

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_CHUNK: Final = 1 << 20
_TRIES: Final = 3
_BATCH: Final = 128
_BATCH_SIZE: Final = 32 << 20
_LONG: Final = 0.02
_THREADS: Final = 4

Read = Entry | Problem | None
"""A file's entry with its digest; or why not; or None: the file is gone."""


def digest_file(root: str, path: str, entry: Entry) -> Entry:
    """``entry``, read: with digest, and with the evidence of the moment of reading.

    Raises SourceChanged if the file is gone, is no regular file any more, or changed while it
    was read, and LocalError (code ``unreadable``).
    """
    fs_now = clock_of(Layout(root).metadata)
    with Directories(root) as directories:
        return vouch(read_entry(directories, path, entry), fs_now)


def read_entry(directories: Directories, path: str, entry: Entry) -> Entry:
    """As `digest_file`, but its evidence is not yet vouched for."""
    directory, name = split(path)
    try:
        descriptor = os.open(name, _READ, dir_fd=directories.open(directory))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceChanged(f"{path} is gone.") from error
    except OSError as error:
        if os.path.islink(os.path.join(directories.root, path)):
            raise SourceChanged(f"{path} is a link now.") from error
        raise _unreadable(path, error) from error
    try:
        return read_open(path, descriptor)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)


def read_open(path: str, descriptor: int) -> Entry:
    """The entry of an open file, read from its beginning. Raises SourceChanged, OSError."""
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise SourceChanged(f"{path} is no regular file any more.")
    hasher = blake3()
    if before.st_size < _CHUNK:
        hasher.update(os.read(descriptor, before.st_size + 1))
    else:
        _feed(hasher, descriptor, before.st_size)
    after = os.fstat(descriptor)
    if _signature(before) != _signature(after):
        raise SourceChanged(f"{path} changed while it was read.")
    return entry_of(after, hasher.digest())


def _feed(hasher: blake3, descriptor: int, size: int) -> None:
    """Read in chunks, up to one byte past ``size``. (A mapped file that shrinks would kill us.)"""
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    left = size + 1
    while left > 0:
        count = os.readv(descriptor, [view[: min(left, _CHUNK)]])
        if not count:
            return
        hasher.update(view[:count])
        left -= count


def _signature(status: os.stat_result) -> tuple[int, int, int, int, int]:
    return (
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
        status.st_mode,
    )


def _unreadable(path: str, error: OSError) -> LocalError:
    return LocalError(
        f"{path} cannot be read: {error.strerror}.",
        "Give yourself permission to read it, or add it to .hubsyncignore.",
        "unreadable",
    )


def digest_many(root: str, files: Mapping[str, Entry], reporter: Reporter) -> dict[str, Read]:
    """Read many files; each has its own outcome (rule 7).

    A file that changes while it is read is read again, three times in all (rule 10). Raises
    Interrupted.

    Small files that the system has in memory are read fastest by one thread (8 us each, 15 us by
    two). Several pay where reading means waiting, as on NFS, or where files are large; so they
    begin when a batch took long.
    """
    if not files:
        return {}
    fs_now = clock_of(Layout(root).metadata)

    def work(batch: Sequence[str]) -> list[tuple[str, Read]]:
        with Directories(root) as directories:
            return [(one, _read(directories, one, files[one], fs_now, reporter)) for one in batch]

    found: dict[str, Read] = {}
    batches = _batches(files)
    for batch in batches:
        begun = time.monotonic()
        found.update(work(batch))
        if time.monotonic() - begun > _LONG:
            break
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="digest") as pool:
        try:
            for part in pool.map(work, batches):
                found.update(part)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _batches(files: Mapping[str, Entry]) -> Iterator[list[str]]:
    """Paths by directory, so many or so large as to be worth a task."""
    batch: list[str] = []
    size = 0
    for path in sorted(files):
        batch.append(path)
        size += files[path].size
        if len(batch) == _BATCH or size >= _BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(
    directories: Directories, path: str, entry: Entry, fs_now: int, reporter: Reporter
) -> Read:
    if reporter.stopping():
        raise Interrupted("Stopped while reading files.")
    for _ in range(_TRIES):
        try:
            read = vouch(read_entry(directories, path, entry), fs_now)
        except SourceChanged:
            continue
        except LocalError as error:
            return Problem(path, error.code, error.message, error.hint)
        reporter.advance(1, read.size)
        return read
    if not os.path.lexists(os.path.join(directories.root, path)):
        return None
    return Problem(
        path,
        "changing",
        "The file changes while it is read.",
        "The next sync takes it, once it is at rest.",
    )
