"""What the remote's history still knows of a workspace that lost its memory (rule 6).

With no state there is no base, so nothing looks deleted. But a file on the disk whose content the
history knows as an earlier one of the same path has not been edited here since: what the remote
did to it afterwards, a deletion included, is the newer word, and the file does not come back. A
path that is missing on the disk gets no base from this, so that nothing is deleted remotely.

A first sync that was cut off has a base for a part of the paths; there the base is right, and the
history is asked about the others only.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Container
from dataclasses import replace as replace_fields

from hubsync.core.conflicts import entry_digest
from hubsync.core.policy import equal
from hubsync.engine.context import Context
from hubsync.engine.observe import View, known_by_identity, over
from hubsync.local.digest import digest_many
from hubsync.local.stage import Stage
from hubsync.model import Entry, Kind, Problem, Tree
from hubsync.remotes.protocol import RemembersBase


def remembered(context: Context, view: View) -> View:
    """The view with what the history vouches for added to its base; as it is once a sync came to
    its end."""
    if view.state.last_sync is not None or not context.remote.capabilities.history:
        return view
    open_questions = {
        path: entry
        for path, entry in view.local.items()
        if path not in view.base
        and entry.kind is not Kind.DIR
        and not equal(entry, view.remote.get(path), view.policy)
    }
    if isinstance(context.remote, RemembersBase):
        return _on_base(view, _agreed(context, context.remote.base(), open_questions), view.local)
    earlier = _earlier(context, open_questions) if open_questions else {}
    if not earlier:
        return view
    local = view.with_read(_read(context, open_questions, earlier))
    rows = {
        path: entry
        for path, digests in earlier.items()
        if (entry := local.get(path)) is not None
        and entry_digest(entry) in digests
        and not equal(entry, view.remote.get(path), view.policy)
    }
    return _on_base(view, rows, local)


def _on_base(view: View, rows: dict[str, Entry], local: Tree) -> View:
    """The view with more rows in its base."""
    if not rows:
        return view
    base = Tree(view.base.flat() | rows)
    remote = known_by_identity(base, over(base, view.remote))
    return replace_fields(view, base=base, local=over(base, local), remote=remote)


def _agreed(context: Context, base: Tree, questions: dict[str, Entry]) -> dict[str, Entry]:
    """What stood at these paths where both sides last agreed, with what was in it."""
    asked = [(path, base[path]) for path in sorted(questions) if path in base]
    if not asked:
        return {}
    with tempfile.TemporaryDirectory(dir=Stage(context.root).directory) as folder:
        return {
            got.path: got.entry
            for got in context.remote.fetch(
                asked, lambda name: os.path.join(folder, name), context.reporter
            )
            if got.problem is None and not got.moved
        }


def _earlier(context: Context, paths: Container[str]) -> dict[str, set[bytes]]:
    """Every content that the history knows of these paths."""
    found: dict[str, set[bytes]] = {}
    for record in context.remote.history():
        for change in record.changes:
            if change.path in paths:
                known = {one for one in (change.before, change.after) if one is not None}
                found.setdefault(change.path, set()).update(known)
    return found


def _read(
    context: Context, entries: dict[str, Entry], named: Container[str]
) -> dict[str, Entry | Problem | None]:
    """The digests of the files that the history names; what cannot be read stays unknown."""
    unread = {
        path: entry
        for path, entry in sorted(entries.items())
        if path in named and entry.kind is Kind.FILE and entry.digest is None
    }
    if not unread:
        return {}
    context.reporter.phase("Reading", len(unread), sum(entry.size for entry in unread.values()))
    return digest_many(context.root, unread, context.reporter)
