"""SIGINT and SIGTERM, and two commands at once."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.running import Hub

MANY = 3000


def _fill(hub: Hub) -> None:
    for number in range(MANY):
        hub.write(f"many/{number // 100}/f{number}", f"content {number}\n" * 40)


def _until_transferring(process: subprocess.Popen[str]) -> str:
    """Read standard error until the first step that moves files is named."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if " files" in line:
            return "".join(seen)
    raise AssertionError(f"No step with files was named: {seen}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sync_stops_between_files_and_goes_on_later(
    hub_a: Hub, remote: Path, number: signal.Signals
) -> None:
    _fill(hub_a)
    with hub_a.start("sync", "-v") as process:
        _until_transferring(process)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Stopping after the files under way" in err
    assert "error: " in err
    sent = list((remote / "many").rglob("f*")) if (remote / "many").exists() else []
    assert len(sent) < MANY
    hub_a.run("sync").ok()
    assert len(list((remote / "many").rglob("f*"))) == MANY
    assert hub_a.run("sync").ok().out.startswith("Nothing to do")


def test_an_interruption_is_a_document_too(hub_a: Hub) -> None:
    _fill(hub_a)
    with hub_a.start("sync", "-v", "--json") as process:
        _until_transferring(process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"


def test_a_second_command_waits_for_the_first(hub_a: Hub) -> None:
    _fill(hub_a)
    with hub_a.start("sync", "-v") as first:
        _until_transferring(first)
        drained = threading.Thread(target=first.communicate)
        drained.start()
        second = hub_a.script("sync")
        drained.join(timeout=60)
    assert first.returncode == 0
    assert second.status == 0, second
    assert second.out.startswith("Nothing to do")
