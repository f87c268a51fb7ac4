"""The façade that everything outside uses, and the composition root.

>>> from hubsync import Identity, Workspace
>>> with Workspace.init("/home/ada/work", "file:///shared/ada") as workspace:
...     result = workspace.sync(identity=Identity("ada", "hub-a"))

Paths given and returned are relative to the workspace's root, with ``/`` between the parts. The
environment is never read here: ``env`` holds the variables that remotes may use.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from msgspec import Struct, structs
from msgspec.structs import replace

from hubsync.config import DEFAULT_REMOTE
from hubsync.engine.context import Request, unheld
from hubsync.engine.several import Linked, run_all
from hubsync.engine.tally import together
from hubsync.errors import (
    NoSuchVersion,
)
from hubsync.links import Links
from hubsync.model import Identity, Side
from hubsync.report import Reporter, Silent
from hubsync.results import (
    AllowedFinding,
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
from hubsync.services import (
    allowing,
    beginning,
    checkup,
    conflicts,
    embedded,
    history,
    ignoring,
    linking,
    overview,
    restoring,
    rewinding,
    upkeep,
)


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


@dataclass
class Workspace:
    """A local directory kept in sync. Use `init`, `clone` or `open`; close it, or use ``with``."""

    links: Links

    @property
    def root(self) -> str:
        """The absolute path of the workspace."""
        return self.links.layout.root

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
        """Make ``root`` a workspace linked to ``url``.

        Without a URL it is linked to a folder under ``data_home``. No file of the user's is
        changed. Raises UsageError (inside another workspace, linked already, bad URL),
        RemoteUnavailable, RemoteFormatError.
        """
        if url is None:
            url = embedded.place_for(os.path.realpath(root), data_home)
        git = {"mode": mode, "branch": branch}
        remote = linking.asked_for(DEFAULT_REMOTE, url, options, exclusive, **git)
        return cls(beginning.link(os.path.realpath(root), remote, env or {}, clock, create=True))

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
        Raises Unreachable (``no-mirror``) where there is nothing to clone.
        """
        remote = linking.asked_for(DEFAULT_REMOTE, url, options, exclusive)
        begun = beginning.prepare_clone(os.path.realpath(directory), remote, env or {}, clock)
        workspace = cls(begun)
        try:
            return workspace, workspace.pull(identity=identity, reporter=reporter)
        except BaseException:
            workspace.close()
            raise

    @classmethod
    def open(
        cls,
        start: str = ".",
        *,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> Self:
        """The workspace that holds ``start``, found upwards. Raises NotAWorkspace, ConfigError."""
        return cls(beginning.find(start, env or {}, clock))

    def close(self) -> None:
        """Let go of connections."""
        self.links.close()

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
        """Both directions, with every remote.

        A remote that cannot be reached or used does not keep the others from being synced; its
        error comes at the end. A safety stop of one comes before anything is done with any. Raises
        SafetyStop, RemoteUnavailable, RemoteFormatError, LocalError, Interrupted.
        """
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
        asked = Request(only, **structs.asdict(request))
        began = time.monotonic()
        with self.links.held(reporter) as lock:
            results = run_all(self._linked(identity, reporter, lock.check), asked)
        whole = together(results)
        seconds = time.monotonic() - began
        return replace(whole, seconds=seconds, requests=self.links.requests())

    def _linked(
        self,
        identity: Identity,
        reporter: Reporter | None,
        still_held: Callable[[], None] = unheld,
    ) -> list[Linked]:
        """The remotes, for the engine. Raises UsageError if there is none."""
        return [
            self.links.for_engine(settings, identity, reporter, still_held)
            for settings in self.links.linked()
        ]

    # -- looking ------------------------------------------------------------------------

    def status(self, *, reporter: Reporter | None = None, checksum: bool = False) -> Status:
        """What a sync would do, its safety stops included. Changes nothing.

        Raises RemoteUnavailable where no remote can be reached; some of several that cannot are in
        ``unavailable``.
        """
        request = Request(dry_run=True, checksum=checksum)
        linked = self._linked(NOBODY, reporter)
        return overview.status(self.root, tuple(self.remotes()), linked, request)

    def log(self, limit: int | None = None) -> list[HistoryRecord]:
        """Syncs of all hubs, newest first."""
        return history.log([self.links.remote(one.name) for one in self.links.linked()], limit)

    def versions(self, path: str, *, trash_only: bool = False) -> list[PathVersion]:
        """The contents that ``path`` has had, on the remote and in the trash, newest first.

        ``trash_only`` needs no remote.
        """
        if trash_only:
            return history.in_trash(self.links.layout, path)
        return history.versions(self.links.keeper_of(path), self.links.layout, path)

    def restore(
        self,
        path: str,
        *,
        at: str | None = None,
        to: str | None = None,
        reporter: Reporter | None = None,
    ) -> Restored:
        """Bring a version back, as a local change that the next sync carries.

        ``at``: a version of `versions` or `log`, or an ISO 8601 time; by default the newest
        content other than the present one. ``to``: another path. What stands there goes to the
        trash.

        A directory takes a time: every file that was in it then comes back as it was; files that
        came later stay. Raises NoSuchVersion, UsageError.
        """
        layout, now = self.links.layout, self.links.clock()

        def directory() -> Restored:
            remotes = [self.links.remote(one.name) for one in self.links.linked()]
            wish, hears = rewinding.Wish(path, at, to), reporter or Silent()
            return rewinding.restore_directory(remotes, layout, wish, now=now, reporter=hears)

        with self.links.held(reporter):
            if rewinding.is_directory(layout, path):
                return directory()
            keeper = self.links.keeper_of(path)
            try:
                return restoring.restore(keeper, layout, path, at=at, to=to, now=now)
            except NoSuchVersion as no_file:
                if at is None:
                    raise
                # What was no file then may have been a directory, whatever stands there now.
                try:
                    return directory()
                except NoSuchVersion:
                    if history.versions(keeper, layout, path):
                        raise no_file from None
                    raise

    def conflicts(self) -> list[ConflictCopy]:
        """What is left to a person: the conflict copies in the workspace."""
        return conflicts.find(self.root)

    def resolve(self, path: str, keep: str, *, reporter: Reporter | None = None) -> list[str]:
        """End the conflicts of ``path``; the paths that changed on the disk.

        ``keep``: ``"mine"`` (the conflict copy takes the name), ``"theirs"`` (what has the name
        stays), ``"both"`` (the copy becomes an ordinary file). What gives way goes to the trash.
        """
        with self.links.held(reporter):
            return conflicts.resolve(self.links.layout, path, keep, now=self.links.clock())

    # -- settings -----------------------------------------------------------------------

    def remotes(self) -> list[RemoteInfo]:
        """The remotes as configured, with what is remembered of them."""
        return linking.listed(self.links)

    def add_remote(
        self,
        name: str,
        url: str,
        *,
        options: Mapping[str, str] | None = None,
        exclusive: bool = False,
        include: tuple[str, ...] = (),
        larger_than: int | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        """Link one more remote. Raises UsageError, RemoteUnavailable."""
        added = linking.asked_for(
            name, url, options, exclusive, include=tuple(include), larger_than=larger_than
        )
        linking.add(self.links, added, reporter)

    def remove_remote(self, name: str, *, reporter: Reporter | None = None) -> None:
        """Forget a remote; nothing on it and nothing on the disk is deleted."""
        linking.remove(self.links, name, reporter)

    def set_remote(
        self, name: str, *, create: bool = False, reporter: Reporter | None = None, **changes: Any
    ) -> None:
        """Change a remote's ``url``, ``exclusive``, ``include``, ``larger_than`` or ``options``.

        At another URL there must be a mirror, unless ``create`` allows one to be made: a typing
        error must not become a second, empty one. What is remembered of the remote stays if it is
        the same mirror, as its id tells; else it counts as never synced with (rule 6).

        ``options`` are added to those that it has, if the URL names the same kind of storage; an
        empty value takes one away. Raises UsageError, RemoteUnavailable.
        """
        linking.change(self.links, name, changes, reporter, create=create)

    def ignore(self, pattern: str) -> bool:
        """Add a rule to ``.hubsyncignore``; False if it stands there already."""
        return ignoring.add(self.root, pattern)

    def ignore_rules(self) -> list[IgnoreRule]:
        """Every rule in force, the built-in ones first."""
        return ignoring.rules(self.root)

    def why_ignored(self, path: str) -> IgnoreRule | None:
        """The rule that hides ``path``, or None."""
        return ignoring.explain(self.root, path)

    def allow(self, path: str, *, reporter: Reporter | None = None) -> list[AllowedFinding]:
        """Let what looks like a secret in the file ``path`` now go to Git remotes.

        Raises UsageError, ConfigError, LocalError.
        """
        with self.links.held(reporter):
            return allowing.allow(self.links.layout, path)

    # -- upkeep -------------------------------------------------------------------------

    def gc(self, *, keep_days: int | None = None, reporter: Reporter | None = None) -> Pruned:
        """Prune trash, versions and leftovers of interrupted runs by age."""
        days = self.links.settings.keep_days if keep_days is None else keep_days
        return upkeep.gc(self.links, days * upkeep.DAY, reporter or Silent())

    def doctor(self) -> list[Check]:
        """What is wrong and what to do: settings, disk, clock, lock, and each remote by itself.

        Nothing is changed but for a small object that is written to each remote and taken away
        again. A check that fails stops no other.
        """
        return checkup.doctor(self.links)
