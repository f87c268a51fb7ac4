"""What is said to somebody whom a Git host does not know, or who may read and not write there."""

from __future__ import annotations

import re
from typing import Final

from hubsync.credentials.login import GITHUB, login_command, site_of
from hubsync.credentials.repository import repository_of
from hubsync.errors import AccessDenied, HubsyncError
from hubsync.remotes.git.place import GitPlace

_NO_RIGHT: Final = re.compile(r"status code: 403\b|permission to \S+ denied", re.IGNORECASE)
_OTHER_FORGES: Final = ("gitlab", "bitbucket", "codeberg", "gitea", "sr.ht")


def without_right(place: GitPlace, failed: HubsyncError, said: str) -> HubsyncError:
    """The error of a push: who is known and may not write is told so, and what can be done.
    ``said`` is libgit2's."""
    if _NO_RIGHT.search(said) is None:
        return failed
    return AccessDenied(f"You may not push to {place.url}.", fork_hint(place), "no-right-to-push")


def fork_hint(place: GitPlace) -> str:
    """The next step for somebody who may push to no branch."""
    other = "Ask for the right to push, or sync with a repository of your own"
    there = repository_of(place.url)
    if there is None or place.upstream or any(one in there.host for one in _OTHER_FORGES):
        return f"{other}."
    if there.host == "github.com" or there.host.endswith(".ghe.com"):
        return f"Work on a fork of your own: hubsync sync --fork. Or: {other.lower()}."
    return f"{other}. If {there.host} is a GitHub, work on a fork: hubsync sync --fork"


def login_hint(place: GitPlace) -> str:
    """The next step for somebody whose credentials a host does not take, or who has none."""
    site = site_of(place.transport)
    if site.protocol == "ssh":
        return f"Add your key to ssh-agent, and its public half to your account at {site.name}."
    if site.host == GITHUB:
        return f"Run '{login_command(site.host)}', or set GITHUB_TOKEN."
    store = "store a token for it in ~/.git-credentials or a credential helper of Git"
    if any(one in site.host for one in _OTHER_FORGES):
        return f"{store[0].upper()}{store[1:]}."
    return f"If it is a GitHub: {login_command(site.host)}. Else {store}."
