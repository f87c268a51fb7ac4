"""Merging what both sides changed; what does not come out clean is kept twice (rule 3)."""

from __future__ import annotations

import os
from typing import NamedTuple

from blake3 import blake3

from hubsync.core.policy import merged_executable
from hubsync.core.reconcile import with_conflicts
from hubsync.engine.contents import Obtained, obtain
from hubsync.engine.context import Context
from hubsync.engine.observe import View
from hubsync.engine.task import Content, Merged, Staged
from hubsync.errors import NoSuchVersion
from hubsync.local.stage import Stage
from hubsync.merge import Merger, merger_for, needs_base
from hubsync.model import Entry, Kind, Merge, Plan, Side


def with_merges(
    context: Context, stage: Stage, view: View, plan: Plan, got: Obtained
) -> tuple[Plan, list[Merged]]:
    """The merges that come out clean, and the plan in which the others are kept twice."""
    merged: list[Merged] = []
    failed: list[tuple[Merge, bytes]] = []
    for merge in plan.merges:
        if merger_of(merge) is None and merge.local.digest is not None:
            failed.append((merge, merge.local.digest))
            continue
        local = got.staged.get((Side.LOCAL, merge.path))
        remote = got.staged.get((Side.REMOTE, merge.path))
        if local is None or remote is None:
            continue  # told, or to be planned again, by whoever tried to get it
        clean = try_merge(context, stage, MergeInputs(merge, local, remote))
        if clean is not None:
            merged.append(clean)
        elif local.entry.digest is not None:
            failed.append((merge, local.entry.digest))
    return with_conflicts(plan, failed, view.base, view.local, view.remote), merged


def foresee(context: Context, view: View, plan: Plan) -> Plan:
    """The plan of a dry run, in which what will not merge is kept twice.

    For that the texts that both sides changed are fetched and merged in the staging area, where a
    sync that follows finds them.
    """
    stage = Stage(context.root)
    wanted = [one for merge in plan.merges if merger_of(merge) for one in merge_inputs(merge)]
    return with_merges(context, stage, view, plan, obtain(context, stage, wanted, {}))[0]


class MergeInputs(NamedTuple):
    merge: Merge
    local: Staged
    remote: Staged


def merge_inputs(merge: Merge) -> tuple[Content, Content]:
    """The contents of both sides that a merge reads."""
    return (
        Content(Side.LOCAL, merge.path, merge.local),
        Content(Side.REMOTE, merge.path, merge.remote),
    )


def merger_of(merge: Merge) -> Merger | None:
    """What can merge these contents; None where nothing can, or there is no base to do it with."""
    size = max(merge.local.size, merge.remote.size)
    if not needs_base(merge.path):
        return merger_for(merge.path, size)
    base = merge.base
    if base is None or base.kind is not Kind.FILE or base.digest is None:
        return None
    return merger_for(merge.path, max(size, base.size))


def try_merge(context: Context, stage: Stage, inputs: MergeInputs) -> Merged | None:
    """A three-way merge by content, None where it does not come out clean.

    The base is an earlier version that the remote keeps, or what went into a merge just now and
    still lies in the stage; where nobody has it any more, there is nothing to merge against and
    both are kept.
    """
    merge, merger = inputs.merge, merger_of(inputs.merge)
    if merger is None:
        return None
    before = _base_of(context, stage, merge.path, merge.base)
    if before is None and needs_base(merge.path):
        return None
    content = merger(before or b"", _read(inputs.local.source), _read(inputs.remote.source))
    if content is None:
        return None
    digest = blake3(content).digest()
    entry = Entry(
        Kind.FILE,
        size=len(content),
        digest=digest,
        executable=merged_executable(merge.base, merge.local, merge.remote),
        mtime=context.clock(),
    )
    source = stage.write(content, digest)
    os.utime(source, ns=(entry.mtime, entry.mtime))
    return Merged(merge.path, merge.local, merge.remote, Staged(entry, source))


def _base_of(context: Context, stage: Stage, path: str, base: Entry | None) -> bytes | None:
    """The content of the base, None where nobody has it."""
    if base is None or base.digest is None:
        return None
    staged = stage.holding(base.digest, base.size)
    if staged is not None:
        return _read(staged)
    slot = stage.slot("base-" + base.digest.hex())
    try:
        context.remote.read(path, _version(context, base), slot)
    except NoSuchVersion:
        return None
    try:
        return _read(slot)
    finally:
        os.unlink(slot)


def _version(context: Context, base: Entry) -> str:
    """How the remote calls a content that it had."""
    if base.identity and not context.remote.capabilities.digests:
        return base.identity
    return base.digest.hex() if base.digest is not None else ""


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
