"""Sessions in tests: real ones, with real processes, at a pace that suits a test."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from hubsync import Identity, Pace, Session, SessionStatus
from hubsync.session.status import State

QUICK = Pace(debounce=0.2, behind=2.0, look=0.5, full=3600.0, first=0.2, longest=1.0)
PATIENCE = 40.0


class Running:
    """A session that runs, and all that it said."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said: list[SessionStatus] = []
        self._news = asyncio.Event()
        session.listen(self._hear)

    def _hear(self, status: SessionStatus) -> None:
        self.said.append(status)
        self._news.set()

    @property
    def states(self) -> list[State]:
        """In order, each once where it did not change."""
        states = [one.state for one in self.said]
        return [one for at, one in enumerate(states) if at == 0 or states[at - 1] is not one]

    async def until(self, found: Callable[[SessionStatus], bool]) -> SessionStatus:
        """Wait for a status; the present one counts."""
        end = time.monotonic() + PATIENCE
        while not found(self.session.status):
            self._news.clear()
            try:
                async with asyncio.timeout(end - time.monotonic()):
                    await self._news.wait()
            except TimeoutError as error:
                raise AssertionError(self.said[-5:]) from error
        return self.session.status

    async def until_state(self, *states: State) -> SessionStatus:
        return await self.until(lambda status: status.state in states)

    def worker(self) -> int | None:
        """The process that does the cycles."""
        return self.session._keeper.pid


async def eventually(found: Callable[[], object]) -> None:
    """Until it is so."""
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


@asynccontextmanager
async def running(
    root: Path,
    *,
    name: str = "a",
    pace: Pace = QUICK,
    env: Mapping[str, str] | None = None,
    flush: float = 30.0,
) -> AsyncIterator[Running]:
    """A session of the workspace, stopped at the end."""
    given = dict(os.environ) if env is None else env
    session = Session(str(root), identity=Identity("ada", f"hub-{name}"), env=given, pace=pace)
    one = Running(session)
    task = asyncio.create_task(session.run())
    try:
        yield one
    finally:
        await session.stop(flush)
        await task
