"""Keep a working directory in two-way sync with storage that you own.

The names below are the whole public interface; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubsync.credentials.logins import Logins
    from hubsync.errors import HubsyncError
    from hubsync.model import Identity, Notice, Problem
    from hubsync.report import Reporter, Silent
    from hubsync.requests import GitChoice, SyncRequest
    from hubsync.services.merging import conflict_copy_paths, merge_contents
    from hubsync.session.agenda import Pace
    from hubsync.session.loop import Session
    from hubsync.session.status import SessionStatus
    from hubsync.workspace import Workspace

__version__ = "0.1.0"

_HOME = {
    "GitChoice": "hubsync.requests",
    "HubsyncError": "hubsync.errors",
    "Identity": "hubsync.model",
    "Logins": "hubsync.credentials.logins",
    "Notice": "hubsync.model",
    "Pace": "hubsync.session.agenda",
    "Problem": "hubsync.model",
    "Reporter": "hubsync.report",
    "Session": "hubsync.session.loop",
    "SessionStatus": "hubsync.session.status",
    "Silent": "hubsync.report",
    "SyncRequest": "hubsync.requests",
    "Workspace": "hubsync.workspace",
    "conflict_copy_paths": "hubsync.services.merging",
    "merge_contents": "hubsync.services.merging",
}

__all__ = [
    "GitChoice",
    "HubsyncError",
    "Identity",
    "Logins",
    "Notice",
    "Pace",
    "Problem",
    "Reporter",
    "Session",
    "SessionStatus",
    "Silent",
    "SyncRequest",
    "Workspace",
    "__version__",
    "conflict_copy_paths",
    "merge_contents",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
