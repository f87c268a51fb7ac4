"""What may not go to a Git remote: its history keeps everything, for everyone who can read it.

Asked for each file before anything is committed. What is held back is a problem of that path
(rule 7): it is told, the file stays, and the others go on.
"""

from __future__ import annotations

import os
import shlex
from typing import Final

from hubsync.leaks.allowed import Allowed
from hubsync.leaks.leak import Leak
from hubsync.leaks.passages import LARGEST
from hubsync.leaks.search import search
from hubsync.model import Problem

SECRET_FOUND: Final = "secret-found"
TOO_LARGE: Final = "file-too-large-for-git"
LIMIT: Final = 50_000_000
"""Bytes. GitHub warns from here on, and refuses twice as much; a clone fetches every version."""
_NAMED: Final = 3


def held_back(
    path: str,
    content: bytes | str,
    allowed: Allowed,
    *,
    before: bytes | None = None,
    limit: int = LIMIT,
) -> Problem | None:
    """Why the file ``path`` of the workspace may not go out, or None.

    ``content``: its bytes, or the name of the file that has them, which is read only if it is small
    enough to be searched. ``before``: the content that is committed already. ``limit`` in bytes.
    Raises ConfigError (``missing-package``) and OSError.
    """
    size = os.stat(content).st_size if isinstance(content, str) else len(content)
    if size > limit:
        return too_large(path, size, limit)
    if size > LARGEST:
        return None
    if isinstance(content, str):
        with open(content, "rb") as file:
            content = file.read()
    return secret_found(path, content, allowed, before)


def too_large(
    path: str, size: int, limit: int = LIMIT, *, committed: bool = False
) -> Problem | None:
    """The problem of a file of ``size`` bytes, or None. ``committed``: the repository has an
    earlier content, so that the path belongs to it, whatever the rules of other remotes say."""
    if size <= limit:
        return None
    if committed:
        return Problem(
            path,
            TOO_LARGE,
            f"too large for Git by now: {_shown(size)}; the limit is {_shown(limit)}",
            "Rename it: under a new name it goes to a second remote, if one takes such files"
            f" (hubsync remote add data s3://BUCKET/FOLDER --larger-than {_option(limit)}).",
        )
    return Problem(
        path,
        TOO_LARGE,
        f"too large for Git: {_shown(size)}; the limit is {_shown(limit)}",
        "Send large files to a second remote: hubsync remote add data s3://BUCKET/FOLDER"
        f" --larger-than {_option(limit)}",
    )


def secret_found(path: str, data: bytes, allowed: Allowed, *before: bytes | None) -> Problem | None:
    """The problem of a file in which there are secrets that nobody let through and that none of
    ``before`` has, or None."""
    found = search(path, data, *before)
    left = [leak for leak, digest in found if not allowed.covers(leak, digest)]
    if not left:
        return None
    return Problem(
        path,
        SECRET_FOUND,
        f"held back: {_told(left)}",
        f"Take it out of the file; {or_allowed(path)}",
    )


def or_allowed(path: str) -> str:
    """The other way to go on, for a hint."""
    return f"or, if it may be published: hubsync allow {_argument(path)}"


def or_pushed() -> str:
    """The other ways to go on with a large file that is in a commit, for a hint."""
    return (
        "and send it to a second remote (hubsync remote add data s3://BUCKET/FOLDER --larger-than"
        f" {_option(LIMIT)}) or to Git LFS; or, if the repository may have it for good: git push"
    )


def _told(leaks: list[Leak]) -> str:
    named = [f"{one.kind} in {one.place}" for one in leaks[:_NAMED]]
    more = len(leaks) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


def _argument(path: str) -> str:
    quoted = shlex.quote(path)
    return f"-- {quoted}" if path.startswith("-") else quoted


def _shown(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 1_000_000 else f"{size:,} B"


def _option(size: int) -> str:
    """A size as ``--larger-than`` reads it, without loss."""
    return f"{size // 1_000_000}MB" if size >= 1_000_000 and size % 1_000_000 == 0 else str(size)
