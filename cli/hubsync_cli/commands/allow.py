"""`allow`: lets through a file that was held back for what looks like a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hubsync_cli import documents, words
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell, workspace_path

if TYPE_CHECKING:
    from hubsync.results import AllowedFinding


@command("allow", examples=("hubsync allow notes.md", "hubsync allow notes.md --json"))
@click.argument("path", type=click.Path())
@pass_shell
def allow(shell: Shell, path: str) -> None:
    """Let through what looks like a secret in PATH now.

    A Git remote keeps everything for ever, so a file with a new secret is held back. Look at it
    first: if it is a real one, take it out instead. Your own commits of PATH that are not pushed
    yet count too. Another secret that comes to PATH later is held back again. What was let through
    stands in .hubsync/allowed.toml, without the secret.
    """
    with shell.workspace() as workspace:
        wanted = workspace_path(workspace.root, path)
        with shell.progress() as progress:
            found = workspace.allow(wanted, reporter=progress)
        view = shell.view(workspace.root)
    shown = view.path(wanted)
    shell.done(
        lambda: documents.allowed_document(wanted, found),
        f"Let through from now on: {shown}" if found else f"Nothing looks like a secret in {shown}",
        *(f"  {words.line(_told(one))}" for one in found),
    )


def _told(finding: AllowedFinding) -> str:
    if finding.cell is None:
        return f"{finding.kind} in line {finding.line}"
    output = "output, " if finding.output else ""
    return f"{finding.kind} in cell {finding.cell}, {output}line {finding.line}"
