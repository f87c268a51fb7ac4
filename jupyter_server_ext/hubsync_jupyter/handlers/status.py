"""What is the matter: status, the last cycle, tasks, and what routes there are."""

from __future__ import annotations

from typing import Any, Final

from hubsync_jupyter.handlers.base import Handler, answers
from hubsync_jupyter.schemas import openapi
from hubsync_jupyter.tasks import Task
from hubsync_jupyter.work.clerk import failure


class Status(Handler):
    @answers
    async def get(self) -> dict[str, Any]:
        return self.service.status()


class Last(Handler):
    @answers
    async def get(self) -> dict[str, Any]:
        return {"outcome": self.service.last()}


class OneTask(Handler):
    @answers
    async def get(self, name: str) -> dict[str, Any]:
        return {"task": found(self, name).document()}

    @answers
    async def delete(self, name: str) -> dict[str, Any]:
        task = found(self, name)
        if task.running:
            await self.service.tasks.stop(task)
        return {"task": task.document()}


class OpenApi(Handler):
    @answers
    async def get(self) -> dict[str, Any]:
        return openapi()


def found(handler: Handler, name: str) -> Task:
    task = handler.service.tasks.find(name)
    if task is None:
        raise failure("absent", "not-found", "There is no such task; it may be long over.")
    return task


ROUTES: Final[list[tuple[str, type[Handler]]]] = [
    (r"status", Status),
    (r"last", Last),
    (r"tasks/([0-9a-f]+)", OneTask),
    (r"openapi\.json", OpenApi),
]
