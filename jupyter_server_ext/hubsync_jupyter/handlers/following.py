"""Waiting a little for a task before its request is answered."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Final

from msgspec import Meta

from hubsync_jupyter.handlers.base import Handler
from hubsync_jupyter.tasks import Task
from hubsync_jupyter.work.clerk import CallFailed

Wait = Annotated[float, Meta(ge=0, le=30)]
"""Seconds."""
USUAL: Final = 2.0


async def followed(handler: Handler, task: Task, wait: float) -> dict[str, Any]:
    """The task as it is when it has ended, or after ``wait`` seconds. Raises CallFailed if it
    failed meanwhile."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait):
            await task.over.wait()
    if task.state == "failed" and task.trouble is not None:
        raise CallFailed(task.trouble)
    if task.running:
        handler.set_status(202)
    return task.document()
