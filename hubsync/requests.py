"""What the façade's calls take: frozen values of what somebody asked for."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import force_setattr

from hubsync.model import as_text


class SyncRequest(Struct, frozen=True):
    """How to sync.

    ``confirm_deletes`` passes rule 9's stop; ``checksum`` reads every file instead of trusting the
    stat cache; ``message`` goes to the history.
    """

    message: str = ""
    dry_run: bool = False
    confirm_deletes: bool = False
    checksum: bool = False

    def __post_init__(self) -> None:
        force_setattr(self, "message", as_text(self.message))


class GitChoice(Struct, frozen=True):
    """How a Git repository is used; None where that is found out when it is linked.

    ``mode``: ``"branch"``, or ``"shadow"``, the default in a clone with commits. ``branch``: the
    one that is synced. ``user``: whose branches shadow mode syncs, by default the name in Git's
    settings, or else the one that syncs are made under.
    """

    mode: str | None = None
    branch: str | None = None
    user: str | None = None


NO_CHOICE = GitChoice()
