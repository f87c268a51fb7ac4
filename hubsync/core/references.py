"""Names of references, as Git takes them: git-check-ref-format(1)."""

from __future__ import annotations

import re
from typing import Final

_REFERENCE: Final = re.compile(
    r"(?!-|\.|/|@$)(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)|[/.]$))[^\x00-\x20\x7f~^:?*\[\\]+", re.S
)
_LONGEST: Final = 500


def is_reference(name: str) -> bool:
    """Whether Git would take the name."""
    return len(name) < _LONGEST and _REFERENCE.fullmatch(name) is not None


def is_branch(name: str) -> bool:
    """Whether a branch may have that name, without ``refs/heads/``. ``HEAD`` may not, nor what is
    the full name of a reference: Git would take the one for the other."""
    return name != "HEAD" and not name.startswith("refs/") and is_reference(name)
