"""Listing a folder: every regular file with its stat signature, as fast as Python can."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Final

from hubsync.stores.folder_errors import translate
from hubsync.stores.protocol import Level, ObjectInfo

_BATCH: Final = 4096
HIDDEN: Final = ".hubsync/tmp/"
"""Writes on their way are no objects yet."""


def identity_of(status: os.stat_result) -> str:
    """mtime-size-inode-ctime, in hex."""
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}-{status.st_ctime_ns:x}"


def info_of(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, status.st_size, identity_of(status), status.st_mtime_ns)


def level_in(here: int, prefix: str) -> Level:
    """The level ``prefix`` from the descriptor of its directory."""
    objects: list[ObjectInfo] = []
    deeper: list[str] = []
    for name in os.listdir(here):
        try:
            status = os.stat(name, dir_fd=here, follow_symlinks=False)
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode):
            objects.append(info_of(prefix + name, status))
        elif stat.S_ISDIR(status.st_mode) and f"{prefix}{name}/" != HIDDEN:
            deeper.append(f"{prefix}{name}/")
    return objects, sorted(deeper)


def walk(root: str, prefix: str = "") -> Iterator[list[ObjectInfo]]:
    """Every regular file below ``root`` whose key begins with ``prefix``, in batches.

    A missing root is an empty listing. A directory that cannot be read raises: an incomplete
    listing must never pass for a complete one (rule 9).
    """
    folder, _, start = prefix.rpartition("/")
    if ".." in folder.split("/"):
        return
    stack = [folder + "/" if folder else ""]
    first = True
    batch: list[ObjectInfo] = []
    while stack:
        here = stack.pop()
        if here == HIDDEN:
            continue
        try:
            entries = os.scandir(f"{root}/{here}")
        except (FileNotFoundError, NotADirectoryError):
            first = False
            continue  # removed since its parent was read, or never there
        except OSError as error:
            raise translate(here or "the folder", error) from error
        with entries:
            try:
                for entry in entries:
                    name = entry.name
                    if first and not name.startswith(start):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(f"{here}{name}/")
                    elif entry.is_file(follow_symlinks=False):
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except FileNotFoundError:
                            continue
                        batch.append(info_of(here + name, status))
            except OSError as error:
                raise translate(here or "the folder", error) from error
        first = False
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
