"""Descriptors of a tree's directories, reached one component at a time and never through a symlink.

Whoever swaps a directory for a symlink between a check and a write gains nothing (rule 14): a
path is walked with ``O_NOFOLLOW`` from the root's descriptor, and what is done is done in the
directory that the descriptor holds.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Final, Self

_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Directories:
    """A cache of open directories below ``root``, at most ``capacity`` of them. Not thread-safe.

    A descriptor that `open` gave is good until the next call of `open`.
    """

    def __init__(self, root: str, capacity: int = 64) -> None:
        self.root = root
        self._capacity = max(capacity, 4)
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.device = os.fstat(self._root).st_dev
        self._open: dict[str, tuple[int, int, int]] = {}

    def open(self, directory: str, *, create: bool = False) -> int:
        """The descriptor of ``directory`` (relative; ``""`` is the root).

        A cached one is used only while the path still leads to it, so that nothing lands in a
        directory that was moved away meanwhile. Raises FileNotFoundError, and
        NotADirectoryError where a component is a symlink or a file.
        """
        descriptor = self._root
        if not directory:
            return descriptor
        path = ""
        for name in directory.split("/"):
            path = f"{path}/{name}" if path else name
            descriptor = self._step(descriptor, path, name, create)
        return descriptor

    def _step(self, parent: int, path: str, name: str, create: bool) -> int:
        cached = self._open.pop(path, None)
        if cached is not None:
            try:
                now = os.stat(name, dir_fd=parent, follow_symlinks=False)
            except FileNotFoundError:
                now = None
            if now is not None and (now.st_dev, now.st_ino) == cached[1:]:
                self._open[path] = cached
                return cached[0]
            os.close(cached[0])
        try:
            descriptor = os.open(name, _OPEN, dir_fd=parent)
        except FileNotFoundError:
            if not create:
                raise
            os.mkdir(name, dir_fd=parent)
            descriptor = os.open(name, _OPEN, dir_fd=parent)
        found = os.fstat(descriptor)
        self._open[path] = (descriptor, found.st_dev, found.st_ino)
        while len(self._open) > self._capacity:
            os.close(self._open.pop(next(iter(self._open)))[0])
        return descriptor

    def close(self) -> None:
        for descriptor, _, _ in self._open.values():
            os.close(descriptor)
        self._open.clear()
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def split(path: str) -> tuple[str, str]:
    """The directory (``""`` at the root) and the name of a path."""
    directory, _, name = path.rpartition("/")
    return directory, name
