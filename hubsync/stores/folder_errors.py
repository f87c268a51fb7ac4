"""What the operating system says of a folder, in the terms of a store."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from typing import Final

from hubsync.errors import (
    AccessDenied,
    HubsyncError,
    NameRefused,
    ObjectNotFound,
    StoreError,
    Unreachable,
)
from hubsync.stores.beneath import in_the_way

_GONE: Final = frozenset(
    {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ENODEV}
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NAME: Final = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL})
_TAKEN: Final = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO})


@contextlib.contextmanager
def folder_error(what: str) -> Iterator[None]:
    """OSErrors of the block become store errors about ``what`` (a key)."""
    try:
        yield
    except OSError as error:
        raise translate(what, error) from error


def translate(what: str, error: OSError) -> HubsyncError:
    """The store error for ``error``; see the table of duties in `hubsync.stores.protocol`."""
    reason = error.strerror or "unknown error"
    if error.errno in (errno.EACCES, errno.EPERM):
        return AccessDenied(
            f"The remote folder refuses access to {what}: {reason}.",
            "Check the permissions of the folder.",
        )
    if error.errno == errno.EROFS:
        return AccessDenied("The remote folder is read-only.", "Mount it for writing.")
    if error.errno in _FULL:
        return StoreError(
            f"The remote folder is full: {what} could not be written.",
            "Make room there, then sync again.",
            "remote-full",
        )
    if error.errno in _GONE:
        return Unreachable(
            f"The remote folder cannot be reached: {reason}.", "Check that it is mounted."
        )
    if error.errno == errno.ENOENT:
        return ObjectNotFound(f"There is no object {what}.")
    if error.errno in _TAKEN:
        return in_the_way(what)
    if error.errno in _NAME:
        return NameRefused(
            f"The remote folder cannot hold a file named {what!r}: {reason}.", "Rename it."
        )
    return StoreError(f"The remote folder failed at {what}: {reason}.")
