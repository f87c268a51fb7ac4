"""Keeping a content beside its file, as a conflict copy (rule 3)."""

from __future__ import annotations

import os
from contextlib import suppress

Stamp = tuple[int, int, int]


def stamp_of(path: str) -> Stamp | None:
    """Another one for every file that is made or written at ``path``; None if none is there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # the latter: what can be no path, with a null character, say
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def keep_beside(folder: str, path: str, content: bytes) -> str | None:
    """The path, below ``folder`` as ``path`` is, of a conflict copy with ``content``; None if no
    name was free. Raises OSError."""
    from hubsync import conflict_copy_paths

    for beside in conflict_copy_paths(path, content):
        if write_new(os.path.join(folder, *beside.strip("/").split("/")), content):
            return beside
    return None


def write_new(path: str, content: bytes) -> bool:
    """Whether it is there now, and was not something else before. Raises OSError."""
    try:
        with open(path, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        with suppress(OSError), open(path, "rb") as file:
            return file.read() == content
        return False
    return True
