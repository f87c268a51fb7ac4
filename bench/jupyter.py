"""A Jupyter server with hubsync in it, or without; what it uses; and a browser that saves in it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import urllib.error
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from bench.harness import LeftOut, Wrong
from tests.servers.jupyter import TOKEN, JupyterServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SETTLED: Final = ("synced",)
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
_QUIET: Final = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Server(JupyterServer):
    """On loopback, with the settings that hubsync has by itself."""

    def __init__(
        self,
        folder: Path,
        home: Path,
        module: str = "jupyter_server",
        *,
        extended: bool = True,
        env: Mapping[str, str],
    ) -> None:
        overrides = folder / "labconfig" / "default_setting_overrides.json"
        overrides.parent.mkdir(parents=True, exist_ok=True)
        overrides.write_text(json.dumps(_QUIET))
        settings = {"LabApp": {"extension_manager": "readonly"}}
        super().__init__(folder, home, settings, module, extended=extended, env=env)

    def settle(self) -> None:
        """Wait until everything is on both sides. Raises Wrong if that is not to be."""
        end = time.monotonic() + 600.0
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                status = self.status()
                if status["state"] in _SETTLED and not status["pending"]:
                    return
            if self.process.poll() is not None or time.monotonic() > end:
                raise Wrong(f"the server did not settle:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def used(self) -> Used:
        """By the server and all processes that it began, up to now."""
        return sum((_used(one) for one in _family(self.process.pid)), Used())


class Used(Struct, frozen=True):
    """Processor time in seconds, of children that have ended too; ``memory``: bytes. What several
    processes share is counted once (the proportional set size, see proc(5))."""

    seconds: float = 0.0
    memory: int = 0

    def __add__(self, other: Used) -> Used:
        return Used(self.seconds + other.seconds, self.memory + other.memory)


@contextlib.contextmanager
def running(
    folder: Path,
    home: Path,
    module: str = "jupyter_server",
    *,
    extended: bool = True,
    env: Mapping[str, str],
) -> Iterator[Server]:
    folder.mkdir(parents=True)
    server = Server(folder, home, module, extended=extended, env=env)
    try:
        answers(server)
        yield server
        server.end()
    finally:
        server.kill()


@contextlib.contextmanager
def page(server: Server, path: str) -> Iterator[Page]:
    """JupyterLab in Chromium, with a text file open for typing. Raises LeftOut."""
    from playwright.sync_api import sync_playwright

    programs = ("chromium-headless-shell", "chromium")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        raise LeftOut("it needs Chromium: install it, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            shown = browser.new_page()
            shown.goto(f"http://127.0.0.1:{server.port}/lab/tree/{path}?token={TOKEN}&reset")
            shown.click(".jp-FileEditor .cm-content", timeout=120_000)
            yield shown
        finally:
            browser.close()


def save(shown: Page, text: str) -> float:
    """Type a line and save; when the keys for it were pressed (`time.perf_counter`)."""
    shown.keyboard.press("Control+End")
    shown.keyboard.type(f"{text}\n")
    began = time.perf_counter()
    shown.keyboard.press("Control+s")
    return began


def _used(pid: int) -> Used:
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return Used()
    ticks = sum(int(field) for field in fields[11:15])
    return Used(ticks / _TICKS, _memory(pid))


def _memory(pid: int) -> int:
    """0 for a process that has ended and was not waited for yet; its time counts nevertheless."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _family(pid: int) -> list[int]:
    """``pid`` and what descends from it."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                status = Path(f"/proc/{entry}/stat").read_bytes().rpartition(b")")[2].split()
                parents.setdefault(int(status[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found.extend(parents.get(one, ()))
    return found


def answers(server: Server) -> Any:
    """Wait for the server's first answer. Raises Wrong if it ended instead."""
    while True:
        try:
            return server.ask("GET", "api")
        except (urllib.error.URLError, ConnectionError):
            if server.process.poll() is not None:
                raise Wrong(f"the server ended:\n{server.log.read_text()[-2000:]}") from None
            time.sleep(0.005)
