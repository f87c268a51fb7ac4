"""Where work goes that a branch does not take: to a branch of one's own beside it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

import pygit2

from hubsync.model import Problem
from hubsync.remotes.git import checkout, objects
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Transport
from hubsync.report import Reporter

_HERE = "refs/hubsync/side"


def side_branch(author: str, branch: str) -> str:
    """``hubsync/<user>/<branch>``; the user's name as a reference may hold it
    (git-check-ref-format(1))."""
    user = re.sub(r"[^\w-]+", "-", author).strip("-") or "someone"
    return f"hubsync/{user}/{branch}"


def put_aside(
    repository: Any, transport: Transport, commit: str, branch: str, reporter: Reporter
) -> str | None:
    """Push ``commit`` to the side branch, on top of what is there; why not, if it is refused."""
    there = transport.heads()[0].get(branch, "")
    name = f"{_HERE}/{branch}"
    if there:
        if there not in repository:
            transport.fetch(branch, name)
        if objects.tree_of(repository, there).id == objects.tree_of(repository, commit).id:
            return None
        commit = _on_top(repository, commit, there)
    repository.references.create(name, pygit2.Oid(hex=commit), force=True)
    return transport.push(name, branch, reporter)


def _on_top(repository: Any, commit: str, there: str) -> str:
    """The same content, with what is on the side branch in its history: nothing is forced."""
    if checkout.descends(repository, commit, there):
        return commit
    made = repository[commit]
    parents = [pygit2.Oid(hex=there), *made.parent_ids]
    return str(
        repository.create_commit(
            None, made.author, made.committer, made.message, made.tree_id, parents
        )
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
