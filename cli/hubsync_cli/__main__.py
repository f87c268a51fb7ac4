"""The process that is the command: `hubsync`, or `python -m hubsync_cli`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import Never


def _stop(number: int, frame: object) -> Never:
    """Nothing has begun, or everything is over: `hubsync_cli.signals` has the time in between."""
    with suppress(OSError):
        os.write(2, b"error: Interrupted.\nhint: Run it again to go on.\n")
    os._exit(130)


if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else somebody ignores it
    signal.signal(signal.SIGINT, _stop)

# A command is short and makes many small values that live to its end, modules first of all: looking
# for cycles among them, or among 100,000 entries, costs more than all that is ever found.
gc.set_threshold(200_000, 50, 1000)

from hubsync_cli.main import main  # noqa: E402


def entry() -> Never:
    """The console script.

    The process ends at once with the command's status. Taking the interpreter down in order would
    cost some milliseconds, and wait for requests that nobody needs any more.
    """
    try:
        main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed from the beginning
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


if __name__ == "__main__":
    entry()
