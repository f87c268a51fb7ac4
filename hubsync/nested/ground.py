"""A working directory that is written into only through its real folders (rule 14).

Every write is made in a directory that was reached part by part and through no link, right then:
whatever stood there when the paths were checked, no file lands elsewhere or in ``.git``.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import Self

from hubsync.core.paths import ancestors
from hubsync.local.dirs import Directories, split
from hubsync.local.renames import Spot
from hubsync.nested import findings
from hubsync.nested.findings import Untold


class Ground:
    """``path``: the repository's, in the workspace; ``folder``: its working directory."""

    def __init__(self, path: str, folder: str) -> None:
        self._path = path
        self._folder = folder
        self._directories = Directories(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._directories.close()

    def spot(self, name: str, *, create: bool = False) -> Spot:
        """Where the file belongs; with ``create`` the folders above are made. Valid until the next
        call. Raises Untold where a link or a file stands in the way or where it is ``.git`` under
        another name, and FileNotFoundError."""
        directory, last = split(name)
        if self._is_git(name.partition("/")[0]):
            raise Untold(findings.refused(self._path, f"the name {name!r} is not safe"))
        try:
            return Spot(self._directories.open(directory, create=create), last)
        except (NotADirectoryError, FileExistsError) as error:
            raise Untold(findings.changed_meanwhile(self._path, name)) from error

    def _is_git(self, name: str) -> bool:
        """Whether the disk opens ``.git`` under that name, too."""
        root = self._directories.open("")
        try:
            found = os.stat(name, dir_fd=root, follow_symlinks=False)
            git = os.stat(".git", dir_fd=root, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, git)

    def file(self, name: str) -> Spot | None:
        """What lies there, if it is anything but a folder."""
        try:
            spot = self.spot(name)
            return None if stat.S_ISDIR(spot.status().st_mode) else spot
        except FileNotFoundError:
            return None

    def without_empty(self, name: str) -> None:
        """Take away the folders above that are empty now."""
        with suppress(OSError):
            for directory in ancestors(name):
                above, last = split(directory)
                os.rmdir(last, dir_fd=self._directories.open(above))
