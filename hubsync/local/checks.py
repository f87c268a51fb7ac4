"""Whether a path is still what the scan saw, just before and just after it is touched (rule 10)."""

from __future__ import annotations

import errno
import os
import stat

from hubsync.core.paths import check_remote_name, link_stays_inside
from hubsync.errors import LocalError, SourceChanged
from hubsync.local.digest import read_entry
from hubsync.local.dirs import Directories
from hubsync.local.evidence import same_evidence
from hubsync.local.renames import Spot
from hubsync.model import Entry, Kind, Problem


class Changed(Exception):
    """The path is not what the scan saw: it is left alone and planned again."""


def refuse(path: str, entry: Entry | None) -> None:
    """The last line of rule 14, whoever made the plan. Raises LocalError."""
    problem = check_remote_name(path)
    if problem is not None:
        raise LocalError(problem.message, problem.hint, problem.code)
    if entry is not None and entry.kind is Kind.LINK and not link_stays_inside(path, entry.target):
        raise LocalError(
            f"The link {path} would point out of the workspace, to {entry.target}.",
            "Change it where it was made.",
            "link-outside",
        )


def as_seen(
    directories: Directories, path: str, target: Spot, expect: Entry
) -> tuple[Spot, os.stat_result]:
    """The path's status now, if it is what the scan saw. Raises Changed, FileNotFoundError.

    Where the evidence vouches for nothing (a file that was read in the tick of its last change)
    it is read again. ``directories`` may move its descriptors for that, so the spot comes anew.
    """
    now = target.status()
    if expect.kind is Kind.DIR:
        if not stat.S_ISDIR(now.st_mode):
            raise Changed
    elif expect.kind is Kind.LINK:
        if not stat.S_ISLNK(now.st_mode) or _target(target) != expect.target:
            raise Changed
    elif not stat.S_ISREG(now.st_mode):
        raise Changed
    elif not same_evidence(expect, now):
        if expect.inode or expect.digest is None or expect.size != now.st_size:
            raise Changed
        directory = path.rpartition("/")[0]
        try:
            read = read_entry(directories, path, expect)
        except SourceChanged as error:
            raise Changed from error
        target = Spot(directories.open(directory), target.name)
        if read.digest != expect.digest or not same_evidence(read, target.status()):
            raise Changed
    return target, now


def _target(link: Spot) -> str:
    try:
        return os.readlink(link.name, dir_fd=link.directory)
    except OSError as error:
        raise Changed from error


def unchanged(before: os.stat_result, now: os.stat_result) -> bool:
    """Whether two statuses are of the same content.

    A rename in between, which moves the ctime, is no difference.
    """
    return (
        before.st_ino == now.st_ino
        and before.st_size == now.st_size
        and before.st_mtime_ns == now.st_mtime_ns
        and stat.S_IFMT(before.st_mode) == stat.S_IFMT(now.st_mode)
    ) or (stat.S_ISDIR(before.st_mode) and before.st_ino == now.st_ino)


def os_problem(path: str, error: OSError) -> Problem:
    """The problem of a path whose step the system refused."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Problem(
            path,
            "disk-full",
            "The disk or the quota is full.",
            "Free some space (`hubsync gc` empties old trash), then sync again.",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Problem(
            path,
            "not-writable",
            f"It cannot be changed here: {error.strerror}.",
            "Give yourself permission to write the file and its folder.",
        )
    return Problem(
        path, "local-error", f"It cannot be changed here: {error.strerror or error}.", ""
    )
