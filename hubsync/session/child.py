"""The process that does the cycles (`worker`), as the event loop sees it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import msgspec

from hubsync.session import wire
from hubsync.session.process import Piped
from hubsync.session.status import Kind, Progress, Trouble
from hubsync.session.wire import Answer, Cycle, Failed, Look, Open, Stop

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Child:
    """A running process; one question at a time."""

    def __init__(self, process: Piped) -> None:
        self._process = process
        self.kill = process.kill
        self.close = process.close

    @classmethod
    async def start(cls, opening: Open) -> Child:
        """A process for the workspace. Raises OSError."""
        process = await Piped.start("hubsync.session.worker", longest=wire.LONGEST)
        await process.say(wire.line(opening))
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.running

    async def ask(self, command: Look | Cycle, hear: Callable[[Progress], None]) -> Answer:
        """The answer; a process that ends instead of giving one is trouble as well."""
        await self._process.say(wire.line(command))
        while line := await self._process.output.readline():
            try:
                report = wire.report(line)
            except msgspec.MsgspecError:
                self.kill()
                break
            if not isinstance(report, Progress):
                return report
            hear(report)
        how = await self._process.ended()
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
        await self._process.say(wire.line(Stop()))

    def resident(self) -> int:
        """Bytes of memory that it holds; 0 where nobody can tell."""
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * _PAGE
        except (OSError, IndexError, ValueError):
            return 0
