"""The continuous session: one task for asyncio that keeps a workspace synced.

>>> session = Session("/home/ada/work", identity=Identity("ada", "hub-a"))
>>> task = asyncio.create_task(session.run())
>>> session.wake(["notes.md"])
>>> await session.stop(deadline=10.0)

It brings the parts together: `local.watch` and the timers of `agenda` say when, `child` does it,
`status` has the words. Nothing here waits for a disk or the network in the event loop.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

from msgspec.structs import replace

from hubsync.local.layout import Layout, workspace_root
from hubsync.local.lock import Lock, acquire_session
from hubsync.local.watch import Heard, How, Watch
from hubsync.model import Identity
from hubsync.session import agenda as plan
from hubsync.session.agenda import NEVER, Agenda, Pace, Step
from hubsync.session.keeper import Keeper
from hubsync.session.status import (
    Facts,
    Kind,
    Progress,
    SessionStatus,
    Watching,
    patience,
    status_of,
)
from hubsync.session.wire import Answer, Cycle, Ended, Failed, Look, Looked, Open

Listener = Callable[[SessionStatus], None]

_READY: Final = 5.0
"""Seconds that the first cycle waits for the watch, so that no change falls between them."""
_ECHO: Final = 3.0
"""Seconds until all that a cycle did to the disk has been heard."""
_NAMES: Final = 1000
_NS: Final = 1_000_000_000
_LAST_MOMENT: Final = 0.25
"""This part of a deadline is left for stopping between files before the process is killed."""


class Session:
    """Keeps the workspace around ``start`` synced while `run` runs; for one event loop.

    ``env``: the variables that remotes may use. Raises NotAWorkspace.
    """

    def __init__(
        self,
        start: str,
        *,
        identity: Identity,
        env: Mapping[str, str] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.root = workspace_root(start)
        opening = Open(self.root, identity.author, identity.hub, dict(env or {}))
        self._keeper = Keeper(opening)
        self._agenda = Agenda(pace or Pace())
        self._facts = Facts()
        self._names: set[str] = set()
        self._listeners: list[Listener] = []
        self._woken = asyncio.Event()
        self._watching = asyncio.Event()
        self._stopping = False
        self._step: Step | None = None
        self._stepped = 0.0
        self._broken_off = False
        self._ended: asyncio.Event | None = None
        self._flushed = False
        self._tasks: set[asyncio.Task[None]] = set()

    # -- for whoever has one -------------------------------------------------------------

    @property
    def status(self) -> SessionStatus:
        return status_of(self._facts)

    @property
    def waiting(self) -> frozenset[str]:
        """The first 1,000 paths that are known to have changed since the last cycle began."""
        return frozenset(self._names)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` in the event loop with every new status; what is returned ends that."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def wake(self, paths: Iterable[str] = ()) -> None:
        """These paths, relative to the root, have just been saved."""
        self._changed(paths)

    def sync_now(self) -> None:
        """A cycle at once, whatever failed before, and even if paused."""
        self._agenda = plan.asked(self._agenda)
        self._woken.set()

    def pause(self) -> None:
        """Do nothing by itself; a cycle under way stops between two files."""
        self._agenda = plan.paused(self._agenda, True)
        if self._step is Step.SYNC:
            self._broken_off = True
            self._background(self._keeper.stop_between_files())
        self._tell(paused=True)

    def resume(self) -> None:
        """Go on, with whatever was left."""
        self._agenda = plan.paused(self._agenda, False)
        self._tell(paused=False)
        self._woken.set()

    async def stop(self, deadline: float) -> bool:
        """Send what was not sent yet and end, in ``deadline`` seconds at most.

        Whether all that was changed here is on the remote. What is not goes on at the next start.
        """
        ended = self._ended
        if ended is None:
            return not self._agenda.pending
        self._stopping = True
        self._woken.set()
        if self._step is Step.LOOK:
            self._keeper.kill()  # an answer that nobody needs any more
        loop = asyncio.get_running_loop()
        last = loop.call_later(
            deadline * (1 - _LAST_MOMENT),
            lambda: self._background(self._keeper.stop_between_files()),
        )
        end = loop.call_later(deadline, self._keeper.expire)
        try:
            # Letting go of the lock may wait for a disk that does not answer.
            async with asyncio.timeout(deadline + 1.0):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            last.cancel()
            end.cancel()
        return self._flushed

    async def run(self) -> None:
        """Until `stop`. Raises WorkspaceBusy (another session has the workspace), LocalError."""
        self._ended = ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        watch: Watch | None = None
        lock: Lock | None = None
        try:
            lock = await self._acquired(loop)
            watch = Watch(
                self.root,
                lambda heard: _in_loop(loop, self._heard, heard),
                lambda how: _in_loop(loop, self._seen, how),
            )
            watch.start()
            self._background(self._keeper.ready())
            with suppress(TimeoutError):
                async with asyncio.timeout(_READY):
                    await self._watching.wait()
            await self._until_stopped(lock)
            self._flushed = await self._flush()
        finally:
            self._keeper.kill()
            for task in self._tasks:
                task.cancel()
            try:
                await _let_go(watch, lock)
                await self._keeper.close()
            finally:
                ended.set()
                self._ended = None

    async def _acquired(self, loop: asyncio.AbstractEventLoop) -> Lock:
        """The right to be the session of this workspace; it may be waited for."""

        def acquire() -> Lock:
            return acquire_session(Layout(self.root), stopping=lambda: self._stopping)

        acquiring = loop.run_in_executor(None, acquire)
        try:
            return await asyncio.shield(acquiring)
        except asyncio.CancelledError:
            # The thread cannot be cancelled. What it gets nevertheless is given back.
            self._stopping = True
            acquiring.add_done_callback(_given_back)
            raise

    # -- the loop ------------------------------------------------------------------------

    async def _until_stopped(self, lock: Lock) -> None:
        while not self._stopping:
            step, at = plan.due(self._agenda, time.monotonic())
            if step is None:
                if self._agenda.pending:
                    self._background(self._keeper.ready())
                await self._wait(at)
                continue
            await asyncio.to_thread(lock.check)
            step, _ = plan.due(self._agenda, time.monotonic())  # a pause may have come meanwhile
            if step is not None and not self._stopping:
                await self._do(step)

    async def _wait(self, until: float) -> None:
        """Until then, or until something happens."""
        rest = None if until == NEVER else max(0.0, until - time.monotonic())
        with suppress(TimeoutError):
            # Not wait_for: in Python 3.11 it forgets a cancellation at the instant of the event.
            async with asyncio.timeout(rest):
                await self._woken.wait()
        self._woken.clear()

    async def _do(self, step: Step) -> None:
        self._step = step
        try:
            if step is Step.LOOK:
                answer = await self._keeper.ask(Look(), _nobody)
                if not self._stopping:  # then it was cut short, which is no trouble
                    self._take(answer)
            else:
                await self._cycle(push=False)
        finally:
            self._step = None
            self._stepped = time.monotonic()

    async def _cycle(self, *, push: bool) -> Answer:
        self._broken_off = False
        self._agenda = plan.begun(self._agenda)
        before, self._names = self._names, set()
        self._tell(progress=Progress(), pending=0)
        known = None if self._facts.last is None else self._facts.last.all_conflicts
        answer = await self._keeper.ask(Cycle(push, known), lambda at: self._tell(progress=at))
        if isinstance(answer, Failed):
            self._names |= before.difference(answer.sent)
        self._take(answer)
        await self._keeper.trim()
        return answer

    def _take(self, answer: Answer) -> None:
        now = time.monotonic()
        told: dict[str, object] = {"progress": None, "retry_at": None}
        if isinstance(answer, Looked):
            self._agenda = plan.looked(self._agenda, now, answer.news)
            told["trouble"] = None
        elif isinstance(answer, Ended):
            self._agenda = plan.done(self._agenda, now)
            told |= {"trouble": None, "last": answer.outcome}
        elif answer.trouble.kind is Kind.INTERRUPTED and self._broken_off:
            told["trouble"] = None  # by a pause: what is left is gone on with once that is over
        else:
            waits = patience(answer.trouble)
            self._agenda = plan.failed(
                self._agenda, now, waits, random.random(), partly=answer.partly
            )
            wait = self._agenda.retry_at - now
            told |= {"trouble": answer.trouble, "retry_at": time.time_ns() + int(wait * _NS)}
        self._tell(pending=self._pending(), **told)

    async def _flush(self) -> bool:
        """What was changed here goes out. Whether it did."""
        if self._agenda.paused:
            return not self._agenda.pending
        while True:
            answer = await self._cycle(push=True)
            if isinstance(answer, Ended) and answer.outcome.unsynced:
                # Only both directions together get it out: merged, or kept twice.
                answer = await self._cycle(push=False)
            if not isinstance(answer, Ended) or answer.outcome.unsynced:
                return False
            if not self._agenda.pending:  # nothing was saved meanwhile
                return True

    # -- what happens --------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        if heard.paths or heard.more:
            self._changed(heard.paths)
        if heard.synced and self._facts.trouble is not None and not self._own():
            self.sync_now()  # somebody put right what this session waits for

    def _own(self) -> bool:
        """Whether what is heard now may be this session's own doing. A cycle that was stopped for
        safety did nothing."""
        if self._step is not None:
            return True
        trouble = self._facts.trouble
        stopped = trouble is not None and trouble.kind is Kind.SAFETY
        return not stopped and time.monotonic() - self._stepped < _ECHO

    def _seen(self, how: How) -> None:
        self._watching.set()
        self._tell(watching=Watching(how.how, how.why))

    def _changed(self, paths: Iterable[str]) -> None:
        self._agenda = plan.changed(self._agenda, time.monotonic())
        room = _NAMES - len(self._names)
        self._names.update(path for path, _ in zip(paths, range(room), strict=False))
        self._tell(pending=self._pending())
        self._woken.set()

    def _pending(self) -> int:
        return max(len(self._names), int(self._agenda.pending))

    def _tell(self, **changes: object) -> None:
        facts = replace(self._facts, **changes)
        if facts == self._facts:
            return
        self._facts = facts
        status = status_of(facts)
        for listener in tuple(self._listeners):
            listener(status)

    def _background(self, doing: Coroutine[object, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _nobody(progress: Progress) -> None:
    """A look has no steps."""


def _in_loop(
    loop: asyncio.AbstractEventLoop, call: Callable[..., None], *arguments: object
) -> None:
    with suppress(RuntimeError):  # the loop was closed: nobody is left to hear
        loop.call_soon_threadsafe(call, *arguments)


def _given_back(acquired: asyncio.Future[Lock]) -> None:
    if not acquired.cancelled() and acquired.exception() is None:
        acquired.result().release()


async def _let_go(watch: Watch | None, lock: Lock | None) -> None:
    if watch is not None:
        await asyncio.to_thread(watch.stop)
    if lock is not None:
        await asyncio.to_thread(lock.release)
