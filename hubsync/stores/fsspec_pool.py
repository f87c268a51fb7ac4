"""File system instances for a store's threads: one for all, or one each where it must be so."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from hubsync.stores.fsspec_dialects import Dialect
from hubsync.stores.fsspec_errors import Verdict, verdict


class Pool:
    """Made on first use. An instance on which the connection failed is not used again."""

    def __init__(self, make: Callable[[], Any], dialect: Dialect) -> None:
        self._make = make
        self._dialect = dialect
        self._lock = threading.Lock()
        self._free: list[Any] = []
        self._common: Any = None

    @contextlib.contextmanager
    def instance(self) -> Iterator[Any]:
        """A file system that is this thread's for the block."""
        if self._dialect.shared:
            yield self._the_common_one()
            return
        with self._lock:
            fs = self._free.pop() if self._free else None
        fs = fs or self._make()
        try:
            yield fs
        except BaseException as error:
            # Whatever interrupted the block may have left an answer unread on the connection.
            if isinstance(error, Exception) and verdict(error) is not Verdict.UNREACHABLE:
                self._give_back(fs)
            else:
                self._end(fs)
                # Those that wait are most likely as dead: each would have to be found out anew.
                self.close()
            raise
        self._give_back(fs)

    def _the_common_one(self) -> Any:
        with self._lock:
            if self._common is None:
                self._common = self._make()
            return self._common

    def _give_back(self, fs: Any) -> None:
        with self._lock:
            self._free.append(fs)

    def _end(self, fs: Any) -> None:
        with contextlib.suppress(OSError, EOFError):
            self._dialect.close(fs)

    def close(self) -> None:
        """End every connection; a later use makes new ones."""
        with self._lock:
            ended = [*self._free, *([self._common] if self._common is not None else [])]
            self._free, self._common = [], None
        for fs in ended:
            self._end(fs)
