"""Whether a nested repository is as it was, told by times and sizes alone: nothing is opened.

Also met on the way: repositories inside it.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from typing import Final

from blake3 import blake3

from hubsync.core.ignore import IgnoreRules
from hubsync.local.ignorefile import RulesOnDisk

_GIT: Final = ".git"
_FILES: Final = (
    "HEAD",
    "index",
    "index.lock",
    "config",
    "packed-refs",
    "logs/refs/stash",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "BISECT_LOG",
    "rebase-merge",
    "rebase-apply",
)
_FRESH: Final = 1_000_000_000
"""ns: what changed so shortly before it was looked at may change again within the same tick."""
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Signed:
    """The repository ``path`` of the workspace at ``root``.

    ``text``: another one whenever something changed. ``firm``: nothing was so new that a later
    change could hide behind it. ``inner``: the paths of the repositories inside, relative to this
    one. ``rules``: those of the workspace that hold in it.
    """

    def __init__(self, root: str, path: str) -> None:
        began = time.time_ns()
        self.rules = rules_at(root, path)
        self.inner: list[str] = []
        self._newest = 0
        self._folder = os.path.join(root, path)
        self._path = path
        digest = blake3()
        for line in (*self._git(), *self._tree()):
            digest.update(line.encode("utf-8", "surrogateescape"))
        self.text = digest.hexdigest()
        self.firm = self._newest < began - _FRESH

    def _git(self) -> Iterator[str]:
        own, shared = _folder_of(self._folder), shared_folder(self._folder)
        for name in _FILES:
            yield self._line(name, os.path.join(own, name))
        if os.path.normpath(shared) != os.path.normpath(own):
            for name in _FILES:
                yield self._line(name, os.path.join(shared, name))
        for directory, _, names in os.walk(os.path.join(shared, "refs")):
            for name in sorted(names):
                file = os.path.join(directory, name)
                yield self._line(os.path.relpath(file, shared), file)

    def _line(self, name: str, file: str) -> str:
        try:
            about = os.stat(file)
        except OSError:
            return f"{name} absent\n"
        self._newest = max(self._newest, about.st_mtime_ns, about.st_ctime_ns)
        # A folder, such as that of a rebase, is there or not.
        if stat.S_ISDIR(about.st_mode):
            return f"{name} folder\n"
        return f"{name} {about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} {about.st_ino}\n"

    def _tree(self) -> Iterator[str]:
        pending = [""]
        newest = self._newest
        lines: list[str] = []
        while pending:
            below = pending.pop()
            prefix = below + "/" if below else ""
            try:
                with os.scandir(os.path.join(self._folder, below)) as entries:
                    found = sorted(entries, key=lambda one: one.name)
            except OSError as error:
                lines.append(f"{below} {error.errno}\n")
                continue
            if below and any(one.name == _GIT for one in found):
                self.inner.append(below)
                continue
            for item in found:
                name = prefix + item.name
                try:
                    if item.is_dir(follow_symlinks=False):
                        if item.name != _GIT and not self._hidden(name):
                            pending.append(name)
                        continue
                    now = item.stat(follow_symlinks=False)
                except OSError:
                    continue
                changed = now.st_ctime_ns
                newest = max(newest, changed)
                lines.append(
                    f"{name} {now.st_size} {now.st_mtime_ns} {changed} {now.st_ino} {now.st_mode}\n"
                )
        self._newest = newest
        yield "".join(lines)

    def _hidden(self, below: str) -> bool:
        # A folder whose name is one of caches and environments is looked into by Git alone.
        return self.rules.ignores(f"{self._path}/{below}", True)


def rules_at(root: str, path: str) -> IgnoreRules:
    """The workspace's rules for what is in the repository ``path``."""
    on_disk = RulesOnDisk(IgnoreRules.builtin())
    parts = path.split("/")
    for depth in range(len(parts) + 1):
        directory = "/".join(parts[:depth])
        try:
            descriptor = os.open(os.path.join(root, directory), _FOLDER)
        except OSError:  # nothing of the repository can be there
            break
        try:
            on_disk.read(directory, descriptor)
        finally:
            os.close(descriptor)
    return on_disk.rules


def shared_folder(folder: str) -> str:
    """Where objects, branches and settings of the repository in ``folder`` are."""
    own = _folder_of(folder)
    return os.path.join(own, _first_line(os.path.join(own, "commondir")))


def _folder_of(folder: str) -> str:
    own = os.path.join(folder, _GIT)
    return own if os.path.isdir(own) else _led_to(own)


def _led_to(file: str) -> str:
    """Where a file ``.git`` leads; see gitrepository-layout(5)."""
    text = _first_line(file)
    if not text.startswith("gitdir:"):
        return file
    return os.path.join(os.path.dirname(file), text.removeprefix("gitdir:").strip())


def _first_line(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as found:
            return found.readline(8192).strip()
    except OSError:
        return ""
