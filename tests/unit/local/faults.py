"""Renames that fail as some file systems do, and system calls around which somebody else acts."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from hubsync.local.renames import KernelRenames, Spot


class Unsupported:
    """NFS and old kernels: neither rename exists."""

    def __init__(self, number: int = errno.EINVAL) -> None:
        self.number = number

    def noreplace(self, source: Spot, target: Spot) -> None:
        raise OSError(self.number, os.strerror(self.number))

    def exchange(self, source: Spot, target: Spot) -> None:
        raise OSError(self.number, os.strerror(self.number))


class Meanwhile(KernelRenames):
    """Before the n-th exchange (or move to a free name) somebody does ``acts[n]``."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        super().__init__()
        self.acts = list(acts)

    def _act(self) -> None:
        if self.acts:
            self.acts.pop(0)()

    def noreplace(self, source: Spot, target: Spot) -> None:
        self._act()
        super().noreplace(source, target)

    def exchange(self, source: Spot, target: Spot) -> None:
        self._act()
        super().exchange(source, target)


class MeanwhileUnsupported(Unsupported):
    """The same where the file system cannot exchange."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        super().__init__()
        self.acts = list(acts)

    def exchange(self, source: Spot, target: Spot) -> None:
        if self.acts:
            self.acts.pop(0)()
        super().exchange(source, target)


def meanwhile(
    patch: pytest.MonkeyPatch, name: str, *acts: Callable[[], object], after: bool = False
) -> None:
    """Before (or ``after``) the n-th call of ``os.name`` from now on, somebody does ``acts[n]``.

    What they do themselves by that call is not counted.
    """
    real, left, acting = getattr(os, name), list(acts), [False]

    def call(*args: Any, **options: Any) -> Any:
        if acting[0] or not left:
            return real(*args, **options)
        acting[0] = True
        try:
            if after:
                result = real(*args, **options)
                left.pop(0)()
                return result
            left.pop(0)()
            return real(*args, **options)
        finally:
            acting[0] = False

    patch.setattr(os, name, call)
