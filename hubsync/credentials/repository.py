"""A repository at a GitHub: what URLs of it look like, and its pages.

Source: docs.github.com, "Using query parameters to create a pull request", "Comparing commits".
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from msgspec import Struct

from hubsync.credentials.login import github_url

FULL_NAME: Final = re.compile(r"([A-Za-z0-9][\w-]*)/([\w.-]+)", re.ASCII)
_SCP_LIKE: Final = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)")


class Repository(Struct, frozen=True):
    """``owner/name`` at a GitHub."""

    host: str
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def page(self) -> str:
        return f"{github_url(self.host)}/{self.full_name}"


def repository_of(url: str) -> Repository | None:
    """The repository that the URL of a Git remote may name at a GitHub; None: it cannot."""
    plain = url.removeprefix("git+")
    scp = _SCP_LIKE.fullmatch(plain) if "://" not in plain else None
    if scp is not None:
        host, path = scp[1], scp[2]
    else:
        parts = urlsplit(plain)
        if parts.scheme not in ("http", "https", "ssh"):
            return None
        netloc = parts.netloc.rpartition("@")[2]
        host, path = (parts.hostname or "") if parts.scheme == "ssh" else netloc, parts.path
    found = FULL_NAME.fullmatch(path.strip("/").removesuffix(".git"))
    if found is None or not host or found[2] in (".", ".."):
        return None
    host = "github.com" if host in ("ssh.github.com", "www.github.com") else host.lower()
    return Repository(host, found[1], found[2])


def url_of(fork: Repository, url: str, of: Repository) -> str:
    """The fork's URL, spelled like ``url``, that of the repository ``of``."""
    head, _, tail = url.rpartition(of.full_name)
    return f"{head}{fork.full_name}{tail}"


def pull_request(fork: Repository, of: Repository, branch: str, head: str = "") -> str:
    """The page on which a person proposes what is on the fork's branch; ``head``: where that has
    another name there."""
    named = [fork.owner, fork.name, head or branch]
    if fork.name == of.name:
        del named[1]
    theirs, mine = quote(branch), ":".join(quote(part) for part in named)
    return f"{of.page}/compare/{theirs}...{mine}?expand=1"
