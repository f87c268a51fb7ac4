"""`doctor`: what is well, what is not, and what to do."""

from __future__ import annotations

from hubsync_cli import documents, words
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


@command("doctor", examples=("hubsync doctor", "hubsync doctor --json"))
@pass_shell
def doctor(shell: Shell) -> int:
    """Check the workspace and its remotes, and say what to do.

    Reachability, permissions, credentials, clock, free space and locks. The exit status is 3 if a
    check failed.
    """
    with shell.workspace() as workspace:
        checks = workspace.doctor()
    failed = any(check.state == "failed" for check in checks)
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        if shell.quiet and check.state in ("ok", "info"):
            continue
        state = f"{check.state:<7}"
        if check.state in _COLOURS:
            state = shell.output.paint(state, _COLOURS[check.state])
        lines.append(f"{state}  {words.line(check.name):<{width}}  {words.line(check.message)}")
        if check.hint:
            lines.append(f"{'':7}  {'':<{width}}  hint: {words.line(check.hint)}")
    shell.result(lambda: documents.checks_document(checks), lambda: lines)
    return 3 if failed else 0
