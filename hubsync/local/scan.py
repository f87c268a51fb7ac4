"""What the workspace's tree looks like now, found without reading any file.

A file whose size, times and inode are those of the known entry keeps that very entry object, so
a scan of 100,000 unchanged files makes no values at all. Everything that is left over of the
known paths at the end has vanished, except what could not be looked at (rule 7) or is ignored
now (rule 8): neither is ever taken for a deletion.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from typing import Final

from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import check_local_name
from hubsync.errors import Interrupted
from hubsync.local.dirs import Directories
from hubsync.local.evidence import entry_of
from hubsync.local.findings import (
    check_same_root,
    leftover,
    link_problem,
    special_file,
    unlistable,
    workspace_gone,
)
from hubsync.local.ignorefile import RulesOnDisk
from hubsync.local.incoming import TEMPORARY
from hubsync.local.repositories import is_own_submodule
from hubsync.local.scanned import Scan
from hubsync.local.settle import recognise_moved, settle_ignored, settle_leftovers
from hubsync.local.unnamed import Unnamed
from hubsync.model import METADATA_DIR, Entry, Kind, Problem, Tree, time_of

_GIT: Final = ".git"

_Fresh = tuple[os.DirEntry[str], str, Entry | None, os.stat_result]
"""What a directory holds that is not as known: its path, what was known, what it is now."""


def scan(
    root: str,
    known: Tree,
    rules: IgnoreRules,
    *,
    checksum: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    rules_digest: str = "",
) -> Scan:
    """Look at everything below ``root``. With ``checksum`` no evidence is trusted.

    ``rules_digest`` is that of the scan that ``known`` comes from: while it holds, known paths
    need not be matched against the rules again. Raises LocalError (code ``workspace-gone``) if the
    root is not there or cannot be listed, and Interrupted.
    """
    walk = Walk(root, known, rules, checksum)
    try:
        walk.run(stopping)
        return walk.result(rules_digest)
    finally:
        walk.close()


class Walk:
    """One scan under way."""

    def __init__(self, root: str, known: Tree, rules: IgnoreRules, checksum: bool) -> None:
        try:
            self.directories = Directories(root)
        except OSError as error:
            raise workspace_gone(root, error) from error
        self.root = root
        self.known = known
        self.rest = known.flat()
        self.rules = rules
        self.trusting = not checksum
        self.changes: dict[str, Entry | None] = {}
        self.problems: list[Problem] = []
        self.held: list[str] = []
        self.nested: list[str] = []
        self.unnamed = Unnamed()
        self.ignored: set[str] = set()
        self.withheld: list[str] = []
        self.on_disk = RulesOnDisk(rules)
        self.files = 0
        self.size = 0

    def close(self) -> None:
        self.directories.close()

    def run(self, stopping: Callable[[], bool]) -> None:
        pending = [""]
        while pending:
            if stopping():
                raise Interrupted("Stopped while looking through the workspace.")
            directory = pending.pop()
            try:
                descriptor = self.directories.open(directory)
                if not self.read_rules(directory, descriptor):
                    continue
                found = self._list(directory, descriptor)
            except FileNotFoundError:
                continue  # vanished while we looked: what was known in it has vanished too
            except OSError as error:
                if not directory:
                    raise workspace_gone(self.root, error) from error
                self.problems.append(unlistable(directory, error))
                self.held.append(directory + "/")
                continue
            pending.extend(found)

    def _list(self, directory: str, descriptor: int) -> list[str]:
        """Take in one directory; the directories in it that are to be walked."""
        prefix = directory + "/" if directory else ""
        pop = self.rest.pop
        trusting = self.trusting
        fresh: list[_Fresh] = []
        below: list[str] = []
        files = size = 0
        empty = True
        with os.scandir(descriptor) as entries:
            for item in entries:
                empty = False
                name = item.name
                path = prefix + name
                before = pop(path, None)
                try:
                    if before is None and item.is_dir(follow_symlinks=False):
                        below.append(name)
                        continue
                    now = item.stat(follow_symlinks=False)
                except FileNotFoundError:
                    if before is not None:
                        self.changes[path] = None
                    continue
                if (
                    before is not None
                    and before.inode == now.st_ino
                    and before.mtime == now.st_mtime_ns
                    and before.ctime == now.st_ctime_ns
                    and before.size == now.st_size
                    and trusting
                ):
                    files += 1
                    size += before.size
                    continue
                fresh.append((item, path, before, now))
            if directory and self._is_repository(directory, below, fresh, descriptor):
                # What was taken from `rest` here is hidden from now on, with all that is below.
                self.nested.append(directory)
                return []
            self.files += files
            self.size += size
            for item, path, before, now in fresh:
                if stat.S_ISDIR(now.st_mode):
                    below.append(item.name)
                    if before is not None:
                        self.rest[path] = before
                else:
                    self.take(item.name, path, before, now, descriptor)
        if empty and directory:
            self._take_empty(directory)
        return [prefix + name for name in below if self._enters(directory, name, prefix + name)]

    def take(
        self,
        name: str,
        path: str,
        before: Entry | None,
        now: os.stat_result,
        descriptor: int,
    ) -> None:
        """One path that is new or not what was known."""
        if name == _GIT:
            return
        if name.startswith(TEMPORARY):
            self.problems.append(leftover(path))
            return
        if self.rules.ignores(path, False):
            if before is not None:
                self.ignored.add(path)
            if self.rules.withholds(path, False):
                self.withheld.append(path)
            return
        problem = check_local_name(path) if before is None else None
        if problem is not None:
            self.problems.append(problem)
            self.unnamed.note(now, problem)
            return
        kind = stat.S_IFMT(now.st_mode)
        if kind == stat.S_IFREG:
            self.files += 1
            self.size += now.st_size
            self.changes[path] = entry_of(now, None)
        elif kind == stat.S_IFLNK:
            self._take_link(name, path, now, descriptor)
        else:
            self.problems.append(special_file(path, kind))

    def _take_link(self, name: str, path: str, now: os.stat_result, descriptor: int) -> None:
        try:
            target = os.readlink(name, dir_fd=descriptor)
        except OSError:  # replaced between the two looks: the next scan sees what it is
            return
        problem = link_problem(path, target)
        if problem is not None:
            self.problems.append(problem)
            self.held.append(path + "/")
            return
        self.files += 1
        self.size += now.st_size
        self.changes[path] = Entry(
            Kind.LINK,
            now.st_size,
            None,
            time_of(now.st_mtime_ns),
            False,
            target,
            time_of(now.st_ctime_ns),
            now.st_ino,
        )

    def _take_empty(self, directory: str) -> None:
        before = self.rest.pop(directory, None)
        if before is None or before.kind is not Kind.DIR:
            self.changes[directory] = Entry(Kind.DIR)

    def _enters(self, directory: str, name: str, path: str) -> bool:
        """Whether a subdirectory is walked. ``.git`` and hubsync's own folder never are."""
        if name == _GIT or path == METADATA_DIR:
            return False
        if self.rules.ignores(path, True):
            if self.rules.withholds(path, True):
                self.withheld.append(path)
            if self.rules.is_kept_from_git_alone(path) and self._holds_repository(path):
                self.nested.append(path)
            return False
        problem = check_local_name(path)
        if problem is not None:
            self.problems.append(problem)
            self.held.append(path + "/")
            self.unnamed.note_below(os.path.join(self.root, path), problem)
            return False
        return True

    def _is_repository(
        self, directory: str, below: list[str], fresh: Sequence[_Fresh], descriptor: int
    ) -> bool:
        """Whether a directory is a Git repository of its own, and so not synced file by file.

        A submodule of the repository that the workspace is does not count: its ``.git`` is a file
        that leads into the workspace's.
        """
        if _GIT in below:
            return True
        found = next((one for one in fresh if one[0].name == _GIT), None)
        if found is None:
            return False
        if stat.S_ISDIR(found[3].st_mode) or not stat.S_ISREG(found[3].st_mode):
            return True
        return not is_own_submodule(self.root, directory, descriptor)

    def _holds_repository(self, directory: str) -> bool:
        """The same for a directory that is not walked: one look at its ``.git``."""
        try:
            descriptor = self.directories.open(directory)
            kind = stat.S_IFMT(os.lstat(_GIT, dir_fd=descriptor).st_mode)
        except OSError:
            return False
        if kind != stat.S_IFREG:
            return True
        return not is_own_submodule(self.root, directory, descriptor)

    def read_rules(self, directory: str, descriptor: int) -> bool:
        """Take in the directory's ignore file; False if the directory must not be walked."""
        problem = self.on_disk.read(directory, descriptor)
        if problem is not None:
            self.problems.append(problem)
            self.held.append(directory + "/")
            return False
        self.rules = self.on_disk.rules
        return True

    def result(self, rules_digest: str) -> Scan:
        check_same_root(self.root, self.directories.open(""))
        self.on_disk.hide(self.nested)
        self.rules = self.on_disk.rules
        self.ignored |= settle_leftovers(self.root, self.rest, self.held, self.rules, self.changes)
        renamed = self.unnamed.hold(self.known, self.changes)
        digest = self.on_disk.digest
        if digest != rules_digest:
            self.ignored |= settle_ignored(self.known, self.rules, self.changes)
        if self.trusting:
            recognise_moved(self.known, self.changes)
        return Scan(
            tree=self.known.with_changes(self.changes),
            problems=(*self.problems, *renamed),
            rules=self.rules,
            rules_digest=digest,
            nested=tuple(sorted(set(self.nested))),
            ignored=frozenset(self.ignored),
            files=self.files,
            size=self.size,
            withheld=tuple(sorted(self.withheld)),
            renamed=frozenset(one.path for one in renamed),
            ruled=tuple(self.on_disk.places),
        )
