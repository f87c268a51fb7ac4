"""The staging area: where contents wait, complete and verified, until they are moved into place.

It lies in ``.hubsync/stage/``, on the workspace's own file system, so that moving in is a rename.
Contents are named by their digest in hex; a name that ends in ``.part`` is one that is still
arriving, and ``NAME.part.identity`` beside it says of which object it is the beginning.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from contextlib import suppress
from typing import Final

from blake3 import blake3

from hubsync.core.figures import counted
from hubsync.errors import DiskFull, LocalError
from hubsync.local.layout import PRIVATE, Layout

KEEP_PARTS: Final = 7 * 24 * 3600
"""Seconds for which an unfinished arrival is kept, to be resumed."""

_LONGEST: Final = 200
_PLAIN: Final = re.compile(rf"[0-9A-Za-z_-][0-9A-Za-z._-]{{0,{_LONGEST - 1}}}")
_NOTE: Final = ".identity"
_RESERVE: Final = 1 << 20


class Stage:
    """The staging area of the workspace at ``root``."""

    def __init__(self, root: str) -> None:
        self.directory = Layout(root).stage
        try:
            os.makedirs(self.directory, mode=PRIVATE, exist_ok=True)
        except OSError as error:
            raise LocalError(
                f"{self.directory} cannot be made: {error.strerror}.",
                "Check that the folder is yours and that the disk is writable.",
            ) from error

    def slot(self, name: str) -> str:
        """The file's path for the content ``name``; an odd name is replaced by its digest."""
        plain = name.isalnum() and name.isascii() and len(name) <= _LONGEST
        if not plain and (not _PLAIN.fullmatch(name) or name.endswith(".part")):
            name = blake3(name.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.directory}/{name}"

    def is_empty(self) -> bool:
        with os.scandir(self.directory) as entries:
            return next(entries, None) is None

    def arrived(self, digest: bytes | None) -> int:
        """How many bytes of a content lie here already, complete or not."""
        if digest is None:
            return 0
        path = self.slot(digest.hex())
        for name in (path, path + ".part"):
            try:
                return os.lstat(name).st_size
            except FileNotFoundError:
                continue
        return 0

    def holding(self, digest: bytes, size: int) -> str | None:
        """The path of a content that an earlier run left complete, read and verified, or None."""
        path = self.slot(digest.hex())
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            # A second name, left by an interrupted move: a user's file shares the bytes.
            if status.st_size != size or status.st_nlink != 1:
                return None
            hasher = blake3()
            while chunk := file.read(1 << 20):
                hasher.update(chunk)
        return path if hasher.digest() == digest else None

    def write(self, content: bytes, digest: bytes) -> str:
        """Put a content that was made here into the area; its path. Raises LocalError, DiskFull."""
        self.require(len(content))
        path = self.slot(digest.hex())
        partial = path + ".part"
        try:
            with open(partial, "wb") as file:
                file.write(content)
            os.replace(partial, path)
        except OSError as error:
            with suppress(FileNotFoundError):
                os.unlink(partial)
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise disk_full(self.directory, len(content), len(content)) from error
            raise LocalError(f"{path} cannot be written: {error.strerror}.") from error
        return path

    def require(self, size: int, files: int = 0) -> None:
        """Raises DiskFull, saying how much is missing, unless so many more bytes and files fit.

        Quotas count as far as the file system shows them in its free space.
        """
        room = os.statvfs(self.directory)
        free = room.f_bavail * room.f_frsize
        if size > 0 and size + _RESERVE > free:
            raise disk_full(self.directory, size + _RESERVE - free, size)
        if room.f_files and files > room.f_favail:
            raise DiskFull(
                f"The disk has room for {counted(room.f_favail, 'file')}; {files:,} are to come.",
                "Remove files that you no longer need, then run the command again.",
            )

    def clear(self, *, whole: bool = False) -> None:
        """Remove what is left, but keep young unfinished arrivals of known objects, which the next
        run resumes, unless the ``whole`` stage has to go."""
        with os.scandir(self.directory) as entries:
            found = {entry.name: entry for entry in entries}
        for name, entry in found.items():
            part = name.removesuffix(_NOTE)
            resumable = part.endswith(".part") and part in found and part + _NOTE in found
            if resumable and not whole and _is_young(found[part]):
                continue
            with suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)


def _is_young(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime >= time.time() - KEEP_PARTS
    except FileNotFoundError:
        return False


def disk_full(directory: str, missing: int, needed: int) -> DiskFull:
    """The error for a disk that has too little room."""
    return DiskFull(
        f"The disk is full: {human_size(missing)} are missing for {human_size(needed)} "
        f"that are to come ({directory}).",
        "Free some space (`hubsync gc` empties old trash), then run the command again.",
    )


def human_size(size: float) -> str:
    """``1.2 GB``; decimal units, as disks are sold."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} bytes" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"
