"""The three standard streams, as they were handed over."""

from __future__ import annotations

import os
import sys


def opened() -> bool:
    """Whether standard output is there. What is closed of the three is opened to nothing.

    Otherwise the next file that is opened gets the number of a standard stream, and whatever is
    written to that stream, by a signal handler for example, lands in somebody's work.
    """
    had_output = sys.stdout is not None
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    return had_output


def discard_output() -> None:
    """What is still buffered must not fail again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
