"""What happens, as events of Jupyter's and as metrics."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from hubsync_jupyter import status
from hubsync_jupyter.metrics import Metrics
from hubsync_jupyter.schemas import EVENTS, events_schema
from hubsync_jupyter.service import Listener

if TYPE_CHECKING:
    from jupyter_events import EventLogger

    from hubsync_jupyter.service import Service
    from hubsync_jupyter.tasks import Task

_PAUSE: Final = 0.25
"""Seconds between two events in which only the progress differs."""


class Announcer(Listener):
    """For one service; deaf until `begin`."""

    def __init__(self, events: EventLogger, log: logging.Logger) -> None:
        self._events = events
        self._log = log
        self._service: Service | None = None
        self._metrics: Metrics | None = None
        self._ended: int | None = None
        self._said: dict[str, Any] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        events.register_event_schema(events_schema())

    def begin(self, service: Service) -> None:
        self._service = service
        self._metrics = Metrics.of(lambda: service.running.status)

    def changed(self) -> None:
        service = self._service
        if service is None or self._metrics is None:
            return
        session = service.running.status
        self._metrics.changed(session)
        last = None if session is None else session.facts.last
        if last is not None and last.ended != self._ended:
            self._ended = last.ended
            service.arrived(last.changed_here)
            outcome = status.outcome_document(last)
            self._cancel("status")
            self._said = self._status()
            self._emit({"action": "synced", "status": self._said, "outcome": outcome})
            if not last.nothing_done:
                service.look_at_remotes_if_changed()
            return
        document = self._status()
        if _plain(document) != _plain(self._said):
            self._cancel("status")
            self._tell_status(document)
        elif document != self._said:
            self._soon("status", self._tell_status)

    def task(self, task: Task) -> None:
        if self._service is None:
            return
        name = task.id
        if task.running and task.progress is not None:
            self._soon(name, lambda: self._tell_task(task))
        else:
            self._cancel(name)
            self._tell_task(task)
        if task.kind == "bring-back":
            self.changed()

    def _status(self) -> dict[str, Any]:
        assert self._service is not None
        return self._service.status()

    def _tell_status(self, document: dict[str, Any] | None = None) -> None:
        self._said = document or self._status()
        self._emit({"action": "status", "status": self._said})

    def _tell_task(self, task: Task) -> None:
        self._emit({"action": "task", "task": task.document()})

    def _soon(self, name: str, tell: Any) -> None:
        if name not in self._later:
            loop = asyncio.get_running_loop()
            self._later[name] = loop.call_later(_PAUSE, self._now, name, tell)

    def _now(self, name: str, tell: Any) -> None:
        self._later.pop(name, None)
        tell()

    def _cancel(self, name: str) -> None:
        later = self._later.pop(name, None)
        if later is not None:
            later.cancel()

    def _emit(self, data: dict[str, Any]) -> None:
        try:
            self._events.emit(schema_id=EVENTS, data=data)
        except Exception:  # whoever listens must not end the sync
            self._log.exception("An event could not be told.")


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Without what changes with every file."""
    moving = ("progress", "tasks", "pending")
    return {key: value for key, value in document.items() if key not in moving} | {
        "waits": bool(document.get("pending"))
    }
