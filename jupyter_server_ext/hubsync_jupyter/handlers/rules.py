"""What is not synced, and the marks of the file browser."""

from __future__ import annotations

from typing import Any, Final

from hubsync_jupyter.handlers.base import Body, Handler, answers
from hubsync_jupyter.work.clerk import failure
from hubsync_jupyter.work.office import Lane


class IgnoreBody(Body, frozen=True):
    pattern: str | None = None
    path: str | None = None


class AllowBody(Body, frozen=True):
    path: str


class Ignore(Handler):
    @answers
    async def get(self) -> bytes:
        path = self.query("path", "")
        if path:
            return await self.service.ask(Lane.HERE, "why", path=path)
        return await self.service.ask(Lane.HERE, "rules")

    @answers
    async def post(self) -> bytes:
        body = self.read(IgnoreBody)
        if (body.pattern is None) == (body.path is None):
            raise failure("usage", "bad-request", "Either a pattern or a path is needed.")
        return await self.service.ask(Lane.HERE, "ignore", pattern=body.pattern, path=body.path)


class Allow(Handler):
    @answers
    async def post(self) -> bytes:
        body = self.read(AllowBody)
        answer = await self.service.ask(Lane.HERE, "allow", path=body.path)
        self.service.running.go_on()
        return answer


class Marks(Handler):
    @answers
    async def get(self) -> dict[str, Any]:
        return await self.service.marks(self.query("path", "").strip("/"))


ROUTES: Final[list[tuple[str, type[Handler]]]] = [
    (r"ignore", Ignore),
    (r"allow", Allow),
    (r"marks", Marks),
]
