"""A branch of a Git repository as a `protocol.Remote`, in branch mode.

`GitRemote` only brings the parts together:

- `place`, `transport`: where it is, and how it is reached;
- `objects`: contents and trees;
- `publish`: changes become one commit, which is pushed and never forced;
- `checkout`: the user's own branch and index, which follow;
- `history`: earlier contents.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pygit2
from blake3 import blake3

from hubsync.errors import Unreachable, UsageError
from hubsync.model import Entry, Kind, LogRecord, Tree, Version
from hubsync.remotes.git import checkout, objects
from hubsync.remotes.git.history import History
from hubsync.remotes.git.place import BRANCH_MODE, DEFAULT_BRANCH, GitPlace
from hubsync.remotes.git.publish import INEXACT, Publisher
from hubsync.remotes.git.transport import Credentials, Transport
from hubsync.remotes.protocol import (
    Change,
    Collected,
    Fetched,
    Known,
    Published,
    RemoteCapabilities,
    Snapshot,
    SyncNote,
)
from hubsync.report import Reporter

_CAPABILITIES: Final = RemoteCapabilities(
    conditional_writes=True,
    atomic_commit=True,
    history=True,
    empty_directories=False,
    mtimes=False,
    digests=False,
)


class GitRemote:
    """``root``: the workspace, which is or becomes a clone. For one thread at a time."""

    def __init__(
        self,
        place: GitPlace,
        root: str,
        *,
        credentials: Credentials,
        pause: Callable[[int], None],
    ) -> None:
        self._place = place
        self._root = root
        self._credentials = credentials
        self._pause = pause
        self._repository: Any = None
        self._transport: Transport | None = None
        self._branch = place.branch
        self._published: dict[str, str] = {}
        self._uncarried: Callable[[str], bool] = lambda path: False

    @property
    def capabilities(self) -> RemoteCapabilities:
        return _CAPABILITIES

    @property
    def requests(self) -> Mapping[str, int]:
        return self._transport.requests if self._transport is not None else {}

    def describe(self) -> list[tuple[str, str]]:
        repository, _ = self._open()
        _, default = self._listed()
        return [
            ("repository", self._place.url),
            ("branch", self._chosen(default)),
            ("mode", "branch"),
            ("library", f"pygit2 with libgit2 {pygit2.LIBGIT2_VERSION}"),
            ("clone", repository.workdir),
        ]

    def try_write(self) -> None:
        self._listed()

    def connect(self, *, create: bool) -> str:
        folder = self._place.folder
        if folder is not None and not os.path.exists(folder):
            if not create:
                raise Unreachable(
                    f"There is no repository at {folder}.", "Check the URL.", "no-mirror"
                )
            pygit2.init_repository(folder, bare=True, initial_head=DEFAULT_BRANCH)
        if self._place.mode not in ("", BRANCH_MODE):
            raise UsageError(
                f"The mode {self._place.mode!r} is not there yet.",
                "Use --mode branch: what is synced becomes commits on your branch.",
                "mode-not-there",
            )
        before = os.path.lexists(os.path.join(self._root, ".git"))
        try:
            repository, _ = self._open(create=True)
            if create:
                self._refuse_unasked(repository)
            _, default = self._listed()
        except BaseException:
            if not before:  # what was begun a moment ago holds nothing of anybody's
                self.close()
                shutil.rmtree(os.path.join(self._root, ".git"), ignore_errors=True)
            raise
        self._branch = self._chosen(default)
        if repository.head_is_unborn and repository.references.get("HEAD") is not None:
            repository.set_head(f"refs/heads/{self._branch}")
        checkout.track(repository, self._branch, checkout.remote_name(repository, self._place))
        return f"{self._place.url}#{self._branch}"

    def changed_since(self, revision: str) -> bool:
        heads, default = self._listed()
        return heads.get(self._chosen(default), "") != revision

    def snapshot(self, known: Known | None, *, listing: bool) -> Snapshot:
        repository, _ = self._open()
        revision = self._fetched()
        checkout.refuse_busy(repository, self._branch)
        after = objects.tree_of(repository, revision)
        if (
            known is not None
            and revision
            and checkout.is_commit(repository, known.revision)
            and not checkout.descends(repository, revision, known.revision)
        ):
            checkout.back_up(repository, self._branch, revision)
        if known is None:
            rows = objects.whole(repository, after) if after is not None else {}
            tree = Tree(rows)
        elif known.revision == revision:
            tree = known.tree
        elif checkout.is_commit(repository, known.revision):
            before = objects.tree_of(repository, known.revision)
            tree = objects.tree_since(repository, known.tree, before, after)
        else:
            rows = objects.whole(repository, after) if after is not None else {}
            tree = known.tree.with_changes(_difference(known.tree, rows))
        return Snapshot(
            self.connect_id,
            revision,
            tree,
            tuple(objects.submodules(repository, after)),
        )

    @property
    def connect_id(self) -> str:
        return f"{self._place.url}#{self._branch}"

    def base(self) -> Tree:
        repository, _ = self._open()
        ours, theirs = checkout.tip(repository, self._branch), self._fetched()
        if not (ours and theirs):
            return Tree()
        found = repository.merge_base(pygit2.Oid(hex=ours), pygit2.Oid(hex=theirs))
        if found is None:
            return Tree()
        return Tree(objects.whole(repository, objects.tree_of(repository, str(found))))

    def same_bytes(self, entry: Entry, local_file: str) -> bool | None:
        """By the blob's name, where the content goes into Git as it is."""
        repository, _ = self._open()
        path = os.path.relpath(local_file, self._root)
        if repository.load_filter_list(path, pygit2.enums.FilterMode.CLEAN) is not None:
            return None
        return str(pygit2.hashfile(local_file)) == entry.identity

    def fetch(
        self,
        wanted: Sequence[tuple[str, Entry]],
        stage: Callable[[str], str],
        reporter: Reporter,
    ) -> Iterator[Fetched]:
        repository, _ = self._open()
        tracked = repository.references.get(self._tracking())
        worktree = objects.Worktree(repository, str(tracked.target) if tracked else "")
        for path, entry in wanted:
            if reporter.stopping():
                return
            if entry.kind is not Kind.FILE:
                yield Fetched(path, entry)
                continue
            try:
                data = worktree.content(path, pygit2.Oid(hex=entry.identity))
            except (KeyError, ValueError):
                yield Fetched(path, entry, moved=True)
                continue
            digest = blake3(data).digest()
            target = stage(digest.hex())
            with open(target + ".part", "wb") as file:
                file.write(data)
            os.replace(target + ".part", target)
            found = Entry(
                Kind.FILE,
                len(data),
                digest,
                entry.mtime,
                entry.executable,
                identity=entry.identity,
            )
            reporter.advance(files=1, size=len(data))
            yield Fetched(path, found, target)

    def publish(
        self,
        changes: Iterable[Change],
        expected: Snapshot,
        note: SyncNote,
        reporter: Reporter,
    ) -> Published:
        repository, transport = self._open()
        checkout.refuse_busy(repository, self._branch)
        publisher = Publisher(
            repository,
            transport,
            self._place,
            self._branch,
            self._tracking(),
            self._fetched,
            self._pause,
            self._uncarried,
        )
        # A cycle publishes conflict copies first: what comes after them is planned on their commit.
        planned = self._published.get(expected.revision, expected.revision)
        published = publisher.publish(list(changes), planned, note, reporter)
        if not published.revision.startswith(INEXACT):
            self._published = {expected.revision: published.revision}
        return published

    def leave(self, uncarried: Callable[[str], bool]) -> None:
        self._uncarried = uncarried

    def follow(self, revision: str) -> None:
        """The workspace holds ``revision`` now: the user's branch and index go there."""
        repository, _ = self._open()
        checkout.refuse_busy(repository, self._branch)
        checkout.follow(repository, self._branch, revision)

    def history(self, limit: int | None = None) -> Iterator[LogRecord]:
        return self._history().records(limit)

    def versions(self, path: str) -> list[Version]:
        return self._history().versions(path)

    def read(self, path: str, version: str, target: str) -> Entry:
        return self._history().read(path, version, target)

    def gc(self, age: int, reporter: Reporter) -> Collected:
        """Git keeps its history."""
        return Collected(0)

    def close(self) -> None:
        if self._repository is not None:
            self._repository.free()
        self._repository = self._transport = None

    def _history(self) -> History:
        repository, _ = self._open()
        return History(repository, self._fetched())

    def _open(self, *, create: bool = False) -> tuple[Any, Transport]:
        if self._repository is None or self._transport is None:
            self._repository = checkout.open_checkout(self._root, self._place, create=create)
            self._transport = Transport(self._repository, self._place, self._credentials)
        return self._repository, self._transport

    def _listed(self) -> tuple[dict[str, str], str]:
        _, transport = self._open()
        return transport.heads()

    def _chosen(self, default: str) -> str:
        """The branch; once known, it stays."""
        repository, _ = self._open()
        here = "" if repository.head_is_unborn else checkout.checked_out(repository)
        return self._place.branch or self._branch or here or default or DEFAULT_BRANCH

    def _refuse_unasked(self, repository: Any) -> None:
        """In a repository that a person works in, nobody commits to their branch unasked."""
        if not repository.head_is_unborn and not self._place.mode:
            raise UsageError(
                f"{self._root} is a Git repository already.",
                "Say --mode branch if hubsync may commit to the branch that is checked out.",
                "mode-needed",
            )

    def _tracking(self) -> str:
        repository, _ = self._open()
        return f"refs/remotes/{checkout.remote_name(repository, self._place)}/{self._branch}"

    def _fetched(self) -> str:
        """The branch's tip, with everything that it needs here; ``""`` for an empty repository."""
        repository, transport = self._open()
        heads, default = transport.heads()
        self._branch = self._chosen(default)
        found = heads.get(self._branch, "")
        name = self._tracking()
        if found:
            here = repository.references.get(name)
            if here is None or str(here.target) != found:
                if found in repository:
                    repository.references.create(name, pygit2.Oid(hex=found), force=True)
                else:
                    transport.fetch(self._branch, name)
                    found = str(repository.references[name].target)
        return found


def _difference(known: Tree, rows: Mapping[str, Entry]) -> dict[str, Entry | None]:
    """What makes ``rows`` of ``known``; where the blob is the same, what is known of it stays."""
    changes: dict[str, Entry | None] = {path: None for path in known if path not in rows}
    for path, entry in rows.items():
        before = known.get(path)
        if (
            before is None
            or before.identity != entry.identity
            or before.kind != entry.kind
            or (before.executable != entry.executable)
        ):
            changes[path] = entry
    return changes
