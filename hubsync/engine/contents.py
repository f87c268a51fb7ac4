"""Getting contents into the staging area, from the nearest place that has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hubsync.engine.context import Context
from hubsync.engine.task import Content, Staged
from hubsync.errors import HubsyncError, SourceChanged
from hubsync.local.copying import copy_verified
from hubsync.local.stage import Stage
from hubsync.model import Entry, Kind, Plan, Problem, Side


class Obtained(NamedTuple):
    """What could be had. ``again``: paths that are no longer what the plan saw."""

    staged: dict[tuple[Side, str], Staged]
    problems: list[Problem]
    again: set[str]
    size: int

    def stand_ins(self) -> dict[str, bytes]:
        """What came in place of contents, by path, with its digest: of that a problem tells."""
        told = {one.path for one in self.problems}
        return {
            path: staged.entry.digest
            for (side, path), staged in self.staged.items()
            if side is Side.REMOTE and path in told and staged.entry.digest is not None
        }


def obtain(
    context: Context, stage: Stage, contents: Iterable[Content], nearby: Mapping[bytes, Content]
) -> Obtained:
    """Stage every content, each once. ``nearby``: local files by digest that spare a download.

    Raises DiskFull before anything is fetched if the disk cannot hold it.
    """
    got = Obtained({}, [], set(), 0)
    download: list[tuple[str, Entry]] = []
    for content in dict.fromkeys(contents):
        near = content if content.side is Side.LOCAL else nearby.get(content.entry.digest or b"")
        copied = near is not None and _copy(context, stage, near, content, got)
        if not copied and content.side is Side.REMOTE:
            download.append((content.path, content.entry))
    if not download:
        return got
    size = sum(entry.size for _, entry in download)
    # What an interrupted run left in the stage takes no more room.
    arrived = 0 if stage.is_empty() else sum(stage.arrived(one.digest) for _, one in download)
    stage.require(size - arrived, len(download))
    context.reporter.phase("Downloading", len(download), size)
    received = 0
    for fetched in context.remote.fetch(download, stage.slot, context.reporter):
        if fetched.problem is not None:
            got.problems.append(fetched.problem)
        if fetched.moved:
            got.again.add(fetched.path)
        elif fetched.problem is None or fetched.source:
            received += fetched.entry.size
            got.staged[Side.REMOTE, fetched.path] = Staged(fetched.entry, fetched.source)
    return got._replace(size=received)


def nearby_files(plan: Plan) -> dict[bytes, Content]:
    """Local files that vanish in this plan, by digest.

    Where another hub renamed something, the content under its new name need not be downloaded.
    """
    return {
        carry.expect.digest: Content(Side.LOCAL, carry.path, carry.expect)
        for carry in plan.carries
        if carry.to is Side.LOCAL
        and carry.entry is None
        and carry.expect is not None
        and carry.expect.kind is Kind.FILE
        and carry.expect.digest is not None
    }


def _copy(context: Context, stage: Stage, near: Content, wanted: Content, got: Obtained) -> bool:
    """Copy a local file into the stage, verified; whether that worked."""
    try:
        source = copy_verified(context.root, near.path, near.entry, stage)
    except SourceChanged:
        if wanted.side is Side.LOCAL:
            got.again.add(wanted.path)
        return False
    except HubsyncError as error:
        if wanted.side is Side.LOCAL:
            got.problems.append(Problem(wanted.path, error.code, error.message, error.hint))
        return False
    entry = near.entry if wanted.side is Side.LOCAL else wanted.entry
    got.staged[wanted.side, wanted.path] = Staged(entry, source)
    return True
