"""A listing that a workspace's state is known to match, but for a few paths touched since.

What another listing shows otherwise, and those few, is all that a scan can find changed: so it has
to look at nothing else (`hubsync.local.rescan`). The ledger begins where a mark is made
(`hubsync.local.mark`) and goes on with each sync that remembers other things of a few paths. It is
of one state file alone, by what stands in that. One that is lost, damaged or of another state costs
a scan of everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hubsync.errors import LocalError
from hubsync.local.layout import Layout
from hubsync.local.listing import named, path_of
from hubsync.local.mark import MADE_BY, names_of, own_files, texts_of
from hubsync.local.state import replace_file

if TYPE_CHECKING:
    from hubsync.local.rescan import Spots

_NAME: Final = "ledger"
_LISTING: Final = "listing"
_MOST: Final = 1000
"""With more paths to be looked at, everything is."""
_LARGEST: Final = 1 << 26
"""Bytes between the first and the last difference of two listings: their rows take a multiple of it
in memory."""
_PIECE: Final = 1 << 16


class Ledger(Struct, frozen=True):
    """``remote``, ``settings``, ``state``, ``listing`` and ``hidden`` as in `mark.Mark`.

    The listing lies beside it. ``hidden_files``: in that listing, hidden by the rules. ``touched``:
    the paths of which the state remembers something else than the listing shows. ``ruled``: as in
    `scanned.Scan`. ``revision``: of the remote, in that state.
    """

    remote: str
    revision: str
    settings: str
    state: str
    listing: str
    hidden: tuple[str, ...] = ()
    hidden_files: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    ruled: tuple[str, ...] = ()
    made_by: str = MADE_BY


def load(layout: Layout, remote: str) -> Ledger | None:
    """The ledger, if it is of the state that there is."""
    try:
        with open(_path(layout, remote, _NAME), "rb") as file:
            found = msgspec.json.decode(file.read(), type=Ledger)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None
    if found.made_by != MADE_BY or found.remote != remote:
        return None
    if own_files(layout, remote) != (found.settings, found.state):
        return None
    return replace(found, hidden=names_of(found.hidden), hidden_files=names_of(found.hidden_files))


def begin(layout: Layout, ledger: Ledger, listing: bytes) -> None:
    """Keep the ledger and its ``listing``. What cannot be written is not there."""
    if len(ledger.hidden_files) > _MOST:
        return
    with suppress(LocalError):
        replace_file(_path(layout, ledger.remote, _LISTING), [listing])
        save(layout, ledger)


def save(layout: Layout, ledger: Ledger) -> None:
    if len(ledger.touched) > _MOST:
        return
    written = replace(
        ledger, hidden=texts_of(ledger.hidden), hidden_files=texts_of(ledger.hidden_files)
    )
    with suppress(LocalError):
        replace_file(_path(layout, ledger.remote, _NAME), [msgspec.json.encode(written)])


def spots(layout: Layout, ledger: Ledger, now: bytes) -> Spots | None:
    """What a scan has to look at where the listing is ``now``; None if that is everything."""
    from hubsync.local.rescan import Spots

    try:
        with open(_path(layout, ledger.remote, _LISTING), "rb") as file:
            before = file.read()
    except OSError:
        return None
    if named(before) != ledger.listing:
        return None
    paths = different(before, now)
    if paths is None:
        return None
    return Spots(
        frozenset((*paths, *ledger.touched, *ledger.hidden_files)), ledger.hidden, ledger.ruled
    )


def different(before: bytes, now: bytes) -> set[str] | None:
    """The paths of which two listings tell different things; None if one is a directory, or if
    there are many."""
    begin = before.rfind(b"\0", 0, _alike(before, now)) + 1
    end = _alike_at_end(before, now, begin)
    parts = [one[begin : len(one) - end] for one in (before, now)]
    if max(map(len, parts)) > _LARGEST:
        return None
    rows: Iterable[bytes] = frozenset.symmetric_difference(
        *(frozenset(part.split(b"\0")) for part in parts)
    )
    found: set[str] = set()
    for row in rows:
        if not row:
            continue
        path, is_dir = path_of(row)
        found.add(path)
        if is_dir or len(found) > _MOST:
            return None
    return found


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes both begin with, or a few less."""
    most = min(len(one), len(other))
    at = 0
    while at < most and one[at : at + _PIECE] == other[at : at + _PIECE]:
        at += _PIECE
    return min(at, most)


def _alike_at_end(one: bytes, other: bytes, begin: int) -> int:
    """How many bytes both end with, whole rows, of those behind ``begin``."""
    most = min(len(one), len(other)) - begin
    size = 0
    while size + _PIECE <= most and _from_end(one, size) == _from_end(other, size):
        size += _PIECE
    row = one.find(b"\0", len(one) - size) + 1 if size else 0
    return len(one) - row if row else 0


def _from_end(data: bytes, size: int) -> bytes:
    return data[len(data) - size - _PIECE : len(data) - size]


def _path(layout: Layout, remote: str, name: str) -> str:
    return os.path.join(layout.scratch(remote), name)
