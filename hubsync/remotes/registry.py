"""The one place that decides which remote a URL names."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from hubsync.errors import ConfigError
from hubsync.remotes.protocol import Remote
from hubsync.remotes.urls import names_git

__all__ = ["names_git", "open_remote", "served_by"]


def open_remote(
    url: str,
    options: Mapping[str, str],
    *,
    scratch: str,
    env: Mapping[str, str],
    owner: str,
    clock: Callable[[], int],
) -> Remote:
    """The remote that ``url`` names; contacts nobody. Raises ConfigError.

    ``scratch``: a private directory for this remote's own state; ``env``: the environment, for the
    standard variables of each cloud; ``owner``: who holds locks; ``clock``: ns since the epoch.
    """
    if names_git(url):
        raise ConfigError(
            "Git remotes cannot be used yet.",
            "Use a bucket or a folder: s3://bucket/prefix, gs://…, az://…, file:///folder.",
            "git-not-supported-yet",
        )
    from hubsync.remotes.mirror import MirrorRemote
    from hubsync.stores.counting import CountingStore
    from hubsync.stores.registry import open_store

    store = CountingStore(open_store(url, options, env))
    return MirrorRemote(store, scratch, owner=owner, clock=clock, rng=random.SystemRandom())


def served_by(url: str, options: Mapping[str, str]) -> str:
    """Which library serves the place, and why; contacts nobody. Raises ConfigError."""
    from hubsync.stores.registry import choose

    return choose(url, options)[1]
