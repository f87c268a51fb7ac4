"""Reading blobs: as libgit2 does it, or as git does where every one of them has just arrived.

libgit2 works out the name of all that it reads (SHA-1, with a search for collisions), which takes
as long as the reading. That finds what a disk damaged since the object came. What arrived in this
very run was held against its name then, in the same way; for what can go wrong in the seconds since
there is zlib's own checksum of each object, which is all that git asks for when it reads a pack.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from pygit2.enums import ObjectType
from pygit2.ffi import C, ffi

Read = Callable[[Any], bytes]
"""A blob's content by its name. Raises KeyError if there is no such blob."""

_ALONE: Final = Lock()
_OFF: Final = ffi.cast("int", 0)
_ON: Final = ffi.cast("int", 1)


def checked(repository: Any) -> Read:
    """Every content is held against its name."""
    return _reading(repository.odb)


def just_arrived(repository: Any) -> Read:
    """For a repository that was empty when this process began to fetch into it."""
    read = _reading(repository.odb)

    def trusting(name: Any) -> bytes:
        # The switch is the whole process's. Nobody else reads meanwhile: pygit2 does it in one go,
        # without letting another thread run.
        with _ALONE:
            C.git_libgit2_opts(C.GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, _OFF)
            try:
                return read(name)
            finally:
                C.git_libgit2_opts(C.GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, _ON)

    return trusting


def _reading(odb: Any) -> Read:
    def read(name: Any) -> bytes:
        kind, stored = odb.read(name)
        if kind != ObjectType.BLOB:
            raise KeyError(str(name))
        return bytes(stored)

    return read
