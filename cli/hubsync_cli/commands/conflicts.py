"""`conflicts` and `resolve`: what is left to a person."""

from __future__ import annotations

import click

from hubsync_cli import documents
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell, workspace_path


@command("conflicts", examples=("hubsync conflicts", "hubsync conflicts --json"))
@pass_shell
def conflicts(shell: Shell) -> None:
    """List the files of which both versions were kept, and Git repositories that two hubs changed.

    The repositories are not in the output of --json; "hubsync status --json" has them among its
    problems.
    """
    with shell.workspace() as workspace:
        found, diverged = workspace.conflicts(), workspace.diverged()
        view = shell.view(workspace.root)
    shell.result(
        lambda: documents.conflicts_document(found),
        lambda: (
            [*view.conflicts(found, whole=True), *view.problems(diverged, whole=True)]
            or ([] if shell.quiet else ["No conflicts."])
        ),
    )


@command(
    "resolve",
    examples=("hubsync resolve notes.md --keep both", "hubsync resolve notes.md --keep theirs"),
)
@click.argument("path", type=click.Path())
@click.option(
    "--keep",
    required=True,
    type=click.Choice(["mine", "theirs", "both"]),
    help="Which version stays.",
)
@pass_shell
def resolve(shell: Shell, path: str, keep: str) -> None:
    """Settle the conflict about PATH.

    mine: the content of the conflict copy takes the name. theirs: what has the name stays, the
    conflict copy goes. both: both stay, as two ordinary files. What goes is in the trash.
    """
    with shell.workspace() as workspace:
        wanted = workspace_path(workspace.root, path)
        with shell.progress() as progress:
            changed = workspace.resolve(wanted, keep, reporter=progress)
        view = shell.view(workspace.root)
    shell.done(
        lambda: {"path": wanted, "keep": keep, "changed": list(changed)},
        f"Resolved {view.path(wanted)}, kept {keep}. Next: hubsync sync",
        *(f"  {view.path(item)}" for item in (changed if view.everything else ())),
    )
