"""Whole processes, timed side by side: several contenders take turns for several rounds."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from msgspec import Struct


class Command(Struct, frozen=True):
    """A process to run. ``env`` is added to the bench's own."""

    argv: Sequence[str]
    cwd: str
    env: Mapping[str, str] = {}


class Run(Struct, frozen=True):
    """How one process went: wall clock in seconds, largest resident size in bytes, output."""

    seconds: float
    peak: int
    output: bytes


class Wrong(Exception):
    """A contender did not do its job; its time would mean nothing."""


class LeftOut(Exception):
    """A job that cannot be done with what this run was given; the message says what it needs."""


class Contender(Struct, frozen=True):
    """One program that does the job.

    ``prepare(round)``, untimed, brings everything into the state that the job begins from and
    gives the command; ``check(round, run)``, untimed, raises `Wrong` unless the job is done.
    """

    name: str
    prepare: Callable[[int], Command]
    check: Callable[[int, Run], None]


Timings = Mapping[str, Sequence[Run]]


def race(contenders: Sequence[Contender], rounds: int) -> Timings:
    """Every contender once a round, each round beginning with another one."""
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        first = number % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            command = contender.prepare(number)
            run = timed(command)
            contender.check(number, run)
            runs[contender.name].append(run)
    return runs


def timed(command: Command) -> Run:
    """Run a process to its end. Raises Wrong if its exit status is not 0."""
    os.sync()  # what others left to be written must not be charged to this one
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env={**os.environ, **command.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        if process.returncode != 0:
            errors.seek(0)
            said = (errors.read() or output.read())[-2000:].decode(errors="replace")
            shown = " ".join(command.argv)
            raise Wrong(f"exit status {process.returncode} of: {shown}\n{said}")
        return Run(seconds, usage.ru_maxrss * 1024, output.read())


def run(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> bytes:
    """A step that prepares something; its output."""
    return timed(Command(argv, cwd, env)).output


def seconds_of(timings: Timings, name: str) -> float:
    return median(run.seconds for run in timings[name])


def peak_of(timings: Timings, name: str) -> int:
    return max(run.peak for run in timings[name])


def no_check(number: int, run: Run) -> None:
    """For jobs whose exit status says it all."""


def always(command: Command) -> Callable[[int], Command]:
    return lambda number: command
