"""Keep a working directory in two-way sync with storage that you own.

The names below are the whole public interface; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubsync.credentials.logins import Logins
    from hubsync.errors import HubsyncError
    from hubsync.model import Identity, Problem
    from hubsync.report import Reporter, Silent
    from hubsync.workspace import SyncRequest, Workspace

__version__ = "0.1.0"

_HOME = {
    "HubsyncError": "hubsync.errors",
    "Identity": "hubsync.model",
    "Logins": "hubsync.credentials.logins",
    "Problem": "hubsync.model",
    "Reporter": "hubsync.report",
    "Silent": "hubsync.report",
    "SyncRequest": "hubsync.workspace",
    "Workspace": "hubsync.workspace",
}

__all__ = [
    "HubsyncError",
    "Identity",
    "Logins",
    "Problem",
    "Reporter",
    "Silent",
    "SyncRequest",
    "Workspace",
    "__version__",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
