"""`hubsync watch`, as a process in a terminal or under a service manager has it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Hub
from tests.cli.test_json import validate


def _line(process: subprocess.Popen[str], found: str) -> str:
    """Read its output until a line says that."""
    assert process.stdout is not None
    for line in process.stdout:
        if found in line:
            return line
    raise AssertionError(f"it ended without a word of {found!r}")


def _begun(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("Watching "), line


def _until(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def heeded() -> Iterator[None]:
    """Also where the tests are run by nohup: a process that begins with SIGHUP ignored goes on."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_sends_what_is_saved_and_at_the_end_what_is_left(
    hub_a: Hub, remote: Path, number: signal.Signals
) -> None:
    with hub_a.start("watch") as process:
        _begun(process)
        hub_a.write("one.md", "x")
        assert "  synced: 1 up" in _line(process, "synced")
        assert (remote / "one.md").exists()
        hub_a.write("two.md", "x")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert (remote / "two.md").exists()
    assert "synced: 1 up" in out
    assert "rror" not in err


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_full_disk_under_its_log_does_not_end_the_sync(
    hub_a: Hub, remote: Path, arguments: tuple[str, ...]
) -> None:
    with open("/dev/full", "w") as full, hub_a.start("watch", *arguments, stdout=full) as process:
        for name in ("one.md", "two.md"):
            hub_a.write(name, "x")
            _until(remote / name)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot be written to standard output" in err


def test_what_another_hub_sends_is_told_with_v(hub_a: Hub, hub_b: Hub) -> None:
    with hub_a.start("watch", "-v") as process:
        _line(process, "nothing to do")
        hub_b.write("theirs.md", "x")
        hub_b.run("sync").ok()
        hub_a.write("mine.md", "x")
        shown = [_line(process, "synced"), _line(process, "mine.md"), _line(process, "theirs.md")]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert "1 up, 1 down" in shown[0]
    assert "up    mine.md" in shown[1]
    assert "here  theirs.md" in shown[2]
    assert process.returncode == 0


def test_a_conflict_is_told_and_is_the_exit_status(hub_a: Hub, hub_b: Hub) -> None:
    hub_a.write("notes.md", "one\nTWO from a\nthree\n")
    hub_a.run("sync").ok()
    hub_b.write("notes.md", "one\nTWO from b\nthree\n")
    with hub_b.start("watch", "-q") as process:
        assert "conflict kept twice: notes.md, other version: notes.conflict-" in _line(
            process, "conflict"
        )
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert (out, err) == ("", "")


def test_documents_are_as_described(hub_a: Hub, remote: Path) -> None:
    with hub_a.start("watch", "--json") as process:
        _line(process, '"synced"')
        hub_a.write("one.md", "x")
        done = json.loads(_line(process, '"one.md"'))
        away = remote.rename(remote.with_name("away"))
        hub_a.write("two.md", "x")
        stopped = json.loads(_line(process, '"remote-gone"'))
        away.rename(remote)
        _line(process, '"synced"')
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode == 0
    for document in (done, stopped, *map(json.loads, out.splitlines())):
        validate(document, "watch")
    assert done["done"]["sent"] == ["one.md"]
    assert done["state"] == "synced"
    assert stopped["state"] == "stopped-for-safety"
    assert stopped["pending"] == 1
    assert stopped["error"]["hint"]


def test_what_cannot_be_sent_is_said_at_the_end(hub_a: Hub, remote: Path) -> None:
    with hub_a.start("watch") as process:
        _begun(process)
        hub_a.write("one.md", "x")
        _line(process, "synced")
        away = remote.rename(remote.with_name("away"))
        hub_a.write("two.md", "x")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "before everything that was changed here was sent" in err
    away.rename(remote)
    assert hub_a.run("sync").ok().out == "1 up\n"


def test_a_second_one_is_refused(hub_a: Hub) -> None:
    with hub_a.start("watch") as process:
        _begun(process)
        second = hub_a.script("watch", "--json")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert second.status == 1
    error = second.json()["error"]
    assert error["code"] == "session-running"
    assert f"process {process.pid} on " in error["message"]


def test_a_killed_one_leaves_no_process_and_no_lock(hub_a: Hub, remote: Path) -> None:
    with hub_a.start("watch") as process:
        _begun(process)
        hub_a.write("one.md", "x")
        _line(process, "synced")
        process.kill()
        process.communicate(timeout=60)  # the worker holds the streams as long as it lives
    hub_a.write("two.md", "x")
    with hub_a.start("watch") as process:
        _begun(process)
        _until(remote / "two.md")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_outside_a_workspace(outside: Hub) -> None:
    ran = outside.run("watch")
    assert ran.status == 2
    assert "hubsync init" in ran.err


def test_it_ends_when_nobody_reads_any_more(hub_a: Hub, remote: Path) -> None:
    with hub_a.start("watch", "-v") as process:
        _begun(process)
        assert process.stdout is not None
        process.stdout.close()
        hub_a.write("one.md", "x")
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 1
    assert (remote / "one.md").exists()
