"""Reading one object of a mirror's metadata, of a size that it may have: whoever can write to the
storage could else fill this machine's memory."""

from __future__ import annotations

from typing import Final

from hubsync.remotes.mirror import layout, wire
from hubsync.stores.protocol import ObjectInfo, Store, TooLarge

_MB: Final = 1 << 20
FORMAT_LIMIT: Final = _MB
HEAD_LIMIT: Final = 64 * _MB
BATCH_LIMIT: Final = 1024 * _MB
"""Bytes. A log of a million paths has about 200 MB."""


def read_metadata(
    store: Store, key: str, *, unless: str | None = None
) -> tuple[bytes, ObjectInfo] | None:
    """As `Store.read` of a key below ``.hubsync/``. Raises RemoteFormatError for what is too large
    to be right."""
    limit = {layout.FORMAT: FORMAT_LIMIT, layout.HEAD: HEAD_LIMIT}.get(key, BATCH_LIMIT)
    try:
        return store.read(key, unless=unless, limit=limit)
    except TooLarge as error:
        name = key.removeprefix(layout.METADATA)
        raise wire.damaged(name, f"it is larger than {limit // _MB} MB") from error
