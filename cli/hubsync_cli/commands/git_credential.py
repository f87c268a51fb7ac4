"""`git-credential`: the login, as Git's credential helpers give it."""

from __future__ import annotations

import sys

import click

from hubsync_cli import environment
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell


@command(
    "git-credential",
    examples=(r"printf 'protocol=https\nhost=github.com\n\n' | hubsync git-credential get",),
)
@click.argument("operation")
@pass_shell
def git_credential(shell: Shell, operation: str) -> None:
    """Serve Git as a credential helper: get, store or erase.

    Git runs it; 'hubsync login' says how to set it up. It reads from standard input what Git asks
    for. 'get' prints the token, for Git alone; 'erase' forgets a login that was refused; whatever
    else, 'store' too, is passed over.
    """
    from hubsync import Logins

    asked = sys.stdin.buffer.read() if sys.stdin is not None else b""
    answer = Logins(environment.for_remotes()).answer(operation, asked)
    shell.output.lines(answer.decode("utf-8", "surrogateescape").split("\n")[:-1] if answer else ())
