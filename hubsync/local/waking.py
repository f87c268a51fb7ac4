"""Which paths of a workspace wake a session: not those that a sync ignores (rule 8)."""

from __future__ import annotations

import os
from typing import Final

from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import ancestors
from hubsync.model import IGNORE_FILE, METADATA_DIR

_GIT: Final = ".git"
_HEADS: Final = "refs/heads"
_ENTERED: Final = ("", "refs", _HEADS)
_MOVES: Final = ("HEAD",)
"""What a person commits, and where they are; a sync brings it along."""
_MOVES_WITHIN: Final = ("", "HEAD", "index", "refs/stash")
"""Of a repository inside the workspace, what is staged and stashed as well; and that it is one."""
_LARGEST: Final = 1 << 20


class Waking:
    """Reads the ignore files that matter to a path when it first meets one; for one thread.

    What it cannot read hides nothing: a cycle too many is harmless.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._rules = IgnoreRules.builtin()
        self._read: set[str] = set()

    def wakes(self, path: str) -> bool:
        """Whether a change at ``path``, relative to the root, may be something to sync."""
        if path == METADATA_DIR or path.startswith(f"{METADATA_DIR}/"):
            return False
        if path.rpartition("/")[2] == IGNORE_FILE:
            self.forget()
            return True
        if not self.matters(path):
            return False
        of_directory = self.hides(path, True) and os.path.isdir(os.path.join(self._root, path))
        return not of_directory or _of_git(path) is not None

    def matters(self, path: str) -> bool:
        """The same of what is a file, if the rules have not changed."""
        of_git = _of_git(path)
        if of_git is None:
            return not self.hides(path, False)
        directory, within = of_git
        if directory and self.hides(directory, True):
            return False
        if within.startswith(f"{_HEADS}/"):
            return not within.endswith(".lock")
        return within in (_MOVES_WITHIN if directory else _MOVES)

    def enters(self, directory: str) -> bool:
        """Whether a change in ``directory`` itself, not below it, may matter to anybody."""
        of_git = _of_git(directory)
        if of_git is not None:
            above, within = of_git
            entered = within in _ENTERED or within.startswith(f"{_HEADS}/")
            return entered and not (above and self.hides(above, True))
        if directory.startswith(METADATA_DIR):
            return directory in (METADATA_DIR, f"{METADATA_DIR}/state")
        return not self.hides(directory, True)

    def hides(self, path: str, is_dir: bool) -> bool:
        for directory in (*ancestors(path), ""):
            if directory not in self._read:
                self._take(directory)
        return self._rules.ignores_deep(path, is_dir)

    def _take(self, directory: str) -> None:
        self._read.add(directory)
        try:
            with open(os.path.join(self._root, directory, IGNORE_FILE), "rb") as file:
                text = file.read(_LARGEST)
        except OSError:
            return
        self._rules = self._rules.with_file(directory, text.decode("utf-8", "replace"))

    def forget(self) -> None:
        """Ignore files have changed, or lie elsewhere now."""
        self._rules = IgnoreRules.builtin()
        self._read.clear()


def _of_git(path: str) -> tuple[str, str] | None:
    """The directory whose ``.git`` is at or above ``path``, and what ``path`` is in it; None if
    there is none."""
    if _GIT not in path:
        return None
    parts = path.split("/")
    if _GIT not in parts:
        return None
    at = parts.index(_GIT)
    return "/".join(parts[:at]), "/".join(parts[at + 1 :])
