"""Calls about what was: the log, versions, contents to compare, and bringing one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubsync_cli import documents
from hubsync_jupyter.work import contents

if TYPE_CHECKING:
    from hubsync_jupyter.work.calls import Desk, Function


def log(desk: Desk, limit: int) -> object:
    with desk.workspace() as workspace:
        return {"log": documents.log_document(workspace.log(limit))}


def versions(desk: Desk, path: str) -> object:
    with desk.workspace() as workspace:
        contents.inside(workspace.root, path)
        found = workspace.versions(path)
    return {"path": path, "versions": documents.versions_document(found)}


def content(desk: Desk, path: str, version: str) -> object:
    with desk.workspace() as workspace:
        return {"content": contents.at(workspace, path, version)}


def compare(desk: Desk, path: str, before: str, after: str) -> object:
    with desk.workspace() as workspace:
        one, other = (contents.at(workspace, path, version) for version in (before, after))
    return {"path": path, "from": one, "to": other}


def restore(desk: Desk, path: str, at: str | None, to: str | None) -> object:
    with desk.workspace() as workspace:
        restored = workspace.restore(path, at=at, to=to, reporter=desk.reporter)
    return {**documents.restored_document(restored), "files": restored.files}


CALLS: Final[dict[str, Function]] = {
    "log": log,
    "versions": versions,
    "content": content,
    "compare": compare,
    "restore": restore,
}
