"""Without a base: what the remote's history says of the files that lie here (rule 6).

A content that the history knows as an earlier version of its path was once synced from here or to
here, and counts as unchanged since then. So a workspace that lost its memory does not bring back
what was deleted elsewhere, nor keep twice what was edited elsewhere. A deletion is never concluded
from anything but such a version.
"""

from __future__ import annotations

from msgspec import Struct

from hubsync.engine.context import Context
from hubsync.local.digest import digest_many
from hubsync.model import Entry, Kind, Tree


class Recovered(Struct, frozen=True):
    """``rows``: for a base, local files that are a version of what the remote has, or had.
    ``read``: all files that were read to find that out, with their digests."""

    rows: dict[str, Entry]
    read: dict[str, Entry]


def recover(context: Context, local: Tree) -> Recovered:
    """Only files whose path the history names are read.

    Raises RemoteUnavailable, RemoteFormatError, Interrupted.
    """
    candidates = {path: entry for path, entry in local.items() if entry.kind is Kind.FILE}
    if not candidates:
        return Recovered({}, {})
    earlier: dict[str, set[bytes | None]] = {}
    for record in context.remote.history():
        for change in record.changes:
            if change.path in candidates:
                earlier.setdefault(change.path, set()).update((change.before, change.after))
    if not earlier:
        return Recovered({}, {})
    context.reporter.phase("Reading", len(earlier))
    outcomes = digest_many(
        context.root, {path: candidates[path] for path in earlier}, context.reporter
    )
    read = {path: one for path, one in outcomes.items() if isinstance(one, Entry)}
    rows = {path: entry for path, entry in read.items() if entry.digest in earlier[path]}
    return Recovered(rows, read)
