"""Copying one file of the workspace into the staging area, verified on the way."""

from __future__ import annotations

import os
import stat

from blake3 import blake3

from hubsync.core.paths import link_stays_inside
from hubsync.errors import LocalError, SourceChanged
from hubsync.local.dirs import Directories, split
from hubsync.local.evidence import entry_of
from hubsync.local.stage import Stage
from hubsync.model import Entry, Kind

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


def copy_verified(root: str, path: str, entry: Entry, stage: Stage) -> str:
    """A copy of the workspace's file ``path`` in the stage, named by its digest.

    Raises SourceChanged unless the bytes copied have ``entry.digest``; LocalError.
    """
    partial = stage.slot(f"copy-{os.urandom(8).hex()}")
    directory, name = split(path)
    try:
        with Directories(root) as directories:
            source = os.open(name, _READ, dir_fd=directories.open(directory))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceChanged(f"{path} is gone.") from error
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror}.", code="unreadable") from error
    copied = _copy(source, partial)
    if copied.digest is None or copied.digest != entry.digest:
        os.unlink(partial)
        raise SourceChanged(f"{path} changed since it was looked at.")
    final = stage.slot(copied.digest.hex())
    os.replace(partial, final)
    return final


def copy_in(source: str, slot: str) -> Entry:
    """A copy of ``source`` at ``slot``; its entry, evidence of the source included."""
    return _copy(os.open(source, _READ), slot)


def _copy(source: int, target: str) -> Entry:
    with open(source, "rb", buffering=0) as reading:
        status = os.fstat(source)
        if not stat.S_ISREG(status.st_mode):
            raise SourceChanged("It is no regular file any more.")
        hasher = blake3()
        try:
            with open(os.open(target, _NEW, 0o600), "wb", buffering=0) as writing:
                while chunk := reading.read(_CHUNK):
                    hasher.update(chunk)
                    writing.write(chunk)
        except OSError as error:
            os.unlink(target)
            raise LocalError(
                f"A copy could not be made: {error.strerror}.",
                "Check that the disk is neither full nor read-only.",
            ) from error
    return entry_of(status, hasher.digest())


def stat_entry(root: str, path: str) -> Entry | None:
    """What stands at ``path`` now, unread; None if nothing does. Raises LocalError for what cannot
    be synced."""
    directory, name = split(path)
    try:
        with Directories(root) as directories:
            parent = directories.open(directory)
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                return entry_of(status, None)
            if stat.S_ISLNK(status.st_mode):
                target = os.readlink(name, dir_fd=parent)
                if link_stays_inside(path, target):
                    return Entry(Kind.LINK, target=target)
            elif stat.S_ISDIR(status.st_mode):
                if os.listdir(os.path.join(root, path)):
                    raise _in_the_way(f"{path}: a folder that is not empty stands there.")
                return Entry(Kind.DIR)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise _in_the_way(f"{path}: a file or a link stands where a folder is needed.") from error
    raise _in_the_way(f"{path} is something that cannot be replaced.")


def _in_the_way(message: str) -> LocalError:
    return LocalError(message, "Restore to another name with --to.", "in-the-way")
