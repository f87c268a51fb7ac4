"""How a workspace begins: a directory linked to a remote, and written down once that answered."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from hubsync import config, services
from hubsync.config import DEFAULT_REMOTE, RemoteSettings, Settings
from hubsync.errors import UsageError
from hubsync.links import Links
from hubsync.local.layout import (
    Layout,
    find_root,
    is_vacant,
    make_directories,
    remove_directories,
    workspace_root,
)
from hubsync.local.repositories import keeps_git


def link(
    root: str,
    remote: RemoteSettings,
    env: Mapping[str, str],
    clock: Callable[[], int],
    *,
    author: str = "",
    create: bool,
) -> Links:
    """Make ``root`` a workspace. ``create``: a mirror may begin at the remote; ``author``: who does
    it.

    Raises UsageError, RemoteUnavailable, RemoteFormatError; then nothing has changed.
    """
    refuse_workspace(root)
    layout = Layout(root)
    links = Links(layout, Settings((remote,)), env, clock, author)
    existed = os.path.isdir(layout.metadata)
    layout.create()
    try:
        links.remote(DEFAULT_REMOTE).connect(create=create)
    except BaseException:
        links.close()
        if not existed:
            layout.remove()
        raise
    links.settings = links.settings.with_remote(links.settled(remote))
    config.save(layout.config, links.settings)
    return links


def refuse_workspace(root: str) -> None:
    """Raises UsageError where no workspace can begin."""
    above = find_root(root)
    if above is not None:
        there = "here" if above == root else f"at {above}"
        raise UsageError(
            f"There is a workspace {there} already.",
            "Use 'hubsync remote' to change what it is linked to.",
            "already-a-workspace",
        )
    if not os.path.isdir(root):
        raise UsageError(f"{root} is not a directory.", "Create it first.", "no-such-directory")
    inside = next((one for one in (root, *map(str, Path(root).parents)) if keeps_git(one)), None)
    if inside is not None:
        raise UsageError(
            f"{inside} is what Git keeps a repository in, not a directory of work.",
            "Sync a clone of it: hubsync clone, or 'hubsync init' in its working directory.",
            "inside-git",
        )


def prepare_clone(
    directory: str,
    remote: RemoteSettings,
    env: Mapping[str, str],
    clock: Callable[[], int],
    *,
    author: str = "",
    only_this: bool,
) -> Links:
    """A workspace in ``directory``, which is absent or empty, or where the same clone was begun and
    did not come to its end. ``only_this``: without the other remotes that it names.

    Raises as `link` does.
    """
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise _not_empty(directory)
    if os.path.isfile(Layout(directory).config):
        links = find(directory, env, clock)
        begun = [_place(one) for one in links.settings.remote[:1]] == [_place(remote)]
        if not begun or (links.ever_synced() and not services.cloning.is_under_way(links.layout)):
            links.close()
            raise _not_empty(directory)
        if not links.ever_synced():
            services.cloning.begin(links.layout, only_this=only_this)
        return links
    if not is_vacant(directory):
        raise _not_empty(directory)
    made = make_directories(directory)
    try:
        links = link(directory, remote, env, clock, author=author, create=False)
    except BaseException:
        remove_directories(made)
        raise
    services.cloning.begin(links.layout, only_this=only_this)
    return links


def _place(remote: RemoteSettings) -> RemoteSettings:
    return replace(remote, branch=None, mode=None, user=None)


def find(start: str, env: Mapping[str, str], clock: Callable[[], int]) -> Links:
    """The workspace that holds ``start``, found upwards. Raises NotAWorkspace, ConfigError."""
    layout = Layout(workspace_root(start))
    return Links(layout, config.load(layout.config), env, clock)


def _not_empty(directory: str) -> UsageError:
    return UsageError(
        f"{directory} exists and is {'not empty' if os.path.isdir(directory) else 'no folder'}.",
        "Clone into a new folder; or run 'hubsync init URL' there, which unites both sides.",
        "not-empty",
    )
