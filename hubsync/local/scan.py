"""What the workspace's tree looks like now, found without reading any file.

A file whose size, times and inode are those of the known entry keeps that very entry object, so
a scan of 100,000 unchanged files makes no values at all. Everything that is left over of the
known paths at the end has vanished, except what could not be looked at (rule 7) or is ignored
now (rule 8): neither is ever taken for a deletion.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from typing import Final

from blake3 import blake3
from msgspec import Struct

from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import check_local_name, link_stays_inside
from hubsync.errors import Interrupted, LocalError
from hubsync.local.dirs import Directories
from hubsync.local.evidence import entry_of
from hubsync.local.incoming import TEMPORARY
from hubsync.model import IGNORE_FILE, METADATA_DIR, Entry, Kind, Problem, Tree

_GIT: Final = ".git"
_LARGEST_RULES: Final = 1 << 24
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SPECIAL: Final = {
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


class Scan(Struct, frozen=True):
    """The workspace at one instant.

    ``tree`` stands on the rows of the known tree. ``rules``: with every ``.hubsyncignore`` met;
    ``rules_digest`` changes whenever one of those files does. ``nested``: directories below the
    root that are Git repositories of their own (their ``.git`` is not walked). ``ignored``: known
    paths that are ignored now; they are no change. ``files`` and ``size`` (bytes) count what is
    in the tree's files.
    """

    tree: Tree
    problems: tuple[Problem, ...]
    rules: IgnoreRules
    rules_digest: str
    nested: tuple[str, ...]
    ignored: frozenset[str]
    files: int
    size: int


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
    walk = _Walk(root, known, rules, checksum)
    try:
        walk.run(stopping)
        return walk.result(rules_digest)
    finally:
        walk.close()


class _Walk:
    """One scan under way."""

    def __init__(self, root: str, known: Tree, rules: IgnoreRules, checksum: bool) -> None:
        try:
            self.directories = Directories(root)
        except OSError as error:
            raise _gone(root, error) from error
        self.root = root
        self.known = known
        self.rest = known.flat()
        self.rules = rules
        self.trusting = not checksum
        self.changes: dict[str, Entry | None] = {}
        self.problems: list[Problem] = []
        self.held: list[str] = []
        self.nested: list[str] = []
        self.ignored: set[str] = set()
        self.rule_texts = blake3(repr(rules.rules()).encode())
        self.files = 0
        self.size = 0

    def close(self) -> None:
        self.directories.close()

    def run(self, stopping: Callable[[], bool]) -> None:
        pending = [""]
        while pending:
            if stopping():
                raise Interrupted("stopped while looking through the workspace")
            directory = pending.pop()
            try:
                descriptor = self.directories.open(directory)
                if not self._read_rules(directory, descriptor):
                    continue
                found = self._list(directory, descriptor)
            except FileNotFoundError:
                continue  # vanished while we looked: what was known in it has vanished too
            except OSError as error:
                if not directory:
                    raise _gone(self.root, error) from error
                self._unlistable(directory, error)
                continue
            pending.extend(found)

    def _list(self, directory: str, descriptor: int) -> list[str]:
        """Take in one directory; the directories in it that are to be walked."""
        prefix = directory + "/" if directory else ""
        pop = self.rest.pop
        trusting = self.trusting
        fresh: list[tuple[os.DirEntry[str], str, Entry | None, os.stat_result]] = []
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
            self.files += files
            self.size += size
            for item, path, before, now in fresh:
                if stat.S_ISDIR(now.st_mode):
                    below.append(item.name)
                    if before is not None:
                        self.rest[path] = before
                else:
                    self._take(item.name, path, before, now, descriptor)
        if empty and directory:
            self._take_empty(directory)
        return [prefix + name for name in below if self._enters(directory, name, prefix + name)]

    def _take(
        self,
        name: str,
        path: str,
        before: Entry | None,
        now: os.stat_result,
        descriptor: int,
    ) -> None:
        """One path that is new or not what was known."""
        if name == _GIT:
            if path != _GIT:
                self.nested.append(path[: -len(_GIT) - 1])
            return
        if name.startswith(TEMPORARY):
            return
        if self.rules.ignores(path, False):
            if before is not None:
                self.ignored.add(path)
            return
        problem = check_local_name(path) if before is None else None
        if problem is not None:
            self.problems.append(problem)
            return
        kind = stat.S_IFMT(now.st_mode)
        if kind == stat.S_IFREG:
            self.files += 1
            self.size += now.st_size
            self.changes[path] = entry_of(now, None)
        elif kind == stat.S_IFLNK:
            self._take_link(name, path, now, descriptor)
        else:
            self.problems.append(
                Problem(
                    path,
                    "special-file",
                    f"{_SPECIAL.get(kind, 'no regular file')} cannot be synced",
                    "Add it to .hubsyncignore to hear no more of it.",
                )
            )

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
        self.changes[path] = Entry(
            Kind.LINK,
            now.st_size,
            None,
            now.st_mtime_ns,
            False,
            target,
            now.st_ctime_ns,
            now.st_ino,
        )

    def _take_empty(self, directory: str) -> None:
        before = self.rest.pop(directory, None)
        if before is None or before.kind is not Kind.DIR:
            self.changes[directory] = Entry(Kind.DIR)

    def _enters(self, directory: str, name: str, path: str) -> bool:
        """Whether a subdirectory is walked. ``.git`` and hubsync's own folder never are."""
        if name == _GIT:
            if directory:
                self.nested.append(directory)
            return False
        if path == METADATA_DIR:
            return False
        if self.rules.ignores(path, True):
            return False
        problem = check_local_name(path)
        if problem is not None:
            self.problems.append(problem)
            self.held.append(path + "/")
            return False
        return True

    def _read_rules(self, directory: str, descriptor: int) -> bool:
        """Take in the directory's ignore file; False if the directory must not be walked.

        Without its rules everything that it hides would be uploaded, so a file that cannot be
        read makes a problem of the whole directory (rules 7 and 8).
        """
        try:
            file = os.open(IGNORE_FILE, _READ, dir_fd=descriptor)
        except FileNotFoundError:
            return True
        except OSError as error:
            self._rules_unreadable(directory, error)
            return False
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return True
            text = os.read(file, _LARGEST_RULES)
        finally:
            os.close(file)
        self.rule_texts.update(repr((directory, text)).encode())
        self.rules = self.rules.with_file(directory, text.decode("utf-8", "replace"))
        return True

    def _rules_unreadable(self, directory: str, error: OSError) -> None:
        where = f"{directory}/{IGNORE_FILE}" if directory else IGNORE_FILE
        reason = "it is a link" if error.errno == errno.ELOOP else error.strerror
        if not directory:
            raise LocalError(
                f"{where} cannot be read: {reason}",
                "Make it a readable file, so that nothing it hides is uploaded.",
                "ignore-unreadable",
            ) from error
        self.held.append(directory + "/")
        self.problems.append(
            Problem(
                directory,
                "ignore-unreadable",
                f"{where} cannot be read ({reason}), so nothing in this folder is synced",
                "Make it a readable file.",
            )
        )

    def _unlistable(self, directory: str, error: OSError) -> None:
        self.held.append(directory + "/")
        self.problems.append(
            Problem(
                directory,
                "unreadable",
                f"the folder cannot be looked into: {error.strerror}",
                "Give yourself permission to read it, or add it to .hubsyncignore.",
            )
        )

    def result(self, rules_digest: str) -> Scan:
        self._check_root()
        digest = self.rule_texts.hexdigest()
        self._settle_leftovers()
        if digest != rules_digest:
            self._settle_ignored()
        self._recognise_moved()
        return Scan(
            tree=self.known.with_changes(self.changes),
            problems=tuple(self.problems),
            rules=self.rules,
            rules_digest=digest,
            nested=tuple(sorted(set(self.nested))),
            ignored=frozenset(self.ignored),
            files=self.files,
            size=self.size,
        )

    def _check_root(self) -> None:
        """A disk that was unmounted or replaced under way shows here, before all counts as gone."""
        try:
            now = os.stat(self.root)
        except OSError as error:
            raise _gone(self.root, error) from error
        if not os.path.samestat(now, os.fstat(self.directories.open(""))):
            raise LocalError(
                f"the workspace {self.root} became another folder during the scan",
                "Check that its disk is mounted, then run the command again.",
                "workspace-gone",
            )

    def _settle_leftovers(self) -> None:
        """Known paths that were not met: held, ignored, or gone."""
        held = tuple(self.held)
        parents: set[str] | None = None
        for path, entry in self.rest.items():
            if held and (path + "/").startswith(held):
                continue
            if self.rules.ignores_deep(path, entry.kind is Kind.DIR):
                self.ignored.add(path)
                continue
            if entry.kind is Kind.DIR:
                # Rule 8: what only holds ignored things looks as empty as it was.
                if parents is None:
                    parents = _parents(p for p, e in self.changes.items() if e is not None)
                if path not in parents and self._is_directory(path):
                    continue
            self.changes[path] = None

    def _is_directory(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(os.path.join(self.root, path)).st_mode)
        except OSError:
            return False

    def _settle_ignored(self) -> None:
        """The rules are not those that ``known`` was scanned under: each path is asked anew."""
        ignores = self.rules.ignores_deep
        for path, entry in self.known.items():
            if ignores(path, entry.kind is Kind.DIR):
                self.ignored.add(path)
                self.changes.pop(path, None)

    def _recognise_moved(self) -> None:
        """Files of a renamed directory keep size, times and inode: they keep their digests too."""
        if not self.trusting:
            return
        vanished: dict[int, Entry] = {}
        for path, entry in self.changes.items():
            if entry is None:
                before = self.known.get(path)
                if before is not None and before.inode and before.digest is not None:
                    vanished[before.inode] = before
        if not vanished:
            return
        for path, entry in self.changes.items():
            if entry is None or entry.kind is not Kind.FILE:
                continue
            before = vanished.get(entry.inode)
            if (
                before is not None
                and before.size == entry.size
                and before.mtime == entry.mtime
                and before.ctime == entry.ctime
            ):
                self.changes[path] = entry_with_digest(entry, before.digest)


def entry_with_digest(entry: Entry, digest: bytes | None) -> Entry:
    """The same file, its content known."""
    return Entry(
        entry.kind,
        entry.size,
        digest,
        entry.mtime,
        entry.executable,
        entry.target,
        entry.ctime,
        entry.inode,
    )


def link_problem(path: str, target: str) -> Problem | None:
    """Why a symlink is not synced (rule 14), if so."""
    if target.startswith("/"):
        return Problem(
            path,
            "link-absolute",
            f"the link points to {target}, which another hub does not have",
            "Make it a relative link, or add it to .hubsyncignore.",
        )
    if not link_stays_inside(path, target):
        return Problem(
            path,
            "link-outside",
            f"the link points out of the workspace, to {target}",
            "Let it point to something inside, or add it to .hubsyncignore.",
        )
    return None


def _parents(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return found


def _gone(root: str, error: OSError) -> LocalError:
    return LocalError(
        f"the workspace {root} cannot be read: {error.strerror}",
        "Check that the folder is there and its disk is mounted.",
        "workspace-gone",
    )
