"""Runs the command: arguments in, exit status out, and every error in words."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Never

import click

from hubsync.errors import HubsyncError, Interrupted, LocalError, UsageError
from hubsync_cli import environment, signals, streams
from hubsync_cli.output import UNWRITTEN, Output
from hubsync_cli.shell import Shell
from hubsync_cli.signals import Interruptions
from hubsync_cli.tree import cli

PROGRAM = "hubsync"
_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)\.?")

_NO_OUTPUT = (
    "error: Standard output is closed: the result would go nowhere.\n"
    "hint: To do without it, write: hubsync ... > /dev/null\n"
)


def main(arguments: Sequence[str] | None = None) -> Never:
    """The console script."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    request = environment.completion_request()
    if request is not None:
        from click.shell_completion import shell_complete

        variable = environment.COMPLETION_VARIABLE
        sys.exit(shell_complete(cli, {}, PROGRAM, variable, request))
    if not streams.opened():
        sys.stderr.write(_NO_OUTPUT)
        sys.exit(UsageError.exit_status)
    status = 0
    try:
        status = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has enough.
        streams.discard_output()
        status = 1
    except OSError:
        # It was told: everything is flushed as it is printed, and this is what could not be.
        streams.discard_output()
        status = status or LocalError.exit_status
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    output = Output()
    with Interruptions() as interruptions:
        shell = Shell(output, interruptions)
        try:
            with cli.make_context(PROGRAM, list(arguments), obj=shell) as context:
                status = int(cli.invoke(context) or 0)
            if interruptions.asked:
                output.message("It was done before it could stop.")
                return signals.EXIT_STATUS
            return status
        except click.exceptions.Exit as ended:
            return ended.exit_code
        except click.exceptions.NoArgsIsHelpError as missing:
            if "--json" not in arguments and missing.ctx is not None:
                sys.stderr.write(f"{missing.ctx.get_help()}\n")
                return UsageError.exit_status
            return _fail(shell, arguments, UsageError("A command is missing.", _help(missing)))
        except click.ClickException as refused:
            return _fail(shell, arguments, UsageError(_sentence(refused), _help(refused)))
        except BrokenPipeError:
            raise
        except (KeyboardInterrupt, click.Abort):
            return _fail(shell, arguments, Interrupted("Interrupted.", "Run it again to go on."))
        except Exception as error:
            if shell.verbosity > 1:
                _traceback(error)
            told = explained(error)
            if interruptions.asked:  # such as: waiting for the lock was given up
                told = Interrupted(told.message, told.hint)
            return _fail(shell, arguments, told)


def explained(error: Exception) -> HubsyncError:
    """Any error as one for people."""
    if isinstance(error, HubsyncError):
        return error
    if isinstance(error, OSError) and error.strerror:
        where = f"{os.fsdecode(error.filename)}: " if _is_path(error.filename) else ""
        return LocalError(
            f"{where}{error.strerror}.",
            "Check the permissions, the free space and the quota of this place.",
        )
    return HubsyncError(
        f"Internal error: {type(error).__name__} (code internal).",
        "This is a bug in hubsync. Run the command again with -vv to see"
        " where it arose, and report that.",
        code="internal",
    )


def _fail(shell: Shell, arguments: list[str], error: HubsyncError) -> int:
    # Wrong usage may be found before --json is parsed: ask the arguments too.
    before_end = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if error.code == UNWRITTEN:
        streams.discard_output()
    elif shell.json or "--json" in before_end:
        from hubsync_cli.documents import error_document

        try:
            shell.output.document(error_document(error))
        except LocalError:  # nothing can be written there: then it is said in words
            streams.discard_output()
        else:
            return error.exit_status
    shell.output.failure(error.message, error.hint)
    return error.exit_status


def _sentence(refused: click.ClickException) -> str:
    """click's message in one line, ended by a full stop; it lists choices below one another."""
    text = " ".join(refused.format_message().split())
    extra = _EXTRA.fullmatch(text)
    if extra is not None:
        text = f"Nothing more is expected here: {extra[1]}."
    return text if text.endswith((".", "?")) else f"{text}."


def _help(refused: click.ClickException) -> str:
    context = getattr(refused, "ctx", None)
    path = context.command_path if isinstance(context, click.Context) else PROGRAM
    return f"'{path} --help' shows how it is used."


def _is_path(value: object) -> bool:
    return isinstance(value, (str, bytes))


def _traceback(error: Exception) -> None:
    import traceback

    sys.stderr.write("".join(traceback.format_exception(error)))
