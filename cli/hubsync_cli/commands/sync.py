"""`sync`, `push` and `pull`: one plan, in both directions or one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hubsync.errors import HubsyncError
from hubsync_cli import documents, environment, sync_report
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell

F = TypeVar("F", bound=Callable[..., Any])


def _request(function: F) -> F:
    for option in (
        click.option(
            "--checksum", is_flag=True, help="Read every file; do not trust the stat cache."
        ),
        click.option(
            "--confirm-deletes",
            is_flag=True,
            help="Go on where so much would be deleted that hubsync stops.",
        ),
        click.option("-m", "--message", default="", metavar="TEXT", help="For the history."),
        click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing."),
    ):
        function = option(function)
    return function


@command(
    "sync",
    examples=("hubsync sync", "hubsync sync --dry-run", 'hubsync sync -m "figures for the paper"'),
)
@_request
@click.option(
    "--fork",
    is_flag=True,
    help="At GitHub: push to a fork of your own from now on, made if there is none.",
)
@pass_shell
def sync(shell: Shell, /, fork: bool, **request: Any) -> int:
    """Bring both sides together.

    Changes of one side go to the other; where both changed one file, the contents are merged or
    both kept. Nothing that a person wrote is lost.
    """
    if fork and request["dry_run"]:
        raise click.UsageError("--fork changes something: leave out --dry-run.")
    return _run(shell, "sync", request, fork=fork)


@command("push", examples=("hubsync push", "hubsync push --dry-run"))
@_request
@pass_shell
def push(shell: Shell, /, **request: Any) -> int:
    """Send local changes, fetch none.

    What the remote has newer is never overwritten: such paths are named, and the exit status is 3.
    """
    return _run(shell, "push", request)


@command("pull", examples=("hubsync pull", "hubsync pull --dry-run"))
@_request
@pass_shell
def pull(shell: Shell, /, **request: Any) -> int:
    """Fetch remote changes, send none.

    What is changed here too is merged into your file. What does not merge is kept twice, and the
    exit status is 3: the remote's content takes the name, yours is in a conflict copy beside it.
    """
    return _run(shell, "pull", request)


def _run(shell: Shell, direction: str, request: dict[str, Any], *, fork: bool = False) -> int:
    from hubsync import SyncRequest

    failed: HubsyncError | None = None
    with shell.workspace() as workspace:
        run = getattr(workspace, direction)
        with shell.progress() as progress:
            forked = workspace.fork(reporter=progress) if fork else None
            try:
                result = run(
                    SyncRequest(**request), identity=environment.identity(), reporter=progress
                )
            except HubsyncError as error:
                failed = error
        if failed is not None:
            if failed.done is not None and not shell.json:  # else it is in the document
                view = shell.view(workspace.root)
                done = sync_report.report(failed.done, direction, view, quiet=shell.quiet)
                shell.output.lines(done)
            raise failed
        shell.result(
            lambda: documents.sync_document(result) | documents.fork_document(forked),
            lambda: [
                *sync_report.report(
                    result, direction, shell.view(workspace.root), quiet=shell.quiet
                ),
                *sync_report.fork_lines(forked),
            ],
        )
    return int(result.exit_status())
