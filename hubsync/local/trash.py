"""Where replaced and deleted contents go (rule 11).

One run puts them under ``.hubsync/trash/<time in ns>-<random>/<path>``.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from hubsync.errors import LocalError
from hubsync.local.duplicate import preserve
from hubsync.local.layout import PRIVATE, Layout
from hubsync.local.renames import Spot

_TOKEN: Final = re.compile(r"([0-9]{20})-[0-9a-f]{8}")


class TrashVersion(Struct, frozen=True):
    """A content that a path had until ``time`` (ns). ``token`` names it for `Trash.source`."""

    token: str
    time: int
    size: int


class Trash:
    """The trash of the workspace at ``root``. One object serves one run."""

    def __init__(self, root: str, clock: Callable[[], int] = time.time_ns) -> None:
        self.directory = Layout(root).trash
        self._clock = clock
        self._rooms: list[str] = []
        self._made: set[str] = set()

    def room(self) -> str:
        """This run's folder."""
        return self._rooms[0] if self._rooms else self._new_room()

    def put(self, path: str, source: Spot) -> Spot:
        """Move what ``source`` holds aside as ``path``; where it is now."""
        spot = self.place(path)
        try:
            os.rename(source.name, spot.name, src_dir_fd=source.directory)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            preserve(source, spot)
            source.unlink()
        return spot

    def place(self, path: str) -> Spot:
        """A free name under which ``path`` may be put aside.

        Where this run has already put something at ``path``, or a file where ``path`` needs a
        directory, another folder is begun.
        """
        for room in self._rooms or [self._new_room()]:
            spot = self._free(room, path)
            if spot is not None:
                return spot
        spot = self._free(self._new_room(), path)
        if spot is None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        return spot

    def _new_room(self) -> str:
        os.makedirs(self.directory, mode=PRIVATE, exist_ok=True)
        name = f"{self._clock():020d}-{os.urandom(4).hex()}"
        room = os.path.join(self.directory, name)
        os.mkdir(room, PRIVATE)
        self._rooms.append(room)
        return room

    def _free(self, room: str, path: str) -> Spot | None:
        place = os.path.join(room, path)
        directory = os.path.dirname(place)
        if directory not in self._made:
            try:
                os.makedirs(directory, mode=PRIVATE, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                return None
            self._made.add(directory)
        return None if os.path.lexists(place) else Spot(None, place)

    def versions(self, path: str) -> list[TrashVersion]:
        """The files put aside of ``path``, newest first."""
        found: list[TrashVersion] = []
        for token, when in self._tokens():
            try:
                status = os.lstat(os.path.join(self.directory, token, path))
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISREG(status.st_mode):
                found.append(TrashVersion(token, when, status.st_size))
        found.sort(key=lambda version: (version.time, version.token), reverse=True)
        return found

    def source(self, path: str, token: str) -> str:
        """The file that holds a version. Raises FileNotFoundError."""
        place = os.path.join(self.directory, token, path)
        if _TOKEN.fullmatch(token) is None or ".." in path.split("/"):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
        if not stat.S_ISREG(os.lstat(place).st_mode):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
        return place

    def prune(self, age: int, now: int) -> int:
        """Remove what was put aside ``age`` (ns) or longer ago; how many files went.

        ``now``: the file system's clock (ns). A folder's name tells the time by the machine's clock
        as it was then, the folder itself by the file system's: the younger counts, so that a clock
        that was wrong at the time makes nothing look old. Raises LocalError.
        """
        count = 0
        for token, named in list(self._tokens()):
            place = os.path.join(self.directory, token)
            if now - max(named, os.lstat(place).st_ctime_ns) < age:
                continue
            count += sum(len(files) for _, _, files in os.walk(place))
            try:
                shutil.rmtree(place)
            except OSError as error:
                raise LocalError(
                    f"{place} cannot be removed: {error.strerror}.",
                    "Check that the folder is yours.",
                ) from error
        return count

    def _tokens(self) -> Iterator[tuple[str, int]]:
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return
        for name in names:
            match = _TOKEN.fullmatch(name)
            if match:
                yield name, int(match[1])
