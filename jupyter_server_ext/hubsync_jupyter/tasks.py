"""Whatever takes long: begun by a request, followed by events, kept for a while after its end."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from msgspec import json

from hubsync_cli import words
from hubsync_jupyter.work.clerk import CallFailed, Clerk, failure
from hubsync_jupyter.work.frames import Call, Said, Trouble
from hubsync_jupyter.work.office import Office

_GRACE: Final = 5.0
"""Seconds between two files that somebody who wants it to end has to wait for."""
_KEPT: Final = 600.0
_MOST: Final = 50
_AT_ONCE: Final = 20
"""Each is a process of its own."""
ALONE: Final = frozenset({"setup", "bring-back", "open"})
"""Kinds of which only one runs at a time."""

Document = dict[str, Any]
After = Callable[[Document], Awaitable[Document]]
"""What the server does once the call has ended well: from its answer to the task's result."""


class Task:
    """One of them. ``trouble`` is None unless it failed."""

    def __init__(self, kind: str) -> None:
        self.id = secrets.token_hex(8)
        self.kind = kind
        self.state = "running"
        self.began = time.time_ns()
        self.ended: int | None = None
        self.progress: Document | None = None
        self.result: Document | None = None
        self.trouble: Trouble | None = None
        self.stopping = False
        self.clerk: Clerk | None = None
        self.over = asyncio.Event()

    @property
    def running(self) -> bool:
        return self.state == "running"

    def document(self) -> Document:
        trouble = self.trouble
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "began": words.iso(self.began),
            "ended": None if self.ended is None else words.iso(self.ended),
            "progress": self.progress if self.running else None,
            "result": self.result,
            "error": None
            if trouble is None
            else {"code": trouble.code, "message": trouble.message, "hint": trouble.hint},
        }


class Tasks:
    """All of them. ``tell`` hears of each change of one."""

    def __init__(self, office: Office, tell: Callable[[Task], None]) -> None:
        self._office = office
        self._tell = tell
        self._all: dict[str, Task] = {}
        self._doing: set[asyncio.Task[None]] = set()

    def find(self, name: str) -> Task | None:
        self._forget()
        return self._all.get(name)

    def running(self) -> Iterator[Task]:
        return (one for one in self._all.values() if one.running)

    def alone(self) -> Task | None:
        """One that runs and lets no other of its sort begin."""
        return next((one for one in self.running() if one.kind in ALONE), None)

    def begin(self, kind: str, call: Call, after: After | None = None) -> Task:
        """Do it, without waiting for it. Raises CallFailed where too many are under way."""
        if sum(1 for _ in self.running()) >= _AT_ONCE:
            raise failure(
                "conflict",
                "too-many-tasks",
                f"{_AT_ONCE} tasks are under way already.",
                "Wait until one has ended, or stop one.",
            )
        task = Task(kind)
        self._forget()
        self._all[task.id] = task
        doing = asyncio.get_running_loop().create_task(self._do(task, call, after))
        self._doing.add(doing)
        doing.add_done_callback(self._doing.discard)
        self._tell(task)
        return task

    async def stop(self, task: Task) -> None:
        """End it between two files, or, where a remote does not answer, a little later."""
        task.stopping = True
        clerk = task.clerk
        if clerk is not None:
            await clerk.stop_between_files()
            asyncio.get_running_loop().call_later(_GRACE, self._kill, task, clerk)

    def _kill(self, task: Task, clerk: Clerk) -> None:
        if task.clerk is clerk:
            clerk.kill()

    async def end(self) -> None:
        """End all of them now; what they were at, the next start goes on with (rule 13)."""
        for one in self._doing:
            one.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)

    async def _do(self, task: Task, call: Call, after: After | None) -> None:
        try:
            clerk = task.clerk = await self._office.clerk()
            try:
                if task.stopping:
                    await clerk.stop_between_files()
                answer = await clerk.ask(call, lambda said, told: self._hear(task, said, told))
            except asyncio.CancelledError:
                clerk.kill()
                raise
            finally:
                task.clerk = None
                await self._office.dismiss(clerk)
            result = json.decode(answer)
            task.result = result if after is None else await after(result)
            self._over(task, "done")
        except CallFailed as error:
            task.trouble = error.trouble
            ended = error.trouble.code in ("interrupted", "worker-ended")
            self._over(task, "cancelled" if task.stopping and ended else "failed")
        except BaseException:
            task.trouble = Trouble("internal", "internal", "It ended before it was done.")
            self._over(task, "failed")
            raise

    def _hear(self, task: Task, said: Said, told: Document) -> None:
        if said is Said.PROGRESS:
            task.progress = told
            self._tell(task)

    def _over(self, task: Task, state: str) -> None:
        task.state = state
        task.ended = time.time_ns()
        task.over.set()
        self._tell(task)

    def _forget(self) -> None:
        oldest = time.time_ns() - int(_KEPT * 1e9)
        ended = [one for one in self._all.values() if one.ended is not None]
        ended.sort(key=lambda one: one.ended or 0, reverse=True)
        for at, one in enumerate(ended):
            if at >= _MOST or (one.ended or 0) < oldest:
                del self._all[one.id]
