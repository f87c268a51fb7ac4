"""Which mode, which branch and whose: chosen once, when a workspace is linked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from hubsync.errors import LocalError, UsageError
from hubsync.remotes.git import checkout, tips
from hubsync.remotes.git.branch import BranchMode
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.git.mode import Mode
from hubsync.remotes.git.place import BRANCH_MODE, DEFAULT_BRANCH, SHADOW_MODE, GitPlace
from hubsync.remotes.git.shadow import ShadowMode
from hubsync.remotes.git.side import user_of, user_on
from hubsync.remotes.git.whose import is_anybodys, key, remembered, said_user

_SHOWN: Final = 10


def mode_on(clone: Clone) -> Mode:
    """The mode of a place in which everything is chosen, on the branch of now."""
    place = clone.place
    here = tips.checked_out(clone.repository)
    clone = replace(clone, remote=checkout.remote_name(clone.repository, place))
    if place.mode == SHADOW_MODE:
        return ShadowMode(replace(clone, branch=here), place.user)
    return BranchMode(replace(clone, branch=place.branch or here or DEFAULT_BRANCH))


def chosen(repository: Any, place: GitPlace, heads: Mapping[str, str], default: str) -> GitPlace:
    """The place with what nobody has said found out. ``default``: the branch that the remote's HEAD
    names.

    Raises UsageError, LocalError.
    """
    born = not repository.head_is_unborn
    mode = place.mode or remembered(repository, place, "mode")
    if mode not in ("", BRANCH_MODE, SHADOW_MODE):
        raise UsageError(
            f"There is no mode {mode!r}.", "Use --mode branch or --mode shadow.", "no-such-mode"
        )
    if not mode:
        # In a repository that a person works in, nobody commits to their branch unasked.
        mode = SHADOW_MODE if born else BRANCH_MODE
    here = tips.checked_out(repository) if born else ""
    if mode == BRANCH_MODE:
        branch = place.branch or here or default or DEFAULT_BRANCH
        return _with(place, mode, branch, place.user)
    if born and place.branch and here != place.branch:
        raise LocalError(
            f"In shadow mode the branch that is checked out is synced, and that is {here!r}.",
            f"Go there with 'git switch {place.branch}', or leave out --branch.",
            "other-branch",
        )
    return _with(place, mode, place.branch or here or default, _user(repository, place, heads))


def refuse_unknown_branch(place: GitPlace, heads: Mapping[str, str]) -> None:
    """A repository that holds something is not cloned by a branch that it has not: that would be an
    empty folder. In shadow mode a branch that was never pushed is there by its side branch.

    Raises UsageError.
    """
    there = {one for one in heads if not user_on(one)}
    if place.mode == SHADOW_MODE:
        there |= {one.split("/", 2)[2] for one in heads if user_on(one)}
    if not place.branch or not heads or place.branch in there:
        return
    names = sorted(there)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise UsageError(
        f"There is no branch {place.branch!r} in the repository.",
        f"Its branches: {', '.join(names[:_SHOWN])}{more}." if names else "Leave out --branch.",
        "no-such-branch",
    )


def remember(repository: Any, place: GitPlace) -> None:
    """Note mode and user in the clone's own settings: who makes it a workspace once more, after
    .hubsync was lost, does not have to say them again."""
    for what, value in (("mode", place.mode), ("user", place.user)):
        name = key(repository, place, what)
        if value and (name not in repository.config or repository.config[name] != value):
            repository.config[name] = value


def _with(place: GitPlace, mode: str, branch: str, user: str) -> GitPlace:
    return replace(place, branch=branch, mode=mode, user=user)


def _user(repository: Any, place: GitPlace, heads: Mapping[str, str]) -> str:
    """Whose side branches are synced: the same on all hubs of one person, and another person's
    never."""
    said = said_user(repository, place)
    if said:
        return said
    user = user_of(place.author)
    found = {user_on(head) for head in heads} - {""}
    if is_anybodys(user) or (found and user not in found):
        others = f" It keeps the work of {', '.join(sorted(found))}." if found else ""
        raise UsageError(
            f"It is not known by whose name your work is to be kept in the repository.{others}",
            "Say it with --user NAME, or set your name: git config --global user.name 'NAME'.",
            "whose-shadow",
        )
    return user
