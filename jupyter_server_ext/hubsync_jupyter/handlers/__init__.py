"""The routes under ``hubsync/``, one module for each theme."""

from __future__ import annotations

import re
from typing import Any, Final

from hubsync_jupyter.handlers import (
    conflicts,
    history,
    linking,
    logins,
    remotes,
    rules,
    setup,
    status,
    syncing,
)
from hubsync_jupyter.handlers.base import Missing

_THEMES: Final = (status, syncing, history, conflicts, rules, remotes, setup, logins, linking)
ROUTES: Final[tuple[tuple[str, type[Any]], ...]] = tuple(
    one for theme in _THEMES for one in theme.ROUTES
)
"""Pattern of what follows ``hubsync/``, and who answers."""
_COMPILED: Final = tuple((re.compile(pattern), handler) for pattern, handler in ROUTES)


def find(path: str) -> tuple[type[Any], tuple[str, ...]]:
    """Who answers for what follows ``hubsync/``, and the names in it."""
    for pattern, handler in _COMPILED:
        found = pattern.fullmatch(path)
        if found is not None:
            return handler, found.groups()
    return Missing, ()
