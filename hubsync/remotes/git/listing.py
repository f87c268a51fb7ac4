"""Every path of a tree, read as Git stores it: an object for each entry costs ten times as much.

A tree object is a sequence of ``<mode in octal> SP <name> NUL <20 bytes>`` (git's
Documentation/gitformat-pack and builtin/mktree; the modes are those of gitformat-index(5)).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, Final

import pygit2

from hubsync.errors import RemoteFormatError

_ENTRY: Final = re.compile(rb"([0-7]{5,6}) ([^\0]+)\0(.{20})", re.DOTALL)
TREE: Final = 0o040000
_NOTHING: Final = (0, b"")


Found = tuple[str, bytes, int]
"""Path, raw name and mode of something that is no directory."""


def listed(repository: Any, tree: Any) -> Iterator[Found]:
    """Everything in ``tree``, in no order.

    Raises RemoteFormatError for a tree that Git would not have made."""
    for prefix, data in _trees(repository, tree):
        for mode, name, raw in entries(data):
            if mode != TREE:
                yield prefix + os.fsdecode(name), raw, mode


def differences(repository: Any, before: Any, after: Any) -> Iterator[Found]:
    """What is not in ``after`` (None: an empty tree) as it is in ``before``, with what is there now
    (mode 0: nothing), in no order. Directories that are the same are not read."""
    pending = [("", before.read_raw(), after.read_raw() if after is not None else b"")]
    while pending:
        prefix, one, other = pending.pop()
        if one == other:
            continue
        was = {name: (mode, raw) for mode, name, raw in entries(one)}
        now = {name: (mode, raw) for mode, name, raw in entries(other)}
        for name in was.keys() | now.keys():
            old, new = was.get(name, _NOTHING), now.get(name, _NOTHING)
            if old == new:
                continue
            path = prefix + os.fsdecode(name)
            if TREE in (old[0], new[0]):
                folders = [
                    read_tree(repository, raw) if mode == TREE else b"" for mode, raw in (old, new)
                ]
                pending.append((f"{path}/", folders[0], folders[1]))
            if new[0] not in (0, TREE):
                yield path, new[1], new[0]
            elif old[0] not in (0, TREE):
                yield path, b"", 0


def _trees(repository: Any, tree: Any) -> Iterator[tuple[str, bytes]]:
    """The tree and all below it: what stands before a name in it, and its bytes."""
    pending: list[tuple[str, bytes]] = [("", tree.read_raw())]
    while pending:
        prefix, data = pending.pop()
        yield prefix, data
        for mode, name, raw in entries(data):
            if mode == TREE:
                pending.append((f"{prefix}{os.fsdecode(name)}/", read_tree(repository, raw)))


def read_tree(repository: Any, raw: bytes) -> bytes:
    """A tree's bytes by its raw name. Raises KeyError if it is not there."""
    _, data = repository.odb.read(pygit2.Oid(raw=raw))
    return bytes(data)


def entries(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """Mode, name and raw object name of what is in a tree itself. Raises RemoteFormatError."""
    found = _ENTRY.findall(data)
    # Each match begins where the last one ended, or something between them was no entry.
    if sum(len(mode) + len(name) + 22 for mode, name, _ in found) != len(data):
        raise RemoteFormatError("A directory in the Git repository is damaged.", "Run 'git fsck'.")
    return [(int(mode, 8), name, raw) for mode, name, raw in found]
