"""`ignore`: which paths are invisible, and why."""

from __future__ import annotations

import click

from hubsync_cli import documents, words
from hubsync_cli.history_report import table
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell, workspace_path


@command(
    "ignore",
    examples=(
        "hubsync ignore 'scratch/'",
        "hubsync ignore '!.env.example'",
        "hubsync ignore --list",
        "hubsync ignore --why data/cache.bin",
    ),
)
@click.argument("pattern", required=False)
@click.option("--list", "listed", is_flag=True, help="List the rules, the built-in ones too.")
@click.option("--why", metavar="PATH", type=click.Path(), help="Which rule hides PATH.")
@pass_shell
def ignore(shell: Shell, pattern: str | None, listed: bool, why: str | None) -> None:
    """Add PATTERN to .hubsyncignore, or show the rules.

    Patterns are those of .gitignore, relative to the root of the workspace. Ignored paths are
    neither sent nor deleted, on any side. Several files may hold rules; the last match counts,
    and !PATTERN takes a rule back.
    """
    if sum((pattern is not None, listed, why is not None)) != 1:
        raise click.UsageError("Give a PATTERN, --list, or --why PATH.")
    with shell.workspace() as workspace:
        if pattern is not None:
            added = workspace.ignore(pattern)
            shell.done(
                lambda: {"pattern": pattern, "added": added},
                f"{'Ignored from now on' if added else 'Was ignored already'}:"
                f" {words.line(pattern)}",
            )
        elif why is not None:
            path = workspace_path(workspace.root, why)
            rule = workspace.why_ignored(path)
            shown = shell.view(workspace.root).path(path)
            shell.result(
                lambda: {"path": path, "rule": rule and documents.rule_document(rule)},
                lambda: [
                    f"{shown} is not ignored."
                    if rule is None
                    else f"{shown} is hidden by {words.line(rule.pattern)}"
                    f" ({words.line(rule.source)}, line {rule.line})"
                ],
            )
        else:
            rules = workspace.ignore_rules()
            shell.result(
                lambda: [documents.rule_document(rule) for rule in rules],
                lambda: table(
                    [("SOURCE", "LINE", "PATTERN")]
                    + [(words.line(r.source), str(r.line), words.line(r.pattern)) for r in rules]
                ),
            )
