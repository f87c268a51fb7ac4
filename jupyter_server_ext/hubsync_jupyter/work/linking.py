"""Calls about a link that somebody followed: what it would do, and doing it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from hubsync.errors import NotAWorkspace, UsageError
from hubsync_jupyter.permission import is_bare
from hubsync_jupyter.work.beginning import begun
from hubsync_jupyter.work.syncing import shortened

if TYPE_CHECKING:
    from hubsync_jupyter.work.calls import Desk, Function

_LAST: Final = re.compile(r"[^/:]+\Z")


def plan(desk: Desk, url: str, server_root: str) -> object:
    """``action``: ``"pull"`` where the remote is one of a workspace that is here, else ``"clone"``;
    ``directory``: where. Raises UsageError where neither can be."""
    from hubsync import Workspace

    _refuse_secret(url)
    target = os.path.join(server_root, _directory_of(url))
    # All are looked at before one is in the way: a home that became a workspace later holds what
    # an earlier link brought.
    roots: list[str] = []
    for place in dict.fromkeys((desk.root, server_root, target)):
        try:
            with Workspace.open(place, env=desk.env) as workspace:
                if any(_same(one.url, url) for one in workspace.remotes()):
                    return {"action": "pull", "directory": workspace.root, "url": url}
                roots.append(workspace.root)
        except NotAWorkspace:
            continue
    if os.path.realpath(target) in roots:
        raise _in_the_way(target)
    if roots:
        raise UsageError(
            f"{roots[0]} is a workspace already, and is synced with something else.",
            "A workspace cannot lie inside another one. Clone it elsewhere, in a terminal:"
            " hubsync clone URL DIR.",
            "inside-workspace",
        )
    if os.path.realpath(target) == os.path.realpath(desk.root):
        # A later server would begin to send from there what is the user's own.
        raise UsageError(
            f"{target} is where this server's own workspace belongs.",
            "Clone it elsewhere, in a terminal: hubsync clone URL DIR.",
            "own-folder",
        )
    if os.path.lexists(target) and not _empty(target):
        raise _in_the_way(target)
    return {"action": "clone", "directory": target, "url": url}


def clone(desk: Desk, url: str, directory: str, branch: str | None) -> object:
    """No other remote is linked because a stranger's workspace names it."""
    from hubsync import GitChoice, Workspace

    workspace, result = Workspace.clone(
        url,
        directory,
        identity=desk.identity,
        git=GitChoice(branch=branch),
        only_this=True,
        reporter=desk.reporter,
        env=desk.env,
    )
    with workspace:
        return {**begun(workspace), "result": shortened(result)}


def pull(desk: Desk, directory: str) -> object:
    """What is new at the remotes of the workspace in ``directory``."""
    from hubsync import Workspace

    with Workspace.open(directory, env=desk.env) as workspace:
        result = workspace.pull(identity=desk.identity, reporter=desk.reporter)
        return {**begun(workspace), "result": shortened(result)}


def _refuse_secret(url: str) -> None:
    try:
        bare = is_bare(url)
    except ValueError as error:
        raise UsageError(
            "The link's remote is no URL.", "Ask whoever gave you the link.", "bad-url"
        ) from error
    if not bare:
        raise UsageError(
            "The link's remote carries more than an address.",
            "A remote in a link has no user, no password, no ? and no #."
            " Ask whoever gave you the link.",
            "secret-in-link",
        )


def _directory_of(url: str) -> str:
    """The last part of a URL, as `hubsync clone` takes it."""
    found = _LAST.search(url.rstrip("/").removesuffix(".git"))
    name = unquote(found[0]).rpartition("/")[2] if found else ""
    if name in ("", ".", "..") or name.startswith(".") or "\0" in name:
        raise UsageError(
            "The link's remote has no name that a folder could take.",
            "Ask whoever gave you the link.",
            "no-directory",
        )
    return name


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    whole = f"{scheme.lower()}{separator}{host.lower()}{slash}{path}" if separator else url
    return whole.rstrip("/").removesuffix(".git").removeprefix("git+")


def _empty(directory: str) -> bool:
    return os.path.isdir(directory) and not os.listdir(directory)


def _in_the_way(directory: str) -> UsageError:
    return UsageError(
        f"{directory} is there already, and is no workspace of that remote.",
        "Rename or move it, then follow the link again.",
        "in-the-way",
    )


CALLS: Final[dict[str, Function]] = {
    "link-plan": plan,
    "link-clone": clone,
    "link-pull": pull,
}
