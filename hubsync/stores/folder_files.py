"""Single files of a folder: opened for reading, written aside, made to appear in one step."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import uuid
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from hubsync.errors import ObjectNotFound, PreconditionFailed
from hubsync.stores import beneath
from hubsync.stores.folder_flush import Flush
from hubsync.stores.folder_listing import identity_of, info_of
from hubsync.stores.names import check_key
from hubsync.stores.protocol import ABSENT, ObjectInfo

TEMPORARY: Final = (".hubsync", "tmp")
_ATTEMPTS: Final = 5
_BLOCK: Final = 16 << 20
_NO_COPY_RANGE: Final = frozenset(
    {errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM}
)
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class Temporary(Struct, frozen=True):
    """A file under ``.hubsync/tmp/`` that is being written: its directory, name and descriptor."""

    folder: int
    name: str
    descriptor: int


@contextlib.contextmanager
def opened(root: str, key: str) -> Iterator[tuple[int, ObjectInfo]]:
    """The object ``key``, open for reading. Raises ObjectNotFound if no regular file is there."""
    parts = check_key(key)
    try:
        with beneath.directory(root, parts[:-1]) as parent:
            descriptor = os.open(parts[-1], beneath.READ, dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise ObjectNotFound(f"There is no object {key}.") from error
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ObjectNotFound(f"There is no object {key}.")
        yield descriptor, info_of(key, status)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def temporary(root: str) -> Iterator[Temporary]:
    """A new file aside; whatever is left of its name at the end is removed."""
    with beneath.directory(root, TEMPORARY, create=True, durable=True) as folder:
        name = uuid.uuid4().hex
        descriptor = os.open(name, beneath.CREATE, 0o666, dir_fd=folder)
        try:
            yield Temporary(folder, name, descriptor)
        finally:
            os.close(descriptor)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)


def appear(
    root: str,
    key: str,
    written: Temporary,
    flush: Flush,
    *,
    expected: str | None,
    executable: bool,
) -> ObjectInfo:
    """Give the written file its name in one step, and say what it is there.

    ``expected`` as in `Upload`. Raises PreconditionFailed, and NameRefused (by way of ENOTDIR or
    EISDIR) where something that is no file holds the name.
    """
    parts = check_key(key)
    flush.before_loss(key)
    # First the content, then the name: a name that outlasts a power cut has its content.
    alone = flush.content(written.descriptor)
    for attempt in range(_ATTEMPTS):
        try:
            with beneath.directory(root, parts[:-1], create=True, durable=alone) as parent:
                _appear(parent, parts[-1], key, written, expected, executable)
                if alone:
                    os.fsync(parent)
                else:
                    flush.defer()
            break
        except FileNotFoundError:
            # Another writer's deletion pruned the folder that was just made.
            if attempt == _ATTEMPTS - 1:
                raise
    # The rename (or the unlink of the first link) moved ctime: only now is the identity final.
    return info_of(key, os.fstat(written.descriptor))


def _appear(
    parent: int,
    name: str,
    key: str,
    written: Temporary,
    expected: str | None,
    executable: bool,
) -> None:
    present = _status(parent, name, key)
    if expected is not None:
        _compare(key, expected, present)
    if executable or present is not None:
        fresh = stat.S_IMODE((present or os.fstat(written.descriptor)).st_mode) & 0o666
        # A replacement keeps who may read and write; executable follows readable.
        os.fchmod(written.descriptor, fresh | (fresh & 0o444) >> 2 if executable else fresh)
    if expected == ABSENT and _linked(parent, name, key, written):
        os.unlink(written.name, dir_fd=written.folder)
        return
    os.rename(written.name, name, src_dir_fd=written.folder, dst_dir_fd=parent)


def _linked(parent: int, name: str, key: str, written: Temporary) -> bool:
    """Create by hard link, which never replaces; False where the file system has none."""
    try:
        os.link(
            written.name,
            name,
            src_dir_fd=written.folder,
            dst_dir_fd=parent,
            follow_symlinks=False,
        )
    except FileExistsError as error:
        raise moved(key) from error
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    return True


def expect(parent: int, name: str, key: str, expected: str) -> None:
    """Raises PreconditionFailed unless the file has the identity ``expected``."""
    _compare(key, expected, _status(parent, name, key))


def _status(parent: int, name: str, key: str) -> os.stat_result | None:
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise beneath.in_the_way(key)
    return status


def _compare(key: str, expected: str, present: os.stat_result | None) -> None:
    if (identity_of(present) if present else ABSENT) != expected:
        raise moved(key)


def moved(key: str) -> PreconditionFailed:
    return PreconditionFailed(f"{key} was written by someone else meanwhile.")


def read_all(descriptor: int, size: int) -> bytes:
    """At most one byte more than ``size``, so that growth shows itself."""
    parts = []
    left = size + 1
    while left > 0 and (data := os.read(descriptor, left)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def copy_bytes(source: int, target: int) -> None:
    """All of ``source`` into ``target``: inside the kernel, shared blocks where it can."""
    copied = 0
    try:
        while count := os.copy_file_range(source, target, 1 << 30):
            copied += count
    except OSError as error:
        if copied or error.errno not in _NO_COPY_RANGE:
            raise
        _copy_through(source, target)
        return
    if not copied:  # some virtual file systems say 0 for files that are not empty
        _copy_through(source, target)


def _copy_through(source: int, target: int) -> None:
    while data := os.read(source, _BLOCK):
        write_all(target, data)


def write_all(descriptor: int, data: bytes) -> None:
    """Every byte, however many writes it takes."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])
