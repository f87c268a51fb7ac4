"""Which process a call goes to: short ones to one that is kept for a while, long ones to their own.

There are two of the kept ones, so that a call that waits for a remote holds up none that only
looks at the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from hubsync_jupyter.work.clerk import Clerk, failure
from hubsync_jupyter.work.frames import Call, Open, Said

_KEPT: Final = 30.0
"""Seconds that a process without work is kept."""
_PATIENCE: Final = 120.0


class Lane(Enum):
    """What a call waits for."""

    HERE = "here"
    THERE = "there"


class Office:
    """``opening`` says for which workspace; it is asked for each process."""

    def __init__(self, opening: Callable[[], Open]) -> None:
        self._opening = opening
        self._lanes = {lane: _Kept(opening) for lane in Lane}
        self._own: set[Clerk] = set()

    async def ask(self, lane: Lane, name: str, /, **arguments: Any) -> bytes:
        """A short call's answer. Raises CallFailed."""
        return await self._lanes[lane].ask(Call(name, arguments))

    async def clerk(self) -> Clerk:
        """A process of its own for a long call; give it back with `dismiss`. Raises CallFailed."""
        clerk = await Clerk.start(self._opening())
        self._own.add(clerk)
        return clerk

    async def dismiss(self, clerk: Clerk) -> None:
        self._own.discard(clerk)
        await clerk.close()

    async def end(self) -> None:
        """End all processes now, and wait for that."""
        self.kill()
        for clerk in tuple(self._own):
            await self.dismiss(clerk)
        for kept in self._lanes.values():
            await kept.let_go()

    def kill(self) -> None:
        """End all processes now."""
        for kept in self._lanes.values():
            kept.kill()
        for clerk in self._own:
            clerk.kill()


class _Kept:
    """At most one process, ended when it had nothing to do for a while."""

    def __init__(self, opening: Callable[[], Open]) -> None:
        self._opening = opening
        self._clerk: Clerk | None = None
        self._turn = asyncio.Lock()
        self._end: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def ask(self, call: Call) -> bytes:
        async with self._turn:
            if self._end is not None:
                self._end.cancel()
            clerk = await self._ready()
            try:
                async with asyncio.timeout(_PATIENCE):
                    return await clerk.ask(call, _nobody)
            except TimeoutError:
                clerk.kill()
                raise failure(
                    "slow",
                    "no-answer",
                    f"There was no answer within {_PATIENCE:.0f} seconds.",
                    "Try again later; 'hubsync doctor' in a terminal says what is amiss.",
                ) from None
            except asyncio.CancelledError:
                clerk.kill()  # its answer would be taken for that of the next call
                raise
            finally:
                self._end = asyncio.get_running_loop().call_later(_KEPT, self._let_go_soon)

    async def let_go(self) -> None:
        async with self._turn:
            if self._end is not None:
                self._end.cancel()
            clerk, self._clerk = self._clerk, None
            if clerk is not None:
                await clerk.close()

    def kill(self) -> None:
        if self._end is not None:
            self._end.cancel()
        if self._clerk is not None:
            self._clerk.kill()

    def _let_go_soon(self) -> None:
        self._ending = asyncio.get_running_loop().create_task(self.let_go())

    async def _ready(self) -> Clerk:
        if self._clerk is None or not self._clerk.running:
            self._clerk = await Clerk.start(self._opening())
        return self._clerk


def _nobody(said: Said, document: dict[str, Any]) -> None:
    """Short calls have no steps that anybody hears of."""
