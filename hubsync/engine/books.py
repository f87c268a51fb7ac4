"""What a workspace remembers after a cycle.

The base moves where both sides agree when everything is done, and nowhere else. So a step that
failed, was refused, or was cut off by a crash needs no bookkeeping: its path does not agree, and
the next cycle plans it again (rule 13).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from hubsync.core.policy import Policy, combined, equal
from hubsync.engine.observe import View
from hubsync.engine.stand_ins import kept
from hubsync.local.state import State
from hubsync.model import Entry, Kind, Tree


def settled(
    view: View,
    local: Tree,
    remote: Tree,
    revision: str,
    *,
    adopted: Iterable[str] = (),
    merged: Mapping[str, Entry] | None = None,
    read: Mapping[str, Entry] | None = None,
    untold: Iterable[str] = (),
    lasting: bool = False,
    stand_ins: Mapping[str, bytes] | None = None,
    complete: bool,
    now: int,
) -> State:
    """The state after a cycle that left the sides as ``local`` and ``remote``.

    ``adopted``: paths on which a pull took over what the remote has and left more on the disk
    (a merge, say): there the base is the remote's entry, so that a push carries the rest.
    ``merged``: what was on the disk of merges that reached the remote alone. It is part of what the
    remote has now, so it is the base: what is saved on top of it is not met by itself once more.
    ``read``: what was in objects of which the remote's books know nothing; where the disk has just
    that now, the base knows it too, by the object's identity.
    ``untold``: paths of which the remote's books should have learned and did not: they are
    remembered as the remote showed them, unread, so that the next cycle tells it again.
    ``lasting``: the remote's identities name contents for good, so that what the base knows by one
    has not to be learned by the books, and is what the remote has.
    ``stand_ins``: what came in place of contents that could not be had, with its digest.
    ``complete``: the cycle came to its end. Until one did, the base may lack paths that were once
    synced, and `memory` asks the history again.
    """
    state = view.state
    rows = view.base.flat()
    for path in view.scan.ignored:
        # Forgotten, not deleted: what comes back from being ignored has no base (rule 6).
        rows.pop(path, None)
    touched = (
        local.changes_since(view.base).keys()
        | remote.changes_since(view.base).keys()
        | view.scan.tree.changes_since(view.base).keys()
    )
    overlays: tuple[dict[str, Entry | None], dict[str, Entry | None]] = ({}, {})
    taken, unread = frozenset(adopted), frozenset(untold)
    for path in touched:
        here = local.get(path)
        there = (view.snapshot.tree if path in unread else remote).get(path)
        if not view.policy.hidden(path):
            if equal(here, there, view.policy):
                if here is None or there is None:
                    rows.pop(path, None)
                    continue
                rows[path] = combined(here, there)
                continue
            found = (read or {}).get(path)
            if (
                found is not None
                and here is not None
                and there is not None
                and found.identity == there.identity
                and equal(here, found, view.policy)
            ):
                rows[path] = combined(here, found)
                if not lasting:
                    overlays[1][path] = there
                continue
            if there is None and _not_carried(here, view.policy):
                rows.pop(path, None)  # what both sides knew is gone from both
            if path in taken and there is not None:
                rows[path] = replace(there, inode=0)
            elif merged and path in merged:
                rows[path] = replace(merged[path], inode=0)
        base = rows.get(path)
        for side, overlay in zip((here, there), overlays, strict=True):
            if side != base:
                overlay[path] = side
    for path in view.scan.ignored:
        overlays[0][path] = None
        if path not in overlays[1] and remote.get(path) is not None:
            overlays[1][path] = remote.get(path)
    return State(
        version=state.version,
        remote_id=view.snapshot.remote_id,
        revision=revision,
        saved_at=now,
        last_sync=now if complete else state.last_sync,
        base=rows,
        local={path: entry for path, entry in overlays[0].items() if entry or path in rows},
        remote={path: entry for path, entry in overlays[1].items() if entry or path in rows},
        rules_digest=view.scan.rules_digest,
        uncarried=tuple(os.fsencode(one.path) for one in view.snapshot.problems),
        stand_ins=kept(rows, {**state.stand_ins, **view.stand_ins, **(stand_ins or {})}, touched),
    )


def _not_carried(entry: Entry | None, policy: Policy) -> bool:
    """Whether it is an empty directory for a remote that has none."""
    return entry is not None and entry.kind is Kind.DIR and not policy.empty_directories
