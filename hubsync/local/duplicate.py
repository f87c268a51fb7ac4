"""A second copy of a file or a link, where neither a rename nor a hard link can do."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import Final

from hubsync.local.renames import Spot

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_KERNEL_COPY: Final = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
_CHUNK: Final = 8 << 20


def duplicate(source: Spot, target: Spot) -> None:
    """Copy to a free name, time included; nothing is left there if it fails."""
    if stat.S_ISLNK(source.status().st_mode):
        os.symlink(
            os.readlink(source.name, dir_fd=source.directory),
            target.name,
            dir_fd=target.directory,
        )
        return
    reading = os.open(source.name, _READ, dir_fd=source.directory)
    try:
        writing = os.open(target.name, _NEW, 0o600, dir_fd=target.directory)
        try:
            _copy_bytes(reading, writing)
            status = os.fstat(reading)
            os.utime(writing, ns=(status.st_atime_ns, status.st_mtime_ns))
        except BaseException:
            with suppress(FileNotFoundError):
                target.unlink()
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def preserve(source: Spot, target: Spot) -> None:
    """`duplicate` what is about to go to an absolute path: on the disk, name included, when this
    returns. A power cut leaves the original or the copy (rule 11)."""
    duplicate(source, target)
    if stat.S_ISREG(target.status().st_mode):
        _sync(target.name, _READ)
    _sync(os.path.dirname(target.name), _READ | os.O_DIRECTORY)


def _sync(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_bytes(reading: int, writing: int) -> None:
    """Within the kernel where possible, which shares the blocks where the file system can."""
    try:
        while os.copy_file_range(reading, writing, 1 << 30):
            pass
    except OSError as error:
        if error.errno not in _NO_KERNEL_COPY:
            raise
    else:
        if os.lseek(reading, 0, os.SEEK_CUR) >= os.fstat(reading).st_size:
            return
    os.lseek(reading, 0, os.SEEK_SET)
    os.lseek(writing, 0, os.SEEK_SET)
    os.ftruncate(writing, 0)
    while chunk := os.read(reading, _CHUNK):
        view = memoryview(chunk)
        while view:
            view = view[os.write(writing, view) :]
