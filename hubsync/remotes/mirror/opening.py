"""Opening a mirror: reading ``format.json``, or making it where a new mirror begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from hubsync.errors import ObjectNotFound, PreconditionFailed, RemoteFormatError, Unreachable
from hubsync.remotes.mirror import layout, wire
from hubsync.remotes.mirror.lease import LeaseLock
from hubsync.remotes.mirror.place import Place
from hubsync.remotes.mirror.reading import read_metadata
from hubsync.remotes.mirror.wire import FormatFile
from hubsync.stores.protocol import ABSENT, Store


def read_format(store: Store) -> FormatFile | None:
    """None: no mirror begins here. Raises RemoteFormatError."""
    try:
        found = read_metadata(store, layout.FORMAT)
    except ObjectNotFound:
        # The format is written first and never removed: beside other metadata this is no new place.
        left = _other_metadata(store)
        if left is not None:
            raise wire.damaged("format.json", f"it is gone, though {left} is there") from None
        return None
    assert found is not None
    return wire.decode_format(found[0])


def _other_metadata(store: Store) -> str | None:
    """One object that only a mirror has, if there is any."""
    for prefix in (layout.INDEX, layout.LOG, layout.VERSIONS):
        for batch in store.list(prefix):
            for info in batch:
                # A folder that cannot be looked into is itself listed in place of what is in it.
                if info.key.startswith(prefix):
                    return info.key
    return None


def create_format(place: Place, lock: LeaseLock, by: str) -> FormatFile:
    """A new mirror, beside whatever plain files are there; or the one that another hub made first.

    How it will be written is found out once and for all here, since every hub has to do it alike.
    """
    store = place.store
    writes: Literal["conditional", "lease"] = "lease"
    if store.capabilities.conditional and enforces_conditions(place):
        writes = "conditional"
    new = FormatFile(
        format=wire.FORMAT_VERSION,
        id=f"{place.rng.getrandbits(128):032x}",
        created=datetime.fromtimestamp(place.clock() // layout.SECOND, UTC).isoformat(),
        by=by,
        writes=writes,
    )
    if writes == "conditional":
        return _first(store, new)
    with lock.held():
        return read_format(store) or _first(store, new)


def _first(store: Store, new: FormatFile) -> FormatFile:
    try:
        store.write(layout.FORMAT, wire.encode(new), expected=ABSENT)
    except PreconditionFailed:
        there = read_format(store)
        if there is None:
            raise
        return there
    return new


def enforces_conditions(place: Place) -> bool:
    """Whether the server refuses a second creation, as not every one does that takes the header.

    Raises what a write raises; nothing stays behind.
    """
    store, key = place.store, f"{layout.TEMPORARY}probe-{layout.nonce(place.rng)}"
    conditional = store.capabilities.conditional
    store.write(key, b"1", expected=ABSENT if conditional else None)
    try:
        if conditional:
            store.write(key, b"2", expected=ABSENT)
    except PreconditionFailed:
        return True
    finally:
        store.delete(key)
    return False


def no_mirror() -> Unreachable:
    return Unreachable(
        "There is no hubsync mirror at this place: nothing of one is in '.hubsync/' there.",
        "Check the URL; 'hubsync init' in a directory makes a new one, beside plain files too.",
        "no-mirror",
    )


def unenforced() -> RemoteFormatError:
    return RemoteFormatError(
        "This mirror is written with conditional requests, which the server does not heed any "
        "more: hubs that write at once may overwrite one another.",
        "Let one hub at a time write until the server is mended.",
        "conditions-not-enforced",
    )


def unconditional_store() -> RemoteFormatError:
    return RemoteFormatError(
        "This mirror is written with conditional requests, which the library that serves it here "
        "does not make.",
        "Nothing was changed. 'hubsync doctor' says which library serves the remote and why; "
        "without the options that it names, another one can.",
        "needs-conditional-writes",
    )
