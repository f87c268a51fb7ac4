"""The session of the workspace, begun again when it ended against its will."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hubsync.errors import HubsyncError
from hubsync_jupyter.settings import Fault, Settings, fault_of

if TYPE_CHECKING:
    from hubsync import Session, SessionStatus

_AGAIN: Final = 30.0
"""Seconds until a session that could not be, is tried again."""

_SOON: Final = 2.0

Tell = Callable[[], None]


class Running:
    """At most one session. ``tell`` is called whenever ``status`` or ``fault`` is another one."""

    def __init__(self, settings: Settings, log: logging.Logger, tell: Tell) -> None:
        self._settings = settings
        self._log = log
        self._tell = tell
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._again = asyncio.Event()
        self._tried = asyncio.Event()
        self._paused = False
        self.fault: Fault | None = None

    @property
    def begun(self) -> bool:
        """Whether there is one, or there will be again."""
        return self._task is not None

    @property
    def active(self) -> bool:
        """Whether there is one now."""
        return self._session is not None

    @property
    def status(self) -> SessionStatus | None:
        return None if self._session is None else self._session.status

    @property
    def paused(self) -> bool:
        """Also one that is to be paused as soon as it is there."""
        return self._paused and self.begun

    @property
    def elsewhere(self) -> Fault | None:
        """What is told of another process that has the workspace's session."""
        fault = self.fault
        return fault if fault is not None and fault.kind == "busy" else None

    @property
    def waiting(self) -> frozenset[str]:
        """Paths that are known to wait."""
        return frozenset() if self._session is None else self._session.waiting

    def begin(self, root: str) -> None:
        """Or, if what was in its way may be gone, try once more at once."""
        if self._session is None:
            self.fault = None
            self._tried.clear()
        self._again.set()
        if self._task is None:
            self._paused = False
            self._task = asyncio.get_running_loop().create_task(self._run(root))

    async def tried(self) -> None:
        """Until it is known whether there is a session; not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SOON):
                await self._tried.wait()

    async def end(self, deadline: float) -> bool:
        """Send what was not sent, in ``deadline`` seconds at most, and end. Whether all was."""
        async with self._turn:
            task, self._task = self._task, None
            if task is None:
                return True
            session = self._session
            flushed = await session.stop(deadline) if session is not None else False
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._session = None
            self.fault = None
        self._tell()
        return flushed

    def wake(self, paths: Iterable[str]) -> None:
        if self._session is not None:
            self._session.wake(paths)

    def sync_now(self) -> None:
        if self._session is not None:
            self._session.sync_now()

    def go_on(self) -> None:
        """What was in the way may be gone. A pause stays one."""
        if self._session is not None and not self._session.status.facts.paused:
            self._session.sync_now()

    def pause(self, on: bool) -> None:
        self._paused = on
        if self._session is not None:
            (self._session.pause if on else self._session.resume)()

    async def _run(self, root: str) -> None:
        async with self._turn:
            pass  # one that is being ended still has the workspace
        while True:
            try:
                session = await self._made(root)
                if self._paused:
                    session.pause()
                session.listen(lambda _: self._heard())
                self._session, self.fault = session, None
                await session.run()
            except HubsyncError as error:
                self.fault = fault_of(error)
            except Exception:
                self._log.exception("The session ended.")
                self.fault = Fault(
                    "internal",
                    "The session ended, which it should not.",
                    "The server's log says more. It is begun again by itself.",
                )
            self._session = None
            self._tried.set()
            self._tell()
            self._again.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    await self._again.wait()

    def _heard(self) -> None:
        self._tried.set()  # the first thing that it tells is how it watches
        self._tell()

    async def _made(self, root: str) -> Session:
        """Raises NotAWorkspace."""
        await asyncio.to_thread(_imported)
        from hubsync import Session

        settings = self._settings
        return Session(
            root,
            identity=settings.identity,
            env=settings.env,
            pace=settings.intervals.pace(),
        )


def _imported() -> None:
    """Load what a session needs, beside the event loop."""
    import hubsync

    _ = hubsync.Session
