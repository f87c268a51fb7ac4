"""Where captures lie in the workspace: ``.hubsync-nested/<path of the repository>/<id>.bundle``.

They are ordinary files of the workspace, so that every remote carries them with the conditions,
versions and safety of any file. A file's name is that of the state in it: it is written once, and
two hubs with the same state write the same name.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from hubsync.disk import sync_file_system
from hubsync.local.layout import Layout
from hubsync.local.unwritable import unwritable
from hubsync.model import NESTED_DIR
from hubsync.nested import findings
from hubsync.nested.findings import Untold

_HOUR: Final = 3600
_ENDING: Final = ".bundle"
_FILE: Final = re.compile(r"([0-9a-f]{32}(?:\.conflict-[0-9a-f]+)?)\.bundle")


class Places:
    """The captures in the workspace at ``root``, and hubsync's own folder for building."""

    def __init__(self, layout: Layout) -> None:
        self.root = layout.root
        self.work = os.path.join(layout.metadata, "nested")
        self.captures = os.path.join(layout.root, NESTED_DIR)

    def folder(self, path: str) -> str:
        """Where the repository is, or belongs."""
        return os.path.join(self.root, path)

    @contextmanager
    def working(self, prefix: str) -> Iterator[str]:
        """A folder for building, which goes with all that is in it."""
        os.makedirs(self.work, mode=0o700, exist_ok=True)
        folder = tempfile.mkdtemp(dir=self.work, prefix=prefix)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def make_durable(self) -> None:
        """What a power cut takes away must not look deleted by a person: it is on the disk before
        it is remembered."""
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sync_file_system(descriptor)
        finally:
            os.close(descriptor)

    def sweep(self) -> None:
        """Take away what killed runs left, an hour later: 'status' looks without a lock."""
        with suppress(FileNotFoundError), os.scandir(self.work) as entries:
            for entry in entries:
                if time.time() - entry.stat(follow_symlinks=False).st_mtime < _HOUR:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)

    def all(self) -> dict[str, tuple[str, ...]]:
        """The ids of the captures of each repository, by its path."""
        found: dict[str, tuple[str, ...]] = {}
        pending = [""]
        while pending:
            path = pending.pop()
            files = []
            with suppress(FileNotFoundError, NotADirectoryError):
                for entry in _listed(os.path.join(self.captures, path)):
                    match = _FILE.fullmatch(entry.name)
                    if match and path and entry.is_file(follow_symlinks=False):
                        files.append(match[1])
                    elif entry.is_dir(follow_symlinks=False):
                        pending.append(f"{path}/{entry.name}" if path else entry.name)
            if files:
                found[path] = tuple(sorted(files))
        return found

    def of(self, path: str) -> tuple[str, ...]:
        """The ids of the captures of one repository."""
        with suppress(FileNotFoundError, NotADirectoryError):
            found = (_FILE.fullmatch(one.name) for one in _listed(os.path.dirname(self.file(path))))
            return tuple(sorted(match[1] for match in found if match))
        return ()

    def file(self, path: str, name: str = "x") -> str:
        return os.path.join(self.captures, path, name + _ENDING)

    def put(self, path: str, name: str, made: str) -> None:
        """Put a capture there, whole: the file ``made``, of the folder for building. Raises
        LocalError, and Untold if a link stands there."""
        target = self.file(path, name)
        if not self.is_real(f"{NESTED_DIR}/{path}"):
            raise Untold(findings.in_the_way(path, ""))
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(made, "rb+") as file:
                os.fsync(file.fileno())
            os.chmod(made, 0o644)
            os.replace(made, target)
        except OSError as error:
            raise unwritable(target, error) from error

    def remove(self, path: str, name: str) -> None:
        """Take a capture away, and the folders that it leaves empty."""
        target = self.file(path, name)
        with suppress(FileNotFoundError):
            os.unlink(target)
        directory = os.path.dirname(target)
        with suppress(OSError):
            while directory != self.root:
                os.rmdir(directory)
                directory = os.path.dirname(directory)

    def is_present(self, path: str) -> bool:
        """Whether there is a repository, or what was one."""
        return os.path.lexists(os.path.join(self.folder(path), ".git"))

    def is_real(self, path: str) -> bool:
        """Whether everything above ``path`` is a directory or absent: no link leads elsewhere."""
        place = self.root
        for part in path.split("/"):
            place = os.path.join(place, part)
            try:
                mode = os.lstat(place).st_mode
            except FileNotFoundError:
                return True
            except OSError:
                return False
            if not stat.S_ISDIR(mode):
                return False
        return True


def _listed(directory: str) -> list[os.DirEntry[str]]:
    if os.path.islink(directory):
        return []
    with os.scandir(directory) as entries:
        return list(entries)
