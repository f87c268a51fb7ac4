"""`remote`: the places a workspace is synced with, and which paths go where."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import click

from hubsync_cli import documents, words
from hubsync_cli.history_report import table
from hubsync_cli.options import (
    Group,
    Place,
    command,
    exclusive,
    git_options,
    pass_shell,
    store_options,
)
from hubsync_cli.shell import Shell

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {
    unit + letter: 1000**power
    for power, unit in enumerate(("", "k", "m", "g", "t"))
    for letter in ("", "b")
}
_LARGEST = 1 << 63


NO_SIZE: Final = -1
"""Given for an empty size, where one may be taken away."""


class Size(click.ParamType[int]):
    """Bytes, as a number or with a unit: 20MB."""

    name = "size"

    def __init__(self, *, may_be_empty: bool = False) -> None:
        self._may_be_empty = may_be_empty

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).strip().lower()
        if not text and self._may_be_empty:
            return NO_SIZE
        number = text.rstrip("bkmgt")
        try:
            size = int(float(number) * _UNITS[text[len(number) :].strip()])
        except (ValueError, KeyError, OverflowError):
            size = -1
        if not 0 <= size < _LARGEST:
            self.fail(f"{value!r} is no size; a size is like 500kB, 20MB or 1.5GB.", param, ctx)
        return size


def _rules(function: F, *, changing: bool = False) -> F:
    """The options for what a remote takes; in a change an empty value takes a rule away."""
    size = click.option(
        "--larger-than",
        type=Size(may_be_empty=changing),
        metavar="SIZE",
        help="Takes files above this size, such as 20MB."
        + (" An empty value takes that away." if changing else ""),
    )
    include = click.option(
        "--include",
        metavar="PATTERN",
        multiple=True,
        help="Takes the paths that match (gitignore syntax). Repeatable."
        + (" An empty value takes all patterns away." if changing else ""),
    )
    return include(size(function))


@click.group(
    "remote",
    cls=Group,
    examples=(
        "hubsync remote list",
        "hubsync remote add bulk s3://bucket/data --larger-than 20MB",
        "hubsync remote remove bulk",
    ),
)
def remote() -> None:
    """Show and change the remotes and their rules.

    A path belongs to the remote where it is already known, else to the first whose rule takes it.
    """


@command("list", examples=("hubsync remote list", "hubsync remote list --json"))
@pass_shell
def list_remotes(shell: Shell) -> None:
    """List the remotes."""
    with shell.workspace() as workspace:
        found, elsewhere = workspace.remotes(), workspace.remotes_elsewhere()
    shell.result(
        lambda: documents.remotes_document(found),
        lambda: [*_table(shell, found), *_waiting(elsewhere)],
    )


@command(
    "add",
    examples=("hubsync remote add bulk s3://bucket/data --include 'data/**' --larger-than 20MB",),
)
@click.argument("name")
@click.argument("url", type=Place())
@store_options
@exclusive
@_rules
@git_options
@click.option("--only-here", is_flag=True, help="Other hubs are not told of it.")
@pass_shell
def add(
    shell: Shell,
    name: str,
    url: str,
    options: dict[str, str],
    exclusive: bool,
    include: tuple[str, ...],
    larger_than: int | None,
    mode: str | None,
    branch: str | None,
    user: str | None,
    only_here: bool,
) -> None:
    """Add a remote.

    It is written to .hubsync.toml, which travels with your files: a clone on another hub finds it.
    """
    from hubsync import GitChoice

    with shell.workspace() as workspace, shell.progress() as progress:
        workspace.add_remote(
            name,
            url,
            options=options,
            exclusive=exclusive,
            include=include,
            larger_than=larger_than,
            only_here=only_here,
            git=GitChoice(mode, branch, user),
            reporter=progress,
        )
        found = workspace.remotes()
    shell.done(
        lambda: documents.remotes_document(found),
        f"Added the remote {words.line(name)}. Next: hubsync sync",
    )


@command(
    "accept",
    examples=("hubsync remote accept bulk",),
)
@click.argument("name")
@store_options
@pass_shell
def accept(shell: Shell, name: str, options: dict[str, str]) -> None:
    """Link a remote that .hubsync.toml names.

    Look at the address first: whoever can write to your first remote can write to that file.
    Options are for this machine, such as -o profile=NAME; other hubs are not told of them.
    """
    with shell.workspace() as workspace, shell.progress() as progress:
        workspace.accept_remote(name, options=options, reporter=progress)
        found = workspace.remotes()
    shell.done(
        lambda: documents.remotes_document(found),
        f"Linked the remote {words.line(name)}. Next: hubsync sync",
    )


@command("decline", examples=("hubsync remote decline bulk",))
@click.argument("name")
@pass_shell
def decline(shell: Shell, name: str) -> None:
    """Do without a remote that .hubsync.toml names."""
    with shell.workspace() as workspace, shell.progress() as progress:
        workspace.decline_remote(name, reporter=progress)
        found = workspace.remotes()
    shell.done(
        lambda: documents.remotes_document(found),
        f"The remote {words.line(name)} is not asked for here any more.",
    )


@command("remove", examples=("hubsync remote remove bulk",))
@click.argument("name")
@pass_shell
def remove(shell: Shell, name: str) -> None:
    """Forget a remote; what lies there stays."""
    with shell.workspace() as workspace, shell.progress() as progress:
        workspace.remove_remote(name, reporter=progress)
        found = workspace.remotes()
    shell.done(lambda: documents.remotes_document(found), f"Removed the remote {words.line(name)}.")


@command(
    "set",
    examples=(
        "hubsync remote set bulk --larger-than 50MB --exclusive",
        "hubsync remote set origin --url s3://other/me --create",
    ),
)
@click.argument("name")
@click.option("--url", type=Place(), help="Where it is now. There has to be a mirror, or --create.")
@click.option("--create", is_flag=True, help="Begin a new mirror at the URL if there is none.")
@store_options
@click.option("--exclusive/--no-exclusive", default=None, help="Whether only hubsync writes to it.")
@partial(_rules, changing=True)
@click.option("--no-rules", is_flag=True, help="Take away all the rules that it has.")
@git_options
@pass_shell
def set_remote(
    shell: Shell,
    /,
    name: str,
    url: str | None,
    create: bool,
    options: dict[str, str],
    exclusive: bool | None,
    include: tuple[str, ...],
    larger_than: int | None,
    no_rules: bool,
    **git: str | None,
) -> None:
    """Change the settings of a remote; those not named stay.

    An option of the storage is taken away by an empty value: -o region=
    """
    settings: dict[str, Any] = {
        "url": url,
        "options": options or None,
        "exclusive": exclusive,
        "include": include or None,
        "larger_than": larger_than,
        **git,
    }
    given = {key: value for key, value in settings.items() if value is not None}
    if include and not any(include):
        given["include"] = ()
    if larger_than == NO_SIZE:
        given["larger_than"] = None
    if no_rules:
        given = {"include": (), "larger_than": None, **given}
    if not given:
        raise click.UsageError("Name at least one setting to change.")
    with shell.workspace() as workspace, shell.progress() as progress:
        workspace.set_remote(name, create=create, reporter=progress, **given)
        found = workspace.remotes()
    shell.done(lambda: documents.remotes_document(found), f"Changed the remote {words.line(name)}.")


for _child in (list_remotes, add, set_remote, remove, accept, decline):
    remote.add_command(_child)


def _waiting(elsewhere: list[Any]) -> list[str]:
    return [
        f"Not linked: {words.line(one.name)}, {words.line(one.url)}"
        f" (hubsync remote accept {words.line(one.name)})"
        for one in elsewhere
    ]


def _table(shell: Shell, found: list[Any]) -> list[str]:
    now = shell.view("").now
    rows = [("NAME", "URL", "LAST SYNC", "TAKES")]
    for info in found:
        rules = [*info.include]
        if info.larger_than is not None:
            rules.append(f"files above {words.size(info.larger_than)}")
        takes = words.alternatives(rules) or "everything"
        rows.append(
            (
                words.line(info.name),
                words.line(info.url),
                "never" if info.last_sync is None else words.ago(info.last_sync, now),
                words.line(takes) + (" (exclusive)" if info.exclusive else ""),
            )
        )
    return table(rows)
