"""What was: the log, versions of a file, their contents, and bringing one back."""

from __future__ import annotations

from typing import Any, Final

from hubsync_jupyter.handlers.base import Body, Handler, answers
from hubsync_jupyter.handlers.following import USUAL, Wait, followed
from hubsync_jupyter.work.office import Lane

_CURRENT: Final = "current"
_MOST: Final = 1000


class RestoreBody(Body, frozen=True):
    path: str
    at: str | None = None
    to: str | None = None
    wait: Wait = USUAL


class Log(Handler):
    @answers
    async def get(self) -> bytes:
        limit = min(self.number("limit", 50), _MOST)
        return await self.service.ask(Lane.THERE, "log", limit=limit)


class Versions(Handler):
    @answers
    async def get(self) -> bytes:
        return await self.service.ask(Lane.THERE, "versions", path=self.query("path"))


class Content(Handler):
    @answers
    async def get(self) -> bytes:
        version = self.query("version", _CURRENT)
        lane = Lane.HERE if version == _CURRENT else Lane.THERE
        path = self.query("path")
        return await self.service.ask(lane, "content", path=path, version=version)


class Compare(Handler):
    @answers
    async def get(self) -> bytes:
        return await self.service.ask(
            Lane.THERE,
            "compare",
            path=self.query("path"),
            before=self.query("from"),
            after=self.query("to", _CURRENT),
        )


class Restore(Handler):
    @answers
    async def post(self) -> dict[str, Any]:
        body = self.read(RestoreBody)
        task = self.service.begin(
            "restore", "restore", self._restored, path=body.path, at=body.at, to=body.to
        )
        return {"task": await followed(self, task, body.wait)}

    async def _restored(self, answer: dict[str, Any]) -> dict[str, Any]:
        self.service.arrived([answer["path"]])
        return answer


ROUTES: Final[list[tuple[str, type[Handler]]]] = [
    (r"log", Log),
    (r"versions", Versions),
    (r"content", Content),
    (r"compare", Compare),
    (r"restore", Restore),
]
