"""The process that does the cycles (`worker`), as the event loop sees it."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from hubsync.session import wire
from hubsync.session.status import Kind, Progress, Trouble
from hubsync.session.wire import Answer, Cycle, Failed, Look, Open, Stop

_PARTING: Final = 2.0
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Child:
    """A running process; one question at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, opening: Open) -> Child:
        """A process for the workspace. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a random.py in the user's directory is none of ours
            "-m",
            "hubsync.session.worker",
            stdin=PIPE,
            stdout=PIPE,
            cwd="/",  # the workspace may be moved or unmounted meanwhile
            start_new_session=True,  # a Ctrl-C in the terminal reaches the session alone
            limit=wire.LONGEST,
        )
        child = cls(process)
        await child._say(wire.line(opening))
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def ask(self, command: Look | Cycle, hear: Callable[[Progress], None]) -> Answer:
        """The answer; a process that ends instead of giving one is trouble as well."""
        await self._say(wire.line(command))
        output = self._process.stdout
        assert output is not None
        while line := await output.readline():
            try:
                report = wire.report(line)
            except msgspec.MsgspecError:
                break
            if not isinstance(report, Progress):
                return report
            hear(report)
        self.kill()
        status = await self._process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return Failed(
            Trouble(
                Kind.FAILED,
                "worker-ended",
                f"The process that syncs was ended {how} before it was done.",
                "It is started again by itself; the log of the server may say why it ended.",
            )
        )

    async def stop_between_files(self) -> None:
        """What is under way ends soon, in a state that is complete."""
        await self._say(wire.line(Stop()))

    def kill(self) -> None:
        """End it now (rule 13)."""
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

    def resident(self) -> int:
        """Bytes of memory that it holds; 0 where nobody can tell."""
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * _PAGE
        except (OSError, IndexError, ValueError):
            return 0

    async def _say(self, line: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        # If it has gone, the end of its output tells.
        with suppress(ConnectionError, RuntimeError):
            pipe.write(line)
            await pipe.drain()
