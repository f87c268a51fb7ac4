"""A login at GitHub that waits for a person: one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec import json

from hubsync_jupyter.work.clerk import CallFailed, Clerk, failure
from hubsync_jupyter.work.frames import Call, Said
from hubsync_jupyter.work.office import Office

Document = dict[str, Any]


class DeviceLogin:
    """``tell`` is called at each change."""

    def __init__(self, office: Office, tell: Callable[[], None]) -> None:
        self._office = office
        self._tell = tell
        self._doing: asyncio.Task[None] | None = None
        self.device: Document | None = None

    @property
    def waiting(self) -> Document | None:
        """The login, while it waits."""
        waits = self.device is not None and self.device["state"] == "waiting"
        return self.device if waits else None

    async def begin(self, host: str | None) -> Document:
        """The code and the link for a person. Raises CallFailed."""
        await self.give_up()
        shown: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        doing = asyncio.get_running_loop().create_task(self._do(host, shown))
        self._doing = doing
        await asyncio.wait((shown, doing), return_when=asyncio.FIRST_COMPLETED)
        if not shown.done():
            raise failure("conflict", "login-ended", "The login was given up.", "Begin it again.")
        return shown.result()

    async def give_up(self) -> None:
        doing, self._doing = self._doing, None
        if doing is not None:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
        self.device = None

    async def _do(self, host: str | None, shown: asyncio.Future[Document]) -> None:
        clerk: Clerk | None = None

        def hear(said: Said, told: Document) -> None:
            if said is Said.NOTE and not shown.done():
                self.device = {**told, "state": "waiting", "account": None, "error": None}
                shown.set_result(self.device)
                self._tell()

        try:
            clerk = await self._office.clerk()
            answer = json.decode(await clerk.ask(Call("login", {"host": host}), hear))
            self._changed(state="done", account=answer["account"])
        except CallFailed as error:
            if not shown.done():
                shown.set_exception(error)
            trouble = error.trouble
            told = {"code": trouble.code, "message": trouble.message, "hint": trouble.hint}
            self._changed(state="failed", error=told)
        except asyncio.CancelledError:
            if clerk is not None:
                clerk.kill()
            raise
        finally:
            if clerk is not None:
                await self._office.dismiss(clerk)

    def _changed(self, **changes: Any) -> None:
        if self.device is not None:
            self.device = {**self.device, **changes}
            self._tell()
