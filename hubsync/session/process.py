"""A Python process that takes commands on its input and answers on its output, for asyncio."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Final

_PARTING: Final = 2.0


class Piped:
    """A running process; whoever has one knows what is said through the pipes."""

    def __init__(self, process: Process, output: asyncio.StreamReader) -> None:
        self._process = process
        self._killed = False
        self.output = output

    @classmethod
    async def start(cls, module: str, *, longest: int) -> Piped:
        """Of ``module``, which says lines of ``longest`` bytes at most. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a random.py in the user's directory is none of ours
            "-m",
            module,
            stdin=PIPE,
            stdout=PIPE,
            cwd="/",  # the workspace may be moved or unmounted meanwhile
            start_new_session=True,  # a Ctrl-C in the terminal reaches the parent alone
            limit=longest,
        )
        assert process.stdout is not None
        return cls(process, process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def say(self, line: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        # If it has gone, the end of its output tells.
        with suppress(ConnectionError, RuntimeError):
            pipe.write(line)
            await pipe.drain()

    def kill(self) -> None:
        """End it now; every path is old or new (rule 13).

        Once only: `Popen.kill` asks after the process first, and if that has gone by then, takes
        its status away from asyncio, which complains and makes one up.
        """
        if not self._killed:
            self._killed = True
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

    async def ended(self) -> str:
        """Wait for the end of one that says nothing any more: "by signal 9"."""
        await self.close()
        status = self._process.returncode
        assert status is not None
        return f"by signal {-status}" if status < 0 else f"with status {status}"
