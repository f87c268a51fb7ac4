"""Whoever has to wait for somebody else is told so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubsync.local.layout import Layout
from hubsync.local.lock import acquire
from tests.cli.running import Hub

COMMANDS = (
    ("sync",),
    ("gc",),
    ("restore", "notes.md"),
    ("resolve", "notes.md", "--keep", "both"),
    ("remote", "remove", "origin"),
)


@contextmanager
def told(hub: Hub, *arguments: str) -> Iterator[str]:
    """What a command says first of a wait; it has to end by itself after that."""
    with hub.start(*arguments, "-v") as process:
        assert process.stderr is not None
        yield next((line for line in process.stderr if "Waiting" in line), "nothing")
        process.communicate(timeout=60)
    assert process.returncode in (0, 1, 2)


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_command_tells_that_it_waits_for_another_one(
    hub_a: Hub, arguments: tuple[str, ...]
) -> None:
    lock = acquire(Layout(str(hub_a.directory)))
    with told(hub_a, *arguments) as line:
        lock.release()
    assert line == "Waiting for another hubsync command\n"


@pytest.mark.parametrize("command", ["sync", "gc"])
def test_a_command_tells_that_it_waits_for_another_hub(
    hub_a: Hub, remote: Path, command: str
) -> None:
    hub_a.write("notes.md", "edited")
    theirs = remote / ".hubsync/live/hub-z-0123456789abcdef"
    theirs.parent.mkdir(exist_ok=True)
    theirs.touch()
    with told(hub_a, command) as line:
        theirs.unlink()
    assert line == "Waiting for hub-z, which writes to the remote\n"
