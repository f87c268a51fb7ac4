"""What all commands have: the common options, examples in the help, and lazily loaded children."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from hubsync.errors import UsageError
from hubsync_cli.shell import Shell

F = TypeVar("F", bound=Callable[..., Any])

pass_shell = click.make_pass_decorator(Shell)


def _set_json(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and isinstance(ctx.obj, Shell):
        ctx.obj.json = True


def _set_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and isinstance(ctx.obj, Shell):
        ctx.obj.quiet = True


def _add_verbose(ctx: click.Context, param: click.Parameter, value: int) -> None:
    if value and isinstance(ctx.obj, Shell):
        ctx.obj.verbosity += value


def common_options() -> list[click.Parameter]:
    """Accepted before and after the name of a sub-command."""
    return [
        click.Option(
            ["--json"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set_json,
            help="Print one JSON document instead of text.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_set_quiet,
            help="Say only what needs attention.",
        ),
        click.Option(
            ["-v", "--verbose"],
            count=True,
            expose_value=False,
            callback=_add_verbose,
            help="Say more: every path and every step; twice: where an internal error arose.",
        ),
    ]


class Documented:
    """Adds the examples below the help."""

    examples: tuple[str, ...] = ()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class Command(Documented, click.Command):
    """A command with the common options and examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.params.extend(common_options())


class Group(Documented, click.Group):
    """A group with the common options and examples."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.params.extend(common_options())


class LazyGroup(Group):
    """A group whose commands are imported when they are called.

    ``sections``: the commands in the order of the help; name to ``"module:attribute"``.
    """

    def __init__(self, *args: Any, sections: dict[str, dict[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for commands in self.sections.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for commands in self.sections.values():
            if cmd_name in commands:
                module, _, attribute = commands[cmd_name].partition(":")
                found = getattr(importlib.import_module(module), attribute)
                assert isinstance(found, click.Command)
                return found
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name in self.list_commands(ctx))
        for title, commands in self.sections.items():
            with formatter.section(title):
                rows = []
                for name in commands:
                    command = self.get_command(ctx, name)
                    assert command is not None
                    rows.append((name.ljust(width), command.get_short_help_str(limit=60)))
                formatter.write_dl(rows)


def command(name: str, *, examples: Sequence[str]) -> Callable[[Callable[..., Any]], Command]:
    """Declares a command; what its function returns is the exit status (None: 0)."""
    return click.command(name, cls=Command, examples=examples)


def _store_options(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    options: dict[str, str] = {}
    for value in values:
        key, separator, setting = value.partition("=")
        key = key.strip()
        if not (separator and key):
            raise click.BadParameter("It is not KEY=VALUE.", ctx, param)
        options[key] = setting
    return options


def store_options(function: F) -> F:
    """``-o KEY=VALUE``, repeatable, as a dictionary."""
    return click.option(
        "-o",
        "--option",
        "options",
        metavar="KEY=VALUE",
        multiple=True,
        callback=_store_options,
        help="A setting of the storage: endpoint, region, profile, anonymous, … Repeatable.",
    )(function)


class Place(click.ParamType[str]):
    """The URL of a remote, or a folder."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if str(value).strip().lower().startswith("memory://"):
            raise UsageError(
                "memory:// lies in the memory of one process: what is sent there is gone when the"
                " command ends.",
                "Use a folder, such as ./remote or file:///folder.",
                "not-lasting",
            )
        return str(value)


def exclusive(function: F) -> F:
    return click.option(
        "--exclusive",
        is_flag=True,
        help="Nothing but hubsync writes to the remote: its index is trusted, not listed.",
    )(function)


def git_options(function: F) -> F:
    """How a Git repository is used."""
    mode = click.option(
        "--mode",
        type=click.Choice(["branch", "shadow"]),
        help="Git: what is synced becomes commits on your branch, or on one beside it.",
    )
    branch = click.option("--branch", metavar="NAME", help="The Git branch.")
    user = click.option(
        "--user", metavar="NAME", help="Whose branches hubsync/NAME.shadow/… shadow mode syncs."
    )
    return mode(branch(user(function)))


def change_directory(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> None:
    for directory in values:
        try:
            os.chdir(directory)
        except OSError as error:
            raise UsageError(
                f"Cannot go to {directory!r}: {error.strerror}.",
                "-C takes an existing directory.",
                code="no-such-directory",
            ) from error
