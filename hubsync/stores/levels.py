"""One level of a flat key space, as folders show it."""

from __future__ import annotations

from collections.abc import Iterable

from hubsync.stores.protocol import Level, ObjectInfo

Batch = list[ObjectInfo]


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
