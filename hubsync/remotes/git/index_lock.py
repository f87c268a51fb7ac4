"""Replacing an index as git does it: under a lock, which is the file that then takes its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from hubsync.remotes.git.busy import at_work

_PUBLIC: Final = 0o666


def replaced(path: str, made: Callable[[], bytes | None]) -> bool:
    """Put what ``made`` gives in the place of the index at ``path``, which nobody changes
    meanwhile. False: it gives None, and nothing is done. Raises LocalError if somebody else holds
    the lock."""
    lock = f"{path}.lock"
    try:
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PUBLIC)
    except FileExistsError as error:
        raise at_work(lock) from error
    try:
        with open(descriptor, "wb") as file:
            data = made()
            file.write(data or b"")
        if data is not None:
            os.replace(lock, path)  # from here on, a lock is somebody else's
            return True
    except BaseException:
        os.unlink(lock)
        raise
    os.unlink(lock)
    return False
