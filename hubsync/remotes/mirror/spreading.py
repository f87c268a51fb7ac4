"""The order in which many objects go over the wire: next to each other those of different folders.

A server has more to do for many requests into one folder at the same time than for as many into
several: S3 keeps neighbouring keys in one partition with a rate of its own, and a server over a
file system locks and reads a folder anew for each file that comes into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from hubsync.core.paths import parent

Item = TypeVar("Item")


def spread(items: Iterable[Item], path: Callable[[Item], str]) -> list[Item]:
    """``items`` with the first of each folder first, then the second of each, and so on."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, Item]] = []
    for item in items:
        folder = parent(path(item))
        ranked.append((seen[folder], item))
        seen[folder] += 1
    ranked.sort(key=lambda one: one[0])
    return [item for _, item in ranked]
