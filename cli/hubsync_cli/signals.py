"""SIGINT, SIGTERM and SIGHUP: the first asks to stop, the second stops at once.

A command that works file by file runs inside `between_files`: the first signal only sets a flag,
which its reporter hands on, and the command ends by itself in a state that is complete (rule 13).
Any other command is interrupted where it is. The second signal ends the process without
any clean-up, which rule 13 allows at every point.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final

EXIT_STATUS: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruptions:
    """Holds these signals while it is entered; a terminal that is closed is nothing to whom
    ``nohup`` has started."""

    def __init__(self) -> None:
        self.asked = False
        self._told: Callable[[], None] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruptions:
        for number in _SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._before[number] = signal.signal(number, self._received)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def between_files(self, told: Callable[[], None]) -> Iterator[None]:
        """Inside, the first signal calls ``told`` and sets `asked`."""
        self._told = told
        try:
            yield
        finally:
            self._told = None

    @contextmanager
    def awaited(self, told: Callable[[], None]) -> Iterator[None]:
        """Inside, the first signal is the ordinary way to the end: it calls ``told`` and is then
        answered. The second one still stops at once."""
        with self.between_files(told):
            yield
        self.asked = False

    def _received(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            # Not sys.exit: threads that wait for the network would be waited for.
            os.write(
                2, b"\r\x1b[K\x1b[?25hStopped at once.\n" if os.isatty(2) else b"Stopped at once.\n"
            )
            os._exit(EXIT_STATUS)
        self.asked = True
        if self._told is None:
            raise KeyboardInterrupt
        self._told()
