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
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from msgspec import structs
from msgspec.structs import replace

from hubsync import services
from hubsync.config import DEFAULT_REMOTE
from hubsync.engine.context import Onlooker, Request, unheld
from hubsync.errors import (
    NoSuchVersion,
    UsageError,
)
from hubsync.links import Links
from hubsync.model import Identity, Problem, Side
from hubsync.report import Reporter, Silent
from hubsync.requests import NO_CHOICE, GitChoice, SyncRequest
from hubsync.results import (
    AllowedFinding,
    Check,
    ConflictCopy,
    Forked,
    HistoryRecord,
    IgnoreRule,
    PathVersion,
    Pruned,
    RemoteInfo,
    Restored,
    Status,
    Survey,
    SyncResult,
)
from hubsync.services.quiet import Quiet

if TYPE_CHECKING:
    from hubsync.engine.several import Linked

NOBODY = Identity("", "")


@dataclass
class Workspace:
    """A local directory kept in sync. Use `init`, `clone` or `open`; close it, or use ``with``."""

    links: Links
    remarks: tuple[str, ...] = ()
    """Sentences for who began it by `init`."""

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
        git: GitChoice = NO_CHOICE,
        identity: Identity | None = None,
        data_home: str | None = None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> Self:
        """Make ``root`` a workspace linked to ``url``.

        Without a URL it is linked to a folder under ``data_home``, or, if something of ``git`` is
        chosen, to the `origin` of the clone that ``root`` is. No file of the user's is changed.
        Raises UsageError (inside another workspace, linked already, bad URL), RemoteUnavailable,
        RemoteFormatError.
        """
        root = os.path.realpath(root)
        if url is None and git != NO_CHOICE:
            url = services.origins.origin_of(root) or None
        place = services.embedded.place_for(root, data_home) if url is None else url
        chosen = structs.asdict(git)
        remote = services.linking.asked_for(DEFAULT_REMOTE, place, options, exclusive, **chosen)
        author = identity.author if identity is not None else ""
        was_clone = services.origins.is_clone(root)
        links = services.beginning.link(root, remote, env or {}, clock, author=author, create=True)
        return cls(
            links, services.origins.remarks(links, root, embedded=url is None, was_clone=was_clone)
        )

    @classmethod
    def clone(
        cls,
        url: str,
        directory: str,
        *,
        identity: Identity,
        options: Mapping[str, str] | None = None,
        exclusive: bool = False,
        git: GitChoice = NO_CHOICE,
        only_this: bool = False,
        reporter: Reporter | None = None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> tuple[Self, SyncResult]:
        """A new workspace in ``directory`` (absent or empty) with what the remote holds.

        The other remotes that its ``.hubsync.toml`` names are linked too, unless ``only_this``;
        those that would be sent a credential as it is are named as problems instead.

        An interrupted clone goes on when it is called again, or with `pull` inside the directory.
        Raises Unreachable (``no-mirror``) where there is nothing to clone.
        """
        chosen = structs.asdict(git)
        remote = services.linking.asked_for(DEFAULT_REMOTE, url, options, exclusive, **chosen)
        begun = services.beginning.prepare_clone(
            os.path.realpath(directory),
            remote,
            env or {},
            clock,
            author=identity.author,
            only_this=only_this,
        )
        workspace = cls(begun)
        try:
            return workspace, workspace.pull(identity=identity, reporter=reporter)
        except BaseException:
            workspace.close()
            raise

    @staticmethod
    def survey(
        root: str,
        url: str,
        *,
        options: Mapping[str, str] | None = None,
        git: GitChoice = NO_CHOICE,
        identity: Identity | None = None,
        reporter: Reporter | None = None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> Survey:
        """Try what `init` would do: whether the remote answers, and how much would go up.

        Changes nothing, here or there. Raises what `init` does, but for a place with nothing in it.
        """
        root = os.path.realpath(root)
        chosen = structs.asdict(git)
        remote = services.linking.asked_for(DEFAULT_REMOTE, url, options, False, **chosen)
        author = identity.author if identity is not None else ""
        there = services.surveying.try_remote(root, remote, env or {}, clock, author)
        return services.surveying.survey(root, there, reporter or Silent())

    @classmethod
    def open(
        cls,
        start: str = ".",
        *,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> Self:
        """The workspace that holds ``start``, found upwards. Raises NotAWorkspace, ConfigError."""
        return cls(services.beginning.find(start, env or {}, clock))

    def prepare(self) -> None:
        """Load what a sync needs, so that the first call is quicker; nothing is asked yet."""
        import hubsync.engine.several
        import hubsync.services.nesting
        import hubsync.services.sharing  # noqa: F401

        for one in self.links.linked():
            self.links.remote(one.name)

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
        if asked.message:
            services.allowing.refuse_in_message(asked.message)
        began = time.monotonic()
        with (
            self.links.held(reporter) as lock,
            Quiet(self.links, asked, reporter or Silent()) as quiet,
        ):
            found = quiet.result()
            whole = found or self._looked(quiet, asked, identity, reporter, lock.check)
        seconds = time.monotonic() - began
        return replace(
            whole,
            seconds=seconds,
            requests=self.links.requests(),
        )

    def _looked(
        self,
        quiet: Quiet,
        asked: Request,
        identity: Identity,
        reporter: Reporter | None,
        still_held: Callable[[], None],
    ) -> SyncResult:
        """The same with everything looked at."""
        linked = partial(self._linked, identity, reporter, still_held, quiet)
        with quiet.looking():
            whole, left = self._followed(linked, asked, identity)
        told = left or services.sharing.told(self.links).problems
        whole = replace(whole, problems=(*whole.problems, *told))
        quiet.leave_notes(whole)
        return whole

    def _followed(
        self, linked: Callable[[], list[Linked]], asked: Request, identity: Identity
    ) -> tuple[SyncResult, tuple[Problem, ...]]:
        """The results, with what `.hubsync.toml` says before and after; and which of the remotes
        that a clone agreed to could not be linked."""

        def run() -> SyncResult:
            waiting = services.sharing.told(self.links).rules
            return services.nesting.around(self.links, linked(), asked, identity, waiting)

        from hubsync.engine.tally import together

        if asked.dry_run:
            return run(), ()
        services.sharing.adopt(self.links)
        left = services.cloning.agree(self.links)
        results = [run()]
        services.sharing.adopt(self.links)
        if services.cloning.is_under_way(self.links.layout):
            known = len(self.links.settings.remote)
            left += services.cloning.agree(self.links)
            if len(self.links.settings.remote) > known:
                results.append(run())
            services.cloning.end(self.links.layout)
        return together(results), left

    def _linked(
        self,
        identity: Identity,
        reporter: Reporter | None,
        still_held: Callable[[], None] = unheld,
        onlooker: Onlooker | None = None,
    ) -> list[Linked]:
        """The remotes, for the engine. Raises UsageError if there is none."""
        return [
            self.links.for_engine(settings, identity, reporter, still_held, onlooker)
            for settings in self.links.linked()
        ]

    # -- looking ------------------------------------------------------------------------

    def status(self, *, reporter: Reporter | None = None, checksum: bool = False) -> Status:
        """What a sync would do, its safety stops included. Changes nothing.

        Raises RemoteUnavailable where no remote can be reached; some of several that cannot, or
        cannot be opened on this machine, are in ``unavailable``.
        """
        request = Request(dry_run=True, checksum=checksum)
        linked = self._linked(NOBODY, reporter)
        told = services.sharing.told(self.links)
        inner = partial(services.nesting.repositories, self.links)
        remotes = tuple(self.remotes())
        return services.overview.status(self.root, remotes, linked, request, told, inner)

    def changed_remotely(self) -> bool:
        """Whether another hub has published to any remote since this workspace last synced: one
        cheap request each. What other tools wrote to a mirror only a sync finds.

        Raises RemoteUnavailable and the like where no remote has news and one did not answer.
        """
        return services.looking.changed_remotely(self.links)

    def log(self, limit: int | None = None) -> list[HistoryRecord]:
        """Syncs of all hubs, newest first."""
        return services.history.log(
            [self.links.remote(one.name) for one in self.links.linked()], limit
        )

    def versions(self, path: str, *, trash_only: bool = False) -> list[PathVersion]:
        """The contents that ``path`` has had, on every remote and in the trash, newest first.

        Of several remotes, one that has the path no more and cannot be reached is left out as long
        as another has something to tell. ``trash_only`` needs no remote.
        """
        if trash_only:
            return services.history.in_trash(self.links.layout, path)
        found = services.history.versions(services.keepers.keepers_of(self.links, path))
        return found or services.captures.versions(self.links, path)

    def read(self, path: str, version: str, target: str) -> Restored:
        """One of the `versions` of a file into the file ``target`` (absolute), to be looked at.

        Changes nothing in the workspace. Raises NoSuchVersion, RemoteUnavailable.
        """
        keepers = services.keepers.keepers_of(self.links, path)
        return services.restoring.read(keepers, version, target)

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

        A directory takes a time: every file that was in it then comes back as it was, and so do
        Git repositories in it that are gone; what came later stays. A Git repository that is gone
        comes back as one, and ``at`` may be a version too. Raises NoSuchVersion, UsageError.
        """
        layout, now = self.links.layout, self.links.clock()

        def directory() -> Restored:
            wish = services.rewinding.Wish(path, at, to)
            return services.captures.restore_directory(self.links, wish, reporter or Silent())

        def other() -> Restored:
            keepers = services.keepers.keepers_of(self.links, path)
            if services.rewinding.is_directory(layout, path):
                try:
                    return directory()
                except NoSuchVersion:
                    # What is a directory now may have been a file then.
                    if not services.history.versions(keepers):
                        raise
                return services.restoring.restore(keepers, at=at, to=to, now=now)
            try:
                return services.restoring.restore(keepers, at=at, to=to, now=now)
            except NoSuchVersion as no_file:
                if at is None:
                    raise
                # What was no file then may have been a directory, whatever stands there now.
                try:
                    return directory()
                except NoSuchVersion:
                    if services.history.versions(keepers):
                        raise no_file from None
                    raise

        with self.links.held(reporter):
            try:
                return other()
            except (NoSuchVersion, UsageError):
                repository = services.captures.restore(self.links, path, at=at, to=to)
                if repository is None:
                    raise
                return repository

    def conflicts(self) -> list[ConflictCopy]:
        """What is left to a person: the conflict copies in the workspace."""
        return services.conflicts.find(self.root)

    def diverged(self) -> list[Problem]:
        """The Git repositories inside that two hubs changed, as of the last sync, and what there is
        to do."""
        return services.nesting.diverged(self.links.layout)

    def resolve(self, path: str, keep: str, *, reporter: Reporter | None = None) -> list[str]:
        """End the conflicts of ``path``; the paths that changed on the disk.

        ``keep``: ``"mine"`` (the conflict copy takes the name), ``"theirs"`` (what has the name
        stays), ``"both"`` (the copy becomes an ordinary file). What gives way goes to the trash.
        A Git repository that both hubs changed takes ``"mine"`` (as it is here) or ``"theirs"``.
        """
        with self.links.held(reporter):
            if services.nesting.resolve(self.links, path, keep):
                return [path]
            return services.conflicts.resolve(self.links.layout, path, keep, now=self.links.clock())

    # -- settings -----------------------------------------------------------------------

    def remotes(self) -> list[RemoteInfo]:
        """The remotes as configured, with what is remembered of them."""
        return services.linking.listed(self.links)

    def add_remote(
        self,
        name: str,
        url: str,
        *,
        options: Mapping[str, str] | None = None,
        exclusive: bool = False,
        include: tuple[str, ...] = (),
        larger_than: int | None = None,
        only_here: bool = False,
        git: GitChoice = NO_CHOICE,
        reporter: Reporter | None = None,
    ) -> None:
        """Link one more remote, and tell other hubs of it in ``.hubsync.toml``, unless
        ``only_here``. Raises UsageError, RemoteUnavailable."""
        rules = {"include": tuple(include), "larger_than": larger_than, "only_here": only_here}
        chosen = structs.asdict(git)
        added = services.linking.asked_for(name, url, options, exclusive, **rules, **chosen)
        services.linking.add(self.links, added, reporter)

    def remotes_elsewhere(self) -> list[RemoteInfo]:
        """The remotes that ``.hubsync.toml`` names and that nobody has accepted or declined."""
        return [one.settings().info() for one in services.sharing.told(self.links).waiting]

    def accept_remote(
        self,
        name: str,
        *,
        options: Mapping[str, str] | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        """Link a remote that ``.hubsync.toml`` names. ``options`` are those of this machine, and
        other hubs are not told of them. Raises UsageError, RemoteUnavailable."""
        services.sharing.accept(self.links, name, options or {}, reporter)

    def decline_remote(self, name: str, *, reporter: Reporter | None = None) -> None:
        """Do without a remote that ``.hubsync.toml`` names. Raises UsageError."""
        services.sharing.decline(self.links, name, reporter)

    def remove_remote(self, name: str, *, reporter: Reporter | None = None) -> None:
        """Forget a remote; nothing on it and nothing on the disk is deleted."""
        services.linking.remove(self.links, name, reporter)

    def set_remote(
        self, name: str, *, create: bool = False, reporter: Reporter | None = None, **changes: Any
    ) -> None:
        """Change a remote's ``url``, ``exclusive``, ``include``, ``larger_than`` or ``options``; of
        a Git repository ``mode``, ``branch`` and ``user`` too (see `GitChoice`).

        At another URL there must be a mirror, unless ``create`` allows one to be made: a typing
        error must not become a second, empty one. What is remembered of the remote stays if it is
        the same mirror, as its id tells; else it counts as never synced with (rule 6).

        ``options`` are added to those that it has, if the URL names the same kind of storage; an
        empty value takes one away. Raises UsageError, RemoteUnavailable.
        """
        services.linking.change(self.links, name, changes, reporter, create=create)

    def fork(self, *, reporter: Reporter | None = None) -> Forked:
        """Push to a fork of the GitHub repository from now on; no right to push is needed for that.

        It is made at GitHub, in the name of the login there; a fork that exists is used. The clone
        keeps the repository as ``origin`` and gets the fork as ``fork``. Raises UsageError,
        AccessDenied, Unreachable; then nothing has changed here.
        """
        from hubsync.services import forking  # logins and requests: nobody else waits for them

        return forking.fork(self.links, reporter)

    def ignore(self, pattern: str) -> bool:
        """Add a rule to ``.hubsyncignore``; False if it stands there already."""
        return services.ignoring.add(self.root, pattern)

    def ignore_rules(self) -> list[IgnoreRule]:
        """Every rule in force, the built-in ones first."""
        return services.ignoring.rules(self.links)

    def ignore_path(self, path: str) -> tuple[str, bool]:
        """Add the rule that hides just ``path`` to ``.hubsyncignore``: the rule, and False if it
        stands there already."""
        is_dir = os.path.isdir(os.path.join(self.root, path))
        pattern = services.ignoring.pattern_of(path, is_dir)
        return pattern, services.ignoring.add(self.root, pattern)

    def ignored_in(self, directory: str) -> dict[str, IgnoreRule]:
        """Which of the entries of a directory (``""``: the root) are ignored, by name, and why."""
        return services.ignoring.among(self.links, directory)

    def why_ignored(self, path: str) -> IgnoreRule | None:
        """The rule that hides ``path``, or None."""
        return services.ignoring.explain(self.links, path)

    def allow(self, path: str, *, reporter: Reporter | None = None) -> list[AllowedFinding]:
        """Let what looks like a secret in the file ``path`` now, or in a person's own commits of it
        that are not pushed yet, go to Git remotes.

        Raises UsageError, ConfigError, LocalError.
        """
        from hubsync.services import allowing  # the search for secrets compiles many patterns

        with self.links.held(reporter):
            return allowing.allow(self.links, path)

    # -- upkeep -------------------------------------------------------------------------

    def gc(self, *, keep_days: int | None = None, reporter: Reporter | None = None) -> Pruned:
        """Prune trash, versions and leftovers of interrupted runs by age."""
        days = self.links.settings.keep_days if keep_days is None else keep_days
        return services.upkeep.gc(self.links, days * services.upkeep.DAY, reporter or Silent())

    def doctor(self) -> list[Check]:
        """What is wrong and what to do: settings, disk, clock, lock, and each remote by itself.

        Nothing is changed but for a small object that is written to each remote and taken away
        again. A check that fails stops no other.
        """
        return services.checkup.doctor(self.links)
