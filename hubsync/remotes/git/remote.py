"""A Git repository as a `protocol.Remote`.

`GitRemote` only brings the parts together:

- `opened`, `place`, `transport`, `clone`: where it is, how it is reached, and what lies here of it;
- `choosing`, `mode`: how it is used, `branch` or `shadow`;
- `seeing`, `objects`, `contents`: trees, and what is in files;
- `publish`: changes become one commit, which is pushed and never forced;
- `moving`, `restoring`: the user's own branch and index, which follow;
- `news`: what its person may want to know of that;
- `history`: earlier contents.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Final

import pygit2
from msgspec.structs import replace

from hubsync.core.gitrules import Edited, GitRules, Tracked
from hubsync.errors import LocalError, Unreachable
from hubsync.leaks.passages import LARGEST
from hubsync.model import Entry, Kind, LogRecord, Notice, Problem, Version
from hubsync.remotes.git import blobs, checkout, choosing, contents, ignoring, lfs, missing, own
from hubsync.remotes.git.failures import in_words
from hubsync.remotes.git.locks import remove_parts
from hubsync.remotes.git.mode import Mode
from hubsync.remotes.git.opened import Opened
from hubsync.remotes.git.place import BRANCH_MODE, DEFAULT_BRANCH, GitPlace
from hubsync.remotes.git.publish import INEXACT, Publisher
from hubsync.remotes.git.seeing import identity, snapshot
from hubsync.remotes.git.transport import Credentials, Heads
from hubsync.remotes.git.worktree import Worktree
from hubsync.remotes.protocol import (
    Agreement,
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


@in_words
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
        self._at = Opened(place, root, credentials)
        self._root = root
        self._pause = pause
        self._founded = ""
        self._all_arrived = False
        """Whether everything in the clone was fetched by this object a moment ago: from `connect`,
        which made it, to the end of the first cycle."""
        self._published: dict[str, str] = {}
        self._uncarried: Callable[[str], bool] = lambda path: False
        self._again: set[str] = set()

    @property
    def capabilities(self) -> RemoteCapabilities:
        return _CAPABILITIES

    @property
    def requests(self) -> Mapping[str, int]:
        return self._at.requests

    def describe(self) -> list[tuple[str, str]]:
        mode = self._at.mode_of_now()
        branch = mode.clone.branch or "none is checked out"
        place = self._at.place
        told = [("repository", place.url), ("branch", branch)]
        told.append(("mode", place.mode or BRANCH_MODE))
        if mode.clone.branch and mode.target != mode.clone.branch:
            told.append(("side branch", mode.target))
        return [
            *told,
            ("library", f"pygit2 with libgit2 {pygit2.LIBGIT2_VERSION}"),
            ("clone", mode.clone.repository.workdir),
        ]

    def try_write(self) -> None:
        self._at.transport().heads()

    def connect(self, *, create: bool) -> str:
        folder = self._at.place.folder
        if folder is not None and not os.path.exists(folder):
            if not create:
                raise Unreachable(
                    f"There is no repository at {folder}.", "Check the URL.", "no-mirror"
                )
            pygit2.init_repository(folder, bare=True, initial_head=DEFAULT_BRANCH)
            self._founded = folder
        ours = self._at.is_new
        try:
            return self._connected(create=create, ours=ours)
        except BaseException:
            if ours:  # what was begun a moment ago holds nothing of anybody's
                self.close()
                shutil.rmtree(os.path.join(self._root, ".git"), ignore_errors=True)
            raise

    def _connected(self, *, create: bool, ours: bool) -> str:
        """``ours``: the clone is made by this."""
        repository = self._at.clone(linking=True).repository
        self._all_arrived = ours
        heads, default = self._at.transport().heads()
        if ours and not create and not self._at.place.upstream:
            choosing.refuse_unknown_branch(self._at.place, heads)
        place = choosing.chosen(repository, self._at.place, heads, default)
        branch = place.branch or DEFAULT_BRANCH
        if repository.head_is_unborn and repository.references.get("HEAD") is not None:
            repository.set_head(f"refs/heads/{branch}")
        self._at.place = place
        mode = self._at.mode_of_now()
        if ours or place.mode == BRANCH_MODE:
            checkout.track(repository, branch, mode.clone.remote)
            if place.upstream:
                checkout.push_to(repository, branch, mode.clone.remote)
        choosing.remember(repository, place)
        return identity(mode)

    def founded(self) -> str:
        return self._founded

    def settled(self) -> Mapping[str, str]:
        return self._at.mode().settled()

    def here(self) -> str:
        return self._at.mode_of_now().here()

    def changed_since(self, revision: str) -> bool:
        heads, _ = self._at.transport().heads()
        mode = self._at.mode_of_now()
        there = heads.get(mode.target)
        return (mode.tip(heads) if there is None else there) != revision

    def snapshot(self, known: Known | None, *, listing: bool) -> Snapshot:
        mode = self._at.mode()
        checkout.settle(mode.clone.repository)
        mode.refuse_busy()
        revision = self._at.fetched()
        mode.refuse_busy()
        return snapshot(mode, known, revision)

    def notices(self) -> tuple[Notice, ...]:
        back = [at for at in self._again if os.path.lexists(os.path.join(self._root, at))]
        self._again.clear()
        return (*self._at.news.taken(), *map(ignoring.tracked_again, sorted(back)))

    def base(self) -> Agreement:
        mode = self._at.mode()
        found = mode.base(self._at.fetched() if self._at.tip is None else self._at.tip)
        # What could not be brought here was never agreed on, and nobody deleted it.
        lacking = missing.flagged(mode.clone.repository)
        return replace(found, tree=found.tree.with_changes(dict.fromkeys(lacking)))

    def heard(self, answer: Heads | None) -> None:
        self._at.transport().heard = answer

    def same_bytes(self, entry: Entry, local_file: str) -> bool | None:
        """By the blob's name, where the content goes into Git as it is or by Git LFS."""
        repository = self._at.repository()
        path = os.path.relpath(local_file, self._root)
        if repository.load_filter_list(path, pygit2.enums.FilterMode.CLEAN) is not None:
            return None
        if str(pygit2.hashfile(local_file)) == entry.identity:
            return True
        return lfs.points_to(repository, path, local_file, pygit2.Oid(hex=entry.identity))

    def fetch(
        self,
        wanted: Sequence[tuple[str, Entry]],
        stage: Callable[[str], str],
        reporter: Reporter,
    ) -> Iterator[Fetched]:
        repository = self._at.repository()
        read = blobs.just_arrived if self._all_arrived else blobs.checked
        worktree = Worktree(repository, self._at.tip or "", read(repository))
        return contents.fetch(worktree, wanted, stage, reporter)

    def identified(self, wanted: Sequence[tuple[str, Entry]]) -> dict[str, Entry]:
        repository = self._at.repository()
        return contents.identified(repository, self._at.tip or "", wanted)

    def stand_ins(self, entries: Iterable[tuple[str, Entry]]) -> dict[str, Problem | None]:
        return contents.stand_ins(self._at.repository(), self._at.tip or "", entries)

    def publish(
        self,
        changes: Iterable[Change],
        expected: Snapshot,
        note: SyncNote,
        reporter: Reporter,
    ) -> Published:
        mode = self._at.mode()
        mode.refuse_busy()
        self._all_arrived = False
        # What is published again from the same snapshot is planned on the commit before.
        planned = self._published.get(expected.revision, expected.revision)
        published = self._publisher(mode, planned).publish(list(changes), note, reporter)
        if not published.revision.startswith(INEXACT):
            self._published = {expected.revision: published.revision}
        return published

    def held_back(self, wanted: Iterable[tuple[str, Entry, Entry | None]]) -> list[Problem]:
        publisher = self._publisher(self._at.mode(), self._at.tip or "")
        found = (publisher.held_back(*one) for one in wanted if one[1].kind is Kind.FILE)
        return [one for one in found if one is not None]

    def blocking(self) -> tuple[Problem, ...]:
        tip = self._at.tip
        return () if tip is None else self._publisher(self._at.mode(), tip).leaking()

    def outgoing(self, path: str) -> list[tuple[bytes, tuple[bytes, ...]]]:
        if self._at.is_new:
            return []
        mode = self._at.mode_of_now()
        clone = mode.clone
        tip = clone.named(clone.tracking(mode.target)) if clone.branch else ""
        found = own.outgoing(clone.repository, mode.parents(tip), mode.known(tip))
        return [
            (one.data, tuple(before.data for before in one.before))
            for one in found
            if one.path == path and one.size <= LARGEST
        ]

    def _publisher(self, mode: Mode, planned: str) -> Publisher:
        return Publisher(mode, planned, self._at.fetched, self._pause, self._uncarried)

    def left_alone(self, changed: Set[str]) -> list[Problem]:
        unlooked = missing.unlooked(self._at.mode().clone.repository, changed)
        return [missing.kept(path) for path in sorted(unlooked)]

    def leave(self, uncarried: Callable[[str], bool]) -> None:
        self._uncarried = uncarried

    def follow(self, revision: str, seen: Mapping[str, Entry], lacking: Set[str]) -> None:
        """The workspace holds ``revision`` now: the user's branch and index go there."""
        mode = self._at.mode()
        mode.refuse_busy()
        if missing.announce(mode.clone.repository, lacking):
            mode.follow(revision, seen, self._uncarried)
            self._all_arrived = False
            missing.mark(mode.clone.repository, lacking)

    def rules(self) -> GitRules:
        mode = self._at.mode_of_now()
        tip = mode.clone.named(mode.clone.tracking(mode.target)) if mode.clone.branch else ""
        return ignoring.rules_of(self._root, tip)

    def tracked(self, revision: str, edited: Edited) -> Tracked:
        return ignoring.Clone(self._root, revision, edited, self._again).tracked

    def on_the_way(self, revision: str) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        return self._at.mode().on_the_way(revision)

    def history(self, limit: int | None = None) -> Iterator[LogRecord]:
        if not self._at.mode_of_now().clone.branch:
            raise LocalError(
                "No branch is checked out here (a detached HEAD), so there is none to tell of.",
                "Go to a branch: 'git switch NAME'.",
                "detached-head",
            )
        return self._at.history().records(limit)

    def versions(self, path: str) -> list[Version]:
        return self._at.history().versions(path)

    def read(self, path: str, version: str, target: str) -> Entry:
        return self._at.history().read(path, version, target)

    def gc(self, age: int, reporter: Reporter) -> Collected:
        """Git keeps its history; what killed runs began to write goes after a day."""
        repository = self._at.repository()
        remove_parts(repository.path)
        return Collected(0)

    def close(self) -> None:
        self._at.close()
