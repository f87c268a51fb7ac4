"""What libgit2 raises, in the user's terms: a full disk, a lock, or else what it said."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import pygit2

from hubsync.errors import DiskFull, HubsyncError, LocalError

_Class = TypeVar("_Class", bound=type)
_FULL: Final = ("no space left", "quota exceeded")
_OBJECT: Final = re.compile(r"[0-9a-f]{40}")
_READ_ONLY: Final = ("read-only file system", "permission denied")


def in_words(cls: _Class) -> _Class:
    """A class whose public methods raise HubsyncError where libgit2 fails on this machine's disk;
    also while what they give is gone through."""
    for name, member in list(vars(cls).items()):
        if callable(member) and not name.startswith("_"):
            setattr(cls, name, _telling(member))
    return cls


def told(said: str) -> HubsyncError | None:
    """The error for what libgit2 said, if it was about this machine's disk."""
    lower = said.lower()
    if any(sign in lower for sign in _FULL):
        return DiskFull(
            f"The disk is full: {said}.",
            "Free some space (`hubsync gc` empties old trash), then run the command again.",
        )
    if any(sign in lower for sign in _READ_ONLY):
        return LocalError(
            f"The repository cannot be written: {said}.",
            "Check that its files are yours and that the disk is not read-only.",
            "repository-not-writable",
        )
    if "failed to lock" in lower:
        return LocalError(
            f"Another git command is at work: {said}.",
            "Wait until it has ended, then run the command again.",
            "repository-busy",
        )
    return None


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(*args: Any, **named: Any) -> Any:
        try:
            found = method(*args, **named)
        except (pygit2.GitError, OSError, KeyError) as error:
            raise _meant(error) from error
        return _each(found) if isinstance(found, Iterator) else found

    return called


def _each(items: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from items
    except (pygit2.GitError, OSError, KeyError) as error:
        raise _meant(error) from error


def _meant(error: Exception) -> Exception:
    if isinstance(error, KeyError):
        # So libgit2's library for Python tells of an object that is not there.
        missing = _OBJECT.fullmatch(str(error.args[0])) if error.args else None
        return error if missing is None else _without(missing[0])
    return told(str(error)) or LocalError(
        f"Git says: {error}.",
        "Check the repository with 'git fsck'; 'hubsync doctor' checks the rest.",
        "git-failed",
    )


def _without(name: str) -> HubsyncError:
    return LocalError(
        f"An object is missing from the repository: {name}.",
        "'git fsck' tells what else is. If nothing in .git is only there, remove .git: the next"
        " sync makes it anew, and the files stay.",
        "git-failed",
    )
