"""Which paths of a workspace wake a session: not those that a sync ignores (rule 8)."""

from __future__ import annotations

import os
from typing import Final

from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import ancestors
from hubsync.model import IGNORE_FILE, METADATA_DIR

_GIT: Final = ".git"
_OF_GIT: Final = (_GIT, f"{_GIT}/refs", f"{_GIT}/refs/heads")
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
        if path == _GIT or path.startswith(f"{_GIT}/"):
            # What a person commits, and where they are; a sync brings it along.
            moved = path == f"{_GIT}/HEAD" or path.startswith(f"{_GIT}/refs/heads/")
            return moved and not path.endswith(".lock")
        if path.rpartition("/")[2] == IGNORE_FILE:
            self.forget()
            return True
        return not self.hides(path, False) and not (
            self.hides(path, True) and os.path.isdir(os.path.join(self._root, path))
        )

    def enters(self, directory: str) -> bool:
        """Whether a change in ``directory`` itself, not below it, may matter to anybody."""
        if directory == _GIT or directory.startswith(f"{_GIT}/"):
            return directory in _OF_GIT or directory.startswith(f"{_GIT}/refs/heads/")
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
        """Ignore files have changed."""
        self._rules = IgnoreRules.builtin()
        self._read.clear()
