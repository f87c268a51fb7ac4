"""Paths in conflict in the index: a merge, or `git stash pop` for one, left their sides there.

Source of the format: gitformat-index(5). The flags of an entry say its stage, and the extension
``TREE`` has a tree for the root only where no entry is unmerged: there is nothing to look for then
in the entries, which takes long in a large index.
"""

from __future__ import annotations

from typing import Final

from hubsync.remotes.git.found_out import found_out
from hubsync.remotes.git.index_file import EXTENSION, FLAGS, SHA1, TREE, found_at, index_of

_STAGE: Final = 0x30
"""In the first byte of the flags: which side of a conflict the entry is; 0 where there is none."""


def unmerged(path: str) -> tuple[bytes, ...]:
    """The paths in conflict in the index at ``path``; none in one that is left to libgit2."""
    return found_out(path, _unmerged)


def _unmerged(data: bytes) -> tuple[bytes, ...]:
    index = None if _is_one_tree(data) else index_of(data)
    if index is None:
        return ()
    begins = enumerate(index.starts[:-1])
    places = [place for place, at in begins if index.data[at + FLAGS] & _STAGE]
    return tuple(dict.fromkeys(map(index.name, places)))


def _is_one_tree(data: bytes) -> bool:
    """Whether the root of ``TREE``, which has no name, has a number of entries that is not -1. A
    path may be called so too; but from the extension to the end, all is extensions."""
    return any(
        data[at + EXTENSION.size : at + EXTENSION.size + 1] == b"\0"
        and data[at + EXTENSION.size + 1 : at + EXTENSION.size + 2].isdigit()
        and _are_extensions(data, at)
        for at in found_at(data, TREE)
    )


def _are_extensions(data: bytes, at: int) -> bool:
    while at + EXTENSION.size <= len(data) - SHA1:
        at += EXTENSION.size + EXTENSION.unpack_from(data, at)[1]
    return at == len(data) - SHA1
