"""The composition root: a workspace's settings made into open remotes and contexts for the
engine."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blake3 import blake3
from msgspec.structs import replace

from hubsync import config
from hubsync.config import RemoteSettings, Settings
from hubsync.engine.context import Context, NoOnlooker, Onlooker, unheld
from hubsync.errors import Interrupted, UsageError, WorkspaceBusy
from hubsync.local.layout import Layout
from hubsync.local.lock import Lock, acquire
from hubsync.local.state import State, load, nothing, revision
from hubsync.model import Identity, Side
from hubsync.remotes.protocol import Remote, Settles, Switches, Witness, Witnessed
from hubsync.remotes.registry import Git, Home, git_witness, names_git, open_remote
from hubsync.remotes.unopened import unopened
from hubsync.remotes.urls import refuse_own_folder
from hubsync.report import Reporter, Silent

if TYPE_CHECKING:
    from hubsync.engine.several import Linked

LOCK_TIMEOUT = 60.0
A_MOMENT = 1.0
"""Seconds."""


def wait(attempt: int) -> None:
    """Back-off with jitter before planning again, so that two hubs do not meet in step."""
    time.sleep(random.uniform(0.02, 0.1) * 2**attempt)


@dataclass
class Links:
    """What one workspace is linked to. ``env``: the variables that remotes may use; ``author``: who
    links it, if that is told."""

    layout: Layout
    settings: Settings
    env: Mapping[str, str]
    clock: Callable[[], int]
    author: str = ""
    revisions: dict[str, tuple[tuple[int, int, int], str]] = field(default_factory=dict)
    """Of remotes: the signature of a state file, and the revision in it."""
    others: Counter[str] = field(default_factory=Counter)
    """Requests that were made without opening a remote, by kind."""
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
                git=self._git(settings),
            )
        return self._open[name]

    def witness(self, settings: RemoteSettings, only: Side | None) -> Witness | None:
        """Who can tell that nothing happened at a remote. Close it. ``only``: as in `Request`."""
        if names_git(settings.url):
            home = self._home(settings.name)
            return git_witness(settings.url, home, env=self.env, git=self._git(settings))
        remote = self.remote(settings.name)
        if not isinstance(remote, Witnessed):
            return None
        listing = not (settings.exclusive or only is Side.REMOTE)
        stands_at = revision(self.layout.state(settings.name))
        return remote.witness(stands_at, listing=listing)

    def _git(self, settings: RemoteSettings) -> Git:
        return Git(
            settings.branch or "",
            settings.mode or "",
            settings.user or "",
            self.author,
            settings.upstream or "",
        )

    def _home(self, name: str) -> Home:
        owner = f"{os.uname().nodename}-{os.getpid()}"
        return Home(self.layout.root, self.layout.scratch(name), owner)

    def requests(self) -> dict[str, int]:
        """Requests made so far, by kind, over all remotes."""
        total = dict(self.others)
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
        state, _ = load(self.layout.state(self.memory(name)))
        return state or nothing()

    def memory(self, name: str) -> str:
        """The name under which lies what is remembered of a remote: of one that follows the branch
        that is checked out, another one for each branch."""
        if not self.settings.named(name).follows_branch():
            return name
        remote = self.remote(name)
        here = remote.here() if isinstance(remote, Switches) else ""
        return f"{name}@{blake3(here.encode()).hexdigest(16)}" if here else name

    def ever_synced(self) -> bool:
        """Whether a sync with any remote has come to its end."""
        return any(self.state(one.name).last_sync is not None for one in self.settings.remote)

    def for_engine(
        self,
        settings: RemoteSettings,
        identity: Identity,
        reporter: Reporter | None,
        still_held: Callable[[], None] = unheld,
        onlooker: Onlooker | None = None,
    ) -> Linked:
        """One remote as the engine wants it. One of several that cannot be opened on this machine
        keeps its paths and says why when it is asked for something."""
        from hubsync.engine.several import Linked

        try:
            remote = self.remote(settings.name)
        except UsageError as error:
            if len(self.settings.remote) == 1:
                raise
            remote = unopened(error)

        context = Context(
            layout=self.layout,
            name=settings.name,
            remote=remote,
            identity=identity,
            clock=self.clock,
            pause=wait,
            trusts_books=settings.exclusive,
            still_held=still_held,
            reporter=reporter or Silent(),
            memory=self.memory(settings.name),
            onlooker=onlooker or NoOnlooker(),
        )
        return Linked(context, self.state(settings.name), settings.rule())

    def configure(
        self, settings: Settings, connect: str | None = None, *, create: bool = True
    ) -> str:
        """Write other settings down, once the remote ``connect`` has answered under them; with what
        was chosen then.

        ``create``: a mirror is made there if there is none.
        Returns that remote's id, ``""`` without one. If it does not answer, nothing has changed.
        """
        before, self.settings = self.settings, settings
        identity = ""
        try:
            if connect is not None:
                self._forget(connect)
                identity = self.remote(connect).connect(create=create)
                self.settings = settings.with_remote(self.settled(settings.named(connect)))
            config.save(self.layout.config, self.settings)
        except BaseException:
            self.settings = before
            if connect is not None:
                self._forget(connect)
            raise
        return identity

    def settled(self, remote: RemoteSettings) -> RemoteSettings:
        """The settings with what was chosen when it was linked: what is checked out later, or what
        the remote calls its default, makes nothing else of it."""
        there = self.remote(remote.name)
        if not isinstance(there, Settles):
            return remote
        return replace(remote, **{"branch": None, "user": None, **there.settled()})

    def _forget(self, name: str) -> None:
        """Close a remote; it is opened anew, under the settings of then, when next asked for."""
        stale = self._open.pop(name, None)
        if stale is not None:
            stale.close()

    @contextmanager
    def held(self, reporter: Reporter | None = None) -> Iterator[Lock]:
        """The workspace's lock: one command at a time (waits up to a minute, and says so).

        The settings are those of then. Raises WorkspaceBusy, Interrupted, ConfigError.
        """
        waiting = _Waiting(reporter or Silent())
        try:
            lock = acquire(self.layout, LOCK_TIMEOUT, stopping=waiting.stopping)
        except WorkspaceBusy as error:
            if waiting.reporter.stopping():
                raise Interrupted("Stopped; nothing was changed.") from error
            raise
        with lock:
            self._read_again()
            yield lock

    def _read_again(self) -> None:
        """What another command did while this one waited counts: else it would sync with a remote
        that was replaced, and leave a memory of that one."""
        settings = config.load(self.layout.config)
        if settings != self.settings:
            self.close()
            self.settings = settings


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
