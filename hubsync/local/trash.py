"""Where replaced and deleted contents go (rule 11).

One run puts them under ``.hubsync/trash/<time in ns>-<random>/<path>``.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable

from msgspec import Struct

from hubsync.local.dirs import Directories, split
from hubsync.local.duplicate import duplicate
from hubsync.local.layout import PRIVATE, Layout
from hubsync.local.renames import Spot


class TrashVersion(Struct, frozen=True):
    """A content that ``path`` had until ``time`` (ns). ``token`` names it for `Trash.source`."""

    token: str
    time: int
    size: int


class Trash:
    """The trash of the workspace at ``root``. One object serves one run."""

    def __init__(self, root: str, clock: Callable[[], int] = time.time_ns) -> None:
        self.directory = Layout(root).trash
        self._clock = clock
        self._rooms: list[Directories] = []

    def room(self) -> str:
        """This run's first folder."""
        if not self._rooms:
            self._new_room()
        return self._rooms[0].root

    def _new_room(self) -> Directories:
        os.makedirs(self.directory, mode=PRIVATE, exist_ok=True)
        token = f"{self._clock():020d}-{secrets.token_hex(4)}"
        path = os.path.join(self.directory, token)
        os.mkdir(path, PRIVATE)
        room = Directories(path)
        self._rooms.append(room)
        return room

    def put(self, path: str, source: Spot) -> Spot:
        """Move what ``source`` holds aside as ``path``; where it is now."""
        spot = self.place(path)
        try:
            os.rename(
                source.name, spot.name, src_dir_fd=source.directory, dst_dir_fd=spot.directory
            )
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            duplicate(source, spot)
            source.unlink()
        return spot

    def place(self, path: str) -> Spot:
        """A free name under which ``path`` may be put aside.

        Where this run has already put something at ``path``, or a file where ``path`` needs a
        directory, another room is begun.
        """
        directory, name = split(path)
        for room in self._rooms:
            try:
                descriptor = room.open(directory, create=True)
                os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except FileNotFoundError:
                return Spot(descriptor, name)
            except NotADirectoryError:
                continue
        return Spot(self._new_room().open(directory, create=True), name)

    def versions(self, path: str) -> list[TrashVersion]:
        """What was put aside of ``path``, newest first. Symlinks and directories are left out."""
        found: list[TrashVersion] = []
        for token in self._tokens():
            try:
                status = os.lstat(os.path.join(self.directory, token, path))
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISREG(status.st_mode):
                found.append(TrashVersion(token, _time_of(token), status.st_size))
        found.sort(key=lambda version: version.token, reverse=True)
        return found

    def source(self, path: str, token: str) -> str:
        """The file that holds a version. Raises FileNotFoundError."""
        place = os.path.join(self.directory, token, path)
        if "/" in token or not token[:1].isdigit() or not stat.S_ISREG(os.lstat(place).st_mode):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
        return place

    def prune(self, before: int) -> int:
        """Remove what was put aside before that time (ns); how many files went."""
        count = 0
        for token in self._tokens():
            if _time_of(token) < before:
                place = os.path.join(self.directory, token)
                count += sum(len(files) for _, _, files in os.walk(place))
                shutil.rmtree(place)
        return count

    def _tokens(self) -> list[str]:
        try:
            return [name for name in os.listdir(self.directory) if _time_of(name)]
        except FileNotFoundError:
            return []

    def close(self) -> None:
        for room in self._rooms:
            room.close()
        self._rooms.clear()


def _time_of(token: str) -> int:
    digits = token.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
