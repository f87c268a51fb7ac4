"""Three-way merges of contents: bytes in, bytes out, by the type of the file (rules 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubsync.merge.notebook import merge_notebook
from hubsync.merge.text import merge_text

__all__ = ["LARGEST", "Merger", "merge_notebook", "merge_text", "merger_for"]

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
    name = path.rpartition("/")[2].lower()
    dot = name.rfind(".")
    return _BY_EXTENSION.get(name[dot:], merge_text) if dot >= 0 else merge_text
