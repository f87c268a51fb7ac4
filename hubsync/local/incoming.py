"""New contents made ready outside the tree, so that moving one in is a single rename."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import Final, NamedTuple

from hubsync.errors import LocalError
from hubsync.local.duplicate import duplicate
from hubsync.local.renames import Spot
from hubsync.local.steps import Step
from hubsync.model import Entry, Kind

TEMPORARY: Final = ".hubsync-tmp-"
"""How a temporary name begins. It stands in the workspace's own tree only where another file system
is mounted there, and a scan never takes it for a user's."""


class Ready(NamedTuple):
    """A new content at ``spot``, with its final mode and time.

    ``made``: it was made for this step and goes if the step comes to nothing; else it stays staged.
    ``near``: it lies on the file system of the staging area and the trash.
    """

    spot: Spot
    status: os.stat_result
    made: bool
    near: bool

    def give_back(self) -> None:
        if not self.made:
            return
        with suppress(FileNotFoundError):
            if stat.S_ISDIR(self.status.st_mode):
                os.rmdir(self.spot.name, dir_fd=self.spot.directory)
            else:
                self.spot.unlink()


class Incoming:
    """Makes contents ready in the staging area ``stage``."""

    def __init__(self, stage: str, umask: int) -> None:
        self._stage = os.open(stage, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._device = os.fstat(self._stage).st_dev
        self._umask = umask

    def close(self) -> None:
        if self._stage >= 0:
            os.close(self._stage)
            self._stage = -1

    def is_near(self, directory: int | None) -> bool:
        """Whether the staging area and the trash are on that directory's file system."""
        return directory is None or os.fstat(directory).st_dev == self._device

    def ready(
        self, step: Step, entry: Entry, directory: int | None, replaced: os.stat_result | None
    ) -> Ready:
        """The content of ``step``, to be renamed into ``directory``."""
        near = self.is_near(directory)
        if entry.kind is Kind.FILE and step.source and near and not step.keep_source:
            staged = Spot(None, step.source)
            return Ready(staged, self._dressed(staged, entry, replaced), False, near)
        spot = temporary(self._stage if near else directory)
        if entry.kind is Kind.LINK:
            os.symlink(entry.target, spot.name, dir_fd=spot.directory)
            return Ready(spot, spot.status(), True, near)
        if entry.kind is Kind.DIR:
            os.mkdir(spot.name, dir_fd=spot.directory)
            return Ready(spot, spot.status(), True, near)
        if step.source is None:
            raise LocalError(f"The new content of {step.path} was not staged.", code="not-staged")
        duplicate(Spot(None, step.source), spot)
        try:
            return Ready(spot, self._dressed(spot, entry, replaced), True, near)
        except BaseException:
            spot.unlink()
            raise

    def _dressed(self, spot: Spot, entry: Entry, replaced: os.stat_result | None) -> os.stat_result:
        """Give the file its mode and time; its status then."""
        status = spot.status()
        if not stat.S_ISREG(status.st_mode) or status.st_size != entry.size:
            raise LocalError(f"{spot.name} is not the content that was staged.", code="not-staged")
        mode = permissions(entry.executable, replaced, self._umask)
        to_do = stat.S_IMODE(status.st_mode) != mode
        if to_do:
            os.chmod(spot.name, mode, dir_fd=spot.directory)
        if entry.mtime and entry.mtime != status.st_mtime_ns:
            to_do = True
            os.utime(
                spot.name,
                ns=(entry.mtime, entry.mtime),
                dir_fd=spot.directory,
                follow_symlinks=False,
            )
        return spot.status() if to_do else status


def temporary(directory: int | None) -> Spot:
    """A free name in a directory."""
    return Spot(directory, TEMPORARY + os.urandom(8).hex())


def permissions(executable: bool, before: os.stat_result | None, umask: int) -> int:
    """A file's mode: as before, except that the x bits follow ``executable``.

    They are set where the same people may read, as far as the umask allows.
    """
    if before is None or not stat.S_ISREG(before.st_mode):
        return (0o777 if executable else 0o666) & ~umask
    mode = before.st_mode & 0o777
    if bool(mode & stat.S_IXUSR) == executable:
        return mode
    if not executable:
        return mode & ~0o111
    return mode | stat.S_IXUSR | ((mode & 0o444) >> 2 & ~umask)


def process_umask() -> int:
    """The process's umask, read where that does not need it to be set: other threads make files."""
    with suppress(OSError), open("/proc/self/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
