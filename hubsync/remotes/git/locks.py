"""Git's own lock files, and which of them a killed hubsync left behind.

Git and libgit2 lock a file by making ``<file>.lock`` beside it. Such a lock names nobody: whoever
is killed while holding it leaves it to a person. So hubsync announces itself in a repository before
it takes locks there, by a note in the folder ``hubsync/`` of the repository, which names the
process, and takes the note away at the end. A lock that is younger than the note of a process that
is gone, and that has not been touched for a while, was left by that process: it is removed without
asking. All other locks are somebody's, and are respected:

- git holds locks on references and settings for moments only (its own patience for them is 0.1 s
  to 1 s, see core.filesRefLockTimeout and core.packedRefsTimeout in git-config(1));
- the index is locked for as long as somebody writes a commit message. Its lock is taken for a
  killed hubsync's own only if that was just moving the index, and only if it was made just then;
- none is touched while a program of Git runs in that folder.

What libgit2 was writing of an object or a pack stays behind, too, and no `git gc` ever removes it.
"""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Self

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hubsync.owner import Owner, is_gone, this_process

FOLDER: Final = "hubsync"
BEGUN: Final = "begun"
"""A file in that folder: this clone was made for a workspace that is not written down yet."""
_SILENT: Final = 3.0
"""Seconds for which nobody touches a reference's lock who still lives."""
_AT_ONCE: Final = 10.0
"""Seconds within which the index is locked after that was announced."""
_PATIENCE: Final = 1.0
_POLL: Final = 0.05
_TRIES: Final = 200
_DAY: Final = 86_400.0
_PARTS: Final = ("objects/tmp_object_git2_*", "objects/pack/pack_git2_*")
_PLAIN: Final = ("HEAD.lock", "config.lock", "packed-refs.lock")
_BESIDE: Final = ("FETCH_HEAD.lock", "shallow.lock")
"""Taken by libgit2, for each fetch."""
_INDEX: Final = "index.lock"

FileState = tuple[int, int, int]
"""Inode, size and modification time in ns; all 0 for no file."""


class Note(Struct, frozen=True):
    """``moving``: the index and the branch are about to be moved."""

    owner: Owner
    moving: bool = False


class Announced:
    """This process's note in one repository; ``folder`` is its ``.git``, or a bare one itself.

    In a repository that nobody may write to there is none, and no lock either.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._note = Note(this_process())
        self._path = os.path.join(folder, FOLDER, f"note-{self._note.owner.nonce}")
        self.removed: list[str] = []
        """Locks that processes had left that are gone."""
        self._write(self._note)

    @property
    def nonce(self) -> str:
        """A name that no other process has."""
        return self._note.owner.nonce

    @contextmanager
    def moving(self) -> Iterator[None]:
        """While the index and the branch move, so that whoever comes after a kill can tell whose
        the lock on the index was."""
        self._write(replace(self._note, moving=True))
        try:
            yield
        finally:
            self._write(self._note)

    def unfinished(self) -> list[Note]:
        """Remove the locks of processes that are gone, and take over their notes."""
        found: list[Note] = []
        for path in glob.glob(os.path.join(glob.escape(self._folder), FOLDER, "note-*")):
            taken = None if path == self._path else self._taken(path)
            if taken is not None:
                found.append(taken)
        return found

    def close(self) -> None:
        with suppress(OSError):
            os.unlink(self._path)
            os.rmdir(os.path.dirname(self._path))  # nobody else's note is there

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, note: Note) -> None:
        part = f"{self._path}.part"
        for _ in range(_TRIES):
            try:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                with open(part, "wb") as file:
                    file.write(msgspec.json.encode(note))
                os.replace(part, self._path)
            except (FileNotFoundError, FileExistsError):
                continue  # whoever took the last other note away removed the folder just then
            except OSError:
                return
            return

    def _taken(self, path: str) -> Note | None:
        """The note, if its process is gone and nobody else takes it over."""
        # Made in one tick with a lock, it has the same time: both are rounded in the same way.
        written = _time_of(path)
        try:
            with open(path, "rb") as file:
                note = msgspec.json.decode(file.read(), type=Note)
        except (OSError, msgspec.DecodeError):
            note, written = None, _time_of(path)
        now = _time_of(self._path) or time.time()
        owner = note.owner if note is not None else None
        if not is_gone(owner, self._note.owner, lambda: now - written):
            return None
        removed = [lock for lock in _locks(self._folder) if _remove_stale(lock, written)]
        index = os.path.join(self._folder, _INDEX)
        if note is not None and note.moving and _remove_stale(index, written, written + _AT_ONCE):
            removed.append(index)
        self.removed += removed
        remove_parts(self._folder, _SILENT, since=written)
        try:
            os.unlink(path)  # by one alone, and last: a kill here leaves it to the next
        except FileNotFoundError:
            return None
        return note


def first_held(folder: str, branch: str) -> str:
    """The lock by which somebody is at work in a repository; ``""`` if nobody is, or only for a
    moment. ``branch``: the full name of the one that is to be moved."""
    for name in (_INDEX, *_PLAIN, f"{branch}.lock"):
        path = os.path.join(folder, name)
        end = time.monotonic() + _PATIENCE
        while os.path.lexists(path):
            if time.monotonic() > end:
                return path
            time.sleep(_POLL)
    return ""


def remove_parts(folder: str, age: float = _DAY, *, since: float = 0.0) -> int:
    """Remove what libgit2 began to write from ``since`` on, if nobody touched it for ``age``
    seconds; how many files. Whoever still wrote one would fail, and lose nothing."""
    count = 0
    for pattern in _PARTS:
        for path in glob.glob(os.path.join(glob.escape(folder), pattern)):
            touched = _time_of(path)
            if since <= touched < time.time() - age:
                with suppress(OSError):
                    os.unlink(path)
                    count += 1
    return count


def file_state(path: str) -> FileState:
    try:
        found = os.lstat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _locks(folder: str) -> Iterator[str]:
    """Locks on settings and references."""
    for name in (*_PLAIN, *_BESIDE):
        if os.path.lexists(os.path.join(folder, name)):
            yield os.path.join(folder, name)
    for directory, _, names in os.walk(os.path.join(folder, "refs")):
        yield from (os.path.join(directory, name) for name in names if name.endswith(".lock"))


def _remove_stale(lock: str, since: float, until: float | None = None) -> bool:
    """Remove a lock that was made between two times of the file system's clock, once nobody has
    touched it for a while. Whether that was done."""
    before = file_state(lock)
    made = before[2] / 1e9
    if not any(before) or made < since or (until is not None and made > until):
        return False
    while time.time() - made < _SILENT and abs(time.time() - made) < 2 * _SILENT:
        time.sleep(_POLL)
    # In the repository's folder, or in the working directory around it.
    root = os.path.realpath(os.path.dirname(lock)).partition("/.git")[0]
    if file_state(lock) != before or git_runs_in(root):
        return False
    try:
        os.unlink(lock)
    except FileNotFoundError:
        return False
    return True


def git_runs_in(root: str, command: str = "") -> bool:
    """Whether a program of Git runs in a working directory or a bare repository, as far as may be
    seen; or just ``git`` with that command."""
    for process in glob.glob("/proc/[0-9]*"):
        with suppress(OSError):
            with open(f"{process}/comm", encoding="utf-8", errors="replace") as file:
                if not file.read().startswith("git"):
                    continue
            if command:
                with open(f"{process}/cmdline", "rb") as file:
                    if command.encode() not in file.read().split(b"\0"):
                        continue
            there = os.readlink(f"{process}/cwd")
            if there == root or there.startswith(f"{root}/") or root.startswith(f"{there}/refs"):
                return True
    return False


def _time_of(path: str) -> float:
    return file_state(path)[2] / 1e9
