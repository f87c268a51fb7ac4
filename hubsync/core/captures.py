"""Names of the files in which nested repositories travel; for people they are the repositories."""

from __future__ import annotations

import re
from typing import Final

from hubsync.model import NESTED_DIR

_FILE: Final = re.compile(
    rf"{re.escape(NESTED_DIR)}/(.+)/[0-9a-f]{{32}}(?:\.conflict-[0-9a-f]+)?\.bundle", re.S
)


def repository_of(path: str) -> str:
    """The repository that a capture at ``path`` is of; ``""`` if it is no capture."""
    found = _FILE.fullmatch(path)
    return found[1] if found else ""
