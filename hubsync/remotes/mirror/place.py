"""One mirror as its writers see it, and the few single-object operations they are made of."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from typing import Final

from blake3 import blake3
from msgspec import Struct

from hubsync.errors import ObjectNotFound, PreconditionFailed
from hubsync.model import Entry, Kind
from hubsync.remotes.mirror import layout
from hubsync.stores.protocol import Download, Store

NOTHING: Final = blake3(b"").digest()


class Place(Struct, frozen=True):
    """``conditional``: how this mirror is written, as its ``format.json`` says.
    ``clock``: ns since the epoch. ``scratch``: the workspace's private directory."""

    store: Store
    conditional: bool
    scratch: str
    clock: Callable[[], int]
    rng: random.Random


def content_digest(entry: Entry | None) -> bytes | None:
    """What the history calls an entry's content; a link's is its target, a directory's nothing."""
    if entry is None:
        return None
    if entry.kind is Kind.FILE:
        return entry.digest
    return blake3(entry.target.encode()).digest() if entry.kind is Kind.LINK else NOTHING


def check_there(place: Place, path: str, identity: str) -> None:
    """Raises ObjectNotFound if there is no object, PreconditionFailed if it is another one."""
    info = place.store.head(path)
    if info is None:
        raise ObjectNotFound(f"{path} is gone.")
    if info.identity != identity:
        raise PreconditionFailed(f"{path} was written by someone else meanwhile.")


def check_absent(place: Place, path: str) -> None:
    if place.store.head(path) is not None:
        raise PreconditionFailed(f"{path} was written by someone else meanwhile.")


def keep_version(place: Place, path: str, entry: Entry) -> bytes | None:
    """Copy what is at ``path`` to the versions (rule 11), and return its digest.

    The copy is right only if the object turns out to have been ``entry`` afterwards too: by the
    condition of the write that follows, or by `check_there`. Readers check every version's digest.
    """
    digest = content_digest(entry)
    if digest is None:
        digest = _read_digest(place, path, entry)
    place.store.copy(path, layout.version_key(digest, place.clock(), place.rng))
    return digest


def _read_digest(place: Place, path: str, entry: Entry) -> bytes:
    """The digest of an object that nobody has read yet. Raises what the download met."""
    target = os.path.join(
        place.scratch, f"unread-{threading.get_ident()}-{layout.nonce(place.rng)}"
    )
    os.makedirs(place.scratch, exist_ok=True)
    try:
        job = Download(path, target, identity=entry.identity or None)
        for result in place.store.download([job], lambda _: None):
            if result.error is not None:
                raise result.error
            if result.digest is not None:
                return result.digest
    finally:
        if os.path.exists(target):
            os.unlink(target)
    raise ObjectNotFound(f"{path} is gone.")
