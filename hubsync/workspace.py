"""The façade that everything outside uses, and the composition root.

>>> from hubsync import Identity, Workspace
>>> with Workspace.init("/home/ada/work", "file:///shared/ada") as workspace:
...     result = workspace.sync(identity=Identity("ada", "hub-a"))

Paths given and returned are relative to the workspace's root, with ``/`` between the parts. The
environment is never read here: ``env`` holds the variables that remotes may use.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from hubsync import config
from hubsync.config import DEFAULT_REMOTE, RemoteSettings, Settings, checked
from hubsync.core.routing import route
from hubsync.engine.context import Context, Request, everything, unheld
from hubsync.engine.cycle import run
from hubsync.engine.tally import Tally
from hubsync.errors import NotAWorkspace, UsageError
from hubsync.local.layout import Layout, find_root
from hubsync.local.lock import Lock, acquire
from hubsync.local.state import State, load
from hubsync.model import Identity, Side
from hubsync.remotes.protocol import Remote
from hubsync.remotes.registry import open_remote
from hubsync.remotes.urls import canonical_url
from hubsync.report import Reporter, Silent
from hubsync.results import (
    Check,
    ConflictCopy,
    HistoryRecord,
    IgnoreRule,
    PathVersion,
    Pruned,
    RemoteInfo,
    Restored,
    Status,
    SyncResult,
)
from hubsync.services import checkup, conflicts, history, ignoring, overview

LOCK_TIMEOUT = 60.0
DAY = 24 * 3600 * 1_000_000_000


class SyncRequest(Struct, frozen=True):
    """How to sync.

    ``confirm_deletes`` passes rule 9's stop; ``checksum`` reads every file instead of trusting the
    stat cache; ``message`` goes to the history.
    """

    message: str = ""
    dry_run: bool = False
    confirm_deletes: bool = False
    checksum: bool = False


NOBODY = Identity("", "")


def _wait(attempt: int) -> None:
    """Back-off with jitter before planning again, so that two hubs do not meet in step."""
    time.sleep(random.uniform(0.02, 0.1) * 2**attempt)


@dataclass
class Workspace:
    """A local directory kept in sync. Use `init`, `clone` or `open`; close it, or use ``with``."""

    layout: Layout
    settings: Settings
    env: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], int] = time.time_ns
    _remotes: dict[str, Remote] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The absolute path of the workspace."""
        return self.layout.root

    # -- coming to be -------------------------------------------------------------------

    @classmethod
    def init(
        cls,
        root: str,
        url: str | None = None,
        *,
        options: Mapping[str, str] | None = None,
        exclusive: bool = False,
        mode: str | None = None,
        branch: str | None = None,
        data_home: str | None = None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> Self:
        """Make ``root`` a workspace linked to ``url``; without one, to a folder under ``data_home``.

        No file of the user's is changed. Raises UsageError (inside another workspace, linked
        already, bad URL), RemoteUnavailable, RemoteFormatError.
        """
        root = os.path.realpath(root)
        above = find_root(root)
        if above is not None:
            there = "here" if above == root else f"at {above}"
            raise UsageError(
                f"There is a workspace {there} already.",
                "Use 'hubsync remote' to change what it is linked to.",
                "already-a-workspace",
            )
        if not os.path.isdir(root):
            raise UsageError(f"{root} is not a directory.", "Create it first.", "no-such-directory")
        if url is None:
            url = embedded_url(root, data_home)
        layout = Layout(root)
        if mode is not None or branch is not None:
            raise UsageError(
                "--mode and --branch are for Git remotes.", "Leave them out.", "not-for-this-remote"
            )
        remote = checked(
            RemoteSettings(
                name=DEFAULT_REMOTE,
                url=canonical_url(url, os.getcwd()),
                exclusive=exclusive,
                options=dict(options or {}),
            )
        )
        workspace = cls(layout, Settings((remote,)), env or {}, clock)
        existed = os.path.isdir(layout.metadata)
        layout.create()
        try:
            workspace.remote(DEFAULT_REMOTE).connect(create=True)
        except BaseException:
            workspace.close()
            if not existed:
                layout.remove()
            raise
        config.save(layout.config, workspace.settings)
        return workspace

    @classmethod
    def clone(
        cls,
        url: str,
        directory: str,
        *,
        identity: Identity,
        options: Mapping[str, str] | None = None,
        exclusive: bool = False,
        reporter: Reporter | None = None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> tuple[Self, SyncResult]:
        """A new workspace in ``directory`` (absent or empty) with what the remote holds.

        An interrupted clone goes on when it is called again, or with `pull` inside the directory.
        """
        directory = os.path.realpath(directory)
        started = os.path.isfile(Layout(directory).config)
        if started:
            workspace = cls.open(directory, env=env, clock=clock)
            asked = canonical_url(url, os.getcwd())
            if workspace.settings.remote[0].url != asked or workspace.ever_synced():
                workspace.close()
                raise _not_empty(directory)
        else:
            if os.path.isdir(directory) and os.listdir(directory):
                raise _not_empty(directory)
            made = not os.path.isdir(directory)
            os.makedirs(directory, exist_ok=True)
            try:
                workspace = cls.init(
                    directory, url, options=options, exclusive=exclusive, env=env, clock=clock
                )
            except BaseException:
                if made:
                    os.rmdir(directory)
                raise
        return workspace, workspace.pull(identity=identity, reporter=reporter)

    @classmethod
    def open(
        cls,
        start: str = ".",
        *,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> Self:
        """The workspace that holds ``start``, found upwards. Raises NotAWorkspace, ConfigError."""
        root = find_root(os.path.realpath(start))
        if root is None:
            raise NotAWorkspace(
                f"{os.path.abspath(start)} is not in a hubsync workspace.",
                "Run 'hubsync init' in the directory you want to keep in sync.",
            )
        layout = Layout(root)
        return cls(layout, config.load(layout.config), env or {}, clock)

    def close(self) -> None:
        """Let go of connections."""
        for remote in self._remotes.values():
            remote.close()
        self._remotes.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- syncing ------------------------------------------------------------------------

    def sync(
        self,
        request: SyncRequest | None = None,
        *,
        identity: Identity,
        reporter: Reporter | None = None,
    ) -> SyncResult:
        """Both directions. Raises SafetyStop, RemoteUnavailable, LocalError, Interrupted."""
        return self._run(request or SyncRequest(), None, identity, reporter)

    def push(
        self,
        request: SyncRequest | None = None,
        *,
        identity: Identity,
        reporter: Reporter | None = None,
    ) -> SyncResult:
        """Local changes go out; what the remote has newer is left and named as ``unsynced``."""
        return self._run(request or SyncRequest(), Side.REMOTE, identity, reporter)

    def pull(
        self,
        request: SyncRequest | None = None,
        *,
        identity: Identity,
        reporter: Reporter | None = None,
    ) -> SyncResult:
        """Remote changes come in; the remote is not written to."""
        return self._run(request or SyncRequest(), Side.LOCAL, identity, reporter)

    def _run(
        self, request: SyncRequest, only: Side | None, identity: Identity, reporter: Reporter | None
    ) -> SyncResult:
        asked = Request(
            only, **{name: getattr(request, name) for name in request.__struct_fields__}
        )
        tally = Tally()
        began = time.monotonic()
        revision = ""
        with self._held(reporter) as lock:
            for settings in self._linked():
                context = self.context(settings, identity, reporter, lock.check)
                state = run(context, self.state(settings.name), asked, tally)
                revision = revision or state.revision
        requests: dict[str, int] = {}
        for remote in self._remotes.values():
            for kind, count in remote.requests.items():
                requests[kind] = requests.get(kind, 0) + count
        result = tally.result(
            dry_run=request.dry_run, seconds=time.monotonic() - began, revision=revision
        )
        return replace(result, requests=requests)

    # -- looking ------------------------------------------------------------------------

    def status(self, *, reporter: Reporter | None = None, checksum: bool = False) -> Status:
        """What a sync would do. Changes nothing."""
        request = Request(dry_run=True, checksum=checksum)
        infos = tuple(one.info(*self.last(one.name)) for one in self.settings.remote)
        contexts = [
            (self.context(one, NOBODY, reporter), self.state(one.name)) for one in self._linked()
        ]
        return overview.status(self.root, infos, contexts, request)

    def log(self, limit: int | None = None) -> list[HistoryRecord]:
        """Syncs of all hubs, newest first."""
        return history.log([self.remote(one.name) for one in self._linked()], limit)

    def versions(self, path: str) -> list[PathVersion]:
        """The contents that ``path`` has had, on the remote and in the trash, newest first."""
        return history.versions(self._keeper_of(path), self.layout, path)

    def restore(self, path: str, *, at: str | None = None, to: str | None = None) -> Restored:
        """Bring a version back, as a local change that the next sync carries.

        ``at``: a version of `versions` or `log`, or an ISO 8601 time; by default the newest
        content other than the present one. ``to``: another path. What stands there goes to the
        trash. Raises NoSuchVersion.
        """
        with self._held():
            return history.restore(
                self._keeper_of(path), self.layout, path, at=at, to=to, now=self.clock()
            )

    def conflicts(self) -> list[ConflictCopy]:
        """What is left to a person: the conflict copies in the workspace."""
        return conflicts.find(self.root)

    def resolve(self, path: str, keep: str) -> list[str]:
        """End the conflicts of ``path``; the paths that changed on the disk.

        ``keep``: ``"mine"`` (the conflict copy takes the name), ``"theirs"`` (what has the name
        stays), ``"both"`` (the copy becomes an ordinary file). What gives way goes to the trash.
        """
        with self._held():
            return conflicts.resolve(self.layout, path, keep, now=self.clock())

    # -- settings -----------------------------------------------------------------------

    def remotes(self) -> list[RemoteInfo]:
        """The remotes as configured, with what is remembered of them."""
        return [one.info(*self.last(one.name)) for one in self.settings.remote]

    def add_remote(
        self,
        name: str,
        url: str,
        *,
        options: Mapping[str, str] | None = None,
        exclusive: bool = False,
        include: tuple[str, ...] = (),
        larger_than: int | None = None,
    ) -> None:
        """Link one more remote. Raises UsageError, RemoteUnavailable."""
        if any(one.name == name for one in self.settings.remote):
            raise UsageError(
                f"There is a remote {name!r} already.",
                "Choose another name, or use 'hubsync remote set'.",
                "remote-exists",
            )
        added = checked(
            RemoteSettings(
                name=name,
                url=canonical_url(url, os.getcwd()),
                exclusive=exclusive,
                include=tuple(include),
                larger_than=larger_than,
                options=dict(options or {}),
            )
        )
        if any(one.url == added.url for one in self.settings.remote):
            raise UsageError(
                f"This workspace is linked to {added.url} already.",
                "Give each remote a place of its own.",
                "remote-exists",
            )
        self._configure(self.settings.with_remote(added), connect=name)

    def remove_remote(self, name: str) -> None:
        """Forget a remote; nothing on it and nothing on the disk is deleted."""
        self._configure(self.settings.without(name))
        with self._held():
            self.layout.forget(name)

    def set_remote(self, name: str, **changes: object) -> None:
        """Change a remote's settings (``url``, ``exclusive``, ``include``, ``larger_than``,
        ``options``). With another URL it counts as never synced with (rule 6)."""
        before = self.settings.named(name)
        if isinstance(changes.get("url"), str):
            changes["url"] = canonical_url(str(changes["url"]), os.getcwd())
        after = checked(replace(before, **changes))
        moved = after.url != before.url
        self._configure(self.settings.with_remote(after), connect=name if moved else None)
        if moved:
            with self._held():
                self.layout.forget(name)

    def ignore(self, pattern: str) -> bool:
        """Add a rule to ``.hubsyncignore``; False if it stands there already."""
        return ignoring.add(self.root, pattern)

    def ignore_rules(self) -> list[IgnoreRule]:
        """Every rule in force, the built-in ones first."""
        return ignoring.rules(self.root)

    def why_ignored(self, path: str) -> IgnoreRule | None:
        """The rule that hides ``path``, or None."""
        return ignoring.explain(self.root, path)

    # -- upkeep -------------------------------------------------------------------------

    def gc(self, *, keep_days: int | None = None) -> Pruned:
        """Prune trash, versions and leftovers of interrupted runs by age."""
        days = self.settings.keep_days if keep_days is None else keep_days
        before = self.clock() - days * DAY
        with self._held():
            remote = sum(self.remote(one.name).gc(before) for one in self._linked())
            return Pruned(trash=checkup.empty_trash(self.layout, before), remote=remote)

    def doctor(self) -> list[Check]:
        """Reachability, permissions, credentials, clock, free space, locks: what is wrong and
        what to do."""
        return checkup.doctor(self.layout, self.settings, self.remote, self.clock)

    # -- the composition ----------------------------------------------------------------

    def remote(self, name: str) -> Remote:
        """The remote of that name, opened when first asked for."""
        if name not in self._remotes:
            settings = self.settings.named(name)
            self._remotes[name] = open_remote(
                settings.url,
                settings.options,
                scratch=self.layout.scratch(name),
                env=self.env,
                owner=f"{os.uname().nodename}:{os.getpid()}",
                clock=self.clock,
            )
        return self._remotes[name]

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
            pause=_wait,
            trusts_books=settings.exclusive,
            mine=self._route(settings.name),
            still_held=still_held,
            reporter=reporter or Silent(),
        )

    def state(self, name: str) -> State:
        """What is remembered of a remote; an empty memory where there is none (rule 6)."""
        state, _ = load(self.layout.state(name))
        return state or State("", "", 0, None, {})

    def last(self, name: str) -> tuple[str, int | None]:
        """Revision and time of the last sync with a remote."""
        state = self.state(name)
        return state.revision, state.last_sync

    def ever_synced(self) -> bool:
        """Whether a sync with any remote has come to its end."""
        return any(self.state(one.name).last_sync is not None for one in self.settings.remote)

    def _linked(self) -> tuple[RemoteSettings, ...]:
        if not self.settings.remote:
            raise UsageError(
                "This workspace is linked to no remote.",
                "Add one with 'hubsync remote add NAME URL'.",
                "no-remote",
            )
        return self.settings.remote

    def _route(self, name: str) -> Callable[[str, int], bool]:
        """Which new paths go to the remote ``name``: a path known to another one is not new."""
        if len(self.settings.remote) == 1:
            return everything
        rules = tuple(one.rule() for one in self.settings.remote)
        known = [self.state(one.name).base for one in self.settings.remote if one.name != name]

        def mine(path: str, size: int) -> bool:
            if any(path in base for base in known):
                return False
            return route(path, size, rules) == name

        return mine

    def _keeper_of(self, path: str) -> Remote:
        """The remote that knows ``path``, else the first."""
        linked = self._linked()
        for one in linked if len(linked) > 1 else ():
            if path in self.state(one.name).base:
                return self.remote(one.name)
        return self.remote(linked[0].name)

    def _configure(self, settings: Settings, connect: str | None = None) -> None:
        before, self.settings = self.settings, settings
        try:
            if connect is not None:
                stale = self._remotes.pop(connect, None)
                if stale is not None:
                    stale.close()
                self.remote(connect).connect(create=True)
        except BaseException:
            self.settings = before
            raise
        config.save(self.layout.config, settings)

    @contextmanager
    def _held(self, reporter: Reporter | None = None) -> Iterator[Lock]:
        """The workspace's lock: one command at a time (waits up to a minute)."""
        stopping = (reporter or Silent()).stopping
        with acquire(self.root, LOCK_TIMEOUT, stopping=stopping) as lock:
            yield lock


def embedded_url(root: str, data_home: str | None) -> str:
    """The folder that stands in for a remote until the user has one: its name tells the workspaces
    of one user apart."""
    if data_home is None:
        raise UsageError("No URL was given.", "Name the remote to link to.", "no-url")
    base = os.path.basename(root) or "root"
    folder, number = os.path.join(data_home, "remotes", base), 1
    while os.path.isdir(folder):
        number += 1
        folder = os.path.join(data_home, "remotes", f"{base}-{number}")
    return "file://" + folder


def _not_empty(directory: str) -> UsageError:
    return UsageError(
        f"{directory} exists and is not empty.",
        "Clone into a new folder; or run 'hubsync init URL' there, which unites both sides.",
        "not-empty",
    )
