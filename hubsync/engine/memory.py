"""What the remote's history still knows of a workspace that lost its memory (rule 6).

With no state there is no base, so nothing looks deleted. But a file on the disk whose content the
history knows as an earlier one of the same path has not been edited here since: what the remote
did to it afterwards, a deletion included, is the newer word, and the file does not come back. A
path that is missing on the disk gets no base from this, so that nothing is deleted remotely; unless
the remote remembers all of the base itself.

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
        agreed = context.remote.base()
        if agreed.complete:
            open_questions |= _missing(view, agreed.tree)
        return on_base(view, _agreed(context, view, agreed.tree, open_questions), view.local)
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
    return on_base(view, rows, local)


def on_base(view: View, rows: dict[str, Entry], local: Tree) -> View:
    """The view with more rows in its base."""
    if not rows:
        return view
    base = Tree(view.base.flat() | rows)
    remote = known_by_identity(base, over(base, view.remote))
    return replace_fields(view, base=base, local=over(base, local), remote=remote)


def _missing(view: View, agreed: Tree) -> dict[str, Entry]:
    """What stands where both sides last agreed and on the remote, and is not on the disk."""
    return {
        path: entry
        for path, entry in agreed.items()
        if path not in view.base and path in view.remote and path not in view.local
    }


def _agreed(
    context: Context, view: View, base: Tree, questions: dict[str, Entry]
) -> dict[str, Entry]:
    """What stood at these paths where both sides last agreed, with what was in it. Where neither
    side changed since, they are equal, and nobody has to ask."""
    asked = [
        (path, base[path])
        for path, here in sorted(questions.items())
        if path in base and not _unchanged(context, view, path, here, base[path])
    ]
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


def _unchanged(context: Context, view: View, path: str, here: Entry, before: Entry) -> bool:
    """Whether both sides have what they agreed on, by the remote's own names for contents."""
    there = view.remote.get(path)
    if there is None or not before.identity or there.identity != before.identity:
        return False
    if here.kind is not Kind.FILE or before.kind is not Kind.FILE or path not in view.local:
        return False
    if here.executable != before.executable or there.executable != before.executable:
        return False
    try:
        return context.remote.same_bytes(before, os.path.join(context.root, path)) is True
    except OSError:
        return False  # gone or unreadable meanwhile: told by whoever reads it next


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
