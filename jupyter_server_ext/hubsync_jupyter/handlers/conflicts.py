"""What is left to a person."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import json

from hubsync_jupyter.handlers.base import Body, Handler, answers
from hubsync_jupyter.work.office import Lane


class ResolveBody(Body, frozen=True):
    path: str
    keep: Literal["mine", "theirs", "both"]


class Conflicts(Handler):
    @answers
    async def get(self) -> bytes:
        return await self.service.ask(Lane.HERE, "conflicts")


class Conflict(Handler):
    @answers
    async def get(self) -> bytes:
        return await self.service.ask(
            Lane.HERE, "conflict", path=self.query("path"), copy=self.query("copy")
        )


class Resolve(Handler):
    @answers
    async def post(self) -> bytes:
        body = self.read(ResolveBody)
        answer = await self.service.ask(Lane.HERE, "resolve", path=body.path, keep=body.keep)
        self.service.arrived(json.decode(answer)["changed"])
        self.service.running.go_on()
        return answer


ROUTES: Final[list[tuple[str, type[Handler]]]] = [
    (r"conflicts", Conflicts),
    (r"conflict", Conflict),
    (r"resolve", Resolve),
]
