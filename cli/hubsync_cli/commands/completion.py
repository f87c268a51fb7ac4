"""`completion`: the script by which a shell completes the command."""

from __future__ import annotations

import click

from hubsync_cli.environment import COMPLETION_VARIABLE
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell


@command(
    "completion",
    examples=(
        'eval "$(hubsync completion bash)"      # in ~/.bashrc',
        'eval "$(hubsync completion zsh)"       # in ~/.zshrc',
        "hubsync completion fish > ~/.config/fish/completions/hubsync.fish",
    ),
)
@click.argument("shell_name", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@pass_shell
def completion(shell: Shell, shell_name: str) -> None:
    """Print the completion script for bash, zsh or fish."""
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell_name)
    assert kind is not None
    context = click.get_current_context().find_root()
    # ShellComplete.source: that of bash would start a bash to ask for its version.
    script = ShellComplete.source(kind(context.command, {}, "hubsync", COMPLETION_VARIABLE))
    shell.result(lambda: {"shell": shell_name, "script": script}, lambda: [script])
