"""The command tree: which commands there are, and where each is written."""

from __future__ import annotations

import click

from hubsync import __version__
from hubsync_cli.options import LazyGroup, change_directory
from hubsync_cli.shell import Shell

_COMMANDS = "hubsync_cli.commands"

SECTIONS = {
    "Begin": {
        "init": f"{_COMMANDS}.start:init",
        "clone": f"{_COMMANDS}.start:clone",
    },
    "Every day": {
        "status": f"{_COMMANDS}.status:status",
        "sync": f"{_COMMANDS}.sync:sync",
        "push": f"{_COMMANDS}.sync:push",
        "pull": f"{_COMMANDS}.sync:pull",
        "watch": f"{_COMMANDS}.watch:watch",
        "conflicts": f"{_COMMANDS}.conflicts:conflicts",
        "resolve": f"{_COMMANDS}.conflicts:resolve",
    },
    "History": {
        "log": f"{_COMMANDS}.history:log",
        "restore": f"{_COMMANDS}.history:restore",
        "gc": f"{_COMMANDS}.history:gc",
    },
    "Logging in": {
        "login": f"{_COMMANDS}.login:login",
        "whoami": f"{_COMMANDS}.login:whoami",
        "git-credential": f"{_COMMANDS}.git_credential:git_credential",
        "logout": f"{_COMMANDS}.login:logout",
    },
    "Settings and checks": {
        "remote": f"{_COMMANDS}.remote:remote",
        "ignore": f"{_COMMANDS}.ignore:ignore",
        "allow": f"{_COMMANDS}.allow:allow",
        "doctor": f"{_COMMANDS}.doctor:doctor",
        "completion": f"{_COMMANDS}.completion:completion",
    },
}


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    if isinstance(ctx.obj, Shell):
        ctx.obj.result(lambda: {"version": __version__}, lambda: [f"hubsync {__version__}"])
    ctx.exit()


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    examples=(
        "hubsync init s3://bucket/me && hubsync sync     # link this directory, send it",
        "hubsync clone s3://bucket/me                    # on another hub",
        "hubsync sync                                    # both directions, any time",
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "directories",
    metavar="DIR",
    multiple=True,
    is_eager=True,
    expose_value=False,
    callback=change_directory,
    help="Run as if started in DIR.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=_show_version,
    help="Print the version and end.",
)
def cli() -> None:
    """Keep a directory in two-way sync with storage that you own.

    \b
    Results go to standard output, messages and progress to standard error.
    Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but conflicts or problems
    are left and named; 4 safety stop, nothing changed; 5 the remote could not be
    reached or refused the credentials; 130 interrupted.
    """
