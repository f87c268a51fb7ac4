"""Runs the shell examples of a page as a reader would.

The convention, for whoever writes a page:

- Every shell example is a ```` ```console ```` block. A line ``$ command`` is run; the lines
  below it are the output (both streams) that it must print. ``…`` stands for any text; no lines
  below means that the output is not looked at. A command ends with status 0 unless
  ``# exit status 3`` stands behind it.
- All blocks of a page are one story, run in order in an empty home. ``hub-a$`` and ``hub-b$`` are
  shells on two other machines, each with a home of its own.
- What the reader has already (files, mostly) is made in a comment that is not shown::

      <!-- before
      printf 'text\n' > notes.md
      -->

- ``s3://bucket/…`` is a real S3 server; its endpoint and credentials are in the environment.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

_STEP = re.compile(r"```console\n(?P<shown>.*?)```|<!-- before\n(?P<hidden>.*?)-->", re.DOTALL)
_PROMPT = re.compile(
    r"(?P<hub>(?:hub-[a-z])?)\$ (?P<command>.*?)(?:\s*# exit status (?P<status>\d+))?"
)
_DEFAULT = "hub-a"
_END = "-- end of a command:"


class Example(NamedTuple):
    """One command and what it must print; ``expected`` None: anything."""

    hub: str
    command: str
    status: int
    expected: str | None


def examples(page: str) -> Iterator[Example]:
    """The commands of a page in Markdown, in order."""
    for step in _STEP.finditer(page):
        if step["hidden"] is not None:
            yield Example(_DEFAULT, step["hidden"], 0, None)
        else:
            yield from _commands(step["shown"])


def _commands(block: str) -> Iterator[Example]:
    begun: re.Match[str] | None = None
    output: list[str] = []
    for line in [*block.splitlines(), "$ "]:
        prompt = _PROMPT.fullmatch(line)
        if prompt is None:
            assert begun is not None, f"a console block must begin with a command: {line!r}"
            output.append(line)
            continue
        if begun is not None:
            expected = "\n".join(output).strip() or None
            hub, status = begun["hub"] or _DEFAULT, int(begun["status"] or 0)
            yield Example(hub, begun["command"], status, expected)
        begun, output = prompt, []


def matches(expected: str, printed: str) -> bool:
    """Whether the output is what the page shows: ``…`` stands for any text, and a line that is
    nothing else for any lines, or none."""

    def pattern(line: str) -> str:
        if line == "…":
            return r"(?:.*\n)?"
        return ".*".join(re.escape(part) for part in line.split("…")) + r"\n"

    whole = "".join(pattern(line) for line in expected.splitlines())
    return re.fullmatch(whole, f"{printed.strip()}\n", re.DOTALL) is not None


class Shell:
    """A bash that stays, so that ``cd`` and variables hold from one command to the next."""

    def __init__(self, home: Path, hub: str, environment: Mapping[str, str]) -> None:
        home.mkdir()
        programs = os.fspath(Path(sys.executable).parent)
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=home,
            env={
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "HOME": os.fspath(home),
                "HUBSYNC_HUB": hub,
                "HUBSYNC_AUTHOR": "ada",
                "LC_ALL": "C.UTF-8",
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> tuple[int, str]:
        """The exit status and what was printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\nprintf '\\n{_END}%s\\n' $?\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(_END):
                return int(line.removeprefix(_END)), "".join(printed)
            printed.append(line)
        raise AssertionError(f"the shell ended in: {command}\n{''.join(printed)}")

    def close(self) -> None:
        self._process.communicate()


def run_page(page: str, place: Path, environment: Mapping[str, str]) -> int:
    """Run every example of a page; how many there were. Raises AssertionError at the first that
    does not do what the page says."""
    shells: dict[str, Shell] = {}
    told_by_page = list(examples(page))
    with ExitStack() as closing:
        for example in told_by_page:
            if example.hub not in shells:
                shells[example.hub] = Shell(place / example.hub, example.hub, environment)
                closing.callback(shells[example.hub].close)
            status, printed = shells[example.hub].run(example.command)
            told = f"{example.hub}$ {example.command}\n{printed}"
            assert status == example.status, f"exit status {status}:\n{told}"
            assert example.expected is None or matches(example.expected, printed), (
                f"{told}\nwhere the page shows:\n{example.expected}"
            )
    return len(told_by_page)
