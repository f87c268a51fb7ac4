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
from hubsync.core.routing import route
from hubsync.engine.context import Context, everything, unheld
from hubsync.errors import UsageError
from hubsync.local.layout import Layout
from hubsync.local.lock import Lock, acquire
from hubsync.local.state import State, load
from hubsync.model import Identity
from hubsync.remotes.protocol import Remote
from hubsync.remotes.registry import open_remote
from hubsync.report import Reporter, Silent

LOCK_TIMEOUT = 60.0


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
            self._open[name] = open_remote(
                settings.url,
                settings.options,
                scratch=self.layout.scratch(name),
                env=self.env,
                owner=f"{os.uname().nodename}-{os.getpid()}",
                clock=self.clock,
            )
        return self._open[name]

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
        return state or State("", "", 0, None, {})

    def ever_synced(self) -> bool:
        """Whether a sync with any remote has come to its end."""
        return any(self.state(one.name).last_sync is not None for one in self.settings.remote)

    def context(
        self,
        settings: RemoteSettings,
        identity: Identity,
        reporter: Reporter | None,
        still_held: Callable[[], None] = unheld,
    ) -> Context:
        """One remote's context for the engine."""
        return Context(
            layout=self.layout,
            name=settings.name,
            remote=self.remote(settings.name),
            identity=identity,
            clock=self.clock,
            pause=wait,
            trusts_books=settings.exclusive,
            mine=self._route(settings.name),
            still_held=still_held,
            reporter=reporter or Silent(),
        )

    def keeper_of(self, path: str) -> Remote:
        """The remote that knows ``path``, else the first."""
        linked = self.linked()
        for one in linked if len(linked) > 1 else ():
            if path in self.state(one.name).base:
                return self.remote(one.name)
        return self.remote(linked[0].name)

    def configure(self, settings: Settings, connect: str | None = None) -> None:
        """Write other settings down, once the remote ``connect`` has answered under them."""
        before, self.settings = self.settings, settings
        stale = self._open.pop(connect, None) if connect is not None else None
        try:
            if stale is not None:
                stale.close()
            if connect is not None:
                self.remote(connect).connect(create=True)
        except BaseException:
            self.settings = before
            raise
        config.save(self.layout.config, settings)

    @contextmanager
    def held(self, reporter: Reporter | None = None) -> Iterator[Lock]:
        """The workspace's lock: one command at a time (waits up to a minute)."""
        stopping = (reporter or Silent()).stopping
        with acquire(self.layout, LOCK_TIMEOUT, stopping=stopping) as lock:
            yield lock

    def _route(self, name: str) -> Callable[[str, int], bool]:
        """Which new paths go to the remote ``name``: a path known to another one is not new."""
        if len(self.settings.remote) == 1:
            return everything
        rules = tuple(one.rule() for one in self.settings.remote)
        known = [self.state(one.name).base for one in self.settings.remote if one.name != name]

        def mine(path: str, size: int) -> bool:
            return not any(path in base for base in known) and route(path, size, rules) == name

        return mine
