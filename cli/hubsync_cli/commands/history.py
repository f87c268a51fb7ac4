"""`log`, `restore` and `gc`: what was, what comes back, what goes for good."""

from __future__ import annotations

import click

from hubsync_cli import documents, words
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell, workspace_path


@command("log", examples=("hubsync log -n 5", "hubsync log notes.md", "hubsync log --json"))
@click.argument("path", required=False, type=click.Path())
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="The N newest.")
@click.option("--trash", is_flag=True, help="With PATH: only what is in the trash here.")
@pass_shell
def log(shell: Shell, path: str | None, limit: int | None, trash: bool) -> None:
    """Show the history: when, who, from which hub, what changed.

    With PATH, the versions of that file; each can be given to restore --at. What is in the trash
    of this workspace can be listed and restored without the remote.
    """
    from hubsync_cli import history_report

    if trash and path is None:
        raise click.UsageError("--trash is about one file: name its PATH.")

    with shell.workspace() as workspace:
        view = shell.view(workspace.root)
        if path is None:
            records = workspace.log(limit)
            shell.result(
                lambda: documents.log_document(records), lambda: history_report.log(records, view)
            )
        else:
            wanted = workspace_path(workspace.root, path)
            versions = workspace.versions(wanted, trash_only=trash)[:limit]
            shell.result(
                lambda: documents.versions_document(versions),
                lambda: history_report.versions(versions, wanted, view),
            )


@command(
    "restore",
    examples=(
        "hubsync restore notes.md",
        "hubsync restore notes.md --at 2026-11-20T12:00:00Z",
        "hubsync restore notes.md --at VERSION --to notes-before.md",
        "hubsync restore results/ --at 2026-11-20T12:00:00Z",
    ),
)
@click.argument("path", type=click.Path())
@click.option("--at", metavar="VERSION|TIME", help="Which one (hubsync log PATH names them).")
@click.option("--to", metavar="DEST", type=click.Path(), help="Where to, instead of PATH itself.")
@pass_shell
def restore(shell: Shell, path: str, at: str | None, to: str | None) -> None:
    """Bring an earlier version of PATH back.

    It is looked for in the remote's history and in the trash of this workspace. What it replaces
    goes to the trash.

    A directory, "." too, takes a time: every file that was in it then comes back as it was, and so
    do Git repositories in it that are gone; what came later stays.
    """
    from hubsync_cli import history_report

    with shell.workspace() as workspace:
        root = workspace.root
        source = workspace_path(root, path, whole=True)
        target = None if to is None else workspace_path(root, to)
        with shell.progress() as progress:
            restored = workspace.restore(source, at=at, to=target, reporter=progress)
        view = shell.view(root)
        shell.done(
            lambda: documents.restored_document(restored),
            history_report.restored(restored, view),
        )


@command("gc", examples=("hubsync gc", "hubsync gc --keep-days 7"))
@click.option(
    "--keep-days", type=click.IntRange(min=0), metavar="N", help="Keep what is younger than N days."
)
@pass_shell
def gc(shell: Shell, keep_days: int | None) -> None:
    """Prune trash, old versions and leftovers by age.

    Nothing is pruned on its own; what goes here cannot be restored. Leftovers of interrupted runs
    stay for a day, for another hub may be about to use them.
    """
    with shell.workspace() as workspace, shell.progress() as progress:
        pruned = workspace.gc(keep_days=keep_days, reporter=progress)
    lines = [
        f"Pruned {words.count(pruned.trash, 'file')} from the trash and"
        f" {words.count(pruned.remote, 'object')} from the remote."
    ]
    if pruned.young:
        left = words.count(pruned.young, "leftover")
        lines.append(f"Kept for now: {left} of interrupted runs, not yet a day old.")
    shell.done(lambda: documents.pruned_document(pruned), *lines)
