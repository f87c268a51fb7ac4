"""`jupyter server` as users have it: a process on loopback, from its start to its end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsync import Workspace
from tests.servers.jupyter import PATIENCE, JupyterServer

PACE = {"debounce": 0.2, "look": 1.0}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    remote = tmp_path / "remote"
    remote.mkdir()
    return remote


@pytest.fixture
def serve(tmp_path: Path, home: Path) -> Iterator[Callable[..., JupyterServer]]:
    """Starts a server; what runs in the end is killed."""
    begun: list[JupyterServer] = []

    def start(**hubsync: Any) -> JupyterServer:
        folder = tmp_path / f"server-{len(begun)}"
        folder.mkdir()
        begun.append(JupyterServer(folder, home, {"HubSync": {"intervals": PACE, **hubsync}}))
        return begun[-1]

    yield start
    for one in begun:
        one.kill()


def test_a_save_reaches_the_remote_and_the_end_sends_what_is_left(
    serve: Callable[..., JupyterServer], home: Path, remote: Path
) -> None:
    Workspace.init(str(home), remote.as_uri()).close()
    server = serve(flush_timeout=60.0)
    server.until_state("synced")
    server.save("saved.md", "saved\n")
    server.until(lambda: (remote / "saved.md").exists())
    metrics = server.ask("GET", "metrics")
    syncs = [line for line in metrics.splitlines() if line.startswith("hubsync_syncs_total")]
    assert float(syncs[0].split()[1]) >= 1
    assert "hubsync_seconds_behind" in metrics
    server.ask("POST", "hubsync/pause", {})
    server.ask("POST", "hubsync/resume", {})
    (home / "last.md").write_text("written a moment before the end\n")
    server.end()
    assert (remote / "last.md").read_text() == "written a moment before the end\n"
    assert server.process.returncode == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_cuts_nothing_short(
    serve: Callable[..., JupyterServer], home: Path, remote: Path, second: signal.Signals
) -> None:
    Workspace.init(str(home), remote.as_uri()).close()
    server = serve(flush_timeout=60.0)
    server.until_state("synced")
    for number in range(8000):
        (home / f"{number}.md").write_text(f"written a moment before the end: {number}\n")
    server.process.send_signal(signal.SIGTERM)
    server.until(lambda: "Shutting down" in server.log.read_text())
    server.process.send_signal(second)
    assert server.process.wait(PATIENCE) == 0
    assert len(list(remote.glob("*.md"))) == 8000


def test_a_remote_that_hangs_delays_the_end_no_longer_than_allowed(
    serve: Callable[..., JupyterServer], home: Path
) -> None:
    with socket.socket() as silent:  # takes connections, and never says a word
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (home / ".hubsync").mkdir()
        (home / ".hubsync" / "config.toml").write_text(
            f'[[remote]]\nname = "origin"\nurl = "git+{address}/x.git"\n'
        )
        (home / "notes.md").write_text("notes\n")
        server = serve(flush_timeout=2.0)
        server.until_state("syncing")
        took = server.end()
        assert took < 2.0 + 10.0, server.log.read_text()
        assert server.process.returncode == 0
        assert "Traceback" not in server.log.read_text()


def test_a_killed_server_loses_nothing_and_the_next_one_goes_on(
    serve: Callable[..., JupyterServer], home: Path, remote: Path
) -> None:
    Workspace.init(str(home), remote.as_uri()).close()
    server = serve()
    server.until_state("synced")
    server.save("notes.md", "saved\n")
    server.process.kill()
    server.process.wait()
    again = serve()
    again.until_state("synced")
    assert (remote / "notes.md").read_text() == "saved\n"
    again.end()


@pytest.mark.parametrize("sign", [signal.SIGSTOP, signal.SIGKILL])
def test_worker_processes_that_hang_or_died_do_not_keep_the_server_from_ending(
    serve: Callable[..., JupyterServer], home: Path, remote: Path, sign: signal.Signals
) -> None:
    Workspace.init(str(home), remote.as_uri()).close()
    server = serve(flush_timeout=2.0)
    server.until_state("synced")
    children = server.until(lambda: children_of(server.process.pid))
    for pid in children:
        os.kill(pid, sign)
    (home / "late.md").write_text("late\n")
    took = server.end()
    assert took < 2.0 + 10.0, server.log.read_text()
    assert server.process.returncode == 0
    assert "Traceback" not in server.log.read_text()
    assert not [pid for pid in children if alive(pid)]


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
