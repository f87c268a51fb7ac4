"""Setting a workspace up: trying first, then linking."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import field

from hubsync_jupyter.handlers.base import Body, Handler, answers
from hubsync_jupyter.handlers.following import USUAL, Wait, followed
from hubsync_jupyter.permission import permit_embedded
from hubsync_jupyter.tasks import Task
from hubsync_jupyter.work.clerk import failure


class SetupBody(Body, frozen=True):
    url: str | None = None
    embedded: bool = False
    options: dict[str, str] = field(default_factory=dict)
    mode: Literal["branch", "shadow"] | None = None
    branch: str | None = None
    exclusive: bool = False
    wait: Wait = USUAL


class _Setting(Handler):
    def wanted(self) -> tuple[SetupBody, str | None, dict[str, Any]]:
        """The body, the URL (None: an embedded remote), and how. Raises CallFailed, UsageError."""
        body = self.read(SetupBody)
        settings = self.service.settings
        if self.service.places is not None:
            raise failure(
                "conflict",
                "set-up-already",
                f"There is a workspace already: {self.service.places.root}.",
                "Change what it is linked to in its remotes.",
            )
        how: dict[str, Any] = {"options": body.options, "branch": body.branch, "mode": body.mode}
        if body.embedded:
            if body.url is not None:
                raise failure("usage", "bad-request", "Either a URL or embedded, not both.")
            permit_embedded(settings.allowed)
            return body, None, how
        url = body.url
        if url is None:
            url = settings.default_remote
            how["mode"] = body.mode or settings.mode
            if settings.fault is not None:
                fault = settings.fault
                raise failure("usage", fault.code, fault.message, fault.hint)
        if not url:
            raise failure("usage", "no-url", "No remote was named.", "Say where to sync with.")
        self.service.permitted(url, body.options)
        return body, url, how

    async def followed(self, task: Task, wait: float) -> dict[str, Any]:
        return {"task": await followed(self, task, wait)}


class Try(_Setting):
    @answers
    async def post(self) -> dict[str, Any]:
        body, url, how = self.wanted()
        task = self.service.begin_new("setup-try", "survey", url=url, **how)
        return await self.followed(task, body.wait)


class Setup(_Setting):
    @answers
    async def post(self) -> dict[str, Any]:
        body, url, how = self.wanted()
        task = self.service.begin_new(
            "setup", "link", self._linked, url=url, exclusive=body.exclusive, **how
        )
        return await self.followed(task, body.wait)

    async def _linked(self, answer: dict[str, Any]) -> dict[str, Any]:
        done = await self.service.set_up(answer)
        return {"workspace": done["workspace"], "remarks": answer["remarks"]}


ROUTES: Final[list[tuple[str, type[Handler]]]] = [(r"setup/try", Try), (r"setup", Setup)]
