"""The two renames that Python's ``os`` lacks: without replacing, and exchanging two names."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

_NOREPLACE: Final = 1
_EXCHANGE: Final = 2
_AT_FDCWD: Final = -100
UNSUPPORTED: Final = frozenset(
    {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM, errno.EMLINK}
)
"""How old kernels, NFS and some FUSE file systems say that they cannot do it."""


class Spot(NamedTuple):
    """A name in an open directory, or an absolute path with no directory."""

    directory: int | None
    name: str

    def status(self) -> os.stat_result:
        return os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)

    def unlink(self) -> None:
        os.unlink(self.name, dir_fd=self.directory)


class Renames(Protocol):
    """Both raise OSError with one of `UNSUPPORTED` where the file system cannot do it."""

    def noreplace(self, source: Spot, target: Spot) -> None:
        """Move; raises FileExistsError if the target exists, whatever it is."""

    def exchange(self, source: Spot, target: Spot) -> None:
        """Swap two existing names; at no instant is either missing."""


_Call = Callable[[int, bytes, int, bytes, int], None]


class KernelRenames:
    """Linux's ``renameat2(2)``, through ctypes, which is loaded when first needed."""

    def __init__(self) -> None:
        self._call: _Call | None = None

    def noreplace(self, source: Spot, target: Spot) -> None:
        self._rename(source, target, _NOREPLACE)

    def exchange(self, source: Spot, target: Spot) -> None:
        self._rename(source, target, _EXCHANGE)

    def _rename(self, source: Spot, target: Spot, flags: int) -> None:
        if self._call is None:
            self._call = _renameat2()
        self._call(
            _at(source),
            os.fsencode(source.name),
            _at(target),
            os.fsencode(target.name),
            flags,
        )


def _at(spot: Spot) -> int:
    return _AT_FDCWD if spot.directory is None else spot.directory


def _renameat2() -> _Call:
    import ctypes

    try:
        function: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):

        def missing(*_: object) -> None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

        return missing
    function.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    )
    function.restype = ctypes.c_int
    get_errno = ctypes.get_errno

    def call(source_dir: int, source: bytes, target_dir: int, target: bytes, flags: int) -> None:
        if function(source_dir, source, target_dir, target, flags):
            number = get_errno()
            raise OSError(number, os.strerror(number), os.fsdecode(target))

    return call


def move_new(renames: Renames, source: Spot, target: Spot) -> None:
    """Move to a name that must be free; raises FileExistsError otherwise.

    Where the kernel's rename cannot promise that, a hard link can (NFS); where there are no hard
    links either (FAT, some FUSE), the name is looked at just before.
    """
    try:
        renames.noreplace(source, target)
        return
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    if link(source, target):
        source.unlink()
        return
    try:
        target.status()
    except FileNotFoundError:
        os.rename(
            source.name, target.name, src_dir_fd=source.directory, dst_dir_fd=target.directory
        )
        return
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target.name)


def link(source: Spot, target: Spot) -> bool:
    """Give a file a second name; False where that cannot be (no hard links, another file system).

    Raises FileExistsError.
    """
    try:
        os.link(
            source.name,
            target.name,
            src_dir_fd=source.directory,
            dst_dir_fd=target.directory,
            follow_symlinks=False,
        )
    except OSError as error:
        if error.errno not in UNSUPPORTED and error.errno != errno.EXDEV:
            raise
        return False
    return True
