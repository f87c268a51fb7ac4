"""The composition root: a workspace's settings made into open remotes and contexts for the
engine."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from hubsync import config
from hubsync.config import RemoteSettings, Settings
from hubsync.engine.context import Context, unheld
from hubsync.engine.several import Linked
from hubsync.errors import Interrupted, UsageError, WorkspaceBusy
from hubsync.local.layout import Layout
from hubsync.local.lock import Lock, acquire
from hubsync.local.state import State, load, nothing
from hubsync.model import Identity
from hubsync.remotes.protocol import Remote
from hubsync.remotes.registry import Git, Home, open_remote
from hubsync.remotes.urls import refuse_own_folder
from hubsync.report import Reporter, Silent

LOCK_TIMEOUT = 60.0
A_MOMENT = 1.0
"""Seconds."""


def wait(attempt: int) -> None:
    """Back-off with jitter before planning again, so that two hubs do not meet in step."""
    time.sleep(random.uniform(0.02, 0.1) * 2**attempt)


@dataclass
class Links:
    """What one workspace is linked to. ``env``: the variables that remotes may use."""

    layout: Layout
    settings: Settings
    env: Mapping[str, str]
    clock: Callable[[], int]
    _open: dict[str, Remote] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of connections."""
        for remote in self._open.values():
            remote.close()
        self._open.clear()

    def remote(self, name: str) -> Remote:
        """The remote of that name, opened when first asked for."""
        if name not in self._open:
            settings = self.settings.named(name)
            refuse_own_folder(settings.url, self.layout.root)
            self._open[name] = open_remote(
                settings.url,
                settings.options,
                self._home(name),
                env=self.env,
                clock=self.clock,
                pause=wait,
                git=Git(settings.branch or "", settings.mode or ""),
            )
        return self._open[name]

    def _home(self, name: str) -> Home:
        owner = f"{os.uname().nodename}-{os.getpid()}"
        return Home(self.layout.root, self.layout.scratch(name), owner)

    def requests(self) -> dict[str, int]:
        """Requests made so far, by kind, over all remotes."""
        total: dict[str, int] = {}
        for remote in self._open.values():
            for kind, count in remote.requests.items():
                total[kind] = total.get(kind, 0) + count
        return total

    def linked(self) -> tuple[RemoteSettings, ...]:
        """The remotes, of which there must be one. Raises UsageError."""
        if not self.settings.remote:
            raise UsageError(
                "This workspace is linked to no remote.",
                "Add one with 'hubsync remote add NAME URL'.",
                "no-remote",
            )
        return self.settings.remote

    def state(self, name: str) -> State:
        """What is remembered of a remote; an empty memory where there is none (rule 6)."""
        state, _ = load(self.layout.state(name))
        return state or nothing()

    def ever_synced(self) -> bool:
        """Whether a sync with any remote has come to its end."""
        return any(self.state(one.name).last_sync is not None for one in self.settings.remote)

    def for_engine(
        self,
        settings: RemoteSettings,
        identity: Identity,
        reporter: Reporter | None,
        still_held: Callable[[], None] = unheld,
    ) -> Linked:
        """One remote as the engine wants it."""
        context = Context(
            layout=self.layout,
            name=settings.name,
            remote=self.remote(settings.name),
            identity=identity,
            clock=self.clock,
            pause=wait,
            trusts_books=settings.exclusive,
            still_held=still_held,
            reporter=reporter or Silent(),
        )
        return Linked(context, self.state(settings.name), settings.rule())

    def keeper_of(self, path: str) -> Remote:
        """The remote that knows ``path``, else the first whose history does, else the first."""
        linked = self.linked()
        if len(linked) > 1:
            for one in linked:
                if path in self.state(one.name).base:
                    return self.remote(one.name)
            for one in linked:
                if self.remote(one.name).versions(path):
                    return self.remote(one.name)
        return self.remote(linked[0].name)

    def configure(
        self, settings: Settings, connect: str | None = None, *, create: bool = True
    ) -> str:
        """Write other settings down, once the remote ``connect`` has answered under them.

        ``create``: a mirror is made there if there is none.
        Returns that remote's id, ``""`` without one. If it does not answer, nothing has changed.
        """
        before, self.settings = self.settings, settings
        identity = ""
        try:
            if connect is not None:
                self._forget(connect)
                identity = self.remote(connect).connect(create=create)
            config.save(self.layout.config, settings)
        except BaseException:
            self.settings = before
            if connect is not None:
                self._forget(connect)
            raise
        return identity

    def _forget(self, name: str) -> None:
        """Close a remote; it is opened anew, under the settings of then, when next asked for."""
        stale = self._open.pop(name, None)
        if stale is not None:
            stale.close()

    @contextmanager
    def held(self, reporter: Reporter | None = None) -> Iterator[Lock]:
        """The workspace's lock: one command at a time (waits up to a minute, and says so).

        Raises WorkspaceBusy, Interrupted.
        """
        waiting = _Waiting(reporter or Silent())
        try:
            lock = acquire(self.layout, LOCK_TIMEOUT, stopping=waiting.stopping)
        except WorkspaceBusy as error:
            if waiting.reporter.stopping():
                raise Interrupted("Stopped; nothing was changed.") from error
            raise
        with lock:
            yield lock


class _Waiting:
    """Says that a lock is waited for, if it takes more than a moment."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self._since = time.monotonic()
        self._told = False

    def stopping(self) -> bool:
        """Asked again and again while the lock is waited for."""
        if not self._told and time.monotonic() - self._since > A_MOMENT:
            self._told = True
            self.reporter.phase("Waiting for another hubsync command")
        return self.reporter.stopping()
