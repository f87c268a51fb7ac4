"""Bringing the workspace of another hub back into a new home, when the server starts."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from hubsync_jupyter.settings import Fault, found_workspace, look_at_home
from hubsync_jupyter.work.frames import Call, Trouble

if TYPE_CHECKING:
    from hubsync_jupyter.service import Service

_FIRST: Final = 5.0
_LONGEST: Final = 300.0
"""Seconds until a remote that could not be reached is asked again."""


async def bring_back(service: Service, url: str, log: logging.Logger) -> None:
    """Until it is done, or a person's files are here, or it makes no sense to try again.

    It is a task of the service, so that its progress is told, and the server answers meanwhile.
    """
    settings, wait = service.settings, _FIRST
    while service.places is None and service.tasks.alone() is None:
        home = await asyncio.to_thread(look_at_home, settings.root, settings.skeleton)
        if not home.new:
            log.info("The home is not new: nothing is brought back unasked.")
            return
        arguments = {"url": url, "vacant": home.vacant, "mode": settings.mode}
        task = service.tasks.begin("bring-back", Call("bring-back", arguments), service.set_up)
        await task.over.wait()
        trouble = task.trouble
        if trouble is None:
            return
        begun = await asyncio.to_thread(found_workspace, settings.root)
        if begun is not None:  # what came is a workspace: its session goes on with it
            service.go_on_with(begun)
            return
        log.warning("%s %s", trouble.message, trouble.hint)
        service.troubled(Fault(trouble.code, trouble.message, trouble.hint, _kind(trouble)))
        if trouble.kind != "remote":
            return
        await asyncio.sleep(wait)
        wait = min(2 * wait, _LONGEST)


def _kind(trouble: Trouble) -> str:
    if trouble.code == "access-denied":
        return "login"
    return "offline" if trouble.kind == "remote" else "failed"
