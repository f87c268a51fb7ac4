"""Keeps a process for the cycles at hand: started before it is needed, replaced when it grew, and
ended when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from hubsync.session.child import Child
from hubsync.session.status import Kind, Progress, Trouble
from hubsync.session.wire import Answer, Cycle, Failed, Look, Open

LARGE: Final = 64 << 20
"""Bytes of memory from which on a process is not kept for the next question."""
LOOK_PATIENCE: Final = 120.0
CYCLE_PATIENCE: Final = 1800.0
"""Seconds without a word after which a look, or a cycle, will never end: a connection that hangs.
A cycle says something with every file, and with every part of a large one."""


class Keeper:
    """At most one `Child` at a time."""

    def __init__(self, opening: Open) -> None:
        self._opening = opening
        self._child: Child | None = None
        self._starting = asyncio.Lock()
        self._expired = False
        self._hung = False
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        return self._child.pid if self._child is not None and self._child.running else None

    async def ready(self) -> None:
        """There is a process; what is amiss with that, the next question tells."""
        await self._started()

    async def ask(self, command: Look | Cycle, hear: Callable[[Progress], None]) -> Answer:
        """The answer of a process; whatever keeps it from answering is an answer too."""
        self._stopped = False
        child = await self._started()
        if isinstance(child, Failed):
            return child
        if self._stopped:  # while it was started; a process that has no question forgets a stop
            return _interrupted()
        loop = asyncio.get_running_loop()
        patience = LOOK_PATIENCE if isinstance(command, Look) else CYCLE_PATIENCE
        silent = loop.call_later(patience, self._give_up)

        def heard(progress: Progress) -> None:
            nonlocal silent
            silent.cancel()
            silent = loop.call_later(patience, self._give_up)
            hear(progress)

        self._hung = False
        try:
            answer = await child.ask(command, heard)
        finally:
            silent.cancel()
        if self._hung:
            return _hanging(patience)
        return _late() if self._expired and isinstance(answer, Failed) else answer

    async def trim(self) -> None:
        """Let the process go if it grew: its memory goes with it."""
        if self._child is not None and self._child.resident() > LARGE:
            await self.close()

    async def stop_between_files(self) -> None:
        """The question under way is answered soon: that it was interrupted, if it was."""
        self._stopped = True
        if self._child is not None:
            await self._child.stop_between_files()

    def expire(self) -> None:
        """Kill it, and start no other."""
        self._expired = True
        self.kill()

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()

    async def close(self) -> None:
        """End it and wait for that."""
        child, self._child = self._child, None
        if child is not None:
            await child.close()

    def _give_up(self) -> None:
        self._hung = True
        self.kill()

    async def _started(self) -> Child | Failed:
        async with self._starting:
            if self._child is not None and self._child.running:
                return self._child
            await self.close()
            if self._expired:
                return _late()
            try:
                self._child = await Child.start(self._opening)
            except OSError as error:
                return _failed("no-worker", f"No process can be started: {error.strerror}.")
            return self._child


def _failed(code: str, message: str) -> Failed:
    return Failed(Trouble(Kind.FAILED, code, message, "It is tried again by itself."))


def _late() -> Failed:
    return _failed("expired", "The time was over before it was done.")


def _interrupted() -> Failed:
    return Failed(Trouble(Kind.INTERRUPTED, "interrupted", "Stopped before it began."))


def _hanging(patience: float) -> Failed:
    return Failed(
        Trouble(
            Kind.OFFLINE,
            "no-answer",
            f"The remote has not answered for {patience / 60:.0f} minutes.",
            "It is tried again by itself.",
        )
    )
