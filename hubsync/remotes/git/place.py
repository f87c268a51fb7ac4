"""Where a Git remote is, in libgit2's words, and under which name."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

DEFAULT_BRANCH: Final = "main"
BRANCH_MODE: Final = "branch"
"""What is synced becomes commits on the branch that is checked out."""
SHADOW_MODE: Final = "shadow"
"""What is synced becomes commits on a branch beside it; the one that is checked out is a person's
alone."""
_FILE: Final = "git+file://"


class GitPlace(Struct, frozen=True):
    """A repository and one branch of it. ``branch`` empty: the one that is checked out, or else the
    one that the remote's HEAD names. ``mode`` empty: nobody has chosen. ``user`` empty: found out
    when it is needed, at last from ``author``, the name that syncs are made under.
    ``upstream``: the URL of what it is a fork of; empty: it is none."""

    url: str
    branch: str = ""
    mode: str = ""
    user: str = ""
    author: str = ""
    upstream: str = ""

    @property
    def transport(self) -> str:
        """The URL as libgit2 takes it: a path for a folder of this machine."""
        if self.url.startswith(_FILE):
            return unquote(self.url.removeprefix(_FILE))
        return self.url.removeprefix("git+")

    @property
    def folder(self) -> str | None:
        """The repository's folder, if it lies on this machine."""
        return self.transport if self.url.startswith(_FILE) else None

    @property
    def host(self) -> str:
        """Who is asked for it, for messages and credentials; ``""`` for a folder."""
        found = re.match(r"(?:[a-z]+://)?(?:[^@/]*@)?([^:/]+)", self.transport)
        return found[1] if found and self.folder is None else ""
