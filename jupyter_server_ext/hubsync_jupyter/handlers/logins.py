"""Who one is at GitHub."""

from __future__ import annotations

from typing import Any, Final

from msgspec import json

from hubsync_jupyter.handlers.base import Body, Handler, answers
from hubsync_jupyter.work.office import Lane


class HostBody(Body, frozen=True):
    host: str | None = None


class TokenBody(Body, frozen=True):
    token: str
    host: str | None = None


class RepositoryBody(Body, frozen=True):
    name: str
    private: bool = True
    host: str | None = None


class Login(Handler):
    @answers
    async def get(self) -> dict[str, Any]:
        answer = await self.service.office.ask(
            Lane.THERE, "accounts", host=self.query("host", "") or None
        )
        return {**json.decode(answer), "waiting": self.service.login.waiting}

    @answers
    async def post(self) -> dict[str, Any]:
        return {"device": await self.service.login.begin(self.read(HostBody).host)}


class Device(Handler):
    @answers
    async def get(self) -> dict[str, Any]:
        return {"device": self.service.login.device}

    @answers
    async def delete(self) -> dict[str, Any]:
        await self.service.login.give_up()
        return {"device": None}


class Token(Handler):
    @answers
    async def post(self) -> bytes:
        body = self.read(TokenBody)
        answer = await self.service.office.ask(
            Lane.THERE, "login-token", token=body.token, host=body.host
        )
        self.service.running.go_on()
        return answer


class Logout(Handler):
    @answers
    async def post(self) -> bytes:
        return await self.service.office.ask(Lane.THERE, "logout", host=self.read(HostBody).host)


class Repositories(Handler):
    @answers
    async def get(self) -> bytes:
        return await self.service.office.ask(
            Lane.THERE,
            "repositories",
            host=self.query("host", "") or None,
            page=self.number("page", 1),
        )

    @answers
    async def post(self) -> bytes:
        body = self.read(RepositoryBody)
        answer = await self.service.office.ask(
            Lane.THERE, "new-repository", name=body.name, private=body.private, host=body.host
        )
        self.set_status(201)
        return answer


ROUTES: Final[list[tuple[str, type[Handler]]]] = [
    (r"login", Login),
    (r"login/device", Device),
    (r"login/token", Token),
    (r"logout", Logout),
    (r"github/repositories", Repositories),
]
