"""The `origin` of a folder that is a Git clone already, when the folder becomes a workspace."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Final
from urllib.parse import quote

from hubsync.config import DEFAULT_REMOTE
from hubsync.links import Links
from hubsync.remotes.protocol import Founds
from hubsync.remotes.urls import names_git

_KNOWN: Final = re.compile(r"(?:https?|ssh|git\+ssh)://", re.IGNORECASE)
_FILE: Final = "file://"


def origin_of(root: str) -> str:
    """The URL of the clone's `origin` as hubsync writes it; ``""`` if ``root`` is no clone, has
    none, or has one that Git reaches by other means than a folder, HTTP or SSH."""
    if not is_clone(root):
        return ""
    import pygit2

    try:
        repository = pygit2.Repository(root, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
        found = [one.url for one in repository.remotes if one.name == "origin"]
    except pygit2.GitError:  # `connect` tells what is wrong with it, if it is asked for
        return ""
    return _as_written(found[0]) if found and found[0] else ""


def remarks(links: Links, root: str, *, embedded: bool, was_clone: bool) -> tuple[str, ...]:
    """What who made the workspace may not have expected. ``embedded``: they named no place;
    ``was_clone``: Git had a repository there before."""
    there = links.remote(DEFAULT_REMOTE)
    above = _clone_above(root) if isinstance(there, Founds) and not was_clone else ""
    said: list[str] = []
    if isinstance(there, Founds) and there.founded():
        said.append(f"There was no repository at {there.founded()}: a new, empty one was made.")
    if above:
        # Whole paths: in another folder, .git would be somebody's.
        made = " ".join(shlex.quote(os.path.join(root, one)) for one in (".hubsync", ".git"))
        said.append(
            f"This folder lies inside the Git clone at {above}, and becomes a repository of its "
            f"own. To sync that clone instead: rm -rf {made}, then 'hubsync init' in the clone's"
            " own folder."
        )
    if embedded and not said and origin_of(root):  # not shown: a password may stand in it
        said.append(
            "This clone's own origin is not linked. To link it instead:"
            " rm -r .hubsync && hubsync init --mode shadow"
        )
    return tuple(said)


def is_clone(root: str) -> bool:
    """Whether Git has a repository there."""
    return os.path.lexists(os.path.join(root, ".git"))


def _clone_above(root: str) -> str:
    """The Git clone that the folder lies in; ``""`` if there is none."""
    return next(filter(is_clone, map(str, Path(root).parents)), "")


def _as_written(url: str) -> str:
    if url.startswith("/"):
        return f"git+{_FILE}{quote(url)}"
    if url.startswith(_FILE):
        return f"git+{url}"
    if names_git(url):
        return url
    return f"git+{url}" if _KNOWN.match(url) else ""
