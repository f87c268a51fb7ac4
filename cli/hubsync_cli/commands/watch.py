"""`watch`: the continuous session in a terminal."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from typing import TYPE_CHECKING

import click

from hubsync.errors import Interrupted, LocalError
from hubsync_cli import environment
from hubsync_cli.options import command, pass_shell
from hubsync_cli.shell import Shell

if TYPE_CHECKING:
    from hubsync import Session, SessionStatus


@command(
    "watch",
    examples=(
        "hubsync watch",
        "hubsync watch -v --flush-timeout 60",
        "hubsync watch --json > ~/watch.log",
    ),
)
@click.option(
    "--flush-timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the end may take, to send what was not sent yet.",
)
@pass_shell
def watch(shell: Shell, flush_timeout: float) -> int:
    """Sync continuously until interrupted.

    A change is sent about a second after it is saved; the remote is asked for news every 30
    seconds. What was done is said in one line each, with -v every path too; with --json there is
    one JSON document in one line for each change of state.

    Ctrl-C, SIGTERM or the closing of the terminal sends what was not sent yet and ends: with 0,
    with 3 if conflicts or problems are left, or with 130 if not everything could be sent. A second
    one ends at once.
    """
    if not math.isfinite(flush_timeout):
        raise click.UsageError("--flush-timeout is a number of seconds.")
    from hubsync import Session

    session = Session(".", identity=environment.identity(), env=environment.for_remotes())
    return asyncio.run(_watch(shell, session, flush_timeout))


async def _watch(shell: Shell, session: Session, flush_timeout: float) -> int:
    from hubsync_cli.watch_report import Report

    report = Report(shell.view(session.root), quiet=shell.quiet)

    begun = shell.json or shell.quiet
    unheard: deque[OSError | LocalError] = deque(maxlen=1)

    def told(status: SessionStatus) -> None:
        try:
            say(status)
        except BrokenPipeError as error:  # nobody reads any more
            unheard.append(error)
            interrupted.set()
        except (OSError, LocalError) as error:  # a full disk under a log is no reason to end
            unheard.append(error)

    def say(status: SessionStatus) -> None:
        nonlocal begun
        now = time.time_ns()
        if status.facts.watching.how and not begun:
            begun = True
            shell.output.message(f"Watching {session.root}; Ctrl-C ends.")
        if shell.json:
            for document in report.documents(status, now):
                shell.output.document_line(document)
        else:
            shell.output.lines(report.lines(status, now))

    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()

    def interrupt() -> None:
        loop.call_soon_threadsafe(interrupted.set)

    with shell.until_interrupted(interrupt):
        running = asyncio.create_task(session.run())
        session.listen(told)
        waiting = asyncio.create_task(interrupted.wait())
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        flushed = await session.stop(flush_timeout)
        await running
    if unheard:
        raise unheard[0]
    if not flushed:
        raise Interrupted(
            "It ended before everything that was changed here was sent.",
            "'hubsync sync' or the next 'hubsync watch' goes on from there.",
        )
    last = session.status.facts.last
    left = last is not None and (last.conflict_count or last.problem_count or last.unsynced)
    return 3 if left else 0
