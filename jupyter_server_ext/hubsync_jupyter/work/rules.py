"""Calls about what is not synced: ignore rules, and what looks like a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubsync.errors import NoSuchVersion, UsageError
from hubsync.model import METADATA_DIR
from hubsync_cli import documents
from hubsync_jupyter.work import contents

if TYPE_CHECKING:
    from hubsync_jupyter.work.calls import Desk, Function

_NEVER: Final = (METADATA_DIR, ".git")


def rules(desk: Desk) -> object:
    with desk.workspace() as workspace:
        return {"rules": [documents.rule_document(one) for one in workspace.ignore_rules()]}


def why(desk: Desk, path: str) -> object:
    with desk.workspace() as workspace:
        contents.inside(workspace.root, path)
        rule = workspace.why_ignored(path)
    return {"path": path, "rule": None if rule is None else documents.rule_document(rule)}


def ignore(desk: Desk, pattern: str | None, path: str | None) -> object:
    """One of the two is given."""
    with desk.workspace() as workspace:
        if pattern is not None:
            return {"pattern": pattern, "added": workspace.ignore(pattern)}
        assert path is not None
        contents.inside(workspace.root, path)
        own = next((part for part in path.split("/") if part in _NEVER), None)
        if own is not None:
            raise UsageError(
                f"{path} is not synced as it is: {own} is looked after in other ways.",
                "There is nothing to ignore.",
                "never-synced",
            )
        pattern, added = workspace.ignore_path(path)
    return {"pattern": pattern, "added": added}


def ignored_in(desk: Desk, directory: str) -> object:
    """The names in a directory that are ignored."""
    with desk.workspace() as workspace:
        if directory:
            contents.inside(workspace.root, directory)
        try:
            return sorted(workspace.ignored_in(directory))
        except (NotADirectoryError, FileNotFoundError) as error:
            raise NoSuchVersion(
                f"{directory} is no folder in the workspace.", "", "not-found"
            ) from error


def allow(desk: Desk, path: str) -> object:
    with desk.workspace() as workspace:
        contents.inside(workspace.root, path)
        return documents.allowed_document(path, workspace.allow(path, reporter=desk.reporter))


CALLS: Final[dict[str, Function]] = {
    "rules": rules,
    "why": why,
    "ignore": ignore,
    "ignored-in": ignored_in,
    "allow": allow,
}
