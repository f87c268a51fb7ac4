"""Calls with which a workspace begins: trying, linking, and bringing one back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from hubsync_cli import documents
from hubsync_jupyter.work.syncing import shortened

if TYPE_CHECKING:
    from hubsync import Workspace
    from hubsync.results import Survey
    from hubsync_jupyter.work.calls import Desk, Function


def survey(
    desk: Desk,
    url: str | None,
    exclusive: bool = False,
    mode: str | None = None,
    branch: str | None = None,
    **how: Any,
) -> object:
    """What linking would mean. Without a URL: to an embedded remote, which can always be made."""
    from hubsync import GitChoice, Workspace

    place = url if url is not None else _free_folder(desk)
    found = Workspace.survey(
        desk.root,
        place,
        git=GitChoice(mode, branch),
        identity=desk.identity,
        reporter=desk.reporter,
        env=desk.env,
        **how,
    )
    return _survey_document(found)


def link(
    desk: Desk, url: str | None, mode: str | None = None, branch: str | None = None, **how: Any
) -> object:
    from hubsync import GitChoice, Workspace

    desk.reporter.phase("Linking")
    with Workspace.init(
        desk.root,
        url,
        git=GitChoice(mode, branch),
        identity=desk.identity,
        data_home=desk.data_home,
        env=desk.env,
        **how,
    ) as workspace:
        return begun(workspace)


def bring_back(desk: Desk, url: str, vacant: bool, mode: str | None) -> object:
    """The workspace of another hub into this home, or a new one for it.

    ``vacant``: nothing lies here but what may be taken for nothing. Else both sides are united
    (rule 6).
    """
    from hubsync import GitChoice, Workspace
    from hubsync.errors import Unreachable

    if vacant:
        try:
            workspace, result = Workspace.clone(
                url,
                desk.root,
                identity=desk.identity,
                git=GitChoice(mode),
                reporter=desk.reporter,
                env=desk.env,
            )
        except Unreachable as error:
            if error.code != "no-mirror":
                raise
        else:
            with workspace:
                return {**begun(workspace), "result": shortened(result)}
    desk.reporter.phase("Linking")
    with Workspace.init(
        desk.root, url, git=GitChoice(mode), identity=desk.identity, env=desk.env
    ) as workspace:
        result = workspace.sync(identity=desk.identity, reporter=desk.reporter)
        return {**begun(workspace), "result": shortened(result)}


def describe(desk: Desk, directory: str) -> object:
    """The workspace that holds a directory."""
    from hubsync import Workspace

    with Workspace.open(directory, env=desk.env) as workspace:
        return begun(workspace)


def begun(workspace: Workspace) -> dict[str, Any]:
    """What a workspace is linked to."""
    return {
        "root": workspace.root,
        "remotes": documents.remotes_document(workspace.remotes()),
        "remarks": list(workspace.remarks),
    }


def _free_folder(desk: Desk) -> str:
    """Where an embedded remote would lie: it never takes the place of another one."""
    name = os.path.basename(desk.root) or "root"
    folder, number = os.path.join(desk.data_home, "remotes", name), 1
    while os.path.lexists(folder):
        number += 1
        folder = os.path.join(desk.data_home, "remotes", f"{name}-{number}")
    return folder


def _survey_document(found: Survey) -> dict[str, Any]:
    return {
        "url": found.url,
        "root": found.root,
        "remote": {"kind": "git" if found.git else "mirror", "found": found.found},
        "up": {
            "files": found.files,
            "bytes": found.bytes,
            "largest": [{"path": one.path, "size": one.size} for one in found.largest],
        },
        "ignored": [
            {"path": one.path, **documents.rule_document(one.rule)} for one in found.ignored
        ],
        "ignored_count": found.ignored_count,
        "withheld": list(found.withheld),
        "held": {
            "files": len(found.held),
            "bytes": found.held_bytes,
            "problems": _problems(found.held),
            "unsearched": found.unsearched,
        },
        "problems": _problems(found.problems),
        "repositories": list(found.repositories),
    }


def _problems(problems: Sequence[Any]) -> list[dict[str, Any]]:
    return [documents.problem_document(one) for one in problems[:100]]


CALLS: Final[dict[str, Function]] = {
    "survey": survey,
    "link": link,
    "bring-back": bring_back,
    "describe": describe,
}
