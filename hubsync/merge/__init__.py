"""Three-way merges of contents: bytes in, bytes out, by the type of the file (rules 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubsync.merge.notebook import merge_notebook
from hubsync.merge.rules import merge_rules
from hubsync.merge.text import merge_text
from hubsync.model import GIT_IGNORE_FILE, IGNORE_FILE

__all__ = ["LARGEST", "Merger", "merge_notebook", "merge_text", "merger_for", "needs_base"]

Merger = Callable[[bytes, bytes, bytes], bytes | None]
"""Base, local, remote -> the merged content, or None where both have to be kept."""

LARGEST: Final = 16 * 1024 * 1024
"""Files above this size, in bytes, are kept twice: a merge holds all three versions in memory."""

# A notebook that was merged by lines may be valid JSON no more, or a notebook no more (rule 4).
_BY_EXTENSION: Final[dict[str, Merger]] = {".ipynb": merge_notebook}


def merger_for(path: str, size: int) -> Merger | None:
    """What merges the file ``path``, whose largest version has ``size`` bytes; None: nothing.

    A file of no known type is tried as text, and `merge_text` refuses what is none.
    """
    if size > LARGEST:
        return None
    if not needs_base(path):
        return merge_rules
    name = path.rpartition("/")[2].lower()
    dot = name.rfind(".")
    return _BY_EXTENSION.get(name[dot:], merge_text) if dot >= 0 else merge_text


def needs_base(path: str) -> bool:
    """Whether two contents of the file ``path`` can only be merged by what they were before."""
    return path.rpartition("/")[2] not in (IGNORE_FILE, GIT_IGNORE_FILE)
