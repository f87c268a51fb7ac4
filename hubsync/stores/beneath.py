"""Directories opened part by part below a root, so that no key can lead out of it (rule 14).

A path that is checked and then used as a string can be redirected by a link put there in between.
Descriptors cannot: each part is opened relative to the one before and never through a link.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from typing import Final

from hubsync.errors import NameRefused, Unreachable

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BENEATH: Final = _DIRECTORY | os.O_NOFOLLOW
READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def open_directory(
    root: str, parts: Sequence[str], *, create: bool = False, durable: bool = False
) -> int:
    """A descriptor of ``root/parts…``. With ``create``, what is missing is made, the root included,
    and ``durable`` sees to it that what was made below the root outlasts a power cut.

    Raises OSError (FileNotFoundError where a directory is missing), and NotADirectoryError where a
    link or a file stands in the way.
    """
    try:
        current = os.open(root, _DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        if not create:
            raise
        _make_root(root)
        current = os.open(root, _DIRECTORY)
    for part in parts:
        try:
            deeper = _open_one(current, part, create, durable)
        except OSError as error:
            os.close(current)
            if error.errno == errno.ELOOP:
                raise NotADirectoryError(errno.ENOTDIR, "is a link", part) from error
            raise
        os.close(current)
        current = deeper
    return current


def _make_root(root: str) -> None:
    try:
        os.makedirs(root, exist_ok=True)
    except (FileNotFoundError, NotADirectoryError, FileExistsError) as error:
        # About the remote itself, and no object in it.
        raise Unreachable(
            f"There can be no remote folder {root}: {error.strerror}.",
            "Check the path; a folder above it may be a file, or not mounted.",
            "no-folder",
        ) from error


def _open_one(parent: int, name: str, create: bool, durable: bool) -> int:
    try:
        return os.open(name, _BENEATH, dir_fd=parent)
    except FileNotFoundError:
        if not create:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
    if durable:
        os.fsync(parent)
    return os.open(name, _BENEATH, dir_fd=parent)


@contextlib.contextmanager
def directory(
    root: str, parts: Sequence[str], *, create: bool = False, durable: bool = False
) -> Iterator[int]:
    """`open_directory`, closed at the end."""
    descriptor = open_directory(root, parts, create=create, durable=durable)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def prune(root: str, parts: Sequence[str], keep: frozenset[str]) -> None:
    """Remove ``root/parts…`` and its parents as far up as they are empty; never the root, and none
    at the top level that is in ``keep``."""
    for depth in range(len(parts), 0, -1):
        if depth == 1 and parts[0] in keep:
            return
        try:
            with directory(root, parts[: depth - 1]) as parent:
                os.rmdir(parts[depth - 1], dir_fd=parent)
        except OSError:
            # Not empty, gone already, or not ours to remove: an empty folder is no object.
            return


def in_the_way(key: str) -> NameRefused:
    """Something that is no folder, or no file, stands where the key needs one."""
    return NameRefused(
        f"{key} cannot be stored: something else stands at its place in the folder.",
        "Remove or rename the file, folder or link that has this name.",
    )
