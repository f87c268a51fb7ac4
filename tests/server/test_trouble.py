"""What is amiss is told in words, and what was killed is begun again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsync import Identity, Session, Workspace
from hubsync_jupyter.work.office import Lane, Office
from tests.server.conftest import Api, eventually


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a repository on a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield f"git+http://127.0.0.1:{server.getsockname()[1]}/x.git"


def workspace_on(home: Path, url: str) -> None:
    (home / ".hubsync").mkdir()
    config = f'[[remote]]\nname = "origin"\nurl = "{url}"\n'
    (home / ".hubsync" / "config.toml").write_text(config)


def process_of(office: Office, lane: Lane) -> int:
    clerk = office._lanes[lane]._clerk
    assert clerk is not None
    return clerk.pid


async def test_a_bug_is_no_more_than_an_error_to_the_browser(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise RuntimeError("a secret of the implementation")

    monkeypatch.setattr(api.service, "status", broken)
    problem = (await api.get("status")).refused(500, "internal")
    assert "secret" not in str(problem)


async def test_a_process_that_was_killed_is_replaced(api: Api, home: Path, remote: Path) -> None:
    await api.set_up(remote.as_uri())
    (await api.get("conflicts")).ok()
    first = process_of(api.service.office, Lane.HERE)
    os.kill(first, signal.SIGKILL)
    answer = await api.get("conflicts")
    if answer.status != 200:  # its end was not noticed before it was asked
        answer.refused(500, "worker-ended")
        (await api.get("conflicts")).ok()
    assert process_of(api.service.office, Lane.HERE) != first


async def test_a_task_on_a_remote_that_hangs_can_be_ended(
    api: Api, home: Path, silent: str
) -> None:
    workspace_on(home, silent)
    await api.start()
    await api.post("stop")
    task = (await api.post("pull", wait=0)).ok()["task"]
    assert task["state"] == "running"
    assert [one["id"] for one in (await api.status())["tasks"]] == [task["id"]]
    await api.send("DELETE", f"tasks/{task['id']}")
    while task["state"] == "running":
        task = (await api.get(f"tasks/{task['id']}")).ok()["task"]
    assert (task["state"], task["progress"]) == ("cancelled", None)


async def test_only_one_set_up_runs_at_a_time(api: Api, home: Path, silent: str) -> None:
    await api.start()
    first = (await api.post("setup", url=silent, wait=0)).ok()["task"]
    (await api.post("setup", url=silent, wait=0)).refused(409, "task-running")
    await api.send("DELETE", f"tasks/{first['id']}")


async def test_no_more_tasks_run_at_once_than_a_server_can_bear(
    api: Api, home: Path, silent: str
) -> None:
    workspace_on(home, silent)
    await api.start()
    for _ in range(20):
        (await api.post("push", wait=0)).ok()
    (await api.post("push", wait=0)).refused(409, "too-many-tasks")


async def test_a_second_session_of_the_workspace_says_who_has_it(
    api: Api, home: Path, remote: Path
) -> None:
    Workspace.init(str(home), remote.as_uri()).close()
    other = Session(str(home), identity=Identity("ada", "elsewhere"))
    running = asyncio.create_task(other.run())
    while not other.status.facts.watching.how:
        await asyncio.sleep(0.02)
    await api.start()
    status = await api.until(lambda status: status["trouble"])
    assert (status["state"], status["trouble"]["kind"]) == ("off", "busy")
    assert status["trouble"]["code"] == "session-running"
    for verb in ("pause", "resume", "start"):
        (await api.post(verb)).refused(409, "session-running")
    await other.stop(10.0)
    await running
    (await api.post("start")).ok()
    await api.until_state("synced")


async def test_a_session_that_is_paused_before_it_is_there_begins_paused(
    api: Api, home: Path, remote: Path
) -> None:
    await api.set_up(remote.as_uri())
    (await api.post("stop")).ok()
    starting = asyncio.create_task(api.service.start_session())
    while not api.service.running.begun:
        await asyncio.sleep(0)
    assert not api.service.running.active
    api.service.pause(True)
    await starting
    status = await api.until_state("paused")
    assert status["paused"]
    (home / "a").write_text("a")
    await api.until(lambda status: status["pending"])
    assert not (remote / "a").exists()
    (await api.post("resume")).ok()
    async with asyncio.timeout(30):
        while not (remote / "a").exists():
            await asyncio.sleep(0.02)


async def test_a_stop_that_was_confirmed_is_over(api: Api, home: Path, remote: Path) -> None:
    for number in range(12):
        (home / f"run-{number}.dat").write_text(str(number))
    await api.set_up(remote.as_uri())
    for file in remote.glob("run-*"):
        file.unlink()
    await api.post("sync")
    status = await api.until_state("stopped-for-safety")
    assert status["trouble"]["code"] == "remote-empty"
    assert len(list(home.glob("run-*"))) == 12
    (await api.post("sync", confirm_deletes=True, wait=30)).ok()
    assert list(home.glob("run-*")) == []
    await api.until_state("synced")


async def test_a_start_while_the_session_ends_waits_for_its_end(
    api: Api, home: Path, remote: Path
) -> None:
    await api.set_up(remote.as_uri())
    await api.save("last.md", "last\n")
    ending = asyncio.create_task(api.service.stop_session())
    while api.service.running.begun:
        await asyncio.sleep(0)
    (await api.post("start")).ok()
    await ending
    assert (remote / "last.md").read_text() == "last\n"
    async with asyncio.timeout(20):
        await api.until_state("synced")
    await api.save("next.md", "next\n")
    await eventually((remote / "next.md").exists)
