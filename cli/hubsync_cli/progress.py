"""Progress on a terminal: counters that any thread may advance, drawn by a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hubsync_cli import words

FIRST_DRAWN_AFTER: Final = 1.0
"""Seconds: what is done sooner needs no bar."""

_REFRESH: Final = 0.1
_WINDOW: Final = 10.0
"""Seconds over which the pace is taken."""
_FILE: Final = 64 << 10
"""Bytes that could have passed in the time that a file costs by itself (requests, mostly)."""


class Counters(Struct, frozen=True):
    """A phase at one instant; a total of 0 is unknown. ``phase`` counts the phases so far."""

    phase: int
    name: str
    files: int
    size: int
    total_files: int
    total_size: int


class Pace(Struct, frozen=True):
    """What passes in a second."""

    files: float = 0.0
    size: float = 0.0

    def left(self, counters: Counters) -> float:
        """Seconds until the totals are reached; 0 if that cannot be told.

        A file costs time by itself, not only by its bytes: a thousand small ones that are still to
        come are not done when a large one before them is.
        """
        work = self.size + self.files * _FILE
        if work <= 0:
            return 0.0
        files = max(0, counters.total_files - counters.files)
        size = max(0, counters.total_size - counters.size)
        return (size + files * _FILE) / work


class Meter:
    """The pace over the last seconds, from samples of the counters."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, int]] = deque()
        self._phase = 0

    def pace(self, now: float, counters: Counters) -> Pace:
        if counters.phase != self._phase:
            self._samples.clear()
            self._phase = counters.phase
        self._samples.append((now, counters.files, counters.size))
        while now - self._samples[0][0] > _WINDOW:
            self._samples.popleft()
        then, files, size = self._samples[0]
        if now <= then:
            return Pace()
        return Pace((counters.files - files) / (now - then), (counters.size - size) / (now - then))


def figures(counters: Counters, pace: Pace) -> str:
    """``"120 of 10,000 files, 3.4 MB of 40.0 MB, 12.0 MB/s, 2.8 s left"``."""
    parts: list[str] = []
    if counters.total_files:
        parts.append(f"{counters.files:,} of {words.count(counters.total_files, 'file')}")
    elif counters.files:
        parts.append(words.count(counters.files, "file"))
    if counters.total_size:
        parts.append(f"{words.size(counters.size)} of {words.size(counters.total_size)}")
    elif counters.size:
        parts.append(words.size(counters.size))
    if counters.total_size and pace.size > 0:
        parts.append(f"{words.size(pace.size)}/s")
    elif pace.files > 0:
        parts.append(f"{pace.files:,.0f} files/s")
    left = pace.left(counters)
    if left > 0:
        parts.append(f"{words.duration(left)} left")
    return ", ".join(parts)


class Progress:
    """The reporter of a command (`hubsync.report.Reporter`).

    ``draw``: standard error is a terminal on which a bar may be drawn. ``say``: told the name of
    each phase instead (``-v`` without a terminal).
    """

    def __init__(
        self,
        stopping: Callable[[], bool],
        *,
        draw: bool,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._stopping = stopping
        self._draw = draw
        self._say = say
        self._lock = threading.Lock()
        self._counters = Counters(0, "", 0, 0, 0, 0)
        self._files = self._size = 0
        self._closed = threading.Event()
        self._drawer: threading.Thread | None = None

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        with self._lock:
            self._counters = Counters(self._counters.phase + 1, name, 0, 0, files, size)
            self._files = self._size = 0
            if self._draw and self._drawer is None:
                self._drawer = threading.Thread(target=self._run, name="progress", daemon=True)
                self._drawer.start()
        if self._say is not None:
            self._say(_announcement(name, files, size))

    def advance(self, files: int = 0, size: int = 0) -> None:
        with self._lock:
            self._files += files
            self._size += size

    def stopping(self) -> bool:
        return self._stopping()

    def told_to_stop(self) -> None:
        """Say so at once. Called from a signal handler: no lock is taken here."""
        text = "Stopping after the files under way; interrupt again to stop at once.\n"
        os.write(2, (f"\r\x1b[K{text}" if self._draw else text).encode())

    def close(self) -> None:
        """Take the bar away."""
        self._closed.set()
        if self._drawer is not None:
            self._drawer.join()

    def now(self) -> Counters:
        with self._lock:
            seen = self._counters
            return Counters(
                seen.phase, seen.name, self._files, self._size, seen.total_files, seen.total_size
            )

    def _run(self) -> None:
        if self._closed.wait(FIRST_DRAWN_AFTER):
            return
        # Costs 0.1 s, so only now that it is known to be needed.
        from hubsync_cli.bar import Bar

        meter = Meter()
        with Bar() as bar:
            while True:
                counters = self.now()
                bar.show(counters, figures(counters, meter.pace(time.monotonic(), counters)))
                if self._closed.wait(_REFRESH):
                    return


def _announcement(name: str, files: int, size: int) -> str:
    parts = [words.count(files, "file")] if files else []
    if size:
        parts.append(words.size(size))
    return f"{name}: {', '.join(parts)}" if parts else name
