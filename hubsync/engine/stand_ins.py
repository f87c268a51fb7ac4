"""Files in whose place something else lies on both sides, because their content was not to be had.

A pointer of Git LFS is such a stand-in. Both sides agree on it, so nothing else would ever look
again. Which paths these are is part of the state: as long as the stand-in is there, either the
content comes, or it is told why not. Only these few are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from hubsync.core.policy import combined, equal
from hubsync.engine.checksum import same_now
from hubsync.engine.context import Context
from hubsync.engine.memory import on_base
from hubsync.engine.observe import View
from hubsync.local.digest import digest_many
from hubsync.model import Entry, Kind, Problem, Tree
from hubsync.remotes.protocol import StandsIn


def looked_behind(context: Context, view: View) -> View:
    """The view in which a content that can be had by now is news of the remote's, and one that a
    person brought is what the remote has. Why the others cannot be had is told."""
    remote = context.remote
    if not view.state.stand_ins or not isinstance(remote, StandsIn):
        return view
    waiting = {
        path: entry
        for path, digest in view.state.stand_ins.items()
        if (entry := view.remote.get(path)) is not None
        and entry.digest == digest
        and equal(view.base.get(path), entry, view.policy)
        and not view.policy.uncarried(path)
    }
    view = _read(context, view, waiting)
    brought: dict[str, Entry | None] = {}
    untouched: list[str] = []
    for path, there in waiting.items():
        here = view.local.get(path)
        if here is None or here.kind is not Kind.FILE or here.digest is None:
            continue
        if here.digest == there.digest:
            untouched.append(path)
        elif same_now(context, path, there, here):
            brought[path] = replace(there, digest=here.digest, size=here.size)
    return _waiting(
        remote, replace_fields(view, remote=view.remote.with_changes(brought)), untouched
    )


def met(context: Context, view: View, paths: Iterable[str]) -> View:
    """The view in which stand-ins that both sides were just found to have at some of ``paths`` are
    known as such."""
    remote = context.remote
    if not isinstance(remote, StandsIn):
        return view
    same = {
        path: combined(here, there)
        for path in paths
        if (here := view.local.get(path)) is not None
        and (there := view.remote.get(path)) is not None
        and equal(here, there, view.policy)
    }
    found = remote.stand_ins(same.items())
    if not found:
        return view
    view = on_base(view, {path: same[path] for path in found}, view.local)
    digests = {path: same[path].digest or b"" for path in found}
    return _waiting(remote, replace_fields(view, stand_ins=digests), found)


def kept(
    rows: Mapping[str, Entry], known: Mapping[str, bytes], at: Iterable[str]
) -> dict[str, bytes]:
    """Where a base of ``rows`` has stand-ins: those that were ``known``, by their digests, as far
    as they are there yet, and where they were moved or copied to among the paths ``at``."""
    digests = frozenset(known.values())
    if not digests:
        return {}
    return {
        path: entry.digest
        for path in sorted({*known, *at})
        if (entry := rows.get(path)) is not None
        and entry.digest is not None
        and entry.digest in digests
    }


def _read(context: Context, view: View, paths: Iterable[str]) -> View:
    """With the digests of those that changed here."""
    unread = {
        path: here
        for path in paths
        if (here := view.local.get(path)) is not None
        and here.kind is Kind.FILE
        and here.digest is None
    }
    if not unread:
        return view
    read = digest_many(context.root, unread, context.reporter)
    return replace_fields(view, local=view.with_read(read))


def _waiting(remote: StandsIn, view: View, paths: Iterable[str]) -> View:
    """With nothing known of what the remote has where its content can be had, so that it comes like
    any other news; and with a problem where it cannot."""
    tree: Tree = view.remote
    asked = [(path, tree[path]) for path in sorted(paths)]
    told: list[Problem] = []
    coming: dict[str, Entry | None] = {}
    for path, problem in remote.stand_ins(asked).items():
        if problem is not None:
            told.append(problem)
        else:
            coming[path] = replace(tree[path], digest=None)
    return replace_fields(view, remote=tree.with_changes(coming), problems=(*view.problems, *told))
