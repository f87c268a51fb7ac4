"""In which order the changes of one publish may happen.

First what is written, then what is removed, then what needs a removed path's place (``f`` where
``f/x`` was, or the other way round; some stores are real file systems). A crash in between
leaves a renamed file twice, never not at all.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.paths import ancestors
from hubsync.remotes.protocol import Change, Put, Record, Remove


class Ordered(Struct, frozen=True):
    puts: list[Put]
    removes: list[Remove]
    late: list[Put]
    """Puts that need a removed path's place."""
    records: list[Record]


def ordered(changes: Iterable[Change]) -> Ordered:
    puts: list[Put] = []
    removes: list[Remove] = []
    records: list[Record] = []
    for change in changes:
        if isinstance(change, Put):
            puts.append(change)
        elif isinstance(change, Remove):
            removes.append(change)
        else:
            records.append(change)
    if not removes:
        return Ordered(puts, removes, [], records)
    removed = {change.path for change in removes}
    above = {directory for path in removed for directory in ancestors(path)}
    first: list[Put] = []
    late: list[Put] = []
    for put in puts:
        if put.path in above or any(directory in removed for directory in ancestors(put.path)):
            late.append(replace(put, moved_from=None))
        else:
            first.append(put)
    return Ordered(first, removes, late, records)


def made_room(order: Ordered, done: Container[str]) -> tuple[list[Put], list[Put]]:
    """The late puts for which there is room now that the removals of the paths in ``done`` are
    done, and the others."""
    stuck = {change.path for change in order.removes if change.path not in done}
    if not stuck:
        return order.late, []
    above = {directory for path in stuck for directory in ancestors(path)}
    room: list[Put] = []
    blocked: list[Put] = []
    for put in order.late:
        taken = put.path in above or any(directory in stuck for directory in ancestors(put.path))
        (blocked if taken else room).append(put)
    return room, blocked
