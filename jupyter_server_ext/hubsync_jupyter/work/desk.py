"""The process that calls the library: ``python -P -m hubsync_jupyter.work.desk``.

It ends when its input does: the server has gone, or needs it no more.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import traceback
from typing import IO, Any, Final, Never

from msgspec import json

from hubsync.errors import (
    AccessDenied,
    DiskFull,
    HubsyncError,
    Interrupted,
    LocalError,
    NoSuchVersion,
    NotAWorkspace,
    RemoteFormatError,
    RemoteMoved,
    RemoteUnavailable,
    SafetyStop,
    StoreError,
    UsageError,
    WorkspaceBusy,
)
from hubsync_cli.output import encodable
from hubsync_jupyter.work import frames
from hubsync_jupyter.work.frames import Call, Open, Said, Stop, Trouble

_TOLD: Final = 0.25
"""Seconds between two reports of progress."""
_PARTING: Final = 20.0

_KINDS: Final = (
    (NotAWorkspace, "conflict"),
    (UsageError, "usage"),
    (NoSuchVersion, "absent"),
    ((SafetyStop, WorkspaceBusy, Interrupted), "conflict"),
    ((AccessDenied, RemoteUnavailable, RemoteFormatError, RemoteMoved, StoreError), "remote"),
    (DiskFull, "disk-full"),
    (LocalError, "local"),
)


class Pipes:
    """Both pipes. Whatever else writes to standard output gets standard error."""

    def __init__(self) -> None:
        self._in: IO[bytes] = open(os.dup(0), "rb")  # noqa: SIM115
        self._out: IO[bytes] = open(os.dup(1), "wb", buffering=0)  # noqa: SIM115
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self.stop = threading.Event()
        self.commands: queue.SimpleQueue[frames.Command | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="hubsync-commands", daemon=True).start()

    def say(self, said: Said, document: object) -> None:
        data = frames.frame(said, _encoded(document))
        with self._lock:
            try:
                while data:
                    data = data[self._out.write(data) or 0 :]
            except BrokenPipeError:
                self.stop.set()

    def _listen(self) -> None:
        for line in self._in:
            command = frames.command(line)
            if isinstance(command, Stop):
                self.stop.set()
            else:
                self.stop.clear()
                self.commands.put(command)
        self.stop.set()
        self.commands.put(None)
        threading.Event().wait(_PARTING)
        os._exit(1)


class Teller:
    """The reporter of a call: progress as the browser is told it. Calls come from any thread."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._lock = threading.Lock()
        self._at = {"phase": "", "files": 0, "files_done": 0, "bytes": 0, "bytes_done": 0}
        self._told = 0.0

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        with self._lock:
            self._at = {
                "phase": name,
                "files": files,
                "files_done": 0,
                "bytes": size,
                "bytes_done": 0,
            }
            self._say(time.monotonic())

    def advance(self, files: int = 0, size: int = 0) -> None:
        with self._lock:
            at: dict[str, Any] = self._at
            at["files_done"] += files
            at["bytes_done"] += size
            now = time.monotonic()
            if now - self._told >= _TOLD:
                self._say(now)

    def stopping(self) -> bool:
        return self._pipes.stop.is_set()

    def _say(self, now: float) -> None:
        self._told = now
        self._pipes.say(Said.PROGRESS, self._at)


def main() -> Never:
    """See the module's docstring."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipes = Pipes()
    opening = pipes.commands.get()
    if isinstance(opening, Open):
        from hubsync_jupyter.work.calls import CALLS, Desk

        desk = Desk(opening, Teller(pipes), lambda note: pipes.say(Said.NOTE, note))
        while isinstance(command := pipes.commands.get(), Call):
            try:
                answer = CALLS[command.name](desk, **command.arguments)
            except Exception as error:
                pipes.say(Said.ERROR, trouble_of(error))
            else:
                pipes.say(Said.RESULT, answer)
    os._exit(0)


def trouble_of(error: Exception) -> Trouble:
    """An error as the browser is told it; what a bug is goes to the server's log alone."""
    if isinstance(error, HubsyncError):
        kind = next((name for of, name in _KINDS if isinstance(error, of)), "failed")
        return Trouble(kind, error.code, error.message, error.hint)
    if isinstance(error, FileNotFoundError):
        return Trouble("absent", "not-found", f"{error.filename} is not there.")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return Trouble("local", "local-error", f"{where}{error.strerror}.")
    traceback.print_exception(error)
    return Trouble(
        "internal",
        "internal",
        "Something in hubsync failed that should not.",
        "The server's log says more.",
    )


def _encoded(document: object) -> bytes:
    try:
        return json.encode(document)
    except UnicodeEncodeError:
        return json.encode(encodable(document))


if __name__ == "__main__":
    main()
