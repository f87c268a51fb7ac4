"""A repository opened to push from, so that it takes neither long nor much memory.

libgit2 compares every object with ten others before it sends them, in one thread, and holds all of
these meanwhile. Large files have little in common with others; and where many files are all new,
that takes twice as long as all the rest. What it is told is the lowest of the levels of
git-config(1): whoever set ``pack.windowMemory`` has it as they want it.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import Any, Final

import pygit2
from pygit2.enums import ConfigLevel

_SETTINGS: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "push_settings")
_one_at_a_time: Final = Lock()


def opened_to_push(path: str, *, many: bool) -> Any:
    """The repository at ``path``; others that this process opens are not concerned. ``many``: there
    are many new files to send, among which no deltas are looked for."""
    paths = pygit2.settings.search_path
    with _one_at_a_time:
        before = paths[ConfigLevel.PROGRAMDATA]
        paths[ConfigLevel.PROGRAMDATA] = os.path.join(_SETTINGS, "many" if many else "usual")
        try:
            repository = pygit2.Repository(path, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
            _ = repository.config  # is read now
        finally:
            paths[ConfigLevel.PROGRAMDATA] = before
    return repository
