"""The remotes of the workspace."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET, UnsetType, field, json, structs

from hubsync_jupyter.handlers.base import Body, Handler, answers
from hubsync_jupyter.handlers.following import USUAL, Wait, followed
from hubsync_jupyter.handlers.syncing import Nothing
from hubsync_jupyter.work.office import Lane

Options = dict[str, str]


class AddBody(Body, frozen=True):
    name: str
    url: str
    options: Options = field(default_factory=dict)
    exclusive: bool = False
    include: list[str] = field(default_factory=list)
    larger_than: int | None = None


class ChangeBody(Body, frozen=True):
    url: str | UnsetType = UNSET
    options: Options | UnsetType = UNSET
    exclusive: bool | UnsetType = UNSET
    include: list[str] | UnsetType = UNSET
    larger_than: int | UnsetType | None = UNSET
    create: bool = False


class AcceptBody(Body, frozen=True):
    options: Options = field(default_factory=dict)


class WaitBody(Body, frozen=True):
    wait: Wait = USUAL


class Changing(Handler):
    """A route after which the workspace may be linked to other places."""

    async def changed(self, name: str, /, **arguments: Any) -> bytes:
        answer = await self.service.ask(Lane.THERE, name, **arguments)
        self.service.linked(json.decode(answer)["remotes"])
        return answer


class Remotes(Changing):
    @answers
    async def get(self) -> bytes:
        return await self.service.ask(Lane.HERE, "remotes")

    @answers
    async def post(self) -> bytes:
        body = self.read(AddBody)
        allowed = self.service.settings.allowed
        return await self.changed("remotes-add", allowed=allowed, **structs.asdict(body))


class Remote(Changing):
    @answers
    async def patch(self, name: str) -> bytes:
        given = structs.asdict(self.read(ChangeBody))
        given = {key: value for key, value in given.items() if value is not UNSET}
        allowed = self.service.settings.allowed
        return await self.changed("remotes-change", name=name, allowed=allowed, **given)

    @answers
    async def delete(self, name: str) -> bytes:
        return await self.changed("remotes-remove", name=name)


class Accept(Changing):
    @answers
    async def post(self, name: str) -> bytes:
        body = self.read(AcceptBody)
        allowed = self.service.settings.allowed
        return await self.changed(
            "remotes-accept", name=name, options=body.options, allowed=allowed
        )


class Decline(Changing):
    @answers
    async def post(self, name: str) -> bytes:
        self.read(Nothing)
        return await self.changed("remotes-decline", name=name)


class Fork(Handler):
    @answers
    async def post(self) -> dict[str, Any]:
        body = self.read(WaitBody)
        allowed = self.service.settings.allowed
        task = self.service.begin("fork", "fork", self._forked, allowed=allowed)
        return {"task": await followed(self, task, body.wait)}

    async def _forked(self, answer: dict[str, Any]) -> dict[str, Any]:
        self.service.linked(answer["remotes"])
        self.service.running.go_on()
        return {"fork": answer["fork"]}


_NAME: Final = r"([A-Za-z0-9][A-Za-z0-9_-]*)"
ROUTES: Final[list[tuple[str, type[Handler]]]] = [
    (r"remotes", Remotes),
    (r"fork", Fork),
    (rf"remotes/{_NAME}", Remote),
    (rf"remotes/{_NAME}/accept", Accept),
    (rf"remotes/{_NAME}/decline", Decline),
]
