"""Whether a local file has the bytes of something on the remote, by the remote's own checksum."""

from __future__ import annotations

import os

from hubsync.engine.context import Context
from hubsync.model import Entry, time_of


def same_now(context: Context, path: str, there: Entry, here: Entry) -> bool:
    """Whether the file at ``path`` has the bytes of ``there`` and is still what was read as
    ``here``."""
    file = os.path.join(context.root, path)
    try:
        same = context.remote.same_bytes(there, file)
        status = os.stat(file, follow_symlinks=False)
    except OSError:
        return False  # gone or unreadable meanwhile: the object is fetched and looked at instead
    # The checksum is of the file as it is now, the digest of what was read before.
    return bool(same) and (here.mtime, here.ctime) == tuple(
        map(time_of, (status.st_mtime_ns, status.st_ctime_ns))
    )
