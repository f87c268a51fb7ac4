"""The stand-in for a remote that cannot be opened on this machine."""

from __future__ import annotations

from typing import NoReturn, cast

from hubsync.errors import HubsyncError
from hubsync.remotes.protocol import Remote


class _Unopened:
    def __init__(self, why: HubsyncError) -> None:
        self._why = why

    def __getattr__(self, _: str) -> NoReturn:
        raise self._why


def unopened(why: HubsyncError) -> Remote:
    """A remote that answers everything with ``why``."""
    return cast(Remote, _Unopened(why))
