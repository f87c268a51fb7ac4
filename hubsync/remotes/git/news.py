"""What happens in a clone that nobody asked for and that is no problem, in words for its person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubsync.model import Notice

MOVED: Final = "branch-moved"
_SHORT: Final = 9
_NAMED: Final = 3


class News:
    """Collected until somebody takes them, each one once."""

    def __init__(self) -> None:
        self._found: dict[Notice, None] = {}

    def tell(self, notice: Notice) -> None:
        self._found[notice] = None

    def taken(self) -> tuple[Notice, ...]:
        """Those since they were last taken."""
        found, self._found = tuple(self._found), {}
        return found


def rewritten(branch: str, kept: str) -> Notice:
    """``kept``: the reference that has the commits that the branch had here; ``""``: none were to
    be kept."""
    message = f"The history of {branch!r} was rewritten on the remote, and the new one counts."
    if not kept:
        return Notice("remote-rewritten", message)
    return Notice(
        "remote-rewritten",
        f"{message} The commits that {branch!r} had here are kept as {kept}.",
        f"Look at them: git log {kept}. If you need them no more: git update-ref -d {kept}",
    )


def begun_again(branch: str) -> Notice:
    return Notice(
        "side-branch-anew",
        f"The branch {branch!r} was begun again on another hub. What it lacks counts as never"
        " sent, not as deleted.",
    )


def left_behind(old: str, new: str) -> Notice:
    """Work of a hub that runs an earlier version."""
    return Notice(
        "earlier-version",
        f"Another hub still sends its work to {old!r}, as earlier versions did; here it goes to"
        f" {new!r}.",
        "Update hubsync there, then sync there and here.",
    )


def moved(branch: str, before: str, commits: int) -> Notice:
    number = "1 commit" if commits == 1 else f"{commits:,} commits"
    return Notice(
        MOVED,
        f"Your branch {branch!r} moved forward by {number}, to where you left it on another hub.",
        f"See what came: git log {before[:_SHORT]}..{branch}",
    )


def stays(branch: str, there: str) -> Notice:
    return Notice(
        "branch-stays",
        f"Your branch {branch!r} stays where it is: on another hub it is at {there[:_SHORT]}, and"
        " each has commits that the other lacks.",
        f"To unite them: git merge {there[:_SHORT]}",
    )


def waits(branch: str, why: str, hint: str) -> Notice:
    return Notice(
        "branch-waits",
        f"Your branch {branch!r} is further on another hub, and does not follow yet: {why}.",
        hint,
    )


def staged_kept(reference: str) -> Notice:
    return Notice(
        "staged-kept",
        f"What was staged here, and differs from the files, is kept as {reference}.",
        f"Look at it: git show {reference}",
    )


def unlocked(path: str) -> Notice:
    return Notice("lock-removed", f"A run of hubsync that was killed had left {path}: removed.")


def made_again(folder: str) -> Notice:
    return Notice(
        "clone-made-again",
        f"{folder} was gone, and was made again from the remote.",
        "Commits that were never pushed, stashes and settings that were in it are not in the new"
        " one.",
    )


def submodules(paths: Sequence[str]) -> Notice:
    several = len(paths) > 1
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return Notice(
        "submodules",
        f"{', '.join(paths[:_NAMED])}{more} {'are submodules' if several else 'is a submodule'}:"
        f" nothing in {'them' if several else 'it'} is synced.",
        "Git brings what belongs there: git submodule update --init",
    )
