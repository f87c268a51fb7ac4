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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from msgspec import Struct, structs
from msgspec.structs import replace

from hubsync import config
from hubsync.config import DEFAULT_REMOTE, RemoteSettings, Settings, checked
from hubsync.engine.context import Context, Request
from hubsync.engine.cycle import Looked, look, run
from hubsync.engine.tally import Tally, together
from hubsync.errors import (
    NoSuchVersion,
    NotAWorkspace,
    RemoteUnavailable,
    SafetyStop,
    Unreachable,
    UsageError,
)
from hubsync.links import Links
from hubsync.local.layout import Layout, find_root, is_vacant, make_directories, remove_directories
from hubsync.local.state import State, last_sync
from hubsync.model import Identity, Side, Tree
from hubsync.remotes.urls import canonical_url, same_storage
from hubsync.report import Reporter
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
from hubsync.services import (
    checkup,
    conflicts,
    embedded,
    history,
    ignoring,
    overview,
    restoring,
    rewinding,
)

CHANGEABLE: Final = frozenset({"url", "exclusive", "include", "larger_than", "options"})
"""What `Workspace.set_remote` changes."""

DAY: Final = 24 * 3600 * 1_000_000_000


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
        if mode is not None or branch is not None:
            raise UsageError(
                "--mode and --branch are for Git remotes.", "Leave them out.", "not-for-this-remote"
            )
        if url is None:
            url = embedded.place_for(os.path.realpath(root), data_home)
        remote = checked(_remote(DEFAULT_REMOTE, url, options, exclusive))
        return cls._link(os.path.realpath(root), remote, env or {}, clock, create=True)

    @classmethod
    def _link(
        cls,
        root: str,
        remote: RemoteSettings,
        env: Mapping[str, str],
        clock: Callable[[], int],
        *,
        create: bool,
    ) -> Self:
        """A workspace at ``root``, written down once the remote has answered."""
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
        layout = Layout(root)
        workspace = cls(Links(layout, Settings((remote,)), env, clock))
        existed = os.path.isdir(layout.metadata)
        layout.create()
        try:
            workspace.links.remote(DEFAULT_REMOTE).connect(create=create)
        except BaseException:
            workspace.close()
            if not existed:
                layout.remove()
            raise
        config.save(layout.config, workspace.links.settings)
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
        Raises Unreachable (``no-mirror``) where there is nothing to clone.
        """
        directory = os.path.realpath(directory)
        if os.path.lexists(directory) and not os.path.isdir(directory):
            raise _not_empty(directory)
        remote = checked(_remote(DEFAULT_REMOTE, url, options, exclusive))
        if os.path.isfile(Layout(directory).config):
            workspace = cls.open(directory, env=env, clock=clock)
            begun = workspace.links.settings.remote[:1] == (remote,)
            if not begun or workspace.links.ever_synced():
                workspace.close()
                raise _not_empty(directory)
        else:
            if not is_vacant(directory):
                raise _not_empty(directory)
            made = make_directories(directory)
            try:
                workspace = cls._link(directory, remote, env or {}, clock, create=False)
            except BaseException:
                remove_directories(made)
                raise
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
        root = find_root(os.path.realpath(start))
        if root is None:
            raise NotAWorkspace(
                f"{os.path.abspath(start)} is not in a hubsync workspace.",
                "Run 'hubsync init' in the directory you want to keep in sync.",
            )
        layout = Layout(root)
        return cls(Links(layout, config.load(layout.config), env or {}, clock))

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

        One remote that cannot be reached does not keep the others from being synced; its error
        comes at the end. Raises SafetyStop, RemoteUnavailable, LocalError, Interrupted.
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
        results: list[SyncResult] = []
        failures: list[RemoteUnavailable] = []
        with self.links.held(reporter) as lock:
            todo: list[tuple[Context, State, Looked]] = []
            seen: dict[str, Tree] = {}
            several = len(self.links.linked()) > 1
            # Every safety stop comes before anything is done with any remote (rule 9).
            for settings in self.links.linked():
                context = self.links.context(settings, identity, reporter, lock.check, seen)
                state = self.links.state(settings.name)
                with _named(context.name, failures, several):
                    looked = look(context, state, asked)
                    todo.append((context, state, looked))
                    seen[context.name] = looked.view.remote
            while todo:
                context, state, first = todo.pop(0)
                tally = Tally()
                with _named(context.name, failures, several):
                    state = run(context, state, asked, tally, first)
                    results.append(tally.result(request.dry_run, state.revision))
        if failures:
            raise failures[0]
        whole = together(results)
        seconds = time.monotonic() - began
        return replace(whole, seconds=seconds, requests=self.links.requests())

    # -- looking ------------------------------------------------------------------------

    def status(self, *, reporter: Reporter | None = None, checksum: bool = False) -> Status:
        """What a sync would do. Changes nothing."""
        request = Request(dry_run=True, checksum=checksum)
        infos = tuple(self.remotes())
        contexts = [
            (self.links.context(one, NOBODY, reporter), self.links.state(one.name))
            for one in self.links.linked()
        ]
        return overview.status(self.root, infos, contexts, request)

    def log(self, limit: int | None = None) -> list[HistoryRecord]:
        """Syncs of all hubs, newest first."""
        return history.log([self.links.remote(one.name) for one in self.links.linked()], limit)

    def versions(self, path: str) -> list[PathVersion]:
        """The contents that ``path`` has had, on the remote and in the trash, newest first."""
        return history.versions(self.links.keeper_of(path), self.links.layout, path)

    def restore(self, path: str, *, at: str | None = None, to: str | None = None) -> Restored:
        """Bring a version back, as a local change that the next sync carries.

        ``at``: a version of `versions` or `log`, or an ISO 8601 time; by default the newest
        content other than the present one. ``to``: another path. What stands there goes to the
        trash.

        A directory takes a time: every file that was in it then comes back as it was; files that
        came later stay. Raises NoSuchVersion, UsageError.
        """
        layout, now = self.links.layout, self.links.clock()
        with self.links.held():
            remotes = [self.links.remote(one.name) for one in self.links.linked()]
            if rewinding.is_directory(layout, path):
                return rewinding.restore_directory(remotes, layout, path, at=at, to=to, now=now)
            keeper = self.links.keeper_of(path)
            try:
                return restoring.restore(keeper, layout, path, at=at, to=to, now=now)
            except NoSuchVersion:
                if at is None or history.versions(keeper, layout, path):
                    raise
                # Nothing was ever a file there: a directory that is gone, if anything.
                return rewinding.restore_directory(remotes, layout, path, at=at, to=to, now=now)

    def conflicts(self) -> list[ConflictCopy]:
        """What is left to a person: the conflict copies in the workspace."""
        return conflicts.find(self.root)

    def resolve(self, path: str, keep: str) -> list[str]:
        """End the conflicts of ``path``; the paths that changed on the disk.

        ``keep``: ``"mine"`` (the conflict copy takes the name), ``"theirs"`` (what has the name
        stays), ``"both"`` (the copy becomes an ordinary file). What gives way goes to the trash.
        """
        with self.links.held():
            return conflicts.resolve(self.links.layout, path, keep, now=self.links.clock())

    # -- settings -----------------------------------------------------------------------

    def remotes(self) -> list[RemoteInfo]:
        """The remotes as configured, with what is remembered of them."""
        found = []
        for one in self.links.settings.remote:
            state = self.links.state(one.name)
            when = last_sync(self.links.layout.state(one.name))
            found.append(one.info(state.revision, when if state.last_sync else None))
        return found

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
        if any(one.name == name for one in self.links.settings.remote):
            raise UsageError(
                f"There is a remote {name!r} already.",
                "Choose another name, or use 'hubsync remote set'.",
                "remote-exists",
            )
        added = checked(
            replace(
                _remote(name, url, options, exclusive),
                include=tuple(include),
                larger_than=larger_than,
            )
        )
        self._refuse_twin(added)
        with self.links.held():
            self.links.layout.forget(name)
            self.links.configure(self.links.settings.with_remote(added), connect=name)

    def remove_remote(self, name: str) -> None:
        """Forget a remote; nothing on it and nothing on the disk is deleted."""
        with self.links.held():
            self.links.configure(self.links.settings.without(name))
            self.links.layout.forget(name)

    def set_remote(self, name: str, *, create: bool = False, **changes: Any) -> None:
        """Change a remote's ``url``, ``exclusive``, ``include``, ``larger_than`` or ``options``.

        At another URL there must be a mirror, unless ``create`` allows one to be made: a typing
        error must not become a second, empty one. What is remembered of the remote stays if it is
        the same mirror, as its id tells; else it counts as never synced with (rule 6).

        ``options`` are added to those that it has, if the URL names the same kind of storage; an
        empty value takes one away. Raises UsageError, RemoteUnavailable.
        """
        before = self.links.settings.named(name)
        if isinstance(changes.get("url"), str):
            changes["url"] = canonical_url(str(changes["url"]), os.getcwd())
        unknown = sorted(changes.keys() - CHANGEABLE)
        if unknown:
            raise UsageError(
                f"A remote has no setting {unknown[0]!r}.",
                f"These can be changed: {', '.join(sorted(CHANGEABLE))}.",
                "no-such-setting",
            )
        url, options = str(changes.get("url", before.url)), changes.get("options", {})
        kept = before.options if same_storage(url, before.url) else {}
        changes["options"] = {k: v for k, v in {**kept, **options}.items() if v != ""}
        after = checked(replace(before, **changes))
        self._refuse_twin(after)
        reopened = (after.url, after.options) != (before.url, before.options)
        settings = self.links.settings.with_remote(after)
        with self.links.held():
            try:
                identity = self.links.configure(
                    settings, connect=name if reopened else None, create=create
                )
            except Unreachable as error:
                if error.code != "no-mirror":
                    raise
                raise _no_mirror_there(name, after.url) from error
            if reopened and identity != self.links.state(name).remote_id:
                self.links.layout.forget(name)

    def _refuse_twin(self, settings: RemoteSettings) -> None:
        others = [one for one in self.links.settings.remote if one.name != settings.name]
        if any(one.url == settings.url for one in others):
            raise UsageError(
                f"This workspace is linked to {settings.url} already.",
                "Give each remote a place of its own.",
                "remote-exists",
            )

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
        days = self.links.settings.keep_days if keep_days is None else keep_days
        age = days * DAY
        with self.links.held():
            # The trash first: it may be a full disk that brought somebody here, without a network.
            trash = checkup.empty_trash(self.links.layout, age)
            remote = sum(self.links.remote(one.name).gc(age) for one in self.links.linked())
            return Pruned(trash=trash, remote=remote)

    def doctor(self) -> list[Check]:
        """What is wrong and what to do: settings, disk, clock, lock, and each remote by itself.

        Nothing is changed but for a small object that is written to each remote and taken away
        again. A check that fails stops no other.
        """
        return checkup.doctor(self.links)


def _remote(
    name: str, url: str, options: Mapping[str, str] | None, exclusive: bool
) -> RemoteSettings:
    """The settings of a remote as somebody asked for it. Raises UsageError."""
    place = canonical_url(url, os.getcwd())
    return RemoteSettings(name, place, exclusive=exclusive, options=dict(options or {}))


@contextmanager
def _named(name: str, failures: list[RemoteUnavailable], several: bool) -> Iterator[None]:
    """Errors of one remote among several say whose they are. One that cannot be reached is noted,
    so that the others are synced all the same."""
    try:
        yield
    except RemoteUnavailable as error:
        if not several:
            raise
        failures.append(
            type(error)(
                f"The remote {name!r} was not synced: {error.message}",
                f"{error.hint} The other remotes were synced as far as they could be.".strip(),
                error.code,
            )
        )
    except SafetyStop as error:
        if not several:
            raise
        raise SafetyStop(f"The remote {name!r}: {error.message}", error.hint, error.code) from error


def _no_mirror_there(name: str, url: str) -> Unreachable:
    return Unreachable(
        f"There is no hubsync mirror at {url}; the remote {name!r} stays as it was.",
        "Check the URL. If a new mirror is to begin there, say so with --create; to keep the old"
        " one as well, use 'hubsync remote add NAME URL'.",
        "no-mirror",
    )


def _not_empty(directory: str) -> UsageError:
    return UsageError(
        f"{directory} exists and is {'not empty' if os.path.isdir(directory) else 'no folder'}.",
        "Clone into a new folder; or run 'hubsync init URL' there, which unites both sides.",
        "not-empty",
    )
