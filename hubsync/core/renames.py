"""Renames: content that vanishes at one path and appears at another need not be sent again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from hubsync.core.paths import name_of
from hubsync.model import Carry, Kind, Side


def with_renames(carries: Iterable[Carry]) -> list[Carry]:
    """``carries`` with `Carry.moved_from` set on uploads whose content the remote is about to lose.

    Each vanishing path serves one new path, by preference one of the same name. Empty files are
    not followed: they are all the same.
    """
    carries = list(carries)
    vanishing: defaultdict[bytes, list[str]] = defaultdict(list)
    for carry in carries:
        before = carry.expect
        if (
            carry.to is Side.REMOTE
            and carry.entry is None
            and before is not None
            and before.kind is Kind.FILE
            and before.digest is not None
            and before.size
        ):
            vanishing[before.digest].append(carry.path)
    return [_renamed(carry, vanishing) for carry in carries] if vanishing else carries


def _renamed(carry: Carry, vanishing: dict[bytes, list[str]]) -> Carry:
    entry = carry.entry
    if carry.to is not Side.REMOTE or carry.expect is not None or entry is None:
        return carry
    sources = vanishing.get(entry.digest) if entry.digest is not None else None
    if not sources:
        return carry
    name = name_of(carry.path)
    source = next((path for path in sources if name_of(path) == name), sources[0])
    sources.remove(source)
    return replace(carry, moved_from=source)
