"""Ctrl-C where no terminal is: a farewell there too.

Without a terminal Jupyter's server leaves SIGINT to Python, whose KeyboardInterrupt ends the event
loop in its middle: no extension is stopped, and what was saved a moment ago is not sent. The local
spawners of JupyterHub end a server by just this signal first.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable


def also_on_interrupt(stop: Callable[[], None]) -> None:
    """Let SIGINT call ``stop`` as well, if nobody but Python handles it. Whoever ignores it (a
    background job) or handles it (a terminal's question) goes on doing so."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: stop())
