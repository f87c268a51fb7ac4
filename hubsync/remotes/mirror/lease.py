"""The lease lock of mirrors on stores that cannot write conditionally.

Whoever wants to write puts an object under ``.hubsync/live/`` and lists that folder. Alone there:
it holds the lock. Otherwise it takes its object away, waits, and tries again; two that see one
another both give way, and who comes first next time is a matter of chance.

A lock that was not renewed for `LEASE` is dead. That is judged by the store's clock alone: by how
much older another's object is than one's own in the same listing. Hubs may disagree about the time
of day by years.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from hubsync.errors import HubsyncError, ObjectNotFound, RemoteUnavailable, StoreError
from hubsync.remotes.mirror import layout
from hubsync.stores.protocol import ObjectInfo, Store

LEASE: Final = 60.0
"""Seconds after which a lock that was not renewed is dead."""
RENEWAL: Final = 20.0
PATIENCE: Final = 300.0
"""Seconds after which somebody who waits for the lock gives up."""


class Held:
    """A lock that is held now. ``lost`` becomes true if it could not be renewed in time.
    ``taken_over``: from somebody who may only stand still, and go on in the middle of a write."""

    def __init__(self, store: Store, key: str, *, taken_over: bool) -> None:
        self._store = store
        self.key = key
        self.taken_over = taken_over
        self._renewed = time.monotonic()
        self._stop = threading.Event()
        self._gone = False
        self._thread = threading.Thread(target=self._keep, name="hubsync-lease", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> bool:
        """Our own monotonic clock can be trusted for the age of our own renewal."""
        return self._gone or time.monotonic() - self._renewed > LEASE - RENEWAL / 2

    def _keep(self) -> None:
        while not self._stop.wait(RENEWAL):
            before = time.monotonic()
            try:
                # If somebody took the lock away, it must not come back: they are writing.
                if self._store.head(self.key) is None:
                    self._gone = True
                    return
                self._store.write(self.key, b"")
                self._renewed = before
            except HubsyncError:
                continue  # tried again at the next turn; `lost` says so if it takes too long

    def release(self) -> None:
        self._stop.set()
        self._thread.join()
        with suppress(StoreError):
            self._store.delete(self.key)


class LeaseLock:
    """The lock of one mirror, for the workspace whose private directory is ``scratch``."""

    def __init__(
        self,
        store: Store,
        scratch: str,
        owner: str,
        rng: random.Random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._note = os.path.join(scratch, "lease")
        self._owner = layout.plain(owner, 64)
        self._rng = rng
        self._sleep = sleep

    @contextmanager
    def held(self, waiting: Callable[[str, float], None] = lambda _, __: None) -> Iterator[Held]:
        """Hold the lock. Raises RemoteUnavailable if it cannot be had.

        ``waiting`` is told again and again who has it, and for how many seconds it was waited; what
        it raises ends the wait.
        """
        self._forget_predecessor()
        key = f"{layout.LIVE}{self._owner}-{layout.nonce(self._rng)}"
        self._remember(key)
        taken_over = self._acquire(key, waiting)
        held = Held(self._store, key, taken_over=taken_over)
        try:
            yield held
        finally:
            held.release()
            self._remember(None)

    def _acquire(self, key: str, waiting: Callable[[str, float], None]) -> bool:
        """Whether a dead lock of somebody else was in the way."""
        waited, pause, taken_over = 0.0, 0.1, False
        while True:
            rivals, dead = self._rivals(key)
            taken_over = taken_over or dead
            if not rivals:
                return taken_over
            self._store.delete(key)
            if waited > PATIENCE:
                raise _locked(rivals[0])
            waiting(_owner(rivals[0]), waited)
            nap = self._rng.uniform(pause / 2, pause)
            self._sleep(nap)
            waited += nap
            pause = min(pause * 1.5, 3.0)

    def _rivals(self, key: str) -> tuple[list[ObjectInfo], bool]:
        """Live locks of others, once ours is there too, and whether dead ones were cleared away."""
        self._store.write(key, b"")
        # Ours is empty, which some stores would take for a folder's marker and look at once more.
        listing = self._store.list(layout.LIVE, lambda info: info.key == key)
        found = [info for batch in listing for info in batch]
        now = next((info.mtime for info in found if info.key == key), None)
        if now is None:
            raise StoreError(
                "The remote does not list an object that was just written to it.",
                "It is too slow to show changes for several hubs to write to it.",
            )
        rivals, dead = [], False
        for info in found:
            if info.key == key:
                continue
            if now - info.mtime > LEASE * layout.SECOND:
                self._store.delete(info.key)
                dead = True
            else:
                rivals.append(info)
        return rivals, dead

    def _forget_predecessor(self) -> None:
        """Clear a lock that an earlier process of this same workspace left when it was killed.

        The workspace's own lock guarantees that no such process is alive any more.
        """
        try:
            with open(self._note, encoding="utf-8") as file:
                key = file.read()
        except FileNotFoundError:
            return
        if key.startswith(layout.LIVE):
            with suppress(ObjectNotFound):
                self._store.delete(key)

    def _remember(self, key: str | None) -> None:
        if key is None:
            with suppress(FileNotFoundError):
                os.unlink(self._note)
            return
        os.makedirs(os.path.dirname(self._note), exist_ok=True)
        with open(self._note, "w", encoding="utf-8") as file:
            file.write(key)


def _owner(rival: ObjectInfo) -> str:
    return rival.key.removeprefix(layout.LIVE).rpartition("-")[0]


def _locked(rival: ObjectInfo) -> RemoteUnavailable:
    return RemoteUnavailable(
        f"{_owner(rival)} has been writing to the remote for several minutes.",
        "Nothing was changed. Try again later; if that hub is gone, its lock ends by itself "
        "within a minute.",
        "remote-locked",
    )
