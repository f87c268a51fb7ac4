"""Trying again what failed in passing: three tries, exponential back-off with jitter."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

T = TypeVar("T")


class Patience(Struct, frozen=True):
    """How often and after how many seconds. The wait before try ``n + 1`` is drawn evenly from
    the upper half of ``first * 2 ** (n - 1)``, at most ``longest``."""

    tries: int = 3
    first: float = 0.3
    longest: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    drawn: Callable[[], float] = random.random
    """Evenly from 0 to 1."""

    def wait(self, failed: int) -> None:
        """Sleep after the ``failed``-th failure (from 1)."""
        pause = min(self.longest, self.first * 2 ** (failed - 1))
        self.sleep(pause * (0.5 + self.drawn() / 2))


def retrying(
    call: Callable[[], T],
    transient: Callable[[Exception], bool],
    patience: Patience | None = None,
) -> T:
    """``call()``, again while it raises what ``transient`` says may pass; then the last error.

    The call must be one that may be done twice: a read, or a write whose outcome is the same.
    """
    patience = patience or Patience()
    failed = 0
    while True:
        try:
            return call()
        except Exception as error:
            failed += 1
            if failed >= patience.tries or not transient(error):
                raise
            patience.wait(failed)
