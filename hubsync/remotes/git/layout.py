"""Where the files of a repository lie (gitrepository-layout(5))."""

from __future__ import annotations

import os
from typing import Any


def common_folder(repository: Any) -> str:
    """The ``.git`` that a worktree of ``git worktree add`` shares with its repository; else the
    repository's own."""
    own: str = repository.path
    try:
        with open(os.path.join(own, "commondir"), encoding="utf-8") as file:
            return os.path.join(own, file.read().rstrip("\n"))
    except FileNotFoundError:
        return own
