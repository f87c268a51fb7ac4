"""Whether there is anything new on the remotes, asked so cheaply that it can be asked for ever."""

from __future__ import annotations

import os

from hubsync.errors import HubsyncError
from hubsync.links import Links
from hubsync.local.state import revision


def changed_remotely(links: Links) -> bool:
    """See `Workspace.changed_remotely`."""
    failed: HubsyncError | None = None
    for one in links.linked():
        try:
            if links.remote(one.name).changed_since(_revision(links, one.name)):
                return True
        except HubsyncError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return False


def _revision(links: Links, name: str) -> str:
    """The revision that is remembered of a remote; its state is read again only if it changed."""
    name = links.memory(name)
    path = links.layout.state(name)
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return ""
    signature = (status.st_ino, status.st_size, status.st_mtime_ns)
    known = links.revisions.get(name)
    if known is None or known[0] != signature:
        known = links.revisions[name] = (signature, revision(path))
    return known[1]
