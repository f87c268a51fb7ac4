"""What the façade offers beside syncing: status, history, conflicts, check-ups.

Each module is imported when it is first used: a command needs one or two of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubsync.services import beginning as beginning
    from hubsync.services import captures as captures
    from hubsync.services import checkup as checkup
    from hubsync.services import cloning as cloning
    from hubsync.services import conflicts as conflicts
    from hubsync.services import embedded as embedded
    from hubsync.services import history as history
    from hubsync.services import ignoring as ignoring
    from hubsync.services import keepers as keepers
    from hubsync.services import linking as linking
    from hubsync.services import looking as looking
    from hubsync.services import nesting as nesting
    from hubsync.services import origins as origins
    from hubsync.services import overview as overview
    from hubsync.services import restoring as restoring
    from hubsync.services import rewinding as rewinding
    from hubsync.services import sharing as sharing
    from hubsync.services import surveying as surveying
    from hubsync.services import upkeep as upkeep


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
