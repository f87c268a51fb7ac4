"""The one object that owns the workspace, its session and what is done for them; no web in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from msgspec import json

from hubsync_jupyter import marks, places, status
from hubsync_jupyter.addresses import refuse_relative
from hubsync_jupyter.bringing import bring_back
from hubsync_jupyter.device import DeviceLogin
from hubsync_jupyter.permission import permit
from hubsync_jupyter.places import Places
from hubsync_jupyter.running import Running
from hubsync_jupyter.settings import Fault, Settings, config_stamp, found_workspace
from hubsync_jupyter.tasks import ALONE, After, Task, Tasks
from hubsync_jupyter.work.clerk import CallFailed, failure
from hubsync_jupyter.work.frames import Call, Open
from hubsync_jupyter.work.office import Lane, Office

Document = dict[str, Any]
_LOOK: Final = 5.0
"""Seconds between two looks whether a workspace came or went without this server, in a terminal."""
_AT_THE_END: Final = 2.0
"""Seconds for ending processes, after the flush."""


class Listener:
    """Who hears of changes; this one does not care."""

    def changed(self) -> None:
        """The status is another one."""

    def task(self, task: Task) -> None:
        """A task began, went on or ended."""


class Service:
    """For one event loop. ``start`` it; it does nothing by itself where nothing is set up."""

    def __init__(self, settings: Settings, log: logging.Logger, listener: Listener) -> None:
        self.settings = settings
        self._log = log
        self._listener = listener
        self.office = Office(self._opening)
        self.tasks = Tasks(self.office, listener.task)
        self.login = DeviceLogin(self.office, self._login_changed)
        self.running = Running(settings, log, listener.changed)
        self.places: Places | None = None
        self.remotes: list[Document] = []
        self.arrived: Callable[[Iterable[str]], None] = _nobody
        """Is told which paths a cycle has changed here."""
        self._looked = False
        self._bringing = False
        self._config: object = None
        self._ignored = marks.Ignored(self.office)
        self._background: set[asyncio.Task[None]] = set()

    # -- beginning and end ---------------------------------------------------------------

    async def start(self) -> None:
        """Begin with the workspace that there is, or bring it back, if that is wanted."""
        settings = self.settings
        found = await asyncio.to_thread(found_workspace, settings.root)
        self._looked = True
        if found is not None:
            self.go_on_with(found)
        elif settings.restore_on_start and settings.default_remote is not None:
            self._bringing = True
            self._then(self._bring_back(settings.default_remote))
        self._then(self._look_around())
        self._listener.changed()

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            if self.tasks.alone() is not None or self._bringing:
                continue
            found = await asyncio.to_thread(found_workspace, self.settings.root)
            if self.tasks.alone() is not None or self._bringing:
                continue
            if self.places is None and found is not None:
                self.go_on_with(found)
            elif self.places is not None and found is None:
                self.places = None
                await self.running.end(0.0)
                self.running.fault = None
            else:
                continue
            self._listener.changed()

    async def stop(self, deadline: float) -> bool:
        """Send what was not sent and end, in little more than ``deadline`` seconds. Whether all
        was sent."""
        for one in self._background:
            one.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        flushed = await self.running.end(deadline)
        try:
            async with asyncio.timeout(_AT_THE_END):
                await self.login.give_up()
                await self.tasks.end()
                await self.office.end()
        except TimeoutError:
            flushed = False
        finally:
            self.office.kill()
        return flushed

    def adopt(self, root: str, remotes: list[Document] | None = None) -> None:
        """``root`` is the workspace from now on."""
        self.running.fault = None
        self.places = places.places_of(root, self.settings.server_root)
        self.remotes = remotes or []

    async def _bring_back(self, url: str) -> None:
        try:
            await bring_back(self, url, self._log)
        finally:
            self._bringing = False
            self._listener.changed()

    def go_on_with(self, root: str) -> None:
        """There is a workspace at ``root``."""
        self.adopt(root)
        if self.settings.auto_start:
            self.running.begin(root)
        self.look_at_remotes()

    def troubled(self, fault: Fault) -> None:
        """Why there is no session."""
        self.running.fault = fault
        self._listener.changed()

    async def set_up(self, answer: Document) -> Document:
        """A workspace has come to be: keep it synced."""
        self.adopt(answer["root"], answer["remotes"])
        if self.settings.auto_start:
            self.running.begin(answer["root"])
        assert self.places is not None
        workspace = places.document(self.places, self.remotes)
        return {**answer, "workspace": workspace}

    # -- what is the matter --------------------------------------------------------------

    def status(self) -> Document:
        settings = self.settings
        document = status.session_document(self.running.status, self.running.fault)
        restoring = next((one for one in self.tasks.running() if one.kind == "bring-back"), None)
        if restoring is not None:
            document["progress"] = restoring.progress
        last = document["last"]
        known = [one["last_sync"] for one in self.remotes if one["last_sync"]]
        return {
            "state": self._state(restoring),
            "workspace": None
            if self.places is None
            else places.document(self.places, self.remotes),
            **document,
            "paused": self.running.paused,
            "last_sync": last["ended"] if last else max(known, default=None),
            "tasks": [one.document() for one in self.tasks.running()],
            "login": {
                "host": settings.github,
                "available": settings.can_login,
                "app_page": settings.app_page,
                "waiting": self.login.waiting,
            },
            "operator": status.operator_document(settings),
            "server": status.server_document(),
        }

    def _state(self, restoring: Task | None) -> str:
        if restoring is not None:
            return "restoring"
        if self.places is None:
            begins = self._bringing and self.running.fault is None
            return "restoring" if begins else "not-set-up" if self._looked else "starting"
        session = self.running.status
        if session is not None:
            return session.state.value
        return "starting" if self.running.begun and self.running.fault is None else "off"

    def last(self) -> Document | None:
        """What the last cycle did, with names."""
        session = self.running.status
        last = None if session is None else session.facts.last
        return None if last is None else status.outcome_document(last)

    async def marks(self, directory: str) -> Document:
        """Raises CallFailed."""
        root = self.needed().root
        ignored = await self._ignored.among(root, directory)
        session = self.running.status
        last = None if session is None else session.facts.last
        found = marks.marks(directory, self.running.waiting, last, ignored)
        return {"path": directory, "marks": found}

    # -- what is to be done --------------------------------------------------------------

    def needed(self) -> Places:
        """The workspace. Raises CallFailed where there is none."""
        if self.places is None:
            raise failure(
                "conflict",
                "not-set-up",
                "No workspace is set up here.",
                "Set up sync first.",
            )
        return self.places

    async def ask(self, lane: Lane, name: str, /, **arguments: Any) -> bytes:
        """A call about the workspace. Raises CallFailed."""
        self.needed()
        return await self.office.ask(lane, name, **arguments)

    def begin(self, kind: str, call: str, after: After | None = None, **arguments: Any) -> Task:
        """A task about the workspace. Raises CallFailed."""
        self.needed()
        return self.tasks.begin(kind, Call(call, arguments), after)

    def begin_new(self, kind: str, call: str, after: After | None = None, **arguments: Any) -> Task:
        """A task with which a workspace may begin. Raises CallFailed while another one is at
        that."""
        if kind in ALONE and self.tasks.alone() is not None:
            raise failure(
                "conflict",
                "task-running",
                "Something is being set up already.",
                "Wait until it has ended, or stop it.",
            )
        return self.tasks.begin(kind, Call(call, arguments), after)

    def permitted(self, url: str, options: dict[str, str]) -> None:
        """Raises UsageError for a remote that the operator does not permit, and for one that is
        nowhere in particular."""
        refuse_relative(url)
        permit(url, options, self.settings.allowed)

    def to_workspace(self, contents_path: str) -> str | None:
        """A path of Jupyter's as one of the workspace; None if it is not synced."""
        return None if self.places is None else self.places.to_workspace(contents_path)

    def saved(self, contents_path: str) -> None:
        """Jupyter has changed this file."""
        path = self.to_workspace(contents_path)
        if path is not None:
            self.running.wake([path])

    def ran(self, result: Document) -> Document:
        """A call has synced: whoever has documents open is told what came."""
        named = [one["path"] for name in ("down", "conflicts") for one in result[name]]
        self.arrived([*named, *result["merged"], *result["deleted_locally"]])
        return result

    async def start_session(self) -> None:
        """Raises CallFailed where another process has it."""
        self.running.begin(self.needed().root)
        self._listener.changed()
        await self.running.tried()
        self._refuse_elsewhere()

    def pause(self, on: bool) -> None:
        """Raises CallFailed where another process has the session, which this cannot pause."""
        self.needed()
        self._refuse_elsewhere()
        self.running.pause(on)
        self._listener.changed()

    def _refuse_elsewhere(self) -> None:
        fault = self.running.elsewhere
        if fault is not None:
            raise failure("conflict", fault.code, fault.message, fault.hint)

    async def stop_session(self) -> None:
        await self.running.end(self.settings.flush_timeout)

    def look_at_remotes(self) -> None:
        """Find out anew what the workspace is linked to, without waiting for it."""
        self._then(self._look_at_remotes())

    def look_at_remotes_if_changed(self) -> None:
        """The same after a cycle, which may have taken in what other hubs tell of remotes."""
        self._then(self._look_if_changed())

    def linked(self, remotes: list[Document]) -> None:
        """What the workspace is linked to has been told by a call."""
        self.remotes = remotes
        self._listener.changed()

    async def _look_at_remotes(self) -> None:
        root = self.needed().root
        self._config = await asyncio.to_thread(config_stamp, root)
        try:
            answer = await self.ask(Lane.HERE, "describe", directory=root)
        except CallFailed as error:
            self._log.info("The remotes cannot be told: %s", error)
        else:
            self.linked(json.decode(answer)["remotes"])

    async def _look_if_changed(self) -> None:
        if self.places is not None:
            stamp = await asyncio.to_thread(config_stamp, self.places.root)
            if stamp != self._config:
                await self._look_at_remotes()

    def _then(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _login_changed(self) -> None:
        device = self.login.device
        if device is not None and device["state"] == "done":
            self.running.go_on()  # it may be what the session waits for
        self._listener.changed()

    def _opening(self) -> Open:
        settings = self.settings
        return Open(
            root=settings.root if self.places is None else self.places.root,
            author=settings.identity.author,
            hub=settings.identity.hub,
            data_home=settings.data_home,
            env=dict(settings.env),
        )


def _nobody(paths: Iterable[str]) -> None:
    """Nobody has documents open in this process."""
