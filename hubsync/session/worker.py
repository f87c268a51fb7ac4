"""The process that does a session's cycles: ``python -P -m hubsync.session.worker``.

A process of its own, because decoding the state of 100,000 files, and calls into git and storage
libraries, hold the interpreter for longer than an event loop may stand still; and because what a
cycle needed of memory goes back with the process.

Commands come in on standard input, one a line, answers go out on standard output (see `wire`). It
ends when its input does, between two files, or a little later in any case: nobody is left to hear
of it, and rule 13 makes an end at any point harmless.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import threading
from typing import IO, Final, Never

from hubsync.session import wire
from hubsync.session.job import Job
from hubsync.session.wire import Command, Cycle, Look, Open, Report, Stop

_PARTING: Final = 20.0
"""Seconds until it ends although something is under way."""


class Talk:
    """Both pipes. Nothing else may use them: whatever writes to standard output or reads standard
    input gets standard error and nothing."""

    def __init__(self) -> None:
        self._in: IO[bytes] = open(os.dup(0), "rb")  # noqa: SIM115
        self._out: IO[bytes] = open(os.dup(1), "wb", buffering=0)  # noqa: SIM115
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self.stop = threading.Event()
        self.commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="hubsync-commands", daemon=True).start()

    def say(self, report: Report) -> None:
        data = wire.line(report)
        with self._lock:
            try:
                while data:
                    data = data[self._out.write(data) or 0 :]
            except BrokenPipeError:
                self.stop.set()  # the listening thread sees the end of the input and ends this

    def _listen(self) -> None:
        for line in self._in:
            command = wire.command(line)
            if isinstance(command, Stop):
                self.stop.set()
            else:
                self.stop.clear()  # one that came too late was meant for the command before
                self.commands.put(command)
        self.stop.set()
        self.commands.put(None)
        threading.Event().wait(_PARTING)
        os._exit(1)


def main() -> Never:
    """See the module's docstring."""
    gc.set_threshold(200_000, 50, 1000)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    talk = Talk()
    opening = talk.commands.get()
    if isinstance(opening, Open):
        job = Job(opening, talk.say)
        job.prepare()
        while isinstance(command := talk.commands.get(), (Look, Cycle)):
            talk.say(job.answer(command, talk.stop))
        job.close()
    # Threads that wait for the network would be waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
