"""`status`: what a sync would do."""

from __future__ import annotations

import click

from hubsync_cli import documents
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell


@command("status", examples=("hubsync status", "hubsync status --short", "hubsync status --json"))
@click.option("--short", is_flag=True, help="Two letters and the path, one line each.")
@click.option("--checksum", is_flag=True, help="Read every file; do not trust the stat cache.")
@pass_shell
def status(shell: Shell, short: bool, checksum: bool) -> int:
    """Show what a sync would do; change nothing.

    Paths are shown relative to the current directory. With --short, the first letter is L for a
    local change, R for a remote one, C for a conflict and P for a problem; the second is + for
    created, ~ edited, - deleted, > renamed, x mode, and ! for what waits for a person. S! tells of
    a safety stop: a sync would change nothing before that is confirmed. U! tells of a remote that
    cannot be reached or opened, among others that can: the exit status is 5 then.
    """
    with shell.workspace() as workspace, shell.progress() as progress:
        found = workspace.status(reporter=progress, checksum=checksum)
    if shell.json:
        shell.output.document(documents.status_document(found))
    else:
        from hubsync_cli import status_report

        view = shell.view(found.workspace)
        shell.output.lines(
            status_report.short(found, view)
            if short
            else status_report.report(found, view, quiet=shell.quiet)
        )
    if found.unavailable:
        return 5
    left = found.conflicts or found.coming or found.problems or found.stops
    stuck = any(one.problems for one in found.repositories)
    return 3 if left or stuck else 0
