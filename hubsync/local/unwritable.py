"""The error for one of hubsync's own files that cannot be written: a full disk is told apart."""

from __future__ import annotations

import errno

from hubsync.errors import DiskFull, LocalError


def unwritable(path: str, error: OSError) -> LocalError:
    """What to raise for ``error``, met while writing ``path``."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(
            f"{path} cannot be written: the disk or the quota is full.",
            "Free some space (`hubsync gc` empties old trash), then run the command again.",
        )
    return LocalError(
        f"{path} cannot be written: {error.strerror}.",
        "Check that it is yours and that the disk is not read-only.",
    )
