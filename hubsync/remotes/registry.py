"""The one place that decides which remote a URL names."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from hubsync.errors import ConfigError
from hubsync.remotes.protocol import Remote

_FORGES: Final = frozenset(
    {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitea.com", "git.sr.ht"}
)
_SCP_LIKE: Final = re.compile(r"[\w.-]+@(?P<host>[\w.-]+):(?!//)")


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


def names_git(url: str) -> bool:
    """Whether the URL names a Git repository: ``git+…`` always does; ``https``, ``ssh`` and
    ``user@host:path`` do if they end in ``.git`` or the host is a known forge."""
    scp = _SCP_LIKE.match(url)
    if scp is not None and "://" not in url:
        return True
    parts = urlsplit(url)
    if parts.scheme.startswith("git+"):
        return True
    if parts.scheme not in ("http", "https", "ssh"):
        return False
    host = (parts.hostname or "").removeprefix("www.")
    return parts.path.rstrip("/").endswith(".git") or host in _FORGES or parts.scheme == "ssh"
