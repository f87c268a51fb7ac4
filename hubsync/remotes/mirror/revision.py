"""What a workspace remembers of a mirror between two runs, as one opaque text.

A revision says which head was read, up to which sync its segments were applied, and which paths
the workspace knows better than the index does: objects of an interrupted run, deletions by other
tools. ``watched`` are paths that were a problem and are still there, to be reported again. If
there are too many of either, the index is read anew next time. ``mark`` tells the last sync from
others of its number, see `lineage`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec
from msgspec import Struct

_MARK: Final = "m1."
_MOST_NAMED: Final = 1000


class Revision(Struct, frozen=True, array_like=True):
    """``identity`` of the head ("" : there was none), ``last`` sync applied, ``pending`` paths that
    the index does not have right (None: too many to name)."""

    identity: str = ""
    last: int = 0
    pending: tuple[str, ...] | None = ()
    watched: tuple[str, ...] | None = ()
    mark: bytes = b""

    @property
    def text(self) -> str:
        packed = base64.urlsafe_b64encode(msgspec.msgpack.encode(self))
        return _MARK + packed.rstrip(b"=").decode()


def named(paths: frozenset[str]) -> tuple[str, ...] | None:
    """As `Revision` holds them."""
    return tuple(sorted(paths)) if len(paths) <= _MOST_NAMED else None


def parse(text: str) -> Revision | None:
    """None if ``text`` is no revision of a mirror, so that everything has to be read."""
    if not text.startswith(_MARK):
        return None
    packed = text[len(_MARK) :]
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return msgspec.msgpack.decode(data, type=Revision)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
