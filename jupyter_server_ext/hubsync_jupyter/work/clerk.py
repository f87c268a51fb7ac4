"""One process of `desk`, as the event loop sees it; one call at a time."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from msgspec import json

from hubsync_jupyter.work import frames
from hubsync_jupyter.work.frames import Call, Open, Said, Stop, Trouble

Hear = Callable[[Said, dict[str, Any]], None]
"""What a call says before its answer: progress, and notes."""

_PARTING: Final = 2.0


class CallFailed(Exception):
    """A call's error, for people. ``trouble`` is what the browser is told."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


def failure(kind: str, code: str, message: str, hint: str = "") -> CallFailed:
    return CallFailed(Trouble(kind, code, message, hint))


class Clerk:
    """A running process."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, opening: Open) -> Clerk:
        """Raises CallFailed."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # a random.py in the user's directory is none of ours
                "-m",
                "hubsync_jupyter.work.desk",
                stdin=PIPE,
                stdout=PIPE,
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal reaches the server alone
            )
        except OSError as error:
            raise failure(
                "local", "no-process", f"No process can be started: {error.strerror}."
            ) from error
        clerk = cls(process)
        await clerk._say(opening)
        return clerk

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, call: Call, hear: Hear) -> bytes:
        """The answer, a JSON document. Raises CallFailed."""
        await self._say(call)
        output = self._process.stdout
        assert output is not None
        while True:
            try:
                letter, size = frames.HEAD.unpack(await output.readexactly(frames.HEAD.size))
                document = await output.readexactly(size)
            except asyncio.IncompleteReadError:
                self.kill()
                status = await self._process.wait()
                how = f"by signal {-status}" if status < 0 else f"with status {status}"
                raise failure(
                    "internal",
                    "worker-ended",
                    f"The process that does the work was ended {how} before it was done.",
                    "Try again; the log of the server may say why it ended.",
                ) from None
            said = Said(letter)
            if said is Said.RESULT:
                return document
            if said is Said.ERROR:
                raise CallFailed(json.decode(document, type=Trouble))
            hear(said, json.decode(document))

    async def stop_between_files(self) -> None:
        await self._say(Stop())

    def kill(self) -> None:
        """End it now; every path is old or new (rule 13)."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """End it; it has nothing to do any more."""
        pipe = self._process.stdin
        assert pipe is not None
        pipe.close()
        try:
            async with asyncio.timeout(_PARTING):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    async def _say(self, command: frames.Command) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        # If it has gone, the end of its output tells.
        with suppress(ConnectionError, RuntimeError):
            pipe.write(frames.line(command))
            await pipe.drain()
