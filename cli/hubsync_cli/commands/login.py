"""`login`, `logout` and `whoami`: who one is at GitHub."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hubsync_cli import documents, environment, words
from hubsync_cli.options import command, pass_shell
from hubsync_cli.output import is_terminal
from hubsync_cli.shell import Shell

if TYPE_CHECKING:
    from hubsync import Logins
    from hubsync.credentials.logins import Account

F = TypeVar("F", bound=Callable[..., Any])

_LONGEST = 4096


def _only_github(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> None:
    # What was given is not repeated: it may be a token.
    if words not in ((), ("github",)):
        raise click.BadParameter(
            "There is 'github' alone. A token is no argument: give it on standard input,"
            " with 'hubsync login github --with-token'.",
            ctx,
            param,
        )


def _where(function: F) -> F:
    """Which service, and which host of it."""
    service = click.argument(
        "service", nargs=-1, metavar="[github]", callback=_only_github, expose_value=False
    )
    host = click.option(
        "--host",
        metavar="HOST",
        help="A GitHub Enterprise Server; GH_HOST, else github.com, unless given.",
    )
    return service(host(function))


@command(
    "login",
    examples=(
        "hubsync login github",
        "hubsync login github --host github.example.org",
        "hubsync login github --with-token < ~/token.txt",
    ),
)
@_where
@click.option(
    "--with-token",
    is_flag=True,
    help="Take a personal access token from standard input instead; on a terminal, ask for it.",
)
@click.option("--client-id", metavar="ID", help="The GitHub app to log in with.")
@pass_shell
def login(shell: Shell, host: str | None, with_token: bool, client_id: str | None) -> None:
    """Log in at GitHub, for hubsync on this hub.

    Shows a code and a link. Open the link in any browser and enter the code there. The app is that
    of --client-id, else of GH_SCOPED_CREDS_CLIENT_ID, which many hubs set.

    The login is kept in a file that only you can read. Log in on each hub by itself.
    """
    if with_token and client_id:
        raise click.UsageError("--client-id has no meaning together with --with-token.")
    logins = _logins()
    host = host or logins.default_host()
    if with_token:
        account = logins.with_token(host, _token_given())
    else:
        begun = logins.begin(host, client_id or "")
        # On standard error, and with -q too: nothing goes on without it.
        shell.output.message(
            f"Open {words.line(begun.link)} and enter the code {words.line(begun.code)}"
        )
        shell.output.message(f"Waiting for up to {begun.minutes} minutes ...")
        account = logins.finish(begun)
    helper = (
        f"git config --global --replace-all credential.{logins.url(account.host)}.helper"
        " '!hubsync git-credential' hubsync"
    )
    page = environment.app_page()
    lines = [f"Logged in at {account.host} as {words.line(account.user)}."]
    if page and not with_token:
        lines.append(f"Choose the repositories that may be used from here: {words.line(page)}")
    # Told and not done: the file belongs to the user, and other helpers may be set up in it.
    lines.append(f"To use it in git too, run once: {helper}")
    document = {"app": page, "git_config": helper}
    shell.done(lambda: {**documents.account_document(account), **document}, *lines)


@command("whoami", examples=("hubsync whoami", "hubsync whoami --host github.example.org"))
@_where
@pass_shell
def whoami(shell: Shell, host: str | None) -> None:
    """Say who you are at GitHub, and where the login is from.

    GitHub is asked; without --host, every one that 'hubsync login' knows. Logins are tried in this
    order: that of 'hubsync login', GITHUB_TOKEN, GH_TOKEN, gh-scoped-creds, ~/.git-credentials, gh,
    ~/.netrc, Git's credential helpers. The exit status is 5 if none is taken.
    """
    logins = _logins()
    accounts = [logins.who(host)] if host else logins.everywhere()
    shell.result(
        lambda: {"accounts": [documents.account_document(account) for account in accounts]},
        lambda: [_told(account) for account in accounts],
    )


@command("logout", examples=("hubsync logout", "hubsync logout --host github.example.org"))
@_where
@pass_shell
def logout(shell: Shell, host: str | None) -> None:
    """Forget the login of this hub. The token itself is revoked in GitHub's settings."""
    logins = _logins()
    host = host or logins.default_host()
    forgotten = logins.forget(host)
    shell.done(
        lambda: {"host": host, "forgotten": forgotten},
        f"The login at {words.line(host)} is forgotten."
        if forgotten
        else f"There was no login at {words.line(host)}.",
    )


def _logins() -> Logins:
    from hubsync import Logins

    return Logins(environment.for_remotes())


def _told(account: Account) -> str:
    end = "" if account.expires is None else f", expires {words.iso(account.expires * 10**9)}"
    return f"{account.user} at {account.host} ({account.source}{end})"


def _token_given() -> str:
    """From standard input; never an argument, which every process of the machine could read."""
    if is_terminal(sys.stdin):
        return str(click.prompt("Token", hide_input=True, err=True))
    return sys.stdin.read(_LONGEST) if sys.stdin is not None else ""
