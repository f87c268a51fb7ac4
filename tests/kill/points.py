"""Points at which a running command is killed: every call to the store, and every call that makes a
name on the local disk appear, vanish or change its place.

They are put around the code from outside, in the process of the command; production code knows
nothing of them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

SINGLE = ("list_level", "head", "read", "write", "copy", "copy_new", "delete", "sweep")
STREAMS = ("upload", "download")
DISK = ("rename", "replace", "link", "unlink", "mkdir", "rmdir", "symlink")
RENAMES = ("noreplace", "exchange")
WIRE = ("recv", "send")
"""In how many pieces an answer arrives differs from run to run; how many answers there are does
not."""


def chosen(count: int, quick: int) -> list[int]:
    """So many numbers from 1 to ``count``, evenly spread."""
    return [1 + count * (2 * step + 1) // (2 * quick) for step in range(quick)]


def same_point(names: Sequence[str], number: int) -> str:
    """What the ``number``-th of the points that a run passed is in every other run: the so-manieth
    that is not of the wire, or the first piece of the so-manieth answer or question."""
    if is_wire(names[number - 1]):
        return f"wire:{_begun(names[:number])}"
    return f"other:{sum(not is_wire(name) for name in names[:number])}"


def is_wire(name: str) -> bool:
    return name.endswith(WIRE)


def _begun(names: Sequence[str]) -> int:
    """How many answers and questions began; what other threads do meanwhile parts none of them."""
    wire = [name for name in names if is_wire(name)]
    return sum(name != last for last, name in zip(["", *wire], wire, strict=False))


class Points:
    """Counts the points that are passed, and ends the process at the ``number``-th (from 1) or at
    that of `same_point`, before what it stands for is done or after."""

    def __init__(self, number: int | str | None, after: bool) -> None:
        self._number = number
        self._after = after
        self._lock = threading.Lock()
        self.names: list[str] = []

    @contextlib.contextmanager
    def point(self, name: str) -> Iterator[None]:
        with self._lock:
            self.names.append(name)
            due = self._is_due(name)
        if due and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            yield
        finally:
            if due:
                os.kill(os.getpid(), signal.SIGKILL)

    def _is_due(self, name: str) -> bool:
        """Of the point that was just passed."""
        if not isinstance(self._number, str):
            return len(self.names) == self._number
        if self._number != same_point(self.names, len(self.names)):
            return False
        return not is_wire(name) or _begun(self.names[:-1]) < _begun(self.names)

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.point(name):
                return call(*args, **kwargs)

        return counted

    def install(self) -> None:
        """Around the disk and around every store that is opened from now on."""
        from hubsync.local.renames import KernelRenames
        from hubsync.stores import registry

        for name in DISK:
            setattr(os, name, self.around(f"os.{name}", getattr(os, name)))
        for name in RENAMES:
            setattr(KernelRenames, name, self.around(name, getattr(KernelRenames, name)))
        open_store = registry.open_store

        def opened(*args: Any, **kwargs: Any) -> Any:
            store = open_store(*args, **kwargs)
            self._watch(store)
            return store

        registry.open_store = opened

    def _watch(self, store: Any) -> None:
        for name in SINGLE:
            call = getattr(store, name, None)
            if call is not None:
                setattr(store, name, self.around(f"store.{name}", call))
        store.list = functools.partial(self._listed, store.list)
        for name in STREAMS:
            setattr(store, name, functools.partial(self._streamed, name, getattr(store, name)))

    def _listed(self, call: Callable[..., Iterator[Any]], *args: Any) -> Iterator[Any]:
        for batch in call(*args):
            with self.point("store.list"):
                yield batch

    def _streamed(
        self, name: str, call: Callable[..., Iterator[Any]], jobs: Iterable[Any], passed: Any
    ) -> Iterator[Any]:
        def begun() -> Iterator[Any]:
            for job in jobs:
                with self.point(f"store.{name} begins"):
                    pass
                yield job

        for result in call(begun(), passed):
            with self.point(f"store.{name} ends"):
                pass
            yield result
