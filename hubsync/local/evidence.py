"""When size, times and inode may stand for a file's content: the rule against racy timestamps.

A file system's clock ticks coarsely. A file that is changed twice within one tick keeps its
times, so evidence taken in the tick of the last change vouches for nothing. This is git's
"racily clean" entry (``Documentation/technical/racy-git.txt``); as there, such a file is read
again at the next opportunity. Here its entry gets ``inode`` 0.
"""

from __future__ import annotations

import os
import stat
import tempfile
from typing import Final

import msgspec

from hubsync.local.unwritable import unwritable
from hubsync.model import Entry, Kind, time_of

SECOND: Final = 1_000_000_000
_FINE_TICK: Final = 20_000_000
_COARSE_TICK: Final = 2 * SECOND


def tick(fs_now: int) -> int:
    """The granularity of a file system's timestamps in ns, with a margin: 2 s (FAT, old NFS) unless
    sub-second digits are in use."""
    return _FINE_TICK if fs_now % SECOND else _COARSE_TICK


def clock_of(directory: str) -> int:
    """What the file system of ``directory`` says the time is (ns): its clock may be a server's."""
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix="clock-") as file:
            return os.fstat(file.fileno()).st_mtime_ns
    except OSError as error:
        raise unwritable(directory, error) from error


def keeps_executable(directory: str) -> bool:
    """Whether the file system of ``directory`` has executable bits of its own for each file: FAT
    and many a network mount show the same ones for all."""
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix="clock-") as file:
            for mode in (0o700, 0o600):
                os.fchmod(file.fileno(), mode)
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & stat.S_IXUSR != mode & 0o100:
                    return False
    except PermissionError:
        return False  # such a file system may refuse the change instead
    except OSError as error:
        raise unwritable(directory, error) from error
    return True


def tells_case(directory: str) -> bool:
    """Whether the disk that ``directory`` is on takes names that differ in case for two, which that
    of a Mac or of Windows does not. ``directory`` has a name with letters."""
    try:
        other = os.lstat(
            os.path.join(os.path.dirname(directory), os.path.basename(directory).upper())
        )
    except OSError:
        return True
    return not os.path.samestat(other, os.lstat(directory))


def vouch(entry: Entry, fs_now: int) -> Entry:
    """``entry``, whose content was read at ``fs_now`` or later.

    It comes back with ``inode`` 0 unless its evidence is sure to show any change after that.
    """
    if entry.inode and entry.kind is Kind.FILE:
        margin = tick(fs_now)
        if entry.ctime >= fs_now - margin or abs(entry.mtime - fs_now) <= margin:
            return msgspec.structs.replace(entry, inode=0)
    return entry


def vouch_written(entry: Entry) -> Entry:
    """The same for a file that hubsync itself put in place just now, mtime included.

    Its ctime is always of this moment. But a later change also sets the mtime to its own moment,
    and that shows, unless the mtime that the file was given is of this one.
    """
    if (
        entry.inode
        and entry.kind is Kind.FILE
        and abs(entry.mtime - entry.ctime) <= tick(entry.ctime)
    ):
        return msgspec.structs.replace(entry, inode=0)
    return entry


def entry_of(status: os.stat_result, digest: bytes | None) -> Entry:
    """A regular file's entry, from its status."""
    return Entry(
        Kind.FILE,
        status.st_size,
        digest,
        time_of(status.st_mtime_ns),
        bool(status.st_mode & stat.S_IXUSR),
        "",
        time_of(status.st_ctime_ns),
        status.st_ino,
    )


def same_evidence(entry: Entry, status: os.stat_result) -> bool:
    """Whether the entry's evidence vouches that ``status`` is of the same content."""
    return (
        entry.inode != 0
        and entry.inode == status.st_ino
        and entry.size == status.st_size
        and entry.mtime == time_of(status.st_mtime_ns)
        and entry.ctime == time_of(status.st_ctime_ns)
    )
