"""Calls about the remotes of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from hubsync_cli import documents
from hubsync_jupyter.addresses import refuse_relative
from hubsync_jupyter.permission import permit

if TYPE_CHECKING:
    from hubsync import Workspace
    from hubsync_jupyter.work.calls import Desk, Function


def remotes(desk: Desk) -> object:
    with desk.workspace() as workspace:
        return _listed(workspace)


def add(desk: Desk, name: str, url: str, allowed: Sequence[str], **rules: Any) -> object:
    refuse_relative(url)
    permit(url, rules.get("options") or {}, allowed)
    with desk.workspace() as workspace:
        workspace.add_remote(name, url, reporter=desk.reporter, **_tuples(rules))
        return _listed(workspace)


def change(desk: Desk, name: str, allowed: Sequence[str], create: bool, **rules: Any) -> object:
    refuse_relative(rules.get("url") or "")
    with desk.workspace() as workspace:
        present = next((one.url for one in workspace.remotes() if one.name == name), "")
        permit(rules.get("url") or present, rules.get("options") or {}, allowed)
        workspace.set_remote(name, create=create, reporter=desk.reporter, **_tuples(rules))
        return _listed(workspace)


def remove(desk: Desk, name: str) -> object:
    with desk.workspace() as workspace:
        workspace.remove_remote(name, reporter=desk.reporter)
        return _listed(workspace)


def accept(desk: Desk, name: str, options: dict[str, str], allowed: Sequence[str]) -> object:
    with desk.workspace() as workspace:
        for one in workspace.remotes_elsewhere():
            if one.name == name:
                permit(one.url, options, allowed)
        workspace.accept_remote(name, options=options, reporter=desk.reporter)
        return _listed(workspace)


def decline(desk: Desk, name: str) -> object:
    with desk.workspace() as workspace:
        workspace.decline_remote(name, reporter=desk.reporter)
        return _listed(workspace)


def fork(desk: Desk, allowed: Sequence[str]) -> object:
    """Push to a fork of one's own from now on."""
    with desk.workspace() as workspace:
        for one in workspace.remotes() if allowed else ():
            permit(_of_somebody(one.url), {}, allowed)
        told = workspace.fork(reporter=desk.reporter)
        return {**documents.fork_document(told), **_listed(workspace)}


def _of_somebody(url: str) -> str:
    """The URL of a fork, before it is known whose: only who permits everybody's permits it."""
    head, _, name = url.rpartition("/")
    return f"{head.rpartition('/')[0]}/{uuid4().hex}/{name}"


def _tuples(rules: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if key == "include" else value for key, value in rules.items()}


def _listed(workspace: Workspace) -> dict[str, Any]:
    return {
        "remotes": documents.remotes_document(workspace.remotes()),
        "waiting": documents.remotes_document(workspace.remotes_elsewhere()),
    }


CALLS: Final[dict[str, Function]] = {
    "remotes": remotes,
    "remotes-add": add,
    "remotes-change": change,
    "remotes-remove": remove,
    "remotes-accept": accept,
    "remotes-decline": decline,
    "fork": fork,
}
