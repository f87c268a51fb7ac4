"""Calls that sync, and what a sync would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hubsync_cli import documents

if TYPE_CHECKING:
    from hubsync.results import SyncResult
    from hubsync_jupyter.work.calls import Desk, Function

_NAMED: Final = 1000
_LISTS: Final = ("up", "down", "merged", "deleted_locally", "deleted_remotely", "kept", "unsynced")


def run(desk: Desk, direction: str, message: str = "", confirm_deletes: bool = False) -> object:
    """``direction``: ``"sync"``, ``"push"`` or ``"pull"``."""
    from hubsync import SyncRequest

    request = SyncRequest(message=message, confirm_deletes=confirm_deletes)
    with desk.workspace() as workspace:
        command = {"sync": workspace.sync, "push": workspace.push, "pull": workspace.pull}
        result = command[direction](request, identity=desk.identity, reporter=desk.reporter)
    return shortened(result)


def shortened(result: SyncResult) -> dict[str, Any]:
    """The document of a result, with the first names of each list."""
    document = documents.sync_document(result)
    for name in (*_LISTS, "conflicts", "problems"):
        document[name] = document[name][:_NAMED]
    return document


def changes(desk: Desk) -> object:
    with desk.workspace() as workspace:
        status = documents.status_document(workspace.status(reporter=desk.reporter))
    for name in ("local", "remote", "problems"):
        status[name] = status[name][:_NAMED]
    return {"changes": status}


CALLS: Final[dict[str, Function]] = {"run": run, "changes": changes}
