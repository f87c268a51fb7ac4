"""The one place that decides which remote a URL names."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from hubsync.errors import ConfigError
from hubsync.remotes.protocol import Remote, Witness
from hubsync.remotes.urls import names_git

if TYPE_CHECKING:
    from hubsync.remotes.git.place import GitPlace

__all__ = ["Git", "Home", "git_witness", "names_git", "open_remote", "served_by"]


class Home(Struct, frozen=True):
    """What a remote may know of the workspace. ``root``: its folder, which Git makes a clone;
    ``scratch``: a private folder for this remote's own state; ``owner``: who holds locks."""

    root: str
    scratch: str
    owner: str


class Git(Struct, frozen=True):
    """How a Git repository is used; empty where nobody has said it. ``user``: whose side branches;
    ``author``: who syncs."""

    branch: str = ""
    mode: str = ""
    user: str = ""
    author: str = ""
    upstream: str = ""


NO_CHOICE: Final = Git()


def open_remote(
    url: str,
    options: Mapping[str, str],
    home: Home,
    *,
    env: Mapping[str, str],
    clock: Callable[[], int],
    pause: Callable[[int], None],
    git: Git = NO_CHOICE,
) -> Remote:
    """The remote that ``url`` names; contacts nobody. Raises ConfigError.

    ``env``: the environment, for the standard variables of each cloud; ``clock``: ns since the
    epoch; ``pause``: sleeps before the given retry.
    """
    if names_git(url):
        return _open_git(url, git, home, env, pause)
    from hubsync.remotes.mirror import MirrorRemote
    from hubsync.stores.counting import CountingStore
    from hubsync.stores.registry import open_store

    store = CountingStore(open_store(url, options, env))
    rng = random.SystemRandom()
    return MirrorRemote(store, home.scratch, owner=home.owner, clock=clock, rng=rng)


def _open_git(
    url: str, git: Git, home: Home, env: Mapping[str, str], pause: Callable[[int], None]
) -> Remote:
    try:
        from hubsync.remotes.git.later import Later
        from hubsync.remotes.git.remote import GitRemote
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Git repositories need the package {error.name}.",
            "Install it: pip install 'hubsync[git]'.",
            "missing-package",
        ) from error
    place = _git_place(url, git)
    return GitRemote(place, home.root, credentials=Later(place.host, env), pause=pause)


def git_witness(url: str, home: Home, *, env: Mapping[str, str], git: Git) -> Witness | None:
    """Who can tell that nothing happened at a Git repository; None where only a look at everything
    tells. Contacts nobody."""
    if git.mode != "branch":
        return None
    try:
        from hubsync.remotes.git.later import Later
        from hubsync.remotes.git.witness import GitWitness
    except ModuleNotFoundError:
        return None  # whoever opens the remote is told
    place = _git_place(url, git)
    return GitWitness(place, home.root, credentials=Later(place.host, env))


def _git_place(url: str, git: Git) -> GitPlace:
    from hubsync.remotes.git.place import GitPlace

    return GitPlace(url, git.branch, git.mode, git.user, git.author, git.upstream)


def served_by(url: str, options: Mapping[str, str]) -> str:
    """Which library serves the place, and why; contacts nobody. Raises ConfigError."""
    if names_git(url):
        return "pygit2: it is a Git repository"
    from hubsync.stores.registry import choose

    return choose(url, options)[1]
