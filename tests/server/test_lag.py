"""The server's event loop stands still for less than 50 ms, whatever the extension does."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from hubsync_jupyter.work.office import Lane
from tests.integration.test_session_lag import LIMIT, Lag
from tests.server.conftest import Api

DIRECTORIES, EACH = 20, 200


def fill(home: Path) -> None:
    for number in range(DIRECTORIES):
        directory = home / f"d{number}"
        directory.mkdir()
        (directory / "f0").write_text(f"{number}\n")
        for one in range(1, EACH):
            os.link(directory / "f0", directory / f"f{one}")
    (home / "large.txt").write_text("a line of text\n" * 600_000)


async def test_no_call_blocks_the_event_loop(api: Api, home: Path, remote: Path) -> None:
    fill(home)
    lag = Lag()
    watching = asyncio.create_task(lag.measure())
    service = api.service
    try:
        lag.now = "start"
        await api.start()
        lag.now = "setup"
        await api.set_up(remote.as_uri())
        lag.now = "log"
        answer = await service.ask(Lane.THERE, "log", limit=50)
        assert len(answer) > DIRECTORIES * EACH
        lag.now = "content"
        path, current = "large.txt", "current"
        answer = await service.ask(Lane.HERE, "content", path=path, version=current)
        assert len(answer) > 9_000_000
        lag.now = "versions"
        await service.ask(Lane.THERE, "versions", path="d0/f0")
        lag.now = "marks"
        for number in range(DIRECTORIES):
            await service.marks(f"d{number}")
        lag.now = "pull"
        (home / "d0" / "f0").unlink()
        await api.post("pull", wait=30)
        lag.now = "status"
        await api.status()
    finally:
        watching.cancel()
    assert lag.worst < LIMIT, lag.where
    assert json.loads(answer)["content"]["kind"] == "text"
