"""Syncing now, one way or both, and pausing."""

from __future__ import annotations

from typing import Any, Final

from hubsync_jupyter.handlers.base import Body, Handler, answers
from hubsync_jupyter.handlers.following import USUAL, Wait, followed
from hubsync_jupyter.work.office import Lane


class Nothing(Body, frozen=True):
    """A body without fields."""


class SyncBody(Body, frozen=True):
    confirm_deletes: bool = False
    message: str = ""
    wait: Wait = USUAL


class OneWayBody(Body, frozen=True):
    message: str = ""
    wait: Wait = USUAL


class Sync(Handler):
    @answers
    async def post(self) -> dict[str, Any]:
        body = self.read(SyncBody)
        self.service.needed()
        told = None
        if body.confirm_deletes or body.message or not self.service.running.active:
            task = self.service.begin(
                "sync",
                "run",
                self._session_looks,
                direction="sync",
                message=body.message,
                confirm_deletes=body.confirm_deletes,
            )
            told = await followed(self, task, body.wait)
        else:
            self.service.running.sync_now()
        return {"status": self.service.status(), "task": told}

    async def _session_looks(self, answer: dict[str, Any]) -> dict[str, Any]:
        """What kept the session from going on may be over: a stop that was confirmed."""
        self.service.running.go_on()
        return self.service.ran(answer)


class OneWay(Handler):
    direction = ""

    @answers
    async def post(self) -> dict[str, Any]:
        body = self.read(OneWayBody)
        way = self.direction
        task = self.service.begin(way, "run", self._ran, direction=way, message=body.message)
        return {"task": await followed(self, task, body.wait)}

    async def _ran(self, answer: dict[str, Any]) -> dict[str, Any]:
        return self.service.ran(answer)


class Push(OneWay):
    direction = "push"


class Pull(OneWay):
    direction = "pull"


class Pause(Handler):
    @answers
    async def post(self) -> dict[str, Any]:
        self.read(Nothing)
        self.service.pause(True)
        return {"status": self.service.status()}


class Resume(Handler):
    @answers
    async def post(self) -> dict[str, Any]:
        self.read(Nothing)
        self.service.pause(False)
        return {"status": self.service.status()}


class Start(Handler):
    @answers
    async def post(self) -> dict[str, Any]:
        self.read(Nothing)
        await self.service.start_session()
        return {"status": self.service.status()}


class Stop(Handler):
    @answers
    async def post(self) -> dict[str, Any]:
        self.read(Nothing)
        self.service.needed()
        await self.service.stop_session()
        return {"status": self.service.status()}


class Changes(Handler):
    @answers
    async def get(self) -> bytes:
        return await self.service.ask(Lane.THERE, "changes")


ROUTES: Final[list[tuple[str, type[Handler]]]] = [
    (r"sync", Sync),
    (r"push", Push),
    (r"pull", Pull),
    (r"pause", Pause),
    (r"resume", Resume),
    (r"start", Start),
    (r"stop", Stop),
    (r"changes", Changes),
]
