"""`ignore`: which paths are invisible, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hubsync_cli import documents, words
from hubsync_cli.history_report import table
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell, workspace_path

if TYPE_CHECKING:
    from hubsync.results import IgnoreRule


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
                    else f"{shown} is hidden by {words.line(rule.pattern)} ({_place(rule)})"
                ],
            )
        else:
            rules = workspace.ignore_rules()
            shell.result(
                lambda: [documents.rule_document(rule) for rule in rules],
                lambda: table(
                    [("SOURCE", "LINE", "PATTERN")]
                    + [(words.line(r.source), _line(r), words.line(r.pattern)) for r in rules]
                ),
            )


def _place(rule: IgnoreRule) -> str:
    """Where a person finds a rule."""
    if rule.built_in:
        return "a built-in rule"
    return f"{words.line(rule.source)}, line {rule.line}"


def _line(rule: IgnoreRule) -> str:
    return "" if rule.built_in else str(rule.line)
