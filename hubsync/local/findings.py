"""What a scan cannot take in, in words for people (rule 7)."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from hubsync.core.paths import is_unicode, link_stays_inside
from hubsync.errors import LocalError
from hubsync.model import Problem

_SPECIAL: Final = {
    stat.S_IFSOCK: "A socket",
    stat.S_IFIFO: "A named pipe",
    stat.S_IFBLK: "A block device",
    stat.S_IFCHR: "A character device",
}


def workspace_gone(root: str, error: OSError) -> LocalError:
    """The root itself: an error, since everything in it would seem deleted (rule 9)."""
    return LocalError(
        f"The workspace {root} cannot be read: {error.strerror}.",
        "Check that the folder is there and its disk is mounted.",
        "workspace-gone",
    )


def check_same_root(root: str, descriptor: int) -> None:
    """A disk that was unmounted or replaced during the scan shows here. Raises LocalError."""
    try:
        now = os.stat(root)
    except OSError as error:
        raise workspace_gone(root, error) from error
    if not os.path.samestat(now, os.fstat(descriptor)):
        raise LocalError(
            f"The workspace {root} became another folder during the scan.",
            "Check that its disk is mounted, then run the command again.",
            "workspace-gone",
        )


def unlistable(directory: str, error: OSError) -> Problem:
    return Problem(
        directory,
        "unreadable",
        f"The folder cannot be looked into: {error.strerror}.",
        "Give yourself permission to read it, or add it to .hubsyncignore.",
    )


def rules_unreadable(directory: str, name: str, error: OSError) -> Problem:
    """An ignore file that cannot be read. The root's concerns everything: LocalError is raised."""
    where = f"{directory}/{name}" if directory else name
    reason = "it is a link" if error.errno == errno.ELOOP else error.strerror
    hint = "Make it a readable file, so that nothing it hides is uploaded."
    if not directory:
        raise LocalError(f"{where} cannot be read: {reason}.", hint, "ignore-unreadable") from error
    return Problem(
        directory,
        "ignore-unreadable",
        f"{where} cannot be read ({reason}), so nothing in this folder is synced.",
        hint,
    )


def special_file(path: str, mode: int) -> Problem:
    return Problem(
        path,
        "special-file",
        f"{_SPECIAL.get(stat.S_IFMT(mode), 'What is no regular file')} cannot be synced.",
        "Add it to .hubsyncignore to hear no more of it.",
    )


def leftover(path: str) -> Problem:
    return Problem(
        path,
        "leftover",
        "A run that was killed left this file, which may be an earlier content of one beside it.",
        "Look whether you need it, then remove it.",
    )


def link_problem(path: str, target: str) -> Problem | None:
    """Why a symlink is not synced (rules 7 and 14), if so."""
    if not is_unicode(target):
        return Problem(
            path,
            "link-not-text",
            "The link points to a name that is no UTF-8 text.",
            "Give what it points to another name, or add the link to .hubsyncignore.",
        )
    if target.startswith("/"):
        return Problem(
            path,
            "link-absolute",
            f"The link points to {target}, which another hub does not have.",
            "Make it a relative link, or add it to .hubsyncignore.",
        )
    if not link_stays_inside(path, target):
        return Problem(
            path,
            "link-outside",
            f"The link points out of the workspace, to {target}.",
            "Let it point to something inside, or add it to .hubsyncignore.",
        )
    return None
