"""Whether a mirror and everything that lies beside its books is as it was when there was nothing to
do.

The head says what other hubs published, and what other tools did only a listing tells. So both are
asked for, as a sync asks, but nothing is held against what is remembered of each file: the head's
identity and the name of the whole listing (`listing.Naming`) are enough.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from hubsync.errors import HubsyncError
from hubsync.remotes.mirror import revision
from hubsync.remotes.mirror.books import Books, HeadAt
from hubsync.remotes.mirror.journal import Journal
from hubsync.remotes.mirror.listing import Naming, Shape, list_files
from hubsync.remotes.protocol import Bearings
from hubsync.stores.protocol import Store

_MARK: Final = "s1."
_MOST: Final = 1000


class Opened(Protocol):
    """A mirror that has answered."""

    @property
    def books(self) -> Books: ...

    @property
    def journal(self) -> Journal: ...


class Listed(Struct, frozen=True, array_like=True):
    """What a listing is recognised by, and how to list once more: as it was listed then."""

    name: bytes
    shape: Shape

    @property
    def text(self) -> str:
        """``""`` where there are too many directories to be written down."""
        if len(self.shape.below) > _MOST:
            return ""
        return _MARK + base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode()


class Heard(Struct, frozen=True):
    """What was found where all is the same."""

    head: HeadAt
    seen: str


def parse(text: str) -> Listed | None:
    """None if ``text`` names no listing."""
    try:
        packed = base64.urlsafe_b64decode(text.removeprefix(_MARK))
        found = msgspec.msgpack.decode(packed, type=Listed)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return found if text.startswith(_MARK) else None


class MirrorWitness:
    """``open``: the mirror, which is asked who it is; ``unfinished``: whether a publish was
    interrupted; ``stands_at``: the revision that the workspace remembers. ``listing``: whether a
    sync lists, or trusts the books. See `protocol.Witness`."""

    requests: Mapping[str, int] = {}
    """None beside the mirror's own."""

    def __init__(
        self,
        store: Store,
        open: Callable[[], Opened],
        unfinished: bool,
        stands_at: str,
        *,
        listing: bool,
    ) -> None:
        self._store = store
        self._open = open
        self._unfinished = unfinished
        self._stands_at = stands_at
        self._listing = listing
        self._found: Heard | HubsyncError | None = None

    def bearings(self) -> Bearings | None:
        known = revision.parse(self._stands_at)
        if self._unfinished or known is None or known.pending != () or known.watched != ():
            return None
        return Bearings("mirror", self._stands_at)

    def is_still_at(self, revision_text: str, seen: str) -> bool:
        known, listed = revision.parse(revision_text), parse(seen)
        if known is None or not known.identity or (self._listing and listed is None):
            return False
        try:
            # In this order: what is listed must not be older than the head.
            head = self._open().books.head()
            same = head.identity == known.identity
            if same and self._listing and listed is not None:
                same = self._listed_as(listed)
        except HubsyncError as error:
            self._found = error
            return False
        if same:
            self._found = Heard(head, seen)
        return same

    @property
    def answer(self) -> Callable[[], Heard] | None:
        """For `MirrorRemote.heard`: that all is the same, or why that could not be told. None: it
        is not the same, or nobody was asked."""
        return self._again if self._found is not None else None

    def close(self) -> None:
        """It has nothing of its own."""

    def _again(self) -> Heard:
        assert self._found is not None
        if isinstance(self._found, HubsyncError):
            raise self._found
        return self._found

    def _listed_as(self, listed: Listed) -> bool:
        naming = Naming()
        with list_files(self._store, lambda: listed.shape, None, naming) as batches:
            for _ in batches:
                if naming.doubtful:
                    return False
        return not naming.doubtful and naming.name() == listed.name
