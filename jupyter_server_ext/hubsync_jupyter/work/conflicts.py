"""Calls about what is left to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubsync_cli import documents
from hubsync_jupyter.work import contents

if TYPE_CHECKING:
    from hubsync_jupyter.work.calls import Desk, Function


def conflicts(desk: Desk) -> object:
    with desk.workspace() as workspace:
        return {
            "conflicts": documents.conflicts_document(workspace.conflicts()),
            "diverged": [documents.problem_document(one) for one in workspace.diverged()],
        }


def conflict(desk: Desk, path: str, copy: str) -> object:
    """What the copy holds, and what has the name."""
    with desk.workspace() as workspace:
        mine, theirs = (contents.on_disk(workspace, one) for one in (copy, path))
    return {"path": path, "copy": copy, "mine": mine, "theirs": theirs}


def resolve(desk: Desk, path: str, keep: str) -> object:
    with desk.workspace() as workspace:
        return {"changed": workspace.resolve(path, keep, reporter=desk.reporter)}


CALLS: Final[dict[str, Function]] = {
    "conflicts": conflicts,
    "conflict": conflict,
    "resolve": resolve,
}
