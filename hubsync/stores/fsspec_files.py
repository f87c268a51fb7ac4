"""Calls on an fsspec file system: retried, their errors translated, writes appearing whole."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from msgspec import Struct

from hubsync.errors import HubsyncError
from hubsync.model import METADATA_DIR
from hubsync.stores.fsspec_dialects import Dialect
from hubsync.stores.fsspec_errors import TRANSIENT, translate, verdict
from hubsync.stores.fsspec_pool import Pool
from hubsync.stores.retry import Patience, retrying

TEMPORARY: Final = ".hubsync/tmp"

T = TypeVar("T")


class Place(Struct, frozen=True):
    """Where and how: ``make`` opens a file system, ``root`` is the folder in it (no slash at its
    end), ``name`` is what messages call the place, without any credential."""

    name: str
    root: str
    make: Callable[[], Any]
    dialect: Dialect
    description: str


class Files:
    """One place's files, by key. Instances of the file system are made when they are needed."""

    def __init__(self, place: Place, patience: Patience) -> None:
        self._place = place
        self._dialect = place.dialect
        self._patience = patience
        self._pool = Pool(place.make, place.dialect)
        self._folders: set[str] = set()

    def path(self, key: str) -> str:
        return f"{self._place.root}/{key}" if key else self._place.root

    def do(self, key: str, work: Callable[[Any], T]) -> T:
        """``work`` on a file system, tried again on passing failures, its errors translated."""

        def once() -> T:
            with self._pool.instance() as fs:
                return work(fs)

        try:
            return retrying(once, _may_pass, self._patience)
        except HubsyncError:
            raise
        except Exception as error:
            raise translate(error, key, self._place.name) from error

    def written(self, fs: Any, key: str, put: Callable[[Any, str], None], *, aside: bool) -> None:
        """``put`` at the key's place, by way of a temporary name if ``aside``."""
        path = self.path(key)
        if not aside:
            put(fs, path)
            return
        temporary = f"{TEMPORARY}/{uuid.uuid4().hex}"
        try:
            self._make_folder(fs, TEMPORARY)
            put(fs, self.path(temporary))
            self._make_folder(fs, key.rpartition("/")[0])
            self._dialect.replace(fs, self.path(temporary), path)
        except BaseException:
            # Perhaps a folder that was there is gone: the next try makes it again.
            self._folders.clear()
            self._discard(fs, temporary)
            raise

    def _discard(self, fs: Any, temporary: str) -> None:
        """Best effort, while another error is on its way; `sweep` takes what is left."""
        with contextlib.suppress(Exception):
            self._dialect.remove(fs, self.path(temporary))

    def _make_folder(self, fs: Any, folder: str) -> None:
        if folder in self._folders:
            return
        path = self.path(folder) if folder else self._place.root
        if path:
            self._dialect.make_folder(fs, path)
        self._folders.add(folder)

    def prune(self, parts: Sequence[str]) -> None:
        """Remove folders that are empty now; the first that is not ends it, by an error."""
        for depth in range(len(parts), 0, -1):
            folder = "/".join(parts[:depth])
            if folder == METADATA_DIR:
                return
            self._folders.discard(folder)
            path = self.path(folder)
            try:
                with self._pool.instance() as fs:
                    self._dialect.remove_folder(fs, path)
            except OSError:
                return

    def close(self) -> None:
        self._pool.close()


def _may_pass(error: Exception) -> bool:
    """Whoever gave no sign for so long is asked by the next run, not for as long again."""
    if isinstance(error, TimeoutError):
        return False
    return not isinstance(error, HubsyncError) and verdict(error) in TRANSIENT
