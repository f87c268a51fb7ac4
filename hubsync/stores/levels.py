"""One level of a flat key space, as folders show it."""

from __future__ import annotations

from collections.abc import Iterable

from hubsync.stores.protocol import ObjectInfo

Batch = list[ObjectInfo]

Level = tuple[list[ObjectInfo], list[str]]
"""The objects of one level, and the common prefixes (each ending in ``/``) of the deeper ones."""


def level_of(infos: Iterable[ObjectInfo], prefix: str) -> Level:
    """The level right under ``prefix``, out of objects whose keys all begin with it."""
    objects: list[ObjectInfo] = []
    deeper: set[str] = set()
    for info in infos:
        first, slash, _ = info.key[len(prefix) :].partition("/")
        if slash:
            deeper.add(f"{prefix}{first}/")
        else:
            objects.append(info)
    return objects, sorted(deeper)
