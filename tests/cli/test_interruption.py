"""SIGINT and SIGTERM, and two commands at once."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.running import Hub

MANY = 4000


@pytest.fixture
def full(hub_a: Hub) -> Hub:
    """A workspace with much to send."""
    for number in range(MANY):
        hub_a.write(f"many/{number // 100}/f{number}", f"content {number}\n" * 40)
    return hub_a


def _sent(remote: Path) -> int:
    return sum(1 for _ in (remote / "many").rglob("f*"))


def _until_sending(process: subprocess.Popen[str], remote: Path) -> None:
    until = time.monotonic() + 60
    while _sent(remote) < 50:
        assert process.poll() is None, "It ended before it could be interrupted."
        assert time.monotonic() < until
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sync_stops_between_files_and_goes_on_later(
    full: Hub, remote: Path, number: signal.Signals
) -> None:
    with full.start("sync") as process:
        _until_sending(process, remote)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "Stopping after the files under way" in err
    assert "error: " in err
    assert _sent(remote) < MANY
    full.run("sync").ok()
    assert _sent(remote) == MANY
    assert full.run("sync").ok().out.startswith("Nothing to do")


def test_an_interruption_is_a_document_too(full: Hub, remote: Path) -> None:
    with full.start("sync", "--json") as process:
        _until_sending(process, remote)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"


def test_a_second_command_waits_for_the_first(full: Hub, remote: Path) -> None:
    with full.start("sync") as first:
        _until_sending(first, remote)
        second = full.script("sync")
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert second.out.startswith("Nothing to do"), second
    assert second.status == 0


def test_an_interruption_before_anything_was_done_is_said(full: Hub) -> None:
    with full.start("sync", "-v") as process:
        assert process.stderr is not None
        process.stderr.readline()  # the name of the first step
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err


def test_the_steps_of_a_sync_are_named_where_no_bar_can_be_drawn(
    full: Hub, outside: Hub, remote: Path
) -> None:
    steps = full.run("sync", "-v").ok().err.splitlines()
    assert any(step.startswith(f"Uploading: {MANY:,} files, ") for step in steps), steps
    steps = outside.run("clone", remote.as_uri(), "-v").ok().err.splitlines()
    assert any(step.startswith("Downloading: ") for step in steps), steps
