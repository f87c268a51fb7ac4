"""How a workspace begins: a directory linked to a remote, and written down once that answered."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from hubsync import config
from hubsync.config import DEFAULT_REMOTE, RemoteSettings, Settings
from hubsync.errors import NotAWorkspace, UsageError
from hubsync.links import Links
from hubsync.local.layout import Layout, find_root, is_vacant, make_directories, remove_directories
from hubsync.remotes.urls import names_git


def link(
    root: str,
    remote: RemoteSettings,
    env: Mapping[str, str],
    clock: Callable[[], int],
    *,
    create: bool,
) -> Links:
    """Make ``root`` a workspace. ``create``: a mirror may begin at the remote.

    Raises UsageError, RemoteUnavailable, RemoteFormatError; then nothing has changed.
    """
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
    layout = Layout(root)
    links = Links(layout, Settings((remote,)), env, clock)
    existed = os.path.isdir(layout.metadata)
    layout.create()
    try:
        identity = links.remote(DEFAULT_REMOTE).connect(create=create)
    except BaseException:
        links.close()
        if not existed:
            layout.remove()
        raise
    links.settings = links.settings.with_remote(settled(remote, identity))
    config.save(layout.config, links.settings)
    return links


def settled(remote: RemoteSettings, identity: str) -> RemoteSettings:
    """A Git remote with the branch that was chosen when it was linked: what is checked out later,
    or what the remote calls its default, makes no other branch of it."""
    if not names_git(remote.url):
        return remote
    branch = remote.branch or identity.rpartition("#")[2]
    return replace(remote, branch=branch, mode=remote.mode or "branch")


def prepare_clone(
    directory: str, remote: RemoteSettings, env: Mapping[str, str], clock: Callable[[], int]
) -> Links:
    """A workspace in ``directory``, which is absent or empty, or where the same clone was begun and
    did not come to its end. Raises as `link` does."""
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise _not_empty(directory)
    if os.path.isfile(Layout(directory).config):
        links = find(directory, env, clock)
        begun = [_place(one) for one in links.settings.remote[:1]] == [_place(remote)]
        if not begun or links.ever_synced():
            links.close()
            raise _not_empty(directory)
        return links
    if not is_vacant(directory):
        raise _not_empty(directory)
    made = make_directories(directory)
    try:
        return link(directory, remote, env, clock, create=False)
    except BaseException:
        remove_directories(made)
        raise


def _place(remote: RemoteSettings) -> RemoteSettings:
    return replace(remote, branch=None, mode=None)


def find(start: str, env: Mapping[str, str], clock: Callable[[], int]) -> Links:
    """The workspace that holds ``start``, found upwards. Raises NotAWorkspace, ConfigError."""
    root = find_root(os.path.realpath(start))
    if root is None:
        raise NotAWorkspace(
            f"{os.path.abspath(start)} is not in a hubsync workspace.",
            "Run 'hubsync init' in the directory you want to keep in sync.",
        )
    layout = Layout(root)
    return Links(layout, config.load(layout.config), env, clock)


def _not_empty(directory: str) -> UsageError:
    return UsageError(
        f"{directory} exists and is {'not empty' if os.path.isdir(directory) else 'no folder'}.",
        "Clone into a new folder; or run 'hubsync init URL' there, which unites both sides.",
        "not-empty",
    )
