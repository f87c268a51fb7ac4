"""Where a Git remote is, in libgit2's words, and under which name."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

DEFAULT_BRANCH: Final = "main"
BRANCH_MODE: Final = "branch"
"""What is synced becomes commits on the branch that is checked out."""
_FILE: Final = "git+file://"


class GitPlace(Struct, frozen=True):
    """A repository and one branch of it. ``branch`` empty: the one that is checked out, or else the
    one that the remote's HEAD names. ``mode`` empty: nobody has chosen."""

    url: str
    branch: str = ""
    mode: str = ""

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
