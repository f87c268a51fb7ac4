"""Where work goes that a branch does not take: to a branch of one's own beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pygit2

from hubsync.model import Problem
from hubsync.remotes.git import objects, tips
from hubsync.remotes.git.message import HEAD, trailer
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Transport
from hubsync.remotes.git.uniting import united
from hubsync.report import Reporter

SIDE: Final = "hubsync/"
"""How the names of hubsync's own branches begin."""
_SHADOW: Final = ".shadow"
"""Ends the user's part in the names of shadow mode's branches. No user's name has a dot in it, so
that none of them is ever the side branch of refused work."""
_HERE: Final = "refs/hubsync/side"
_ASIDE: Final = "refs/hubsync/aside"
"""What this hub itself last put on a side branch."""
_REFUSED: Final = ".refused"
_TRIES: Final = 6


def side_branch(author: str, branch: str) -> str:
    """``hubsync/<user>/<branch>``, where work goes that the branch does not take; the user's name
    as a reference may hold it (git-check-ref-format(1))."""
    return f"{SIDE}{user_of(author) or 'someone'}/{branch}"


def shadow_branch(author: str, branch: str) -> str:
    """``hubsync/<user>.shadow/<branch>``, where shadow mode keeps the work on a branch."""
    return f"{SIDE}{user_of(author) or 'someone'}{_SHADOW}/{branch}"


def user_of(name: str) -> str:
    """A person's name as a part of a reference; ``""`` if nothing of it can be one."""
    return re.sub(r"[^\w-]+", "-", name).strip("-")


def as_one_part(branch: str) -> str:
    """A branch's name as one part of a reference: nothing that is called after another branch,
    ``a`` beside ``a/b``, can be in its way."""
    return branch.replace("%", "%25").replace("/", "%2F")


def user_on(branch: str) -> str:
    """Whose branch that is, if it is one of hubsync's own; else ``""``."""
    found = re.match(rf"{SIDE}([^/]+)/.", branch)
    return found[1].removesuffix(_SHADOW) if found else ""


def is_shadow(repository: Any, tip: str) -> bool:
    """Whether a branch is kept by shadow mode, by its tip: in earlier versions, under a name that a
    side branch may have."""
    return bool(tip) and bool(trailer(repository[tip].message, HEAD))


def put_aside(
    repository: Any, transport: Transport, commit: str, branch: str, reporter: Reporter
) -> tuple[str, str | None]:
    """Push ``commit`` to the side branch, united with what is there (rule 3): which one it is, and
    why not, if it is refused. A branch that shadow mode of an earlier version left is not it."""
    refused, before = None, ""
    for _ in range(_TRIES):
        heads = transport.heads()[0]
        side = branch
        if is_shadow(repository, _brought(repository, transport, side, heads)):
            side += _REFUSED
        there = _brought(repository, transport, side, heads)
        if refused is not None and there == before:
            break  # not because another hub was quicker
        own = f"{_ASIDE}/{as_one_part(side)}"
        made = _united(repository, commit, there, _named(repository, own))
        if made == there:
            return side, None
        name = f"{_HERE}/{as_one_part(side)}"
        repository.references.create(name, pygit2.Oid(hex=made), force=True)
        refused, before = transport.push(name, side, reporter), there
        if refused is None:
            repository.references.create(own, pygit2.Oid(hex=commit), force=True)
            return side, None
    return side, refused


def _brought(repository: Any, transport: Transport, branch: str, heads: Mapping[str, str]) -> str:
    there = heads.get(branch, "")
    if there and there not in repository:
        name = f"{_HERE}/{as_one_part(branch)}"
        transport.fetch(branch, name)
        return _named(repository, name)
    return there


def _named(repository: Any, reference: str) -> str:
    found = repository.references.get(reference)
    return str(found.target) if found is not None else ""


def _united(repository: Any, commit: str, there: str, own: str) -> str:
    """A commit with both in its history. ``own``: what this hub put there before, if that is in it,
    is the base: what it changed since is its word, and no conflict with itself."""
    if tips.descends(repository, commit, there):
        return commit
    ours, theirs = (objects.tree_of(repository, one) for one in (commit, there))
    base = None
    if own and tips.is_commit(repository, own) and tips.descends(repository, there, own):
        base = objects.tree_of(repository, own)
        if base.id == ours.id:
            return there
    else:
        both = repository.merge_base(pygit2.Oid(hex=commit), pygit2.Oid(hex=there))
        base = objects.tree_of(repository, str(both) if both else "")
    made = repository[commit]
    parents = [pygit2.Oid(hex=there), pygit2.Oid(hex=commit)]
    tree = united(repository, base, ours, theirs)
    return str(
        repository.create_commit(None, made.author, made.committer, made.message, tree, parents)
    )


def told(place: GitPlace, path: str, branch: str, side: str, why: str, count: int) -> Problem:
    """What a person has to know and to do about it."""
    what = path if count == 1 else f"{path} and {count - 1:,} more"
    return Problem(
        path,
        "on-side-branch",
        f"The repository does not take {what} on {branch!r} ({why}); "
        f"the work is on the branch {side!r}.",
        _hint(place, branch, side),
    )


def _hint(place: GitPlace, branch: str, side: str) -> str:
    page = _page(place)
    if not page:
        return "Ask whoever may push to that branch to merge it."
    if "gitlab" in page:
        query = f"merge_request%5Bsource_branch%5D={quote(side, safe='')}"
        return f"Open a merge request: {page}/-/merge_requests/new?{query}"
    return f"Open a pull request: {page}/compare/{branch}...{quote(side)}?expand=1"


def _page(place: GitPlace) -> str:
    """The repository's page in a browser; ``""`` where there is none."""
    if place.folder is not None:
        return ""
    parts = urlsplit(place.transport)
    if parts.scheme in ("http", "https"):
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{_repository(parts.path)}"
    if parts.scheme == "ssh":
        return f"https://{parts.hostname}{_repository(parts.path)}"
    host, _, path = place.transport.rpartition("@")[2].partition(":")
    return f"https://{host}/{_repository(path).lstrip('/')}"


def _repository(path: str) -> str:
    return path.rstrip("/").removesuffix(".git")
