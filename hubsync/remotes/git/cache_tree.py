"""Which tree the entries of an index make: its extension ``TREE``, see gitformat-index(5).

Each directory stands with the number of entries below it (-1: not known any more), its name, and
its tree object. Where the root is known, the index is that tree and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from hubsync.remotes.git.listing import TREE, entries

_NODE: Final = re.compile(rb"([^\0]*)\0(-?\d+) (\d+)\n")
_SHA1: Final = 20


class Node(Struct, frozen=True):
    """One directory. ``number``: of entries in and below it; ``tree``: its object's raw name, empty
    if it is not known."""

    number: int
    tree: bytes
    below: Mapping[bytes, Node]

    def written(self, name: bytes = b"") -> bytes:
        """As the extension has it: shorter names come first."""
        parts = [b"%s\0%d %d\n" % (name, self.number, len(self.below)), self.tree]
        for one in sorted(self.below, key=lambda one: (len(one), one)):
            parts.append(self.below[one].written(one))
        return b"".join(parts)


def parsed(data: bytes) -> Node | None:
    """The root; None if the extension is damaged."""
    try:
        _, node, end = _node(data, 0)
    except (ValueError, RecursionError):
        return None
    return node if end == len(data) else None


def of_tree(read: Callable[[bytes], bytes], tree: bytes, known: Node | None) -> Node:
    """The node for a tree; ``known`` may know some of what is below. ``read``: a tree's bytes by
    its raw name; only of those that are not known."""
    if known is not None and known.tree == tree:
        return known
    number = 0
    below: dict[bytes, Node] = {}
    for mode, name, raw in entries(read(tree)):
        if mode == TREE:
            node = of_tree(read, raw, known.below.get(name) if known is not None else None)
            below[name] = node
            number += node.number
        else:
            number += 1
    return Node(number, tree, below)


def _node(data: bytes, at: int) -> tuple[bytes, Node, int]:
    """Name, node, and where the next one begins. Raises ValueError."""
    found = _NODE.match(data, at)
    if found is None:
        raise ValueError("no node")
    name, number, subtrees = found[1], int(found[2]), int(found[3])
    at = found.end()
    tree = b""
    if number >= 0:
        tree = data[at : at + _SHA1]
        at += _SHA1
    below: dict[bytes, Node] = {}
    for _ in range(subtrees):
        inner, node, at = _node(data, at)
        below[inner] = node
    return name, Node(number, tree, below), at
